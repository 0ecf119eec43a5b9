//! The engine without containers: services are processes of this machine, their data and what is
//! known of them lies in folders, and each has a supervisor that outlives the command.

mod create;
mod discard;
mod engine;
mod environment;
mod exec;
mod files;
mod folder;
mod instances;
mod launch;
mod ledger;
mod log_times;
mod logs;
mod marks;
mod members;
mod observe;
mod ports;
mod prepared;
mod procfs;
mod program;
mod record;
mod resource;
mod server;
mod status;
mod stop;
mod supervise;
mod user;
mod walk;
mod way;

pub use engine::ProcessEngine;
#[cfg(test)]
pub(crate) use engine::tests::process as process_in;
pub(in crate::engine) use instances::holder;
pub use instances::instances;
pub use program::other_version;
pub use supervise::supervise;
