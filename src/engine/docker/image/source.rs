//! What one source of an image can end in, other than an image.

use crate::engine::Error;
use crate::engine::docker::client::{Client, Fault};

/// How many of the last lines of a failed program are kept.
pub(super) const OUTPUT_LINES_MAX: usize = 40;

/// Why a source gave no image.
#[derive(Debug)]
pub(super) enum NoImage {
    /// This source cannot give it; the next one may.
    Failed { reason: String, output: Vec<String> },
    /// The engine itself is gone, so no other source can help.
    Engine(Error),
}

impl NoImage {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
            output: Vec::new(),
        }
    }

    /// Judges a failed call to the daemon.
    pub(super) fn call(client: &Client, doing: &str, fault: Fault) -> Self {
        match fault {
            Fault::Gone(_) | Fault::Denied => Self::Engine(client.error(doing, fault)),
            fault => Self::because(fault.to_string()),
        }
    }
}

impl From<Error> for NoImage {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

/// Keeps the last lines of an output.
#[derive(Debug, Default)]
pub(super) struct LastLines(std::collections::VecDeque<String>);

impl LastLines {
    pub(super) fn push(&mut self, line: String) {
        if self.0.len() == OUTPUT_LINES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    pub(super) fn into_vec(self) -> Vec<String> {
        self.0.into()
    }
}
