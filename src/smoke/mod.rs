//! Smoke checks: what to call, what must come back, and the reports of it. Knows where running
//! things are only through the lookups that it is given.

mod answer;
mod attempt;
mod capture;
mod clients;
mod contrast;
mod difference;
mod evidence;
mod expect;
mod json_path;
mod junit;
mod log;
mod mask;
mod matcher;
mod outcome;
mod reproduce;
mod runner;
mod schema;
mod scope;
mod secrets;
mod select;
mod snapshot;
mod trial;

pub use answer::answer;
pub use junit::{JUnit, JUnitError};
pub use outcome::{Attempts, CheckResult, Failure, Observation, Reply, Spot, Verdict};
pub use runner::{Options, Run, run};
pub use scope::{ByHand, Database, Places, RedisServer};
pub use select::{Selected, Selection, Unselected, select};
pub use snapshot::Snapshots;
