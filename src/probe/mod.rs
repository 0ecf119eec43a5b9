//! Looking at a service from outside: one poll loop, one back-off, one deadline, for readiness
//! and for smoke checks. Knows neither engines nor configuration.

mod poll;

pub use poll::{Attempt, Exhausted, Poll, Turns};
