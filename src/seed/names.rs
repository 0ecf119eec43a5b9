//! The names of the databases that a load makes beside its target, and of its role.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::model::Digest;

/// How long a name may be in PostgreSQL, in bytes.
const LONGEST: usize = 63;
const RANDOM: usize = 8;

/// What a database beside the target is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// It is being filled, and takes the target's place.
    Scratch,
    /// It was the target, and is to be dropped.
    Old,
    /// Not a database, but the role that fills one.
    Loader,
}

/// Returns a name that no other run has.
pub(super) fn name(kind: Beside, database: &str) -> String {
    let random = RandomState::new().build_hasher().finish() & 0xffff_ffff;
    format!("{}{random:08x}", prefix(kind, database))
}

/// Returns whether a name was made by [`name`] for this database.
pub(super) fn is_made(kind: Beside, database: &str, name: &str) -> bool {
    name.strip_prefix(&prefix(kind, database))
        .is_some_and(|random| {
            random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
}

fn prefix(kind: Beside, database: &str) -> String {
    let kind = match kind {
        Beside::Scratch => "scratch",
        Beside::Old => "old",
        Beside::Loader => "loader",
    };
    let plain = format!("envctl_{kind}_{database}_");
    if plain.len() + RANDOM <= LONGEST {
        return plain;
    }
    format!("envctl_{kind}_{}_", &Digest::of(database)[..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_are_told_apart() {
        for database in ["a", "a_b", &"x".repeat(63), "ä"] {
            for kind in [Beside::Scratch, Beside::Old, Beside::Loader] {
                let made = name(kind, database);
                assert!(made.len() <= LONGEST, "{made}");
                assert!(is_made(kind, database, &made), "{made}");
            }
        }
        let other = name(Beside::Scratch, "a_b");
        assert!(!is_made(Beside::Scratch, "a", &other), "{other}");
        assert!(!is_made(Beside::Old, "a_b", &other), "{other}");
        assert!(!is_made(Beside::Scratch, "a", "envctl_scratch_a_mine"));
    }
}
