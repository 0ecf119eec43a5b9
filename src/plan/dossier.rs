//! What belongs to a failure beside its error: the last lines of a log, what it blocks, and an old
//! volume that may be to blame.

use std::time::Duration;

use super::error::{Error, StepFailure};
use super::graph::Plan;
use super::step::Step;
use crate::engine::{self, Engine, LogLine, LogOptions, ServiceState};
use crate::tell::Tail;

/// How many lines of a log belong to a dossier.
const TAIL_LINES: usize = 20;
/// How long the tail of a log may take to come, when a failure is on its way to the user.
const TAIL_TIMEOUT: Duration = Duration::from_secs(3);

/// Returns all that is to be said of a step that failed.
pub(super) async fn dossier(
    plan: &Plan,
    index: usize,
    error: Error,
    engine: &dyn Engine,
) -> StepFailure {
    let step = &plan.nodes[index].step;
    let tail = tail(step, &error, engine).await;
    let blocked = plan.dependants(index).into_iter();
    let blocked = blocked.map(|index| &plan.nodes[index].step);
    // There is nothing to look at again.
    let blocked = blocked.filter(|step| !matches!(step, Step::StillRunning { .. }));
    StepFailure {
        step: step.to_string(),
        old_volume: old_volume(step, &error).map(ToOwned::to_owned),
        tail,
        blocked: blocked.map(ToString::to_string).collect(),
        error,
    }
}

/// Returns the data volume that a database without an answer may owe that to.
fn old_volume<'a>(step: &'a Step, error: &Error) -> Option<&'a str> {
    match (step, error) {
        (
            Step::AwaitReady {
                service,
                fresh_volume: None,
            },
            Error::NotReady { .. }
            | Error::Ended {
                state:
                    ServiceState::Exited {
                        out_of_memory: false,
                        ..
                    },
                ..
            },
        ) => service.database.as_ref().map(|it| it.volume.as_str()),
        _ => None,
    }
}

/// Returns the last log lines where they explain a failure.
async fn tail(step: &Step, error: &Error, engine: &dyn Engine) -> Option<Tail> {
    let telling = matches!(
        error,
        Error::NotReady { .. }
            | Error::Refused { .. }
            | Error::Ended { .. }
            | Error::Task { .. }
            | Error::TaskTimeout { .. }
            | Error::Data { .. }
            | Error::Postgres(_)
            | Error::Engine(engine::Error::NotRunning { .. })
    );
    let service = match (step, error) {
        // It looks at many.
        (
            Step::StillRunning { .. },
            Error::NotReady { service, .. }
            | Error::Refused { service, .. }
            | Error::Ended { service, .. },
        ) => service,
        _ => step.subject().filter(|_| telling)?,
    };
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<LogLine>(TAIL_LINES);
    let options = LogOptions {
        tail: Some(TAIL_LINES),
        follow: false,
        ..LogOptions::default()
    };
    let mut lines = Vec::new();
    let read = async {
        while let Some(line) = receiver.recv().await {
            lines.push(line.line);
        }
    };
    let inside = engine.inside().ok()?;
    let both = futures_util::future::join(inside.logs(service, options, sender), read);
    // A log that does not come in time must not hold up the failure itself.
    let _ = tokio::time::timeout(TAIL_TIMEOUT, both).await;
    (!lines.is_empty()).then(|| Tail {
        of: service.to_owned(),
        lines,
    })
}
