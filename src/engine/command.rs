//! A command beside a service.

use crate::model::Secret;

/// A command to run beside a service.
#[derive(Clone, Debug, Default)]
pub struct Exec {
    pub command: Vec<String>,
    /// Fed to its standard input, then closed.
    pub stdin: Option<Secret>,
    /// Whom it runs as; the service's own user when `None`. A server that is a process trusts that
    /// one on its socket, one in a container the user that its image made.
    pub user: Option<String>,
    pub environment: Vec<(String, Secret)>,
}
