//! From what is declared and what is seen to one graph of steps, and its execution. `diff` and
//! `teardown` are pure; only `observe` and `run` touch the world, and `run` decides nothing.

mod data;
mod desired;
mod diff;
mod error;
mod graph;
mod images;
mod observe;
mod ready;
mod run;
mod step;
mod teardown;
mod wiring;
mod work;

pub use desired::{Database, Desired, DesiredImage, DesiredService, Readiness};
pub use diff::{Options, diff};
pub use error::{Error, StepFailure, state_text};
pub use graph::{Node, Plan};
pub use observe::{DatabaseView, Observation, observe};
pub use run::{Finished, Report, World, check, run};
pub use step::{Change, Step};
pub use teardown::teardown;
pub use wiring::{Outside, Wiring};
