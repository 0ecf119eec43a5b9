//! Bytes that come in pieces, cut into lines of bounded length.

/// A longer line is given out in pieces of this size.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Collects bytes until a line is whole.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// Adds bytes and returns the lines that they finish, without their ends. What is not UTF-8
    /// is replaced.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            for part in piece.chunks(LINE_BYTES_MAX) {
                if self.partial.len() + part.len() > LINE_BYTES_MAX + 1 {
                    lines.extend(self.finish());
                }
                self.partial.extend_from_slice(part);
            }
            if piece.ends_with(b"\n") {
                lines.push(self.take());
            }
        }
        lines
    }

    /// Returns a last line that has no end.
    pub(crate) fn finish(&mut self) -> Option<String> {
        (!self.partial.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> String {
        let mut line = self.partial.as_slice();
        line = line.strip_suffix(b"\n").unwrap_or(line);
        line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = String::from_utf8_lossy(line).into_owned();
        self.partial.clear();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&[u8]], expect: &[&str]) {
        let mut lines = Lines::default();
        let mut found: Vec<String> = pieces.iter().flat_map(|piece| lines.push(piece)).collect();
        found.extend(lines.finish());
        assert_eq!(found, expect);
    }

    #[test]
    fn pieces_become_lines() {
        check(&[b"a\nb", b"c\r\n", b"\nlast"], &["a", "bc", "", "last"]);
        check(&[b"\xff\n"], &["\u{fffd}"]);
        check(&[], &[]);
    }

    #[test]
    fn a_long_line_is_cut() {
        let mut lines = Lines::default();
        let long = vec![b'x'; 3 * LINE_BYTES_MAX / 2];
        let mut found = lines.push(&long);
        found.extend(lines.push(b"y\n"));
        let lengths: Vec<usize> = found.iter().map(String::len).collect();
        assert_eq!(lengths, [LINE_BYTES_MAX, LINE_BYTES_MAX / 2 + 1]);
    }
}
