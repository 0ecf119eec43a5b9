//! Where something was written: a line of a file, or a place in it with the line to show.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Relative to the workspace; `--set` and `variables` for what is in no file.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
}

impl fmt::Display for Spot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file.display(), self.line)
    }
}

/// A place in a file, with the line to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Relative to the workspace; `--set` and `variables` for what is in no file.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line's text, without its end.
    pub text: String,
    /// How many characters of the line are meant; at least 1.
    pub width: usize,
}
