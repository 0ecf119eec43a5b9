//! What all rooms say: plain, immutable values, without I/O. They know neither TOML nor engines.

mod check;
mod digest;
mod environment;
mod expect;
mod file;
mod invocation;
mod json;
mod pattern;
mod percent;
mod plain_path;
mod secret;
mod service;
mod spot;
mod template;

pub use check::{
    Action, Auth, Call, Capture, CaptureFrom, Check, CommandAction, DeclaredTls, ExecAction, Flow,
    FormPart, HttpAction, HurlAction, PartContent, RedisAction, RequestBody, ServicePort,
    SqlAction, TcpAction, WebSocketAction,
};
pub use digest::Digest;
pub use environment::{Environment, Migrations, Seed, SeedContent, Task};
pub use expect::{
    Comparison, DeclaredFile, Expect, Matcher, MessageMatch, Snapshot, SnapshotMask, StatusMatch,
    ValueType,
};
pub use file::{FileValue, ServiceFile};
pub use invocation::{EngineChoice, InstanceId, Invocation, Reach, Variables};
pub use json::{Hole, Json};
pub use pattern::Pattern;
pub use percent::{UNRESERVED, percent_encoded};
pub use plain_path::PlainPath;
pub use secret::Secret;
pub use service::{
    Build, Condition, Healthcheck, HostCommand, HostPort, Image, ImageSource, Kind, Limits, Mount,
    MountSource, Persistence, Port, Postgres, Probe, Process, Redis, Restart, Service,
};
pub use spot::{Place, Spot};
pub use template::{Part, Reference, ServiceField, Template};
