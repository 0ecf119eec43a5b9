//! What checks speak through, shared by all of a run.

use crate::probe::Http;

/// The clients of a run.
#[derive(Default)]
pub(super) struct Clients {
    pub(super) http: Http,
}
