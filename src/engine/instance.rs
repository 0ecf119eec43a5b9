//! An instance as its engine knows it: found on this machine and not from a workspace, which may be
//! gone.

use std::path::PathBuf;

use crate::model::InstanceId;

/// One instance of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub id: InstanceId,
    /// The engine that it is on: `docker`.
    pub engine: &'static str,
    /// `None` where an older envctl made it, which did not write that down.
    pub workspace: Option<PathBuf>,
    pub services: usize,
    /// How many of the services run.
    pub running: usize,
    pub volumes: usize,
}
