//! What one source of an image can end in, other than an image.

use crate::engine::Error;
use crate::engine::docker::client::{Client, Fault};
use crate::host::CommandFailure;

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

impl From<CommandFailure> for NoImage {
    fn from(failure: CommandFailure) -> Self {
        Self::Failed {
            reason: failure.reason,
            output: failure.output,
        }
    }
}
