//! Smoke checks: what to call, what must come back, and the reports of it. Knows where running
//! things are only through the lookups that it is given.

mod attempt;
mod check;
mod difference;
mod expect;
mod json_path;
mod mask;
mod matcher;
mod outcome;
mod reproduce;
mod runner;

pub use check::{Database, Places};
pub use outcome::{Attempts, CheckResult, Failure, Observation, Reply};
pub use runner::{Run, run};
