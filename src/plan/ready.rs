//! Readiness, seen from outside over the real protocol; and whether what runs stays.

mod database;
mod listening;
mod look;
mod watch;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use database::trusted_user;
pub use listening::Listening;

use self::look::Look;
use self::watch::Watch;
use super::desired::{DesiredService, Readiness};
use super::error::Error;
use crate::engine::{Engine, ObservedService};
use crate::model::{Probe, Reach};
use crate::probe::{Attempt, Exhausted, Poll};
use crate::tell::StepEvents;

/// How long a service that nobody can ask must have run before what depends on it starts.
const BEGUN: Duration = Duration::from_millis(300);

/// How long it must have run at the end of a command; others must have run as long since their
/// `restart` started them again.
const LASTING: Duration = Duration::from_secs(1);

/// How long one that nobody can ask must have run since its `restart` started it again: what ends
/// later ends for a new reason, as both engines count.
const SETTLED: Duration = Duration::from_secs(10);

/// What a service has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// That what depends on it can start.
    Begun,
    /// That it stays: at the end of a command, and for whoever only looks.
    Lasting,
}

/// Looks once at a running service; `false` also where it cannot be seen, and `None` where that
/// would run a command of the workspace, or needs a secret that nobody knows.
pub(super) async fn look(
    engine: &dyn Engine,
    service: &DesiredService,
    (seen, reach): (&ObservedService, Reach),
) -> Option<bool> {
    match &service.readiness {
        Readiness::Probe(Probe::Command(_)) if reach == Reach::Look => return None,
        Readiness::Redis {
            password: Some(password),
        } if password.is_unread() => return None,
        _ => {}
    }
    if !stays(service, seen) {
        return Some(false);
    }
    match Look::new(engine, service).after(seen).look().await {
        Attempt::Hopeless(Error::Unread { .. }) => None,
        result => Some(matches!(result, Attempt::Done(_))),
    }
}

/// Whether a running service is not one that is started again and again. One that was just started
/// by a command is that command's to watch.
pub(super) fn stays(service: &DesiredService, seen: &ObservedService) -> bool {
    seen.restarts == 0 || seen.ran >= needed(service, seen.restarts, Proof::Lasting)
}

/// Returns how long a service must have run without a break.
fn needed(service: &DesiredService, restarts: u32, proof: Proof) -> Duration {
    let answers = !matches!(service.readiness, Readiness::Running | Readiness::Exit);
    match (answers, restarts, proof) {
        (true, 0, _) => Duration::ZERO,
        (false, 0, Proof::Begun) => BEGUN,
        (true, ..) | (false, 0, Proof::Lasting) => LASTING,
        // One that may take no longer than that to become ready shows it sooner.
        (false, ..) => SETTLED.min(service.ready_timeout / 2),
    }
}

/// How a service was seen to be ready.
pub(super) struct Ready {
    pub detail: String,
    /// How long it can have been so before it was seen.
    pub late: Duration,
}

/// Waits until a service shows what it has to.
pub(super) async fn wait(
    engine: &dyn Engine,
    service: &DesiredService,
    proof: Proof,
    (cancel, events): (&CancellationToken, &StepEvents),
) -> Result<Ready, Error> {
    let mut watch = Watch::new(engine, service, proof);
    let mut turns = poll(service).turns(cancel);
    let end = loop {
        let attempt = watch.attempt();
        if let Some(end) = turns.take(attempt, |text| events.message(text)).await {
            break end;
        }
    };
    match end {
        Ok((detail, _)) => Ok(Ready {
            detail,
            late: turns.late(),
        }),
        Err(Exhausted::Cancelled) => Err(Error::Interrupted),
        Err(Exhausted::Hopeless(error)) => Err(error),
        Err(Exhausted::TimedOut {
            last,
            attempts,
            waited,
        }) => Err(Error::NotReady {
            service: service.spec.name.clone(),
            last,
            attempts,
            waited,
            listening: listening::elsewhere(engine, service).await.map(Box::new),
        }),
    }
}

/// Returns how often a service is looked at.
fn poll(service: &DesiredService) -> Poll {
    let poll = Poll::within(service.ready_timeout);
    match &service.readiness {
        // A program is started for it, or a process of the server.
        Readiness::Probe(Probe::Command(_)) | Readiness::Postgres(_) => poll,
        Readiness::Probe(Probe::Http { .. } | Probe::Tcp { .. })
        | Readiness::Ports(_)
        | Readiness::Redis { .. }
        | Readiness::Running
        | Readiness::Exit => poll.of_own_work(),
    }
}
