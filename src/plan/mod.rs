//! From what is declared and what is seen to one graph of steps, and its execution. `diff` and
//! `teardown` are pure; only `observe` and `run` touch the world, and `run` decides nothing.

mod data;
mod data_task;
mod declared;
mod desired;
mod diff;
mod dossier;
mod error;
mod fill;
mod graph;
mod images;
mod observation;
mod observe;
mod ready;
mod restart;
mod run;
mod seeded;
mod step;
mod task;
mod teardown;
mod timing;
mod wiring;
mod work;
mod world;

pub use data_task::DataTask;
pub use declared::password;
pub use desired::{Database, Desired, DesiredService, Readiness, SentSeed, Unfit};
pub use diff::{Options, Sowing, diff};
pub use error::{Error, StepFailure, state_text};
pub use graph::{Node, Plan};
pub use images::DesiredImage;
pub use observation::{DatabaseView, Observation, SentSeeds};
pub use observe::observe;
pub use ready::{Listening, trusted_user};
pub use restart::{restart, rolling_restart};
pub use run::{Finished, Report, check, run};
pub use step::{Change, Load, Step};
pub use task::unmet;
pub use teardown::teardown;
pub use timing::{Timing, critical_path, timings};
pub use wiring::Wiring;
pub use world::World;
