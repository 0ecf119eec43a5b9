//! Services and images as they were declared.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Migrations, Secret, ServiceFile, Template};

/// What containers are made from. Sources are tried in the order local, pull, build, load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    pub pull: Option<String>,
    pub build: Option<Build>,
    /// Writes an image archive or a root file system to its standard output.
    pub load: Option<HostCommand>,
}

/// How an image is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// An absolute folder. It may not exist yet when `prepare` makes it.
    pub context: PathBuf,
    /// A path inside the context.
    pub dockerfile: PathBuf,
    pub args: IndexMap<String, Template>,
    pub target: Option<String>,
    /// A command on the host that makes the context; run when its inputs' hash differs.
    pub prepare: Option<HostCommand>,
}

/// A command on the host; its arguments are never rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCommand {
    pub command: Vec<String>,
    /// An absolute folder; the workspace's root unless said otherwise.
    pub working_dir: PathBuf,
    /// Absolute files and folders whose content decides whether it runs again.
    pub inputs: Vec<PathBuf>,
    pub environment: IndexMap<String, String>,
}

/// Which image a service or task runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// An `[images.NAME]` of the environment.
    Named(String),
    /// A plain reference, such as `redis:7`; it is pulled when it is not there.
    Reference(String),
}

/// Something that runs until it is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub kind: Kind,
    /// The image; a service without one cannot run on `docker`.
    pub image: Option<ImageSource>,
    pub command: Option<Vec<Template>>,
    pub entrypoint: Option<Vec<Template>>,
    /// `env_file` contents first, then `environment`.
    pub environment: IndexMap<String, Template>,
    pub ports: IndexMap<String, Port>,
    /// What it is reached by, in place of what its kind is.
    pub url: Option<Template>,
    pub volumes: Vec<Mount>,
    pub depends_on: IndexMap<String, Condition>,
    pub healthcheck: Option<Healthcheck>,
    pub restart: Restart,
    pub limits: Limits,
    pub user: Option<String>,
    pub working_dir: Option<String>,
    /// Paths in the container.
    pub tmpfs: Vec<String>,
    pub shm_size_bytes: Option<u64>,
    /// A signal's name: `SIGTERM`.
    pub stop_signal: Option<String>,
    pub stop_grace_period: Duration,
    /// Files that are made for it, by their names.
    pub files: IndexMap<String, ServiceFile>,
    /// The signal at which it reads its files again: `SIGHUP`. Without one it is made anew.
    pub reload: Option<String>,
    /// How long a rolling restart waits between one replica that is ready and the next one.
    pub update_delay: Duration,
    /// How long it may take to become ready.
    pub ready_timeout: Duration,
    /// How many of it run side by side; at least 1.
    pub replicas: u32,
    pub process: Option<Process>,
}

/// What envctl knows about a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Container,
    Postgres(Postgres),
    Redis(Redis),
}

/// What a `postgres` service declares beyond a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// `13.5` or `13`; only said and compared, never enforced on a plain reference.
    pub version: Option<String>,
    /// Refuses a server of the host that has another major version.
    pub strict_version: bool,
    /// The absolute folder of the host's server programs; searched for when `None`.
    pub bin_dir: Option<PathBuf>,
    pub database: String,
    pub user: String,
    /// Not read where each instance has its own.
    pub password: Secret,
    /// Whether none is declared.
    pub own_password: bool,
    pub migrations: Option<Migrations>,
}

/// What a `redis` service declares beyond a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redis {
    /// `7` or `7.0`; only said and compared.
    pub version: Option<String>,
    /// Refuses a server of the host that has another major version.
    pub strict_version: bool,
    /// The absolute folder of the host's server programs; searched for when `None`.
    pub bin_dir: Option<PathBuf>,
    /// Clients need none when `None`.
    pub password: Option<Secret>,
    pub persistence: Persistence,
    /// Directives of `redis.conf` with the words of their values.
    pub config: IndexMap<String, Vec<String>>,
}

/// What a Redis server keeps over a restart, in the words of its documentation:
/// <https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persistence {
    /// Nothing.
    None,
    /// A snapshot now and then, and when it is stopped.
    #[default]
    Rdb,
    /// A log of every write, synced once a second.
    Aof,
}

/// A named port of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The port in the container.
    pub container: u16,
    pub host: HostPort,
    /// The address it is published on; `127.0.0.1` unless set.
    pub bind: IpAddr,
    /// What a person opens there: `/?ns=public`; it starts with `/`.
    pub path: Option<String>,
}

/// The port on the host. Only the default instance takes a fixed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostPort {
    Any,
    Fixed(u16),
}

/// A mount of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    pub source: MountSource,
    /// An absolute path in the container.
    pub target: String,
    pub read_only: bool,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountSource {
    /// A volume of the instance, by its name in the environment.
    Volume(String),
    /// An absolute path on the host.
    Bind(PathBuf),
}

/// When a dependant may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Its container was started.
    Started,
    /// It is ready (a task: it exited 0; a database: seeds and migrations are in).
    Ready,
}

/// How readiness is seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Healthcheck {
    /// `None` where nobody is to be asked, whatever ports there are.
    pub probe: Option<Probe>,
}

/// One kind of readiness probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A GET on the named port that must answer with a status below 400.
    Http { port: String, path: String },
    /// A TCP connection to the named port that stays open.
    Tcp { port: String },
    /// A command in the container that must exit 0.
    Command(Vec<String>),
}

/// When the engine starts a stopped service again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    #[default]
    No,
    Always,
    OnFailure {
        max_retries: Option<u32>,
    },
    UnlessStopped,
}

/// Resource limits of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// In billionths of a processor, as the Docker API counts.
    pub nano_cpus: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub pids: Option<u32>,
}

/// How the service runs without a container; read and checked here, used by that engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Makes the program. With `inputs` it runs only when they changed, without on each `up`.
    pub build: Option<HostCommand>,
    /// Its first word, the program, has no holes.
    pub command: Vec<Template>,
    /// An absolute folder; the workspace's root unless said otherwise.
    pub working_dir: PathBuf,
    /// On top of the service's own.
    pub environment: IndexMap<String, Template>,
    pub user: Option<String>,
}
