//! One attempt of a check: do once what it does, and hold what came back against what is expected.

mod command;
mod http;
mod hurl;
mod redis;
mod sql;
mod tcp;
mod websocket;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::evidence::{AnswerStatus, Evidence};
use super::runner::CheckContext;
use super::scope::Scope;
use super::{Excerpt, Unmet, expect, trial};
use crate::model::{Action, Check};

/// What one attempt saw.
#[derive(Debug)]
pub(super) enum AttemptOutcome {
    Answer {
        /// The one word of the answer.
        status: String,
        /// A view of it, where it is not as expected.
        reply: Option<Excerpt>,
        /// Empty when everything is as expected.
        failures: Vec<Unmet>,
        /// Whether the answer says that the service is not there yet.
        unavailable: bool,
    },
    NoAnswer {
        reason: String,
        transient: bool,
    },
    /// It could not be made.
    Impossible(Unmet),
}

impl AttemptOutcome {
    /// Returns whether another attempt may see something else; with `eventually`, every answer
    /// may change.
    pub(super) fn may_change(&self, eventually: bool) -> bool {
        match self {
            Self::Answer { unavailable, .. } => eventually || *unavailable,
            Self::NoAnswer { transient, .. } => *transient,
            Self::Impossible(_) => false,
        }
    }

    /// Returns one line on it.
    pub(super) fn summary(&self) -> String {
        match self {
            Self::NoAnswer { reason, .. } => reason.clone(),
            Self::Impossible(failure) => failure.to_string(),
            Self::Answer {
                status, failures, ..
            } => match failures.as_slice() {
                [] => status.clone(),
                // The failure itself names the status.
                [first] if matches!(first.what.as_str(), "status" | "exit code") => {
                    first.to_string()
                }
                [first] => format!("{status}; {first}"),
                [first, more @ ..] => format!("{status}; {first}; and {} more", more.len()),
            },
        }
    }
}

/// Why an attempt gave no evidence.
pub(super) enum Nothing {
    /// There was no answer; whether another attempt may get one.
    NoAnswer { reason: String, transient: bool },
    /// What is needed for it is missing; the two texts are what was needed, and why it is not there.
    Impossible(&'static str, String),
}

/// Makes one attempt; what the check keeps goes into the scope once its answer is right.
pub(super) async fn make(
    session: &CheckContext<'_>,
    check: &Check,
    scope: &mut Scope<'_>,
    (timeout, cancel): (Duration, &CancellationToken),
) -> AttemptOutcome {
    let evidence = match &check.action {
        Action::Http(action) => http::send(session, action, scope, timeout).await,
        Action::Sql(action) => sql::ask(action, scope, cancel).await,
        Action::Redis(action) => redis::send(action, scope, timeout).await,
        Action::Exec(action) => command::exec(session, action, scope).await,
        Action::Command(action) => command::command(action, scope).await,
        Action::Hurl(action) => hurl::run(action, scope, timeout).await,
        Action::Tcp(action) => tcp::connect(check, action, scope, before(timeout)).await,
        Action::WebSocket(action) => {
            websocket::converse(session, check, action, scope, before(timeout)).await
        }
    };
    match evidence {
        Ok(evidence) => judge(session, check, scope, &evidence),
        Err(Nothing::NoAnswer { reason, transient }) => AttemptOutcome::NoAnswer {
            reason: scope.mask.apply(&reason),
            transient,
        },
        Err(Nothing::Impossible(needed, reason)) => {
            AttemptOutcome::Impossible(scope.impossible(needed, &reason))
        }
    }
}

/// Returns a little less than the time of a check, so that what waits for something can still
/// say what came instead.
fn before(timeout: Duration) -> Duration {
    timeout * 19 / 20
}

fn judge(
    session: &CheckContext<'_>,
    check: &Check,
    scope: &mut Scope<'_>,
    evidence: &Evidence,
) -> AttemptOutcome {
    trial::hide_captured(session, check, scope, evidence);
    let mut failures = match expect::verify(&check.expect, evidence, &session.terms(scope)) {
        Ok(failures) => failures,
        Err(reason) => {
            return AttemptOutcome::Impossible(scope.impossible("expectations", &reason));
        }
    };
    if failures.is_empty() {
        failures = trial::keep(session, check, scope, evidence);
    }
    failures.iter_mut().for_each(Unmet::shorten);
    let unavailable = matches!(evidence.status, AnswerStatus::Http(502..=504))
        && !expect::status_holds(&check.expect, &evidence.status);
    AttemptOutcome::Answer {
        status: evidence.status.to_string(),
        reply: (!failures.is_empty()).then(|| evidence.reply(&scope.mask)),
        failures,
        unavailable,
    }
}

/// Returns a line that does the same by hand, where there is one.
pub(super) fn by_hand(
    session: &CheckContext<'_>,
    check: &Check,
    scope: &Scope<'_>,
) -> Option<String> {
    match &check.action {
        Action::Http(action) => http::by_hand(action, scope),
        Action::Sql(action) => Some(sql::by_hand(session, action, scope)),
        Action::Exec(action) => command::exec_by_hand(session, action, scope),
        Action::Command(action) => command::by_hand(action, scope),
        Action::Hurl(action) => hurl::by_hand(action, scope),
        Action::Redis(_) | Action::Tcp(_) | Action::WebSocket(_) => None,
    }
}
