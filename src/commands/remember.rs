//! The profiles and `--set` values that an instance was made with: they count for every command
//! on it, until others are asked for. What makes it anew takes the profiles alone, so that `up`
//! brings what is declared where a value was wrong.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::choice::{Purpose, holder};
use super::failure::Failure;
use super::own_password::keep;
use super::session::Session;
use crate::engine::{MadeWith, Observed, Outline};
use crate::host::{Home, whole};
use crate::model::{InstanceId, Invocation};

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
    let Some(engine) = holder(session, &invocation).await else {
        return Ok(invocation);
    };
    // An engine that does not answer is told of by what needs it.
    let Ok(outline) = session.unless_interrupted(engine.outline()).await else {
        return Ok(invocation);
    };
    if let Some(made) = newest(session, &invocation.id, outline) {
        invocation.profiles = made.profiles;
        if purpose == Purpose::Use {
            invocation.sets = made.sets;
        }
    }
    Ok(invocation)
}

/// Says what counts without having been asked for.
pub(super) fn tell(session: &Session, invocation: &Invocation) {
    if !session.asks_for_layers()
        && let Some(flags) = flags(&invocation.profiles, &invocation.sets)
    {
        let text = format!("with {flags}, as the instance was made; `-p none` leaves that out");
        session.events.info(text);
    }
}

/// Returns an invocation with all that its instance was made with, unless something else is asked
/// for.
pub(super) fn as_made(session: &Session, invocation: &Invocation, outline: Outline) -> Invocation {
    let mut invocation = invocation.clone();
    if session.asks_for_layers() {
        return invocation;
    }
    if let Some(made) = newest(session, &invocation.id, outline) {
        invocation.profiles = made.profiles;
        invocation.sets = made.sets;
    }
    invocation
}

/// Returns what the instance was made with last: what its newest service says, or, where that is
/// newer, the last `up` with other flags that made nothing anew.
pub(super) fn newest(session: &Session, id: &InstanceId, outline: Outline) -> Option<MadeWith> {
    let made = outline.made?;
    let file = file(session, id)?;
    let noted = fs_err::metadata(&file).and_then(|metadata| metadata.modified());
    if noted.is_ok_and(|noted| made.created.is_none_or(|created| created < noted))
        && let Ok(text) = fs_err::read_to_string(&file)
        && let Ok(note) = serde_json::from_str::<LayersNote>(&text)
    {
        return Some(MadeWith {
            profiles: note.profiles,
            sets: note.sets,
            created: made.created,
        });
    }
    Some(made)
}

/// Notes the flags of an `up` that ended well, where no service need tell them.
pub(super) fn note(
    session: &Session,
    id: &InstanceId,
    (profiles, sets): (&[String], &[String]),
    seen: &Observed,
) -> Result<(), Failure> {
    let made = seen.outline().made;
    if made.is_none_or(|made| (&*made.profiles, &*made.sets) == (profiles, sets)) {
        forget(session, id);
        return Ok(());
    }
    let Some(file) = file(session, id) else {
        return Ok(());
    };
    let note = LayersNote {
        profiles: profiles.to_vec(),
        sets: sets.to_vec(),
    };
    let text = serde_json::to_string(&note).expect("texts are always JSON");
    keep(&file, &text).map_err(|error| Failure::of_io(&error))
}

/// Forgets what was noted of an instance.
pub(super) fn forget(session: &Session, id: &InstanceId) {
    if let Some(file) = file(session, id) {
        // One that stays is older than whatever is made next.
        whole::remove(&file);
    }
}

fn file(session: &Session, id: &InstanceId) -> Option<PathBuf> {
    let home = Home::of(&session.request.variables).ok()?;
    Some(home.state.join("layers").join(id.to_string()))
}

#[derive(Deserialize, Serialize)]
struct LayersNote {
    profiles: Vec<String>,
    sets: Vec<String>,
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
