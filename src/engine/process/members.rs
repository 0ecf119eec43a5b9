//! Which processes are a service's, and ending them all.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::marks::Marks;
use super::procfs::{self, ProcessId, SeenProcess};
use super::walk::ProcessWalk;

/// How long killed processes may take to go.
const GONE_TIMEOUT: Duration = Duration::from_secs(10);

/// What a service's processes are known by.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    /// The supervisor, whose descendants they are.
    pub supervisor: Option<u32>,
    pub main: Option<ProcessId>,
    /// Others that were seen as its descendants while it lived.
    pub others: Vec<ProcessId>,
    /// What they all inherit.
    pub marks: Marks,
}

/// Among which processes members are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// What descends from the supervisor and from those that are known: nearly all of them, at the
    /// price of a few reads.
    Near,
    /// Every process of the machine, also those that only their marks tell of.
    Far,
}

impl Members {
    /// Returns those that live now, the main process first.
    pub(super) async fn find(&self, sight: Sight) -> Vec<SeenProcess> {
        let mut found = match sight {
            Sight::Near => self.near(),
            Sight::Far => self.among(&*ProcessWalk::fresh().await),
        };
        let main = self.main.map(|main| main.pid);
        found.sort_by_key(|seen| Some(seen.id.pid) != main);
        found
    }

    /// Returns those that live now and descend from what is known.
    pub(super) fn near(&self) -> Vec<SeenProcess> {
        let known = self.main.iter().chain(&self.others).map(|id| id.pid);
        let all = procfs::below(self.supervisor.into_iter().chain(known));
        self.closure(&all, |_| false, |pid| self.is_anothers(pid))
    }

    fn among(&self, walk: &ProcessWalk) -> Vec<SeenProcess> {
        let is_marked = |pid| self.marks.are_in(walk.marks_of(pid));
        self.closure(&walk.all, is_marked, |pid| self.is_anothers(pid))
    }

    /// Returns the living processes of the main process's group, that one first.
    async fn group(&self, sight: Sight) -> Vec<SeenProcess> {
        let Some(main) = self.main.filter(|main| main.is_alive()) else {
            return Vec::new();
        };
        let mut found = self.find(sight).await;
        found.retain(|seen| seen.group == main.pid || seen.id == main);
        found
    }

    /// Sends a signal to the main process's group, and lets it go on where it was stopped.
    pub(super) async fn signal_group(&self, sight: Sight, signal: Signal) {
        for seen in self.group(sight).await {
            seen.id.signal(signal);
            if seen.state == 'T' {
                seen.id.signal(Signal::CONT);
            }
        }
    }

    /// Kills all of them until none is left; the error is one that does not go. `reap` takes
    /// away those that are this process's children.
    pub(super) async fn clear(
        &self,
        sight: Sight,
        mut reap: impl FnMut(),
    ) -> Result<(), ProcessId> {
        let deadline = Instant::now() + GONE_TIMEOUT;
        let mut pause = Duration::from_millis(2);
        loop {
            let left = self.find(sight).await;
            let Some(first) = left.first() else {
                reap();
                return Ok(());
            };
            if Instant::now() > deadline {
                return Err(first.id);
            }
            for seen in &left {
                seen.id.signal(Signal::KILL);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
            reap();
        }
    }

    fn closure(
        &self,
        all: &[SeenProcess],
        is_marked: impl Fn(u32) -> bool,
        is_anothers: impl Fn(u32) -> bool,
    ) -> Vec<SeenProcess> {
        let this = std::process::id();
        let is_main = |seen: &SeenProcess| self.main == Some(seen.id);
        // The group's number is the main process's only as long as that is there.
        let group = all
            .iter()
            .find(|seen| is_main(seen))
            .map(|main| main.id.pid);
        let is_foreign =
            |pid: u32| pid == this || pid == 1 || Some(pid) == self.supervisor || is_anothers(pid);
        let known = |seen: &&SeenProcess| {
            is_main(seen)
                || Some(seen.group) == group
                || Some(seen.parent) == self.supervisor
                || self.others.contains(&seen.id)
                || is_marked(seen.id.pid)
        };
        let known = all.iter().filter(known).map(|seen| seen.id.pid);
        let mut pids: BTreeSet<u32> = known.filter(|pid| !is_foreign(*pid)).collect();
        loop {
            let before = pids.len();
            let children = all.iter().filter(|seen| pids.contains(&seen.parent));
            let children: Vec<u32> = children.map(|seen| seen.id.pid).collect();
            pids.extend(children.into_iter().filter(|pid| !is_foreign(*pid)));
            if pids.len() == before {
                break;
            }
        }
        let found = all.iter().filter(|seen| pids.contains(&seen.id.pid));
        found.filter(|seen| seen.is_alive()).copied().collect()
    }

    /// Whether a process belongs to another service, which somebody in this one brought up: it
    /// descends from here and is not part of it.
    fn is_anothers(&self, pid: u32) -> bool {
        let is_supervisor = || {
            let arguments = procfs::arguments(pid);
            arguments.get(1).is_some_and(|word| word == b"supervise")
        };
        self.marks.are_others(&procfs::environment(pid)) || is_supervisor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(pid: u32, parent: u32, group: u32, state: char) -> SeenProcess {
        SeenProcess {
            id: ProcessId { pid, start: 1 },
            parent,
            group,
            state,
        }
    }

    fn check(members: &Members, marked: &[u32], expect: &[u32]) {
        let all = [
            seen(1, 0, 1, 'S'),
            seen(1000, 1, 1000, 'S'),
            seen(1001, 1000, 1001, 'S'),
            seen(1002, 1001, 1001, 'S'),
            seen(1003, 1000, 1003, 'S'),
            seen(1004, 1003, 1003, 'Z'),
            seen(1005, 1, 1001, 'S'),
            seen(1006, 1, 1006, 'S'),
            seen(1007, 1006, 1007, 'S'),
            seen(1008, 1, 1008, 'S'),
        ];
        let found = members.closure(&all, |pid| marked.contains(&pid), |_| false);
        let found: Vec<u32> = found.iter().map(|seen| seen.id.pid).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn descendants_the_group_and_the_marked_are_members() {
        let main = Some(ProcessId {
            pid: 1001,
            start: 1,
        });
        let supervised = Members {
            supervisor: Some(1000),
            main,
            ..Members::default()
        };
        check(&supervised, &[], &[1001, 1002, 1003, 1005]);
        let alone = Members {
            main,
            ..Members::default()
        };
        check(&alone, &[], &[1001, 1002, 1005]);
        check(&alone, &[1006], &[1001, 1002, 1005, 1006, 1007]);
        check(&alone, &[1], &[1001, 1002, 1005]);
    }

    #[test]
    fn a_service_that_was_brought_up_from_within_is_no_member() {
        let all = [
            seen(1000, 1, 1000, 'S'),
            seen(1001, 1000, 1001, 'S'),
            seen(1010, 1000, 1010, 'S'),
            seen(1011, 1010, 1011, 'S'),
        ];
        let members = Members {
            supervisor: Some(1000),
            ..Members::default()
        };
        let found = members.closure(&all, |_| false, |pid| pid == 1010);
        let found: Vec<u32> = found.iter().map(|seen| seen.id.pid).collect();
        assert_eq!(found, [1001]);
    }

    #[test]
    fn a_number_that_changed_hands_is_nobody() {
        let reused = ProcessId {
            pid: 1001,
            start: 9,
        };
        let members = Members {
            main: Some(reused),
            others: vec![ProcessId {
                pid: 1008,
                start: 9,
            }],
            ..Members::default()
        };
        check(&members, &[], &[]);
        let members = Members {
            others: vec![ProcessId {
                pid: 1008,
                start: 1,
            }],
            ..Members::default()
        };
        check(&members, &[], &[1008]);
    }
}
