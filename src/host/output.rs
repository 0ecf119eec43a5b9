//! How a command ended and what it printed, in bounded memory.

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
    pub(crate) fn keep(stream: &mut Vec<u8>, piece: &[u8]) {
        let room = OUTPUT_BYTES_MAX - stream.len();
        stream.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}
