//! The kinds of services, and which of them have a key in common.

use super::words::{Hint, Words};
use crate::kinds;

/// The kinds of services.
pub(crate) static KINDS: Words = Words {
    all: &kinds::NAMES,
    more: None,
    wrong: "there is no kind `{value}`",
    hint: Hint::Near("the kinds are", ", "),
    foreign: &[],
};

/// What runs is the user's own.
pub(super) const CONTAINER: &[&str] = &[kinds::NAMES[0]];
/// What runs is a server that envctl knows.
pub(super) const SERVERS: &[&str] = kinds::NAMES.split_at(1).1;
pub(super) const POSTGRES: &[&str] = &[kinds::POSTGRES.name];
pub(super) const REDIS: &[&str] = &[kinds::REDIS.name];
