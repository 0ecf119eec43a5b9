//! What is wanted of a service's log, and what comes.

use std::time::SystemTime;

/// Which log lines are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// The last so many lines; all when `None`.
    pub tail: Option<usize>,
    pub follow: bool,
    /// Only what was printed after this mark.
    pub since: Option<LogMark>,
    /// Nothing from before this moment is needed; some of it may come all the same.
    pub from: Option<SystemTime>,
}

/// A moment in a service's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogMark {
    pub at: SystemTime,
    /// How long the log was then, in bytes, where it is a file.
    pub length: u64,
    /// Which file it was: another one is of a service that was made anew.
    pub file: u64,
}

/// A line of a service's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    pub service: String,
    pub stderr: bool,
    /// When it was printed, or a moment soon after that; `None` where nobody knows.
    pub at: Option<SystemTime>,
    pub line: String,
}
