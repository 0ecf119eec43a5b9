//! A terminal on which rows of bars are lines that end. The bars fill each row with spaces up to the
//! width instead, so that a window of another width would break all of them anew, as one long line.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use console::Term;
use indicatif::TermLike;

/// Erases the rest of the line.
const REST: &str = "\x1b[K";

#[derive(Debug)]
pub(super) struct LineEnds {
    screen: Term,
    /// Whether a row was written to its end, which the next one begins behind.
    at_end: AtomicBool,
}

impl LineEnds {
    pub(super) fn new(screen: Term) -> Self {
        Self {
            screen,
            at_end: AtomicBool::new(false),
        }
    }

    /// Writes what moves the cursor away.
    fn leave(&self, write: impl FnOnce(&Term) -> io::Result<()>) -> io::Result<()> {
        self.at_end.store(false, Ordering::Relaxed);
        write(&self.screen)
    }
}

/// Returns what is written for a piece of a row, and whether the row has ended with it.
fn translated(text: &str, at_end: bool) -> (String, bool) {
    match text {
        "\r" => (text.to_owned(), false),
        filler if filler.trim_matches(' ').is_empty() => (REST.to_owned(), true),
        text if at_end => (format!("\r\n{text}"), false),
        text => (text.to_owned(), false),
    }
}

impl TermLike for LineEnds {
    fn width(&self) -> u16 {
        self.screen.size().1
    }

    fn height(&self) -> u16 {
        self.screen.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.leave(|screen| screen.move_cursor_up(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.leave(|screen| screen.move_cursor_down(n))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.leave(|screen| screen.move_cursor_right(n))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.leave(|screen| screen.move_cursor_left(n))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.leave(|screen| screen.write_line(text))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        let (text, at_end) = translated(text, self.at_end.load(Ordering::Relaxed));
        self.at_end.store(at_end, Ordering::Relaxed);
        self.screen.write_str(&text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.leave(Term::clear_line)
    }

    fn flush(&self) -> io::Result<()> {
        self.screen.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_lines_that_end() {
        let mut at_end = false;
        let mut written = String::new();
        for piece in ["\r", "create db", "   ", "2 of 9", "      "] {
            let (text, ends) = translated(piece, at_end);
            written.push_str(&text);
            at_end = ends;
        }
        assert_eq!(written, "\rcreate db\x1b[K\r\n2 of 9\x1b[K");
        assert_eq!(translated("", false), (REST.to_owned(), true));
    }
}
