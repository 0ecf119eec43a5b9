//! What is seen of an instance: plain values, made by `observe` and read by `diff`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::engine::Observed;
use crate::seed::{self, Left, Standing};

/// What is seen of an instance and its surroundings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    pub engine: Observed,
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

/// What is seen of a database.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseView {
    pub seeds: seed::State,
    /// Migrations that are not in as declared: `V2__more`, `V1__index (changed since)`.
    pub pending: Vec<String>,
    pub sent: SentSeeds,
    /// When a load put it into place.
    pub loaded_at: Option<SystemTime>,
    /// What killed loads left beside it.
    pub left: Vec<Left>,
}

/// What is seen of the seeds that tasks send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentSeeds {
    /// Of each declared one, in their order.
    pub standings: Vec<(String, Standing)>,
    /// Recorded ones that are no longer declared.
    pub removed: Vec<String>,
}

impl SentSeeds {
    fn of(&self, standing: Standing) -> Vec<&str> {
        let standings = self.standings.iter();
        let met = standings.filter(|(_, one)| *one == standing);
        met.map(|(name, _)| name.as_str()).collect()
    }

    /// Returns those that were never begun.
    pub fn missing(&self) -> Vec<&str> {
        self.of(Standing::Never)
    }

    /// Returns those that were begun and did not end well.
    pub fn partial(&self) -> Vec<&str> {
        self.of(Standing::Partial)
    }

    /// Says why the database has to be reset before anything more is sent, if it has.
    pub fn reset_reason(&self) -> Option<String> {
        let reasons = [
            (self.partial().join(", "), "was not sent to its end"),
            (
                self.of(Standing::Stale).join(", "),
                "changed since it was sent",
            ),
            (self.removed.join(", "), "is no longer declared"),
        ];
        let mut reasons = reasons.into_iter().filter(|(names, _)| !names.is_empty());
        reasons
            .next()
            .map(|(names, reason)| format!("{names} {reason}"))
    }
}
