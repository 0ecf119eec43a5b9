//! A command beside a service: what goes in, and what comes out.

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

/// More output of a command than this is read and thrown away, for each of the two streams.
pub const OUTPUT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How a command ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecOutcome {
    pub exit_code: i64,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl ExecOutcome {
    /// Adds a piece of output to one of the streams, as far as there is room.
    pub(in crate::engine) fn keep(stream: &mut Vec<u8>, piece: &[u8]) {
        let room = OUTPUT_BYTES_MAX - stream.len();
        stream.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}
