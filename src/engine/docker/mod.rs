//! The engine on Docker (or Podman's Docker API), through bollard; nothing above this folder
//! sees bollard. Containers, networks and volumes are found again by their labels alone.

mod address;
mod attach;
mod client;
mod connect;
mod contained;
mod container;
mod create;
mod endpoint;
mod engine;
mod exec;
mod files;
mod hijack;
mod image;
mod instances;
mod labels;
mod logs;
mod observe;
mod owner;
mod port_holder;
mod ports;
mod removal;
mod resource;
mod start;
mod terminal;
mod transport;
mod unused;
mod usage;
mod user;

pub use connect::Daemon;
pub use endpoint::Endpoint;
pub use engine::Docker;
pub use instances::instances;
pub use unused::{prune, unused};
