//! How much processor time the processes of the service take, as the kernel counts it.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};

use crate::bench::ticks::{Group, TICKS_A_SECOND, machine, pids, stat};

/// The processes that are watched.
pub(super) struct Watched {
    api: Vec<u32>,
    workers: Vec<u32>,
    /// Its children are looked for each time: there is one for each connection.
    postgres: u32,
}

/// The state of all counters at a moment.
pub(super) struct Moment {
    at: Instant,
    groups: [Group; 4],
    machine_busy: u64,
}

/// How many cores were taken on average: 1.0 is one core.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) api: f64,
    pub(super) postgres: f64,
    pub(super) workers: f64,
    /// The program that measures.
    pub(super) load: f64,
    /// Whatever else ran on the machine.
    pub(super) others: f64,
    /// The one process of the database that took most.
    pub(super) busiest_backend: f64,
    pub(super) cores: f64,
}

impl Watched {
    /// Finds the processes by the address that each was told to bind.
    pub(super) fn find(api: &str, workers: &[String], checkpointer: u32) -> anyhow::Result<Self> {
        let bound = |address: &String| bound_to(address);
        let api = bound_to(api)?;
        let workers: anyhow::Result<Vec<Vec<u32>>> = workers.iter().map(bound).collect();
        let (postgres, _) = stat(checkpointer).context("the database is gone")?;
        Ok(Self {
            api,
            workers: workers?.concat(),
            postgres,
        })
    }

    /// Reads all counters.
    pub(super) fn now(&self) -> anyhow::Result<Moment> {
        let mut postgres = vec![self.postgres];
        for pid in pids()? {
            if stat(pid).is_some_and(|(parent, _)| parent == self.postgres) {
                postgres.push(pid);
            }
        }
        let own = [std::process::id()];
        let groups = [&self.api[..], &postgres, &self.workers, &own];
        Ok(Moment {
            at: Instant::now(),
            groups: groups.map(Group::read),
            machine_busy: machine()?.0,
        })
    }

    /// Returns what was taken since a moment.
    pub(super) fn since(&self, before: &Moment) -> anyhow::Result<Usage> {
        let now = self.now()?;
        let ticks = (now.at - before.at).as_secs_f64() * TICKS_A_SECOND;
        #[expect(clippy::cast_precision_loss, reason = "a count of ticks in minutes")]
        let cores = |ticks_taken: u64| ticks_taken as f64 / ticks;
        let mut groups = now.groups.iter().zip(&before.groups);
        let [api, postgres, workers, load] = [(); 4].map(|()| {
            let (now, before) = groups.next().expect("there are four");
            cores(now.sum().saturating_sub(before.sum()))
        });
        let busiest = now.groups[1].most_since(&before.groups[1]);
        let busy = cores(now.machine_busy.saturating_sub(before.machine_busy));
        Ok(Usage {
            api,
            postgres,
            workers,
            load,
            others: (busy - api - postgres - workers - load).max(0.0),
            busiest_backend: cores(busiest),
            cores: machine()?.1,
        })
    }
}

impl Usage {
    /// Returns how many cores had nothing to do.
    pub(super) fn idle(&self) -> f64 {
        let taken = self.api + self.postgres + self.workers + self.load + self.others;
        (self.cores - taken).max(0.0)
    }
}

/// Returns the programs of the service, not shells around them, with that address in `BIND`.
fn bound_to(address: &str) -> anyhow::Result<Vec<u32>> {
    let variable = format!("BIND={address}");
    let mut found = Vec::new();
    for pid in pids()? {
        let folder = Path::new("/proc").join(pid.to_string());
        // Other users' processes cannot be read, and any may end at any time.
        let Ok(name) = fs_err::read_to_string(folder.join("comm")) else {
            continue;
        };
        if name.trim() != "samples-api" {
            continue;
        }
        let Ok(environment) = fs_err::read(folder.join("environ")) else {
            continue;
        };
        let mut variables = environment.split(|byte| *byte == 0);
        if variables.any(|one| one == variable.as_bytes()) {
            found.push(pid);
        }
    }
    ensure!(!found.is_empty(), "no process is bound to {address}");
    Ok(found)
}
