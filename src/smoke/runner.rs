//! Makes the checks: chains in order, everything else side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use indexmap::IndexMap;
use serde_json::Value;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::clients::Clients;
use super::expect::Terms;
use super::mask::Mask;
use super::schema::Schemas;
use super::scope::{Places, Scope};
use super::select::Selected;
use super::snapshot::Snapshots;
use super::{CheckResult, Verdict, secrets, trial};
use crate::config::model::{Check, Secret};
use crate::probe::Jar;
use crate::report::{CheckVerdict, Event, Events};

/// What to check, and where.
pub struct Run<'a> {
    pub checks: &'a IndexMap<String, Check>,
    pub selected: &'a Selected,
    pub options: Options,
    /// Compares with snapshots, or writes them.
    pub snapshots: &'a Snapshots,
    pub places: Places<'a>,
    /// What is shown as `***`, beside the secrets that stand in the checks themselves.
    pub secrets: &'a [Secret],
    pub events: &'a Events,
    pub cancel: &'a CancellationToken,
}

/// How checks are made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many are made at the same time.
    pub jobs: usize,
    /// How often each is made.
    pub repeat: u32,
    /// Whether no further check is begun after the first failure.
    pub fail_fast: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: 8,
            repeat: 1,
            fail_fast: false,
        }
    }
}

/// Makes the checks; the results come in the order of the declarations. A check that was
/// interrupted has failed and sends no event.
pub async fn run(run: Run<'_>) -> Vec<CheckResult> {
    run_masked(run).await.0
}

/// Makes the checks as [`run`] does; with the results comes what hides the secrets that were known
/// at the end, those that checks kept too.
pub async fn run_masked(run: Run<'_>) -> (Vec<CheckResult>, Mask) {
    let own = run.checks.values().flat_map(secrets::of_check);
    let session = Session {
        checks: run.checks,
        options: run.options,
        places: run.places,
        mask: Mutex::new(Arc::new(Mask::new(run.secrets.iter().chain(own)))),
        clients: Clients::default(),
        schemas: Schemas::default(),
        snapshots: run.snapshots,
        cancel: run.cancel,
        failed: CancellationToken::new(),
        turns: Semaphore::new(run.options.jobs.max(1)),
    };
    let mut all: Vec<CheckResult> = Vec::new();
    for number in 0..run.options.repeat.max(1) {
        let results = session.once(run.selected, run.events).await;
        if number == 0 {
            all = results;
        } else {
            let pairs = all.iter_mut().zip(results);
            pairs.for_each(|(so_far, next)| so_far.repeat(next));
        }
        if run.cancel.is_cancelled() || session.failed.is_cancelled() {
            break;
        }
    }
    let mask = session.mask();
    for result in &mut all {
        result.hide(&mask);
    }
    (all, mask.as_ref().clone())
}

/// What all checks of a run share.
pub(super) struct Session<'a> {
    pub(super) checks: &'a IndexMap<String, Check>,
    pub(super) options: Options,
    pub(super) places: Places<'a>,
    mask: Mutex<Arc<Mask>>,
    pub(super) clients: Clients,
    schemas: Schemas,
    snapshots: &'a Snapshots,
    pub(super) cancel: &'a CancellationToken,
    /// Cancelled at the first failure when that ends the run.
    failed: CancellationToken,
    turns: Semaphore,
}

/// How a check ended, for those that depend on it.
struct Ending {
    passed: bool,
    captured: BTreeMap<String, Value>,
    cookies: Jar,
}

/// Where an ending is waited for.
type Board = IndexMap<String, watch::Sender<Option<Arc<Ending>>>>;

impl Session<'_> {
    pub(super) fn mask(&self) -> Arc<Mask> {
        let mask = self.mask.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&mask)
    }

    /// Hides more texts from now on.
    pub(super) fn hide(&self, secrets: &[Secret]) {
        let mut mask = self.mask.lock().unwrap_or_else(PoisonError::into_inner);
        *mask = Arc::new(mask.with(secrets));
    }

    pub(super) fn terms<'a>(&'a self, scope: &'a Scope<'a>) -> Terms<'a> {
        Terms {
            scope,
            schemas: &self.schemas,
            snapshots: self.snapshots,
        }
    }

    async fn once(&self, selected: &Selected, events: &Events) -> Vec<CheckResult> {
        let board: Board = selected
            .names
            .iter()
            .map(|name| (name.clone(), watch::Sender::new(None)))
            .collect();
        let board = &board;
        let check = |name: &'_ String| -> Pin<Box<dyn Future<Output = CheckResult> + Send + '_>> {
            let name = name.clone();
            Box::pin(async move {
                let check = &self.checks[&name];
                let result = self.in_turn(&name, check, board).await;
                if !self.cancel.is_cancelled() {
                    events.send(finished(&result));
                }
                result
            })
        };
        join_all(selected.names.iter().map(check)).await
    }

    /// Makes a check when all that it depends on has ended well.
    async fn in_turn(&self, name: &str, check: &Check, board: &Board) -> CheckResult {
        let (result, ending) = match self.scope_of(check, board).await {
            Err(because) => (trial::skipped(name, check, because), Ending::not_passed()),
            Ok(scope) => {
                let _turn = self.turns.acquire().await.expect("nobody closes it");
                if self.failed.is_cancelled() {
                    let because = "another check failed (--fail-fast)".to_owned();
                    (trial::skipped(name, check, because), Ending::not_passed())
                } else {
                    let (result, scope) = trial::run(self, name, check, scope).await;
                    let ending = Ending {
                        passed: result.verdict == Verdict::Passed,
                        captured: scope.captured,
                        cookies: scope.cookies,
                    };
                    (result, ending)
                }
            }
        };
        if result.failed() && self.options.fail_fast {
            self.failed.cancel();
        }
        // Nobody may wait for it.
        board[name].send_replace(Some(Arc::new(ending)));
        result
    }

    /// Waits for the checks before this one; the error says why it cannot be made.
    async fn scope_of(&self, check: &Check, board: &Board) -> Result<Scope<'_>, String> {
        let mut captured = BTreeMap::new();
        let mut jars = Vec::new();
        for before in self.before(check) {
            let Some(sender) = board.get(before) else {
                return Err(format!("`{before}`, which comes before it, is left out"));
            };
            let mut receiver = sender.subscribe();
            let ending = receiver.wait_for(Option::is_some).await;
            let ending = ending.expect("the board outlives the checks").clone();
            let ending = ending.expect("it was waited for");
            if !ending.passed {
                return Err(format!("`{before}`, which comes before it, did not pass"));
            }
            captured.extend(ending.captured.clone());
            jars.push(ending.cookies.clone());
        }
        Ok(Scope {
            places: self.places,
            captured,
            cookies: Jar::merged(&jars),
            mask: self.mask(),
        })
    }

    /// Returns the names of the checks that come before one, each case of them.
    fn before<'b>(&'b self, check: &'b Check) -> impl Iterator<Item = &'b String> {
        let wanted: BTreeSet<&str> = check.flow.depends_on.iter().map(String::as_str).collect();
        let all = (!wanted.is_empty()).then_some(self.checks);
        all.into_iter()
            .flatten()
            .filter(move |(_, check)| wanted.contains(check.declared.as_str()))
            .map(|(name, _)| name)
    }
}

impl Ending {
    fn not_passed() -> Self {
        Self {
            passed: false,
            captured: BTreeMap::new(),
            cookies: Jar::default(),
        }
    }
}

fn finished(result: &CheckResult) -> Event {
    Event::CheckFinished {
        check: result.name.clone(),
        verdict: match result.verdict {
            Verdict::Passed => CheckVerdict::Passed,
            Verdict::Failed => CheckVerdict::Failed,
            Verdict::Skipped(_) => CheckVerdict::Skipped,
        },
        flaky: result.flaky,
        attempts: result.attempts.total(),
        elapsed: result.elapsed,
        failures: result.failures.iter().map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests;
