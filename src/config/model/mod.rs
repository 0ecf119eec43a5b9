//! The values that configuration gives to the other rooms: plain, immutable, without I/O.

mod check;
mod digest;
mod environment;
mod invocation;
mod secret;
mod service;
mod template;

pub use check::{Body, Check, CheckKind, HttpCheck, Matcher, SqlCheck, StatusMatch, ValueType};
pub use digest::Digest;
pub use environment::{Environment, Migrations, Seed, Task};
pub use invocation::{EngineChoice, InstanceId, Invocation, Variables};
pub use secret::Secret;
pub use service::{
    Build, Condition, Healthcheck, HostCommand, HostPort, Image, ImageSource, Kind, Limits, Mount,
    MountSource, Persistence, Port, Postgres, Probe, Process, Redis, Restart, Service,
};
pub use template::{Part, Reference, ServiceField, Template};
