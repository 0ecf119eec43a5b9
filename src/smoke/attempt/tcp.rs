//! A connection to a port.

use std::time::{Duration, Instant};

use super::super::evidence::{AnswerStatus, Evidence};
use super::super::expect;
use super::super::scope::Scope;
use super::Nothing;
use crate::model::{Check, Matcher, TcpAction};
use crate::probe::{self, Attempt, Enough, TcpError};

/// Connects once. Where something is expected, it reads until that has come.
pub(super) async fn connect(
    check: &Check,
    action: &TcpAction,
    scope: &Scope<'_>,
    timeout: Duration,
) -> Result<Evidence, Nothing> {
    let impossible = |reason| Nothing::Impossible("a port to connect to", reason);
    let address = (scope.places.address)(&action.port).map_err(impossible)?;
    let send = action.send.as_ref().map(|text| scope.text(text));
    let send = send.transpose().map_err(impossible)?;
    let started = Instant::now();
    // When the last piece came: waiting for more is no part of the answer.
    let mut last = None;
    let mut body = Vec::new();
    let send = send.as_ref().map(|text| text.expose().as_bytes());
    if check.expect.text.is_empty() && check.expect.sha256.is_none() {
        match probe::connect(address, send).await {
            Attempt::Done(()) => {}
            Attempt::NotYet(reason) => {
                return Err(Nothing::NoAnswer {
                    reason,
                    transient: true,
                });
            }
            Attempt::Hopeless(never) => match never {},
        }
    } else {
        let wanted = scope.matchers(&check.expect.text).map_err(impossible)?;
        let digest = check.expect.sha256.is_some();
        let more_matters = wanted.iter().any(more_matters);
        let mut enough = |bytes: &[u8]| {
            last = Some(started.elapsed());
            match !digest && expect::text_holds(&wanted, bytes) {
                true if more_matters => Enough::ForNow,
                true => Enough::Yes,
                false => Enough::No,
            }
        };
        body = match probe::exchange(address, send, &mut enough, timeout).await {
            Ok(received) => received,
            // What came until then says more than that nothing more came.
            Err(TcpError::TimedOut { received, .. }) if !digest && !received.is_empty() => received,
            Err(error) => {
                return Err(Nothing::NoAnswer {
                    reason: error.to_string(),
                    transient: error.is_transient(),
                });
            }
        };
    }
    Ok(Evidence {
        status: AnswerStatus::Plain(match body.len() {
            0 => "connected".to_owned(),
            count => format!("{count} bytes"),
        }),
        body,
        elapsed: last.unwrap_or_else(|| started.elapsed()),
        ..Evidence::default()
    })
}

/// Returns whether a text that holds may no longer hold when it goes on.
fn more_matters(matcher: &Matcher) -> bool {
    /// What a regular expression says of the place where a text ends.
    const ENDS: [&str; 4] = ["$", r"\z", r"\b", r"\B"];
    match matcher {
        Matcher::Contains(_) => false,
        Matcher::Matches(pattern) => ENDS.iter().any(|end| pattern.text().contains(end)),
        _ => true,
    }
}
