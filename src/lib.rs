//! envctl as a library: databases and APIs up, seeded and proven with four commands.
//!
//! The rooms, each of which names only what stands below it (see docs/architecture.md):
//!
//! - [`cli`]: what was typed, as clap types,
//! - [`config`]: layered TOML becomes two immutable values,
//! - [`kinds`]: what is true of every service of a kind,
//! - [`model`]: what all rooms say, as plain values,
//! - [`host`]: programs, processes, locks and files of this machine,
//! - [`probe`]: looking at a service from outside,
//! - [`tell`]: what a run says of itself,
//! - [`report`]: the renderers that print it,
//! - [`engine`]: where instances run,
//! - [`postgres`]: talking to PostgreSQL servers,
//! - [`seed`]: bringing a database to its declared data,
//! - [`smoke`]: smoke checks and their reports.

pub mod cli;
pub mod commands;
pub mod config;
pub mod engine;
pub mod host;
pub mod kinds;
pub mod model;
pub mod plan;
pub mod postgres;
pub mod probe;
pub mod report;
pub mod seed;
pub mod smoke;
pub mod tell;
