//! One look at every process of this machine. It costs more the more there run, so all who ask for
//! it at the same time get the same one: the end of a service costs the same, however many end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::marks;
use super::procfs::{self, SeenProcess};

/// The last one of this program.
static LAST: Mutex<Option<LastWalk>> = Mutex::const_new(None);

struct LastWalk {
    begun: Instant,
    took: Duration,
    walk: Arc<ProcessWalk>,
}

/// Every process of this machine, with the variables that name its service.
#[derive(Debug)]
pub(super) struct ProcessWalk {
    pub all: Vec<SeenProcess>,
    marked: HashMap<u32, Vec<Vec<u8>>>,
}

impl ProcessWalk {
    /// Returns one that was begun after the call.
    pub(super) async fn fresh() -> Arc<Self> {
        let asked = Instant::now();
        let mut last = LAST.lock().await;
        if let Some(last) = &*last {
            if last.begun >= asked {
                return Arc::clone(&last.walk);
            }
            // So that many who ask one after another gather, and most of the time is theirs.
            let rested = last.begun + 3 * last.took;
            tokio::time::sleep_until(rested.into()).await;
        }
        let begun = Instant::now();
        let walk = Arc::new(Self::take());
        *last = Some(LastWalk {
            begun,
            took: begun.elapsed(),
            walk: Arc::clone(&walk),
        });
        walk
    }

    fn take() -> Self {
        let all = procfs::all();
        let marked = all.iter().filter_map(|seen| {
            let variables = procfs::variables(seen.id.pid, marks::is_mark);
            (!variables.is_empty()).then_some((seen.id.pid, variables))
        });
        let marked = marked.collect();
        Self { all, marked }
    }

    /// Returns the marks that a process has in its environment.
    pub(super) fn marks_of(&self, pid: u32) -> &[Vec<u8>] {
        self.marked.get(&pid).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_later_sees_what_began_before_that() {
        let held = LAST.lock().await;
        let release = async { drop(held) };
        let (one, same, ()) = tokio::join!(ProcessWalk::fresh(), ProcessWalk::fresh(), release);
        assert!(Arc::ptr_eq(&one, &same));
        let mut child = std::process::Command::new("sleep");
        let child = child.arg("60").env("ENVCTL_SERVICE", "later").spawn();
        let mut child = child.unwrap();
        let later = ProcessWalk::fresh().await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(later.all.iter().any(|seen| seen.id.pid == child.id()));
        assert_eq!(later.marks_of(child.id()), [b"ENVCTL_SERVICE=later"]);
        assert!(one.marks_of(child.id()).is_empty());
    }
}
