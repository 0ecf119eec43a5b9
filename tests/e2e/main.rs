//! Scenarios end to end: the program itself, a real Docker daemon, real servers. Each scenario
//! has a workspace and an instance of its own and takes it away at its end.

#![expect(
    clippy::disallowed_methods,
    reason = "a test looks at its own environment"
)]

mod break_each;
mod harness;
mod heal;
mod inside;
mod rates;
mod redis;
mod side_by_side;
mod tasks;
