//! This machine: its programs and what they print, process groups, locks, the content of files,
//! and the places where envctl keeps things. Knows neither engines nor services.

mod content;
mod digests;
mod ending;
mod failure;
mod find;
mod folder;
mod group;
mod guardian;
mod home;
mod inputs;
mod install;
mod lines;
mod listing;
mod lock;
mod once;
mod output;
mod patience;
mod program;
mod stamp;
pub(crate) mod whole;

pub(crate) use content::{CACHES, Entry, Visit, cache_of, walk, write};
pub use digests::Digests;
pub use failure::Obstacle;
pub(crate) use failure::{CommandFailure, LastLines};
pub use find::find_program;
pub(crate) use find::{can_run, is_program};
pub(crate) use folder::make_folder;
pub use group::output_of;
pub(crate) use group::{Group, NOT_FOUND, exit_code, handle_ended};
pub use home::{Home, NoHome};
pub use inputs::digest_of;
pub(crate) use inputs::{declare, relative};
pub(crate) use install::{install_line, install_postgres};
pub(crate) use lines::Lines;
pub(crate) use listing::{Listing, Note};
pub(crate) use lock::{lock, lock_telling};
pub use lock::{lock_holder, sign_lock};
pub(crate) use once::Once;
pub use output::OUTPUT_BYTES_MAX;
pub(crate) use output::keep;
pub(crate) use patience::{NoOutput, Patience};
pub(crate) use program::{RunningProgram, Waiter, beside, print, run};
