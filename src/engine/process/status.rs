//! What is known of a service's processes, as its supervisor wrote it last, and what it means now.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::procfs::{self, ProcessId};
use crate::engine::{Pulse, ServiceState};

/// A service's processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Status {
    /// The run of the kernel that the process numbers are of.
    pub boot: String,
    pub supervisor: Option<ProcessId>,
    pub main: Option<ProcessId>,
    /// Other descendants of the supervisor, for when it is killed.
    pub others: Vec<ProcessId>,
    pub phase: Phase,
    /// How often it was started again by its supervisor.
    pub restarts: u32,
}

/// How far a service has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Running,
    /// It ended, and will be started again.
    Restarting,
    /// It ended; `None` where nobody saw with which code.
    Exited {
        code: Option<i64>,
    },
}

impl Status {
    /// Returns the status of a service whose processes are all gone.
    pub(super) fn ended(code: Option<i64>, restarts: u32) -> Self {
        Self {
            boot: procfs::boot().to_owned(),
            supervisor: None,
            main: None,
            others: Vec::new(),
            phase: Phase::Exited { code },
            restarts,
        }
    }

    /// Whether the process numbers mean anything: those from before a reboot do not.
    pub(super) fn is_of_this_boot(&self) -> bool {
        self.boot == procfs::boot()
    }

    /// Returns the supervisor if it lives.
    pub(super) fn live_supervisor(&self) -> Option<ProcessId> {
        let supervisor = self.supervisor.filter(|_| self.is_of_this_boot());
        supervisor.filter(|supervisor| supervisor.is_alive())
    }

    /// Returns the main process if it lives.
    pub(super) fn live_main(&self) -> Option<ProcessId> {
        let main = self.main.filter(|_| self.is_of_this_boot());
        main.filter(|main| main.is_alive())
    }

    /// Returns what the service is doing now, and since when it does.
    pub(super) fn pulse(&self) -> Pulse {
        let state = self.state();
        let main = self.main.filter(|_| state == ServiceState::Running);
        Pulse {
            state,
            restarts: self.restarts,
            ran: main.map_or(Duration::ZERO, ProcessId::age),
        }
    }

    /// Returns what the service is doing now.
    pub(super) fn state(&self) -> ServiceState {
        match self.phase {
            Phase::Exited { code: Some(code) } => ServiceState::Exited {
                code,
                out_of_memory: false,
            },
            Phase::Restarting if self.live_supervisor().is_some() => ServiceState::Restarting,
            Phase::Exited { code: None } | Phase::Restarting => ServiceState::Lost,
            Phase::Running => match self.live_main().and_then(ProcessId::seen) {
                Some(seen) if seen.state == 'T' => ServiceState::Paused,
                Some(_) => ServiceState::Running,
                // It has just ended, and its supervisor is about to say how.
                None if self.live_supervisor().is_some() => ServiceState::Running,
                None => ServiceState::Lost,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl Fn(&mut Status), expect: ServiceState) {
        let this = ProcessId::of(std::process::id());
        let mut status = Status {
            boot: procfs::boot().to_owned(),
            supervisor: this,
            main: this,
            others: Vec::new(),
            phase: Phase::Running,
            restarts: 0,
        };
        change(&mut status);
        assert_eq!(status.state(), expect, "{status:?}");
    }

    fn gone(id: &mut Option<ProcessId>) {
        if let Some(id) = id {
            id.start += 1;
        }
    }

    #[test]
    fn a_status_is_read_against_what_lives() {
        check(|_| {}, ServiceState::Running);
        check(|it| gone(&mut it.supervisor), ServiceState::Running);
        check(|it| gone(&mut it.main), ServiceState::Running);
        check(
            |it| {
                gone(&mut it.main);
                gone(&mut it.supervisor);
            },
            ServiceState::Lost,
        );
        check(|it| it.phase = Phase::Restarting, ServiceState::Restarting);
    }

    #[test]
    fn after_a_reboot_nothing_of_it_runs() {
        let reboot = |it: &mut Status| "another".clone_into(&mut it.boot);
        check(reboot, ServiceState::Lost);
        let exited = |code| {
            move |it: &mut Status| {
                reboot(it);
                it.phase = Phase::Exited { code };
            }
        };
        let ended = ServiceState::Exited {
            code: 3,
            out_of_memory: false,
        };
        check(exited(Some(3)), ended);
        check(exited(None), ServiceState::Lost);
    }
}
