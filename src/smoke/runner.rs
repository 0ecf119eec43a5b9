//! Makes the checks: chains in order, everything else side by side.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use indexmap::IndexMap;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::expect::Terms;
use super::log::LogEnds;
use super::queue::Queue;
use super::schema::Schemas;
use super::scope::{Places, Scope};
use super::select::Selected;
use super::snapshot::Snapshots;
use super::{CheckResult, Verdict, secrets, trial};
use crate::model::{Check, Secret};
use crate::probe::{Caller, Jar};
use crate::tell::Mask;
use crate::tell::{CheckVerdict, Event, Events};

/// What to check, and where.
pub struct SmokeRun<'a> {
    pub checks: &'a IndexMap<String, Check>,
    pub selected: &'a Selected,
    pub options: SmokeOptions,
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
pub struct SmokeOptions {
    /// How many are made at the same time.
    pub jobs: usize,
    /// How often each is made.
    pub repeat: u32,
    /// Whether no further check is begun after the first failure.
    pub fail_fast: bool,
}

impl Default for SmokeOptions {
    fn default() -> Self {
        Self {
            jobs: 8,
            repeat: 1,
            fail_fast: false,
        }
    }
}

/// Makes the checks; the results come in the order of the declarations. A check that was
/// interrupted has failed and sends no event. With the results comes what hides the secrets that
/// were known at the end, those that checks kept too.
pub async fn run(run: SmokeRun<'_>) -> (Vec<CheckResult>, Mask) {
    let own = run.checks.values().flat_map(secrets::of_check);
    let session = CheckContext {
        checks: run.checks,
        options: run.options,
        places: run.places,
        mask: Mutex::new(Arc::new(Mask::new(
            run.secrets.iter().chain(own).map(Secret::expose),
        ))),
        http: Caller::default(),
        marks: LogEnds::default(),
        schemas: Schemas::default(),
        snapshots: run.snapshots,
        cancel: run.cancel,
        failed: CancellationToken::new(),
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
pub(super) struct CheckContext<'a> {
    pub(super) checks: &'a IndexMap<String, Check>,
    pub(super) options: SmokeOptions,
    pub(super) places: Places<'a>,
    mask: Mutex<Arc<Mask>>,
    /// Keeps its connections from one check to the next.
    pub(super) http: Caller,
    pub(super) marks: LogEnds,
    schemas: Schemas,
    snapshots: &'a Snapshots,
    pub(super) cancel: &'a CancellationToken,
    /// Cancelled at the first failure when that ends the run.
    failed: CancellationToken,
}

/// What a check leaves for those that depend on it.
struct CheckEnd {
    passed: bool,
    captured: BTreeMap<String, Value>,
    cookies: Jar,
}

/// Endings by the places of their checks in the selection; only of those that others depend on.
type Endings = BTreeMap<usize, CheckEnd>;

impl CheckContext<'_> {
    pub(super) fn mask(&self) -> Arc<Mask> {
        let mask = self.mask.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&mask)
    }

    /// Lets no further check begin, where the first failure ends the run.
    pub(super) fn heed_failure(&self) {
        if self.options.fail_fast {
            self.failed.cancel();
        }
    }

    /// Hides more texts from now on, in what the check of this scope says, too.
    pub(super) fn hide(&self, secrets: &[Secret], scope: &mut Scope<'_>) {
        if !secrets.is_empty() {
            let mut mask = self.mask.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::make_mut(&mut mask).add(secrets.iter().map(Secret::expose));
            scope.mask = Arc::clone(&mask);
        }
    }

    pub(super) fn terms<'a>(&'a self, scope: &'a Scope<'a>) -> Terms<'a> {
        Terms {
            scope,
            schemas: &self.schemas,
            snapshots: self.snapshots,
        }
    }

    /// Makes every chosen check once, so many at a time.
    async fn once(&self, selected: &Selected, events: &Events) -> Vec<CheckResult> {
        let mut queue = Queue::of(self.checks, selected);
        let mut endings = Endings::new();
        let mut results: Vec<Option<CheckResult>> = selected.names.iter().map(|_| None).collect();
        let mut running = FuturesUnordered::new();
        loop {
            let mut skipped = None;
            while running.len() < self.options.jobs.max(1)
                && skipped.is_none()
                && let Some(place) = queue.next()
            {
                let name = selected.names[place].as_str();
                let check = &self.checks[name];
                match self.scope_of(selected, place, (&queue, &endings)) {
                    Ok(scope) => running.push(async move {
                        let (result, scope) = trial::run(self, name, check, scope).await;
                        (place, result, Some(scope))
                    }),
                    Err(because) => {
                        let result = trial::skipped(name, check, because);
                        skipped = Some((place, result, None));
                    }
                }
            }
            let ended = match skipped {
                Some(skipped) => Some(skipped),
                None => running.next().await,
            };
            let Some((place, result, scope)) = ended else {
                break;
            };
            self.marks.forget();
            if queue.is_awaited(place) {
                endings.insert(place, CheckEnd::of(&result, scope));
            }
            queue.ended(place);
            if !self.cancel.is_cancelled() {
                events.send(finished(&result));
            }
            results[place] = Some(result);
        }
        results.into_iter().flatten().collect()
    }

    /// Returns what a check sees; the error says why it is not made.
    fn scope_of(
        &self,
        selected: &Selected,
        place: usize,
        (queue, endings): (&Queue, &Endings),
    ) -> Result<Scope<'_>, String> {
        if self.cancel.is_cancelled() {
            return Err("the run was interrupted".to_owned());
        }
        if let Some(before) = queue.left_out(place) {
            return Err(format!("`{before}`, which comes before it, is left out"));
        }
        let mut captured = BTreeMap::new();
        let mut jars = Vec::new();
        for before in queue.before(place) {
            let Some(ending) = endings.get(before).filter(|ending| ending.passed) else {
                let before = &selected.names[*before];
                return Err(format!("`{before}`, which comes before it, did not pass"));
            };
            captured.extend(ending.captured.clone());
            jars.push(ending.cookies.clone());
        }
        if self.failed.is_cancelled() {
            return Err("another check failed (--fail-fast)".to_owned());
        }
        Ok(Scope {
            places: self.places,
            captured,
            cookies: Jar::merged(&jars),
            mask: self.mask(),
        })
    }
}

impl CheckEnd {
    fn of(result: &CheckResult, scope: Option<Scope<'_>>) -> Self {
        let (captured, cookies) =
            scope.map_or_else(Default::default, |scope| (scope.captured, scope.cookies));
        Self {
            passed: result.verdict == Verdict::Passed,
            captured,
            cookies,
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
