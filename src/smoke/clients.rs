//! What checks speak through, shared by all of a run.

use crate::probe::Caller;

/// The clients of a run.
#[derive(Default)]
pub(super) struct Clients {
    /// Keeps its connections from one check to the next.
    pub(super) http: Caller,
}
