//! The profiles and `--set` values that an instance was made with: they count for every command
//! on it, until others are asked for. What makes it anew takes the profiles alone, so that `up`
//! brings what is declared where a value was wrong.

use super::choice::{Purpose, holder};
use super::failure::Failure;
use super::session::Session;
use crate::config::model::Invocation;
use crate::engine::{Observed, ObservedService, Role};

/// Returns which instance is meant, with what it was made with where nothing else is asked for.
pub(super) async fn invocation(
    session: &Session,
    environment: Option<&String>,
    purpose: Purpose,
) -> Result<Invocation, Failure> {
    let mut invocation = session.invocation(environment)?;
    if session.asks_for_layers() {
        return Ok(invocation);
    }
    let Some(engine) = holder(&invocation).await else {
        return Ok(invocation);
    };
    // An engine that does not answer is told of by what needs it.
    let Ok(seen) = session.unless_interrupted(engine.observe(&[])).await else {
        return Ok(invocation);
    };
    if let Some(made) = newest(&seen) {
        invocation.profiles.clone_from(&made.profiles);
        if purpose == Purpose::Use {
            invocation.sets.clone_from(&made.sets);
        }
        if let Some(flags) = flags(&invocation.profiles, &invocation.sets) {
            let text = format!("with {flags}, as the instance was made; `-p none` leaves that out");
            session.events.info(text);
        }
    }
    Ok(invocation)
}

/// Returns an invocation with all that its instance was made with, unless something else is asked
/// for.
pub(super) fn as_made(session: &Session, invocation: &Invocation, seen: &Observed) -> Invocation {
    let mut invocation = invocation.clone();
    if let Some(made) = newest(seen).filter(|_| !session.asks_for_layers()) {
        invocation.profiles.clone_from(&made.profiles);
        invocation.sets.clone_from(&made.sets);
    }
    invocation
}

/// Returns the service that was made last: an `up` with other flags makes anew only what they
/// change, so that one knows.
pub(super) fn newest(seen: &Observed) -> Option<&ObservedService> {
    let services = seen.services.iter();
    let services = services.filter(|service| service.role == Role::Service);
    services.max_by_key(|service| service.created)
}

/// Returns the flags that mean these, without values, which may be secret; `None` where there are
/// none.
pub(super) fn flags(profiles: &[String], sets: &[String]) -> Option<String> {
    let profiles = profiles.iter();
    let profiles = profiles.map(|profile| format!("--profile {profile}"));
    let keys = sets.iter().map(|set| set.split('=').next().unwrap_or(set));
    let sets = keys.map(|key| format!("--set {key}=…"));
    let flags: Vec<String> = profiles.chain(sets).collect();
    (!flags.is_empty()).then(|| flags.join(" "))
}
