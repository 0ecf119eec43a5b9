//! Smoke checks: what to call, what must come back, and the reports of it. Knows where running
//! things are only through the lookups that it is given.

mod answer;
mod attempt;
mod capture;
mod contrast;
mod difference;
pub mod discover;
mod evidence;
mod expect;
mod json_path;
mod log;
mod matcher;
mod outcome;
mod queue;
mod replace;
pub mod reports;
mod reproduce;
mod runner;
mod schema;
mod scope;
mod secrets;
mod select;
mod snapshot;
#[cfg(test)]
mod testing;
mod trial;

pub use answer::answer;
pub use outcome::{Attempted, Attempts, CheckResult, Excerpt, Unmet, Verdict};
pub use replace::{inside, replace};
pub use runner::{SmokeOptions, SmokeRun, run};
pub use scope::{ByHand, Places, RedisServer, SqlDatabase};
pub use select::{Selected, Selection, Unselected, select};
pub use snapshot::Snapshots;
