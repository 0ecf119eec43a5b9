//! The executor: starts every step whose predecessors ended well, side by side, and passes each
//! result along the edges. It takes no decision but when to start what.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use super::consent::Consent;
use super::dossier::dossier;
use super::error::{Error, StepFailure};
use super::graph::Plan;
use super::launch;
use super::step::{Change, Effort, Step};
use super::work::perform;
use super::world::{Done, World};
use crate::engine::Engine;
use crate::postgres;
use crate::tell::{Event, Outcome, StepId};

/// How many steps work at once.
const WORKING_MAX: usize = 8;
/// How many services are ended at once.
const ENDING_MAX: usize = 64;
/// How long the removal of one unstarted container may take.
const CLEAN_UP: Duration = Duration::from_secs(5);
/// How long steps may clean up after an interruption.
const PATIENCE: Duration = Duration::from_secs(15);

/// How a run went.
#[derive(Debug, Default)]
pub struct Report {
    pub finished: Vec<Finished>,
    pub failures: Vec<StepFailure>,
    /// The titles of the steps that an interruption ended half-way.
    pub stopped: Vec<String>,
    /// Whether an interruption left something undone.
    pub interrupted: bool,
}

/// A step that ended well.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its place in the plan.
    pub index: usize,
    pub title: String,
    pub phase: &'static str,
    pub changed: bool,
    /// How long a service can have been ready before that was seen.
    pub late: Option<Duration>,
    /// Since the run's start.
    pub from: Duration,
    pub until: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Waiting,
    Started,
    Well,
    Ill,
}

/// Runs a plan. After a first failure nothing new is started but what lost its database's sessions,
/// which would be without them until the next command; what runs already is finished. Fails before
/// the first step where one would lose what nobody agreed to lose.
pub async fn run(plan: &Plan, world: &World, consent: &Consent) -> Result<Report, Error> {
    let steps = plan.unagreed(consent);
    if !steps.is_empty() {
        return Err(Error::Unagreed { steps });
    }
    let start = Instant::now();
    for notice in &plan.notices {
        world.events.warning(notice.clone());
    }
    let mut fates = vec![Fate::Waiting; plan.nodes.len()];
    let mut report = Report::default();
    let mut running = FuturesUnordered::new();
    loop {
        let failed = !report.failures.is_empty() && !plan.keep_going;
        let may = |step: &Step| !failed || matches!(step, Step::Reconnect { .. });
        while !world.cancel.is_cancelled()
            && let Some(index) = next(plan, &fates, may)
        {
            fates[index] = Fate::Started;
            running.push(take(plan, index, world, start));
        }
        let next = tokio::select! {
            next = running.next() => next,
            () = out_of_patience(&world.cancel) => {
                report.stopped.extend(titles(plan, &fates, Fate::Started));
                None
            }
        };
        let Some((index, result)) = next else {
            break;
        };
        match result {
            Ok(finished) => {
                fates[index] = Fate::Well;
                report.finished.push(finished);
            }
            Err(failure) => {
                fates[index] = Fate::Ill;
                if interrupted(&failure.error) {
                    report.stopped.push(failure.step);
                } else {
                    report.failures.push(failure);
                }
            }
        }
    }
    if !report.failures.is_empty() || !report.stopped.is_empty() || world.cancel.is_cancelled() {
        remove_unstarted(plan, &fates, world.engine.as_ref()).await;
    }
    let undone = fates.contains(&Fate::Waiting) && report.failures.is_empty();
    report.interrupted = undone || !report.stopped.is_empty();
    skip_the_rest(plan, &fates, world, &report);
    Ok(report)
}

/// Removes what a run created for steps that it never came to.
async fn remove_unstarted(plan: &Plan, fates: &[Fate], engine: &dyn Engine) {
    for (node, fate) in plan.nodes.iter().zip(fates) {
        if let Step::Create { service } = &node.step
            && *fate != Fate::Waiting
        {
            // One that was started after all is not touched.
            let removing = launch::remove_unstarted(engine, &service.spec.name);
            let _ = tokio::time::timeout(CLEAN_UP, removing).await;
        }
    }
}

/// Returns some time after the run was cancelled: a step that does not even clean up by then
/// waits for something that does not answer.
async fn out_of_patience(cancel: &CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(PATIENCE).await;
}

/// Returns the titles of the steps that have met one fate.
fn titles(plan: &Plan, fates: &[Fate], fate: Fate) -> Vec<String> {
    let nodes = plan.nodes.iter().zip(fates);
    let met = nodes.filter(|(_, met)| **met == fate);
    met.map(|(node, _)| node.step.to_string()).collect()
}

/// Finds out before a run what would make it fail late: a host port that somebody else holds.
pub async fn check(plan: &Plan, engine: &dyn Engine) -> Result<(), Error> {
    for node in &plan.nodes {
        if let Step::Create { service }
        | Step::Service {
            service,
            change: Change::Create | Change::Start,
        } = &node.step
        {
            engine.check(&service.spec).await?;
        }
    }
    Ok(())
}

/// Whether a room below stopped because the run was cancelled.
fn interrupted(error: &Error) -> bool {
    match error {
        Error::Interrupted => true,
        Error::Seed(error) => error.is_cancelled(),
        Error::Postgres(error) | Error::Migration(error) => {
            matches!(error, postgres::Error::Cancelled)
        }
        _ => false,
    }
}

/// Returns a step that can be started now.
fn next(plan: &Plan, fates: &[Fate], may: impl Fn(&Step) -> bool) -> Option<usize> {
    let going = |effort: Effort| {
        let nodes = plan.nodes.iter().zip(fates);
        let started = nodes.filter(|(_, fate)| **fate == Fate::Started);
        started
            .filter(|(node, _)| node.step.effort() == effort)
            .count()
    };
    let may_work = going(Effort::Work) < WORKING_MAX;
    let may_end = going(Effort::End) < ENDING_MAX;
    let ready = |index: &usize| {
        let node = &plan.nodes[*index];
        let has_room = match node.step.effort() {
            Effort::Wait => true,
            Effort::End => may_end,
            Effort::Work => may_work,
        };
        has_room
            && fates[*index] == Fate::Waiting
            && may(&node.step)
            && node.after.iter().all(|before| fates[*before] == Fate::Well)
    };
    (0..plan.nodes.len()).find(ready)
}

async fn take(
    plan: &Plan,
    index: usize,
    world: &World,
    start: Instant,
) -> (usize, Result<Finished, StepFailure>) {
    let step = &plan.nodes[index].step;
    let title = step.to_string();
    let events = world.events.step(StepId(index));
    world.events.send(Event::StepStarted {
        step: events.step,
        title: title.clone(),
    });
    let from = start.elapsed();
    let result = perform(step, world, &events).await;
    let until = start.elapsed();
    let outcome = match &result {
        Ok(Done::Changed(detail) | Done::Seen(detail)) => Outcome::Done {
            detail: detail.clone(),
        },
        Ok(Done::Ready { detail, .. }) => Outcome::Done {
            detail: Some(detail.clone()),
        },
        Ok(Done::Unchanged(detail)) => Outcome::Unchanged {
            detail: detail.clone(),
        },
        Err(error) if interrupted(error) => Outcome::Interrupted,
        Err(error) => Outcome::Failed {
            reason: error.to_string(),
        },
    };
    world.events.send(Event::StepFinished {
        step: events.step,
        title: title.clone(),
        outcome,
        elapsed: until.saturating_sub(from),
    });
    let result = match result {
        Ok(done) => {
            let changed = matches!(done, Done::Changed(_));
            let late = match done {
                Done::Ready { late, .. } => Some(late),
                Done::Changed(_) | Done::Seen(_) | Done::Unchanged(_) => None,
            };
            Ok(Finished {
                index,
                title,
                phase: step.phase(),
                changed,
                late,
                from,
                until,
            })
        }
        Err(error) => Err(dossier(plan, index, error, world.engine.as_ref()).await),
    };
    (index, result)
}

/// Tells of every step that never started.
fn skip_the_rest(plan: &Plan, fates: &[Fate], world: &World, report: &Report) {
    let because = match report.failures.first() {
        Some(failure) => format!("`{}` failed", failure.step),
        None => "interrupted".to_owned(),
    };
    for (index, fate) in fates.iter().enumerate() {
        if *fate == Fate::Waiting {
            world.events.send(Event::StepFinished {
                step: StepId(index),
                title: plan.nodes[index].step.to_string(),
                outcome: Outcome::Skipped {
                    because: because.clone(),
                },
                elapsed: Duration::ZERO,
            });
        }
    }
}
