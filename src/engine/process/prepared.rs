//! What a service's process is started with, once its kind has had its say.

use std::path::PathBuf;

use super::user::HostUser;

/// How a process is started.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Prepared {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// On top of what every process of its kind has; it may hold secrets.
    pub environment: Vec<(String, String)>,
    /// The caller when `None`.
    pub user: Option<HostUser>,
    pub working_dir: Option<PathBuf>,
    /// Where its socket lies, which goes with the service.
    pub socket_dir: Option<PathBuf>,
}
