//! What a command printed, in bounded memory.

/// More output of a command than this is read and thrown away, for each of the two streams.
pub const OUTPUT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Adds a piece of output to a stream, as far as there is room.
pub(crate) fn keep(stream: &mut Vec<u8>, piece: &[u8]) {
    let room = OUTPUT_BYTES_MAX - stream.len();
    stream.extend_from_slice(&piece[..piece.len().min(room)]);
}
