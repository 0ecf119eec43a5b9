//! How much processor time the processes of the service take, as the kernel counts it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};

/// The kernel's unit of these times, which it has shown to programs as 1/100 s ever since.
const TICKS_A_SECOND: f64 = 100.0;

/// The processes that are watched.
pub(super) struct Watched {
    api: Vec<u32>,
    workers: Vec<u32>,
    /// Its children are looked for each time: there is one for each connection.
    postgres: u32,
}

/// The ticks of each process until now.
struct Group(BTreeMap<u32, u64>);

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

impl Group {
    fn read(pids: &[u32]) -> Self {
        // One that ended meanwhile is in its parent's count.
        let read = pids.iter().filter_map(|pid| Some((*pid, stat(*pid)?.1)));
        Self(read.collect())
    }

    fn sum(&self) -> u64 {
        self.0.values().sum()
    }

    fn most_since(&self, before: &Self) -> u64 {
        let since = |(pid, ticks): (&u32, &u64)| {
            let before = before.0.get(pid).copied().unwrap_or(0);
            ticks.saturating_sub(before)
        };
        self.0.iter().map(since).max().unwrap_or(0)
    }
}

fn pids() -> anyhow::Result<Vec<u32>> {
    let mut pids = Vec::new();
    for entry in fs_err::read_dir("/proc")? {
        let name = entry?.file_name();
        pids.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    Ok(pids)
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

/// Returns a process's parent, and its ticks with those of its ended children.
fn stat(pid: u32) -> Option<(u32, u64)> {
    parse_stat(&fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(text: &str) -> Option<(u32, u64)> {
    // A program's name may hold spaces and parentheses.
    let (_, after_name) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let times = fields.get(11..15)?.iter();
    let ticks = times.filter_map(|time| time.parse::<u64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, ticks))
}

/// Returns the machine's ticks with something to do, and how many cores it has.
fn machine() -> anyhow::Result<(u64, f64)> {
    let text = fs_err::read_to_string("/proc/stat")?;
    let all = text.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<u64> = all
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; guests are in user already.
    let is_idle = |at: usize| at == 3 || at == 4;
    let busy = ticks.iter().take(8).enumerate();
    let busy = busy.filter(|(at, _)| !is_idle(*at)).map(|(_, n)| n).sum();
    let cores = text.lines().skip(1).filter(|line| line.starts_with("cpu"));
    Ok((busy, cores.map(|_| 1.0).sum()))
}

#[cfg(test)]
mod tests {
    use super::parse_stat;

    #[test]
    fn a_name_with_parentheses_moves_no_field() {
        let text = "7 (a) b)) S 3 7 7 0 -1 4 1 2 3 4 10 20 300 4000 20 0 1 0 5";
        assert_eq!(parse_stat(text), Some((3, 4330)));
    }
}
