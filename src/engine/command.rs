//! A command beside a service: what goes in, and what comes out.

use std::process::Output;

use crate::host::exit_code;
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

/// How a command ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecOutcome {
    pub exit_code: i64,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl From<Output> for ExecOutcome {
    fn from(output: Output) -> Self {
        Self {
            exit_code: exit_code(output.status),
            stdout: output.stdout,
            stderr: output.stderr,
        }
    }
}
