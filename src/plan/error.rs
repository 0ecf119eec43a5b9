//! What can go wrong in a step, with what was seen last.

use std::time::Duration;

use super::ready::Listening;
use crate::engine::{self, ServiceState};
use crate::seed::Brings;
use crate::tell::Tail;
use crate::{postgres, seed};

/// Why a step failed; facts only.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Engine(#[from] engine::Error),
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error(transparent)]
    Seed(#[from] seed::Error),
    /// What is in a database cannot be seen, though its server answers.
    #[error("cannot look at the database of `{service}`: {}", failure.told())]
    Look {
        service: String,
        failure: seed::Error,
    },
    /// A migration, told apart from other work on a server by its exit code.
    #[error(transparent)]
    Migration(postgres::Error),
    #[error("`{service}` did not become ready within {}", seconds(*waited))]
    NotReady {
        service: String,
        last: String,
        attempts: u32,
        waited: Duration,
        /// Where it listens, if that was seen and is not where it is asked.
        listening: Option<Box<Listening>>,
    },
    /// Its health check says no, and goes on to.
    #[error("`{service}` answers its health check with {answer}")]
    Refused {
        service: String,
        /// `404 Not Found`
        answer: String,
        /// `GET /health on 127.0.0.1:3000`
        asked: String,
        waited: Duration,
    },
    #[error("`{service}` ended while it was waited for: {}", state_text(state))]
    Ended {
        service: String,
        state: ServiceState,
    },
    #[error("task `{task}` failed: {}", state_text(state))]
    Task { task: String, state: ServiceState },
    #[error("task `{task}` did not end within {}", seconds(*waited))]
    TaskTimeout { task: String, waited: Duration },
    /// A task that was to bring data; `name` is the seed's or the task's.
    #[error("{} failed", data_text(*brings, name))]
    Data {
        name: String,
        brings: Brings,
        /// Whether it was started, so that something of it may be in.
        ran: bool,
        #[source]
        failure: Box<Error>,
    },
    #[error("cannot fill in a value of `{service}`: {reason}")]
    Template { service: String, reason: String },
    #[error("the password of `{service}` is a secret whose command was not run")]
    Unread { service: String },
    /// Nobody was asked whether it may.
    #[error("nobody agreed to what this loses: {}", steps.join(", "))]
    Unagreed {
        /// The titles of the steps.
        steps: Vec<String>,
    },
    #[error("interrupted")]
    Interrupted,
}

/// A step that failed, and what belongs to its dossier.
#[derive(Debug)]
pub struct StepFailure {
    /// The step's title.
    pub step: String,
    pub error: Error,
    /// The last lines of the service's log.
    pub tail: Option<Tail>,
    /// The data volume of a database that never answered, unless this run made it.
    pub old_volume: Option<String>,
    /// The titles of the steps that were not started because of it.
    pub blocked: Vec<String>,
}

impl Error {
    /// Sorts a failed look at the database of a service.
    pub(super) fn of_look(service: &str, failure: seed::Error) -> Self {
        if failure.is_cancelled() || failure.is_silence() {
            return Self::Seed(failure);
        }
        Self::Look {
            service: service.to_owned(),
            failure,
        }
    }
}

fn data_text(brings: Brings, name: &str) -> String {
    match brings {
        Brings::Seed => format!("seed `{name}`"),
        Brings::Migrations => format!("the migrations by task `{name}`"),
    }
}

/// Writes a time that was waited for: `30.0 s`.
fn seconds(waited: Duration) -> String {
    format!("{:.1} s", waited.as_secs_f64())
}

/// Says what a container is doing, for people.
pub fn state_text(state: &ServiceState) -> String {
    match state {
        ServiceState::Created => "created, not started".to_owned(),
        ServiceState::Running => "running".to_owned(),
        ServiceState::Restarting => "restarting".to_owned(),
        ServiceState::Paused => "paused".to_owned(),
        ServiceState::Exited {
            code,
            out_of_memory: true,
        } => {
            format!("killed for using more memory than its limit (exit code {code})")
        }
        ServiceState::Exited {
            code,
            out_of_memory: false,
        } => format!("exit code {code}"),
        ServiceState::Dead => "dead".to_owned(),
        ServiceState::Lost => "ended while nobody watched it".to_owned(),
    }
}
