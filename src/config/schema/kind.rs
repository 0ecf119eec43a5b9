//! The kinds of services, and which of them have a key in common. A new kind is a word here, and a
//! name in the lists that it belongs to.

use super::words::{Hint, Words};

/// The kinds of services.
pub(crate) static KINDS: Words = Words {
    all: &["container", "postgres", "redis"],
    more: None,
    wrong: "there is no kind `{value}`",
    hint: Hint::Near("the kinds are", ", "),
    foreign: &[],
};

/// What runs is the user's own.
pub(super) const CONTAINER: &[&str] = &["container"];
/// What runs is a server that envctl knows.
pub(super) const SERVERS: &[&str] = &["postgres", "redis"];
pub(super) const POSTGRES: &[&str] = &["postgres"];
pub(super) const REDIS: &[&str] = &["redis"];
