//! What is seen of an instance: plain values, made by `observe` and read by `diff`.

use std::collections::BTreeMap;

use crate::engine::Observed;
use crate::seed;

/// What is seen of an instance and its surroundings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    pub engine: Observed,
    /// Service -> whether it answered its probe just now.
    pub ready: BTreeMap<String, bool>,
    /// Service -> its database; absent when the server does not answer.
    pub databases: BTreeMap<String, DatabaseView>,
}

/// What is seen of a database.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseView {
    pub seeds: seed::State,
    /// Migrations that are not in as declared: `V2__more`, `V1__index (changed since)`.
    pub pending: Vec<String>,
}
