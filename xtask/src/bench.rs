//! `cargo xtask bench WHAT`: what envctl takes, measured in turns with what it is compared to.
//! Each measurement is one file; this one only finds it.

mod messages;
mod ready;
mod samples;
mod smoke;
mod symbols;
mod ticks;
mod up;

pub(crate) use messages::run as messages;
pub(crate) use ready::run as ready;
pub(crate) use ready::server as ready_server;
pub(crate) use samples::run as samples;
pub(crate) use smoke::part::run as smoke_part;
pub(crate) use smoke::run as smoke;
pub(crate) use symbols::run as symbols;
pub(crate) use up::run as up;
