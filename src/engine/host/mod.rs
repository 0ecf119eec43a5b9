//! Commands on the host, and the content of what they are made from; both engines use them.

mod content;
mod ending;
mod failure;
mod find;
mod group;
mod guardian;
mod inputs;
mod install;
mod listing;
mod lock;
mod once;
mod program;

pub(in crate::engine) use content::{CACHES, Entry, Visit, cache_of, walk, write};
pub(in crate::engine) use failure::{Failure, LastLines};
pub use find::find_program;
pub(in crate::engine) use find::{can_run, is_program};
pub use group::output_of;
pub(in crate::engine) use group::{Group, NOT_FOUND, exit_code, handle_ended};
pub use inputs::digest_of;
pub(in crate::engine) use inputs::{declare, relative};
pub(in crate::engine) use install::{install_line, install_postgres};
pub(in crate::engine) use listing::{Listing, Note};
pub(in crate::engine) use lock::{lock, lock_telling};
pub use lock::{lock_holder, sign_lock};
pub(in crate::engine) use once::Once;
pub(in crate::engine) use program::{Program, Waiter, beside, print, run};
