//! What a service is doing, and for how long.

use std::time::Duration;

/// What a container is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    Created,
    Running,
    Restarting,
    Paused,
    Exited {
        code: i64,
        out_of_memory: bool,
    },
    /// The engine gave up on it.
    Dead,
    /// It ended while nobody looked: with its supervisor, or with the machine.
    Lost,
}

impl ServiceState {
    /// Whether it has processes, or will have some again without being started.
    pub fn is_up(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }
}

/// What a service is doing now, with what tells one that stays from one that ends again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    pub state: ServiceState,
    /// How often its `restart` started it again, since somebody started it.
    pub restarts: u32,
    /// How long it has run without a break; nothing where it does not run.
    pub ran: Duration,
}
