//! The engine without containers: services are processes of this machine, their data and what is
//! known of them lies in folders, and each has a supervisor that outlives the command.

mod home;

pub use home::Home;

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
