//! Smoke checks: what to call, what must come back, and the reports of it. Knows where running
//! things are only through the lookups that it is given.

mod answer;
mod attempt;
mod check;
mod difference;
mod expect;
mod json_path;
mod junit;
mod mask;
mod matcher;
mod outcome;
mod reproduce;
mod runner;

pub use answer::answer;
pub use check::{Database, Places};
pub use junit::{JUnit, JUnitError};
pub use outcome::{Attempts, CheckResult, Failure, Observation, Reply};
pub use runner::{Run, run};
