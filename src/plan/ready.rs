//! Readiness, seen from outside over the real protocol; and whether what runs stays.

mod database;
mod look;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use database::trusted_user;

use super::desired::{DesiredService, Readiness};
use super::error::{Error, state_text};
use crate::config::model::{Probe, Reach};
use crate::engine::{self, Engine, ObservedService, Pulse, ServiceState};
use crate::probe::{Attempt, Exhausted, Poll};
use crate::report::StepEvents;

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
    if seen.ran < needed(service, seen.restarts, Proof::Lasting) {
        return Some(false);
    }
    match look::look(engine, service).await {
        Attempt::Hopeless(Error::Unread { .. }) => None,
        result => Some(matches!(result, Attempt::Done(_))),
    }
}

/// Returns how long a service must have run without a break.
fn needed(service: &DesiredService, restarts: u32, proof: Proof) -> Duration {
    let answers = !matches!(service.readiness, Readiness::Running | Readiness::Exit);
    match (answers, restarts, proof) {
        (true, 0, _) => Duration::ZERO,
        (true, ..) => LASTING,
        (false, 0, Proof::Begun) => BEGUN,
        (false, 0, Proof::Lasting) => LASTING,
        // One that may take no longer than that to become ready shows it sooner.
        (false, ..) => SETTLED.min(service.ready_timeout / 2),
    }
}

/// Waits until a service shows what it has to, and says how that was seen.
pub(super) async fn wait(
    engine: &dyn Engine,
    service: &DesiredService,
    proof: Proof,
    (cancel, events): (&CancellationToken, &StepEvents),
) -> Result<String, Error> {
    let polled = Poll::within(service.ready_timeout)
        .until(
            cancel,
            async || attempt(engine, service, proof).await,
            |observation| events.message(observation),
        )
        .await;
    match polled {
        Ok((detail, _)) => Ok(detail),
        Err(Exhausted::Cancelled) => Err(Error::Interrupted),
        Err(Exhausted::Hopeless(error)) => Err(error),
        Err(Exhausted::TimedOut {
            last,
            attempts,
            waited,
        }) => Err(Error::NotReady {
            service: service.spec.name.clone(),
            last: last + &where_to_listen(engine, service),
            attempts,
            waited,
        }),
    }
}

/// Says to whom runs without a container that no port is forwarded to it.
fn where_to_listen(engine: &dyn Engine, service: &DesiredService) -> String {
    let (Readiness::Probe(Probe::Http { port, .. } | Probe::Tcp { port }), false) =
        (&service.readiness, engine.capabilities().containers)
    else {
        return String::new();
    };
    let name = &service.spec.service;
    format!("; a process has to listen on `${{services.{name}.ports.{port}}}` itself")
}

async fn attempt(
    engine: &dyn Engine,
    service: &DesiredService,
    proof: Proof,
) -> Attempt<String, Error> {
    let name = &service.spec.name;
    let pulse = match engine.pulse(name).await {
        Ok(Some(pulse)) => pulse,
        Ok(None) => {
            return Attempt::Hopeless(
                engine::Error::NoService {
                    service: name.clone(),
                }
                .into(),
            );
        }
        Err(error) => return Attempt::Hopeless(error.into()),
    };
    match pulse.state {
        ServiceState::Running => {}
        // One that its restart policy starts again is `Restarting` in between.
        state @ (ServiceState::Exited { .. } | ServiceState::Dead | ServiceState::Lost) => {
            return Attempt::Hopeless(Error::Ended {
                service: name.clone(),
                state,
            });
        }
        ServiceState::Restarting => {
            return Attempt::NotYet(started_again(pulse.restarts));
        }
        state => return Attempt::NotYet(state_text(&state)),
    }
    if pulse.ran < needed(service, pulse.restarts, proof) {
        return Attempt::NotYet(too_young(pulse));
    }
    match (&service.readiness, proof) {
        // It answered before, and nobody started it again since.
        (_, Proof::Lasting) if pulse.restarts == 0 => Attempt::Done("it runs".to_owned()),
        (Readiness::Postgres(database), _) => database::prepare(engine, name, database).await,
        _ => look::look(engine, service).await,
    }
}

/// Says why a service that runs is not believed to stay.
fn too_young(pulse: Pulse) -> String {
    match pulse.restarts {
        0 => "it just started".to_owned(),
        often => started_again(often),
    }
}

fn started_again(often: u32) -> String {
    let text = "it ends, and is started again by its `restart`";
    match often {
        0 | 1 => text.to_owned(),
        often => format!("{text}: {often} times so far"),
    }
}
