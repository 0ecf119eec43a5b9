//! A wait for one service: how often it is looked at, and how often the engine is asked what
//! became of it.

use std::time::{Duration, Instant};

use super::look::Look;
use super::{Proof, database, needed};
use crate::engine::{self, Engine, Pulse, ServiceState};
use crate::plan::desired::{DesiredService, Readiness};
use crate::plan::error::{Error, state_text};
use crate::probe::Attempt;

/// The engine is asked no sooner again, nor later, than this.
const SOON: Duration = Duration::from_millis(100);
const LATE: Duration = Duration::from_millis(500);

/// Asking may take one per cent of a core.
const SHARE: u32 = 100;

/// Who waits for a service.
pub(super) struct Watch<'a> {
    engine: &'a dyn Engine,
    service: &'a DesiredService,
    proof: Proof,
    look: Look<'a>,
    seen: Option<Believed>,
}

/// What the engine said, and until when that is believed.
#[derive(Clone, Copy)]
struct Believed {
    pulse: Pulse,
    at: Instant,
    until: Instant,
}

impl<'a> Watch<'a> {
    pub(super) fn new(engine: &'a dyn Engine, service: &'a DesiredService, proof: Proof) -> Self {
        Self {
            engine,
            service,
            proof,
            look: Look::new(engine, service),
            seen: None,
        }
    }

    /// Looks once.
    pub(super) async fn attempt(&mut self) -> Attempt<String, Error> {
        let service = self.service;
        let pulse = match self.pulse().await {
            Ok(pulse) => pulse,
            Err(error) => return Attempt::Hopeless(error),
        };
        match pulse.state {
            ServiceState::Running => {}
            // One that its restart policy starts again is `Restarting` in between.
            state @ (ServiceState::Exited { .. } | ServiceState::Dead | ServiceState::Lost) => {
                return Attempt::Hopeless(Error::Ended {
                    service: service.spec.name.clone(),
                    state,
                });
            }
            ServiceState::Restarting => return Attempt::NotYet(started_again(pulse.restarts)),
            state => return Attempt::NotYet(state_text(&state)),
        }
        if pulse.ran < needed(service, pulse.restarts, self.proof) {
            return Attempt::NotYet(too_young(pulse));
        }
        match (&service.readiness, self.proof) {
            // It answered before, and nobody started it again since.
            (_, Proof::Lasting) if pulse.restarts == 0 => Attempt::Done("it runs".to_owned()),
            (Readiness::Postgres(login), _) => {
                if let Some(seen) = self.look.silence().await {
                    return Attempt::NotYet(seen);
                }
                database::prepare(self.engine, login).await
            }
            _ => self.look.look().await,
        }
    }

    /// Returns what the service does, as it was seen not long ago. Where how long it has run
    /// decides, it is seen anew.
    async fn pulse(&mut self) -> Result<Pulse, Error> {
        let now = Instant::now();
        if let Some(seen) = self.seen.filter(|seen| now < seen.until) {
            let mut pulse = seen.pulse;
            if pulse.state == ServiceState::Running {
                pulse.ran += now - seen.at;
            }
            let needed = needed(self.service, pulse.restarts, self.proof);
            if seen.pulse.ran >= needed || pulse.ran < needed {
                return Ok(pulse);
            }
        }
        let name = &self.service.spec.name;
        let pulse = self.engine.pulse(name).await?;
        let pulse = pulse.ok_or_else(|| engine::Error::NoService {
            service: name.clone(),
        })?;
        let is_new = |seen: Believed| seen.pulse.restarts != pulse.restarts;
        if pulse.state != ServiceState::Running || self.seen.is_some_and(is_new) {
            self.look.start_over();
        }
        let at = Instant::now();
        let pause = ((at - now) * SHARE).clamp(SOON, LATE);
        let until = at + pause;
        self.seen = Some(Believed { pulse, at, until });
        Ok(pulse)
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
