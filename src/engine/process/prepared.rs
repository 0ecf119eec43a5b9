//! What a service's process is started with, once its kind has had its say.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: PathBuf,
}

impl User {
    /// Returns the user of `1234` or `1234:1234`; a group that is not named has the same number.
    pub(super) fn numbered(text: &str) -> Option<Self> {
        let (uid, gid) = text.split_once(':').unwrap_or((text, text));
        Some(Self {
            name: uid.to_owned(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            home: PathBuf::from("/"),
        })
    }
}

/// How a process is started.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Prepared {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// On top of what every process of its kind has; it may hold secrets.
    pub environment: Vec<(String, String)>,
    /// The caller when `None`.
    pub user: Option<User>,
    pub working_dir: Option<PathBuf>,
    /// Where its socket lies, which goes with the service.
    pub socket_dir: Option<PathBuf>,
}
