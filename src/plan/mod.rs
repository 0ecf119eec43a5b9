//! From what is declared and what is seen to one graph of steps, and its execution. `diff` and
//! `teardown` are pure; only `observe` and `run` touch the world, and `run` decides nothing.

mod consent;
mod data;
mod desired;
mod diff;
mod dossier;
mod error;
mod fill;
mod graph;
mod images;
mod launch;
mod login;
mod observation;
mod observe;
mod ready;
mod restart;
mod run;
mod step;
mod task;
mod teardown;
mod timing;
mod unmet;
mod wiring;
mod work;
mod world;

pub use consent::{Consent, Loss};
pub use data::{
    DataTask, DatabaseView, Decision, Options, PartDecision, Refusal, SentSeeds, Store, Wish,
};
pub use desired::{Database, Desired, DesiredService, Login, Readiness, SentSeed, Unfit};
pub use diff::{Decided, decide, diff};
pub use error::{Error, StepFailure, state_text};
pub use graph::{PlacedStep, Plan};
pub use images::DesiredImage;
pub use login::password;
pub use observation::Observation;
pub use observe::observe;
pub use ready::{Listening, trusted_user};
pub use restart::{restart, rolling_restart};
pub use run::{Finished, Report, check, run};
pub use step::{Change, Step};
pub use teardown::teardown;
pub use timing::{Timing, critical_path, timings};
pub use unmet::unmet;
pub use wiring::Wiring;
pub use world::World;
