//! What a service was created with: all that its supervisor must know. It holds secrets.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::marks::Marks;
use super::user::HostUser;
use crate::engine::{ImageHandle, Role, ServiceKind};
use crate::model::Restart;

/// The version of what is written; another one is not understood.
pub(super) const SCHEMA: u32 = 1;

/// A service as it was created.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub schema: u32,
    pub name: String,
    /// The declared service, which replicas share.
    pub service: String,
    pub role: Role,
    pub kind: ServiceKind,
    pub hash: String,
    pub image: ImageHandle,
    pub order: u32,
    pub profiles: Vec<String>,
    pub sets: Vec<String>,
    pub created: SystemTime,
    pub ports: BTreeMap<String, RecordedPort>,
    pub argv: Vec<String>,
    pub environment: Vec<(String, String)>,
    /// What a server was told by variables, which it does not run with: its password.
    #[serde(default)]
    pub told: Vec<(String, String)>,
    pub marks: Marks,
    pub working_dir: PathBuf,
    pub user: Option<HostUser>,
    /// A signal's name: `SIGTERM`.
    pub stop_signal: String,
    pub stop_grace_period: Duration,
    pub restart: Restart,
    pub socket_dir: Option<PathBuf>,
    /// The digests of the files that it runs with.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// A port of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RecordedPort {
    /// The port as declared, which only a container listens on.
    pub container: u16,
    pub bind: IpAddr,
    /// Whether the environment names the host port.
    pub fixed: bool,
    /// Where it is reached.
    pub address: SocketAddr,
}

/// Returns the signal of a name, with or without its `SIG`, or of a number.
pub(super) fn signal(name: &str) -> Option<Signal> {
    const NAMED: [(&str, Signal); 12] = [
        ("HUP", Signal::HUP),
        ("INT", Signal::INT),
        ("QUIT", Signal::QUIT),
        ("ABRT", Signal::ABORT),
        ("KILL", Signal::KILL),
        ("USR1", Signal::USR1),
        ("USR2", Signal::USR2),
        ("PIPE", Signal::PIPE),
        ("ALRM", Signal::ALARM),
        ("TERM", Signal::TERM),
        ("CONT", Signal::CONT),
        ("WINCH", Signal::WINCH),
    ];
    if let Ok(number) = name.parse() {
        return Signal::from_named_raw(number);
    }
    let upper = name.to_ascii_uppercase();
    let short = upper.strip_prefix("SIG").unwrap_or(&upper);
    let found = NAMED.iter().find(|(name, _)| *name == short);
    found.map(|(_, signal)| *signal)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a record to be changed.
    pub(in crate::engine::process) fn record(name: &str) -> Record {
        Record {
            schema: SCHEMA,
            name: name.to_owned(),
            service: name.to_owned(),
            role: Role::Service,
            kind: ServiceKind::Program,
            hash: String::new(),
            image: ImageHandle::default(),
            order: 0,
            profiles: Vec::new(),
            sets: Vec::new(),
            created: SystemTime::UNIX_EPOCH,
            ports: BTreeMap::new(),
            argv: vec!["true".to_owned()],
            environment: Vec::new(),
            told: Vec::new(),
            marks: Marks::of(&PathBuf::from("/s/instances/id/services").join(name)),
            working_dir: PathBuf::from("/"),
            user: None,
            stop_signal: "SIGTERM".to_owned(),
            stop_grace_period: Duration::from_secs(1),
            restart: Restart::No,
            socket_dir: None,
            files: BTreeMap::new(),
        }
    }

    #[test]
    fn signals_have_names_and_numbers() {
        for name in ["SIGTERM", "TERM", "term", "15"] {
            assert_eq!(signal(name), Some(Signal::TERM), "{name}");
        }
        assert_eq!(signal("SIGNAL"), None);
        assert_eq!(signal(""), None);
    }
}
