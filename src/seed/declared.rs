//! What a database should hold.

use std::path::PathBuf;

use crate::postgres::Migration;

/// A database as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub database: String,
    /// Loaded in this order.
    pub dumps: Vec<Dump>,
    /// Applied after the dumps.
    pub migrations: Vec<Migration>,
}

/// A seed that is a dump in plain SQL, compressed with gzip or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    /// The seed's name in the environment.
    pub name: String,
    /// An absolute path.
    pub file: PathBuf,
    /// Whether it is loaded as the declared user even where that is a superuser.
    pub superuser: bool,
}
