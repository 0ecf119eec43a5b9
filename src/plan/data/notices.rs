//! What the state of a database's seeds means for a person.

use super::view::SentSeeds;
use crate::plan::desired::Database;
use crate::seed::State;

/// Says what a user should know of a database's seeds, if anything, and the command to type.
pub(super) fn seed_notice(
    database: &Database,
    state: &State,
    migrations_wait: bool,
) -> Option<String> {
    let (service, seed) = (database.service(), &database.seed_command);
    let text = match state {
        State::Current { .. } => return None,
        State::Stale { changed } => format!(
            "the data of {service} is stale: {} changed since it was loaded; `{seed} --reset` \
             loads it again",
            changed.join(", ")
        ),
        State::Foreign { tables } => format!(
            "{service} holds {} that no seed put there ({}), so its seeds are not loaded; `{seed} \
             --reset` replaces the content",
            if tables.len() == 1 {
                "a table"
            } else {
                "tables"
            },
            first_few(tables)
        ),
        State::NoDatabase | State::Never if migrations_wait => {
            format!("{service} is not seeded, so its migrations wait; `{seed}` does both")
        }
        State::NoDatabase | State::Never => {
            format!("{service} is not seeded; `{seed}` does it")
        }
    };
    Some(text)
}

/// Says that a seed of a task is not as it is declared, and the command to type.
pub(super) fn sent_notice(database: &Database, sent: &SentSeeds) -> Option<String> {
    let reason = sent.reset_reason()?;
    let how = if sent.partial().is_empty() {
        "stale"
    } else {
        "partial"
    };
    let (service, seed) = (database.service(), &database.seed_command);
    Some(format!(
        "the data of {service} is {how}: {reason}; `{seed}` resets the database and sends it again"
    ))
}

fn first_few(names: &[String]) -> String {
    match names {
        [a, b, c, _, ..] => format!("{a}, {b}, {c}, …"),
        _ => names.join(", "),
    }
}
