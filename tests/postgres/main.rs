//! Postgres and seeds against a real server, which this binary starts and stops.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod discovering;
mod loading;
mod migrations;
mod queries;
mod rights;
mod roundtrip;
mod server;
mod swapping;
