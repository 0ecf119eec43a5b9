//! What the processes of an instance take of the processor, service by service.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use crate::bench::ticks::{Group, TICKS_A_SECOND, machine, pids, stat};

const MICROS_A_TICK: f64 = 1e6 / TICKS_A_SECOND;

/// The services that have a column; the others of the instance share one.
pub(super) const SERVICES: [&str; 4] = ["api", "lb", "queue", "db"];

/// Those, the rest of the instance, and the clients.
pub(super) const GROUPS: usize = SERVICES.len() + 2;

/// The state of all counters at a moment.
pub(super) struct Moment {
    at: Instant,
    groups: [Group; GROUPS],
    machine_busy: u64,
}

/// What was taken in a while.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    /// By each group, in microseconds of a core.
    pub(super) micros: [f64; GROUPS],
    /// How many cores the rest of the machine had, and how many had nothing to do.
    pub(super) others: f64,
    pub(super) idle: f64,
}

impl Moment {
    /// Reads all counters: of what an envctl supervises under a name, and of the clients.
    pub(super) fn now(envctl: &Path, instance: &str, listener: u32) -> anyhow::Result<Self> {
        let mut groups: [Vec<u32>; GROUPS] = Default::default();
        let pids = pids()?;
        let parents = pids.iter().filter_map(|pid| Some((*pid, stat(*pid)?.0)));
        let parents: BTreeMap<u32, u32> = parents.collect();
        let supervisors = pids.iter().filter_map(|pid| {
            let service = supervised(&command(*pid)?, envctl, instance)?;
            Some((*pid, group(&service)))
        });
        let supervisors: BTreeMap<u32, usize> = supervisors.collect();
        for pid in parents.keys() {
            let mut above = Some(pid);
            // A parent that ended and whose number was given again could make a circle.
            for _ in 0..parents.len() {
                let Some(pid_above) = above else { break };
                if let Some(group) = supervisors.get(pid_above) {
                    groups[*group].push(*pid);
                    break;
                }
                above = parents.get(pid_above);
            }
        }
        // What ended is in our count as its parent.
        groups[GROUPS - 1] = vec![std::process::id(), listener];
        Ok(Self {
            at: Instant::now(),
            groups: groups.map(|pids| Group::read(&pids)),
            machine_busy: machine()?.0,
        })
    }

    /// Returns what was taken since an earlier moment.
    pub(super) fn since(&self, before: &Self) -> anyhow::Result<Usage> {
        let mut usage = Usage::default();
        for (at, micros) in usage.micros.iter_mut().enumerate() {
            let (now, before) = (&self.groups[at], &before.groups[at]);
            *micros = as_micros(now.sum().saturating_sub(before.sum()));
        }
        let elapsed = (self.at - before.at).as_secs_f64() * 1e6;
        let busy = as_micros(self.machine_busy.saturating_sub(before.machine_busy));
        let ours: f64 = usage.micros.iter().sum();
        usage.others = ((busy - ours) / elapsed).max(0.0);
        usage.idle = (machine()?.1 - busy / elapsed).max(0.0);
        Ok(usage)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of ticks in minutes")]
fn as_micros(ticks: u64) -> f64 {
    ticks as f64 * MICROS_A_TICK
}

/// Returns the column of a service, whatever its replica.
fn group(service: &str) -> usize {
    let is_of = |name: &&str| {
        let replica = service.strip_prefix(*name);
        let number = replica.map(|replica| replica.trim_start_matches('-'));
        number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let found = SERVICES.iter().position(is_of);
    found.unwrap_or(SERVICES.len())
}

/// Returns the words of a process's command line.
fn command(pid: u32) -> Option<Vec<String>> {
    // Any may end at any time.
    let bytes = fs_err::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = bytes.split(|byte| *byte == 0);
    Some(
        words
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect(),
    )
}

/// Returns the service that a process supervises, when it is one of that instance.
fn supervised(command: &[String], envctl: &Path, instance: &str) -> Option<String> {
    let [program, verb, folder, ..] = command else {
        return None;
    };
    if Path::new(program) != envctl || verb != "supervise" {
        return None;
    }
    // STATE/instances/ENVIRONMENT-INSTANCE-DIGEST/services/SERVICE
    let mut parts = Path::new(folder)
        .iter()
        .rev()
        .filter_map(|part| part.to_str());
    let (service, _, id) = (parts.next()?, parts.next()?, parts.next()?);
    let (name, _) = id.rsplit_once('-')?;
    (name == format!("messages-{instance}")).then(|| service.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{SERVICES, group, supervised};

    #[test]
    fn replicas_are_one_service() {
        assert_eq!((group("api"), group("api-2"), group("lb")), (0, 0, 1));
        for other in ["apis", "consumer-2", "cache"] {
            assert_eq!(group(other), SERVICES.len(), "{other}");
        }
    }

    #[test]
    fn a_supervisor_names_its_instance_and_service() {
        let of = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            supervised(&words, Path::new("/e"), "bench")
        };
        let folder = "/v/instances/messages-bench-1b62412d/services/api-2";
        assert_eq!(
            of(&format!("/e supervise {folder}")).as_deref(),
            Some("api-2")
        );
        assert_eq!(of(&format!("/f supervise {folder}")), None);
        assert_eq!(of(&format!("/e logs {folder}")), None);
        let other = folder.replace("bench", "bench-bare");
        assert_eq!(of(&format!("/e supervise {other}")), None);
    }
}
