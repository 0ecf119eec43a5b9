//! The engine without containers: services are processes of this machine, their data and what is
//! known of them lies in folders, and each has a supervisor that outlives the command.

mod home;
#[allow(dead_code, reason = "the engine that calls it is being made")]
mod prepared;
#[allow(dead_code, reason = "the engine that calls it is being made")]
mod program;
#[allow(dead_code, reason = "the engine that calls it is being made")]
mod server;
#[allow(dead_code, reason = "the engine that calls it is being made")]
mod user;
#[allow(dead_code, reason = "the engine that calls it is being made")]
mod way;

pub use home::Home;
pub use program::{is_fetched, other_version};

use crate::config::model::Variables;
use crate::engine::Identity;

/// This machine, bound to one instance.
#[derive(Clone, Debug)]
pub struct Process {
    pub(super) identity: Identity,
    pub(super) home: Home,
    /// What a service inherits, and where programs are looked for.
    pub(super) variables: Variables,
}

impl Process {
    pub fn new(identity: Identity, home: Home, variables: Variables) -> Self {
        Self {
            identity,
            home,
            variables,
        }
    }
}
