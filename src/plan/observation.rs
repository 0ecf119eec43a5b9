//! What is seen of an instance: plain values, made by `observe` and read by `diff`.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{DatabaseView, Seen};
use crate::engine::{Handles, Observed};

/// What is seen of an instance and its surroundings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    pub engine: Observed,
    /// The images and programs that are there and current.
    pub images: Handles,
    /// Service -> whether it answered its probe just now.
    pub ready: BTreeMap<String, bool>,
    /// Services that run and were not asked whether they are ready: their health check is a
    /// command, or a secret that it needs is not known, and this only looks.
    pub unasked: BTreeSet<String>,
    /// Services that run with other files than they should have now.
    pub stale_files: BTreeSet<String>,
    /// Service -> its database; absent when the server does not answer, or cannot be asked.
    pub databases: BTreeMap<String, DatabaseView>,
    /// Service -> why its database cannot be looked at, though the server answers.
    pub unreadable: BTreeMap<String, String>,
}

impl Observation {
    /// Returns what is known of the database of a service.
    pub(super) fn database(&self, service: &str) -> Seen<'_> {
        match self.databases.get(service) {
            Some(view) => Seen::View(view),
            None if self.unreadable.contains_key(service) => Seen::Unreadable,
            None => Seen::Nothing,
        }
    }
}
