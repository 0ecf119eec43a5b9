//! The kinds of services beyond a container of the user's own: what is true of every service of one,
//! whatever it declares. Each kind is a file, and a row of [`ALL`]; who needs one of its facts looks it
//! up here.

mod postgres;
mod redis;
mod url;

pub use postgres::POSTGRES;
pub use redis::REDIS;
pub use url::{has_password, url, without_password};

use crate::model::Kind;

/// What is true of every service of a kind.
#[derive(Debug)]
pub struct Facts {
    /// What `kind` says. Its one port and its official image have the same name.
    pub name: &'static str,
    /// How its makers write it.
    pub title: &'static str,
    /// What a service of it is: `a database`.
    pub noun: &'static str,
    /// The port that its server listens on in a container.
    pub port: u16,
    /// The version of the official image where none is declared.
    pub version: &'static str,
    /// How a version may be declared, for hints.
    pub version_hint: &'static str,
    /// The signal that it is stopped by where none is declared; else its image's, or SIGTERM.
    pub stop_signal: Option<&'static str>,
    pub data: Data,
    /// What its program may be called, the usual name first.
    pub programs: &'static [&'static str],
    /// Whom its server becomes that is started as root.
    pub users: &'static [&'static str],
    /// Variables that its official image reads and that it has keys for, each with its key.
    pub variables: &'static [(&'static str, &'static str)],
    /// How a check asks it, in place of a request over HTTP.
    pub asked_by: &'static str,
}

/// Where the data of a server is in a container.
#[derive(Debug)]
pub struct Data {
    /// The folder that its data volume is mounted on.
    pub mount: &'static str,
    /// The folder that the server writes to: that one, or one within.
    pub folder: &'static str,
}

/// All kinds but the container, in the order of their names.
pub const ALL: [&Facts; 2] = [&POSTGRES, &REDIS];

/// What `kind` may say.
pub const NAMES: [&str; ALL.len() + 1] = {
    let mut names = ["container"; ALL.len() + 1];
    let mut at = 0;
    while at < ALL.len() {
        names[at + 1] = ALL[at].name;
        at += 1;
    }
    names
};

/// Returns the kind of a name.
pub fn named(name: &str) -> Option<&'static Facts> {
    ALL.into_iter().find(|kind| kind.name == name)
}

/// Returns the kind whose servers listen on this port.
pub fn listening_on(port: i64) -> Option<&'static Facts> {
    ALL.into_iter().find(|kind| i64::from(kind.port) == port)
}

/// Returns the kind of a declared service; `None` of a container.
pub fn of(kind: &Kind) -> Option<&'static Facts> {
    match kind {
        Kind::Container => None,
        Kind::Postgres(_) => Some(&POSTGRES),
        Kind::Redis(_) => Some(&REDIS),
    }
}
