//! What goes into an engine and what comes back, in words that every engine shares.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::server::{ServerSpec, ServiceKind};
use crate::host::Obstacle;
use crate::model::{
    HostCommand, HostPort, Image, ImageSource, InstanceId, Limits, Mount, Part, Restart, Secret,
    Template,
};

/// Where each port of each service is reached from this machine: (service, port name) -> address.
pub type Addresses = BTreeMap<(String, String), SocketAddr>;

/// What an engine can do, as data for the plan: a field a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each answers a question of its own"
)]
pub struct Capabilities {
    /// Services run from images; without it from programs of this machine.
    pub images: bool,
    /// Services are on a network of the instance, where they find each other by name. Without it
    /// each port has an address of this machine, as `Engine::assign` gives it.
    pub network: bool,
    /// Something takes connections to a published port, whether or not anybody listens behind it.
    pub proxied_ports: bool,
    /// A port without a declared number is another one after each start.
    pub moving_ports: bool,
    /// A command inside can run as another user than the service.
    pub other_users: bool,
    /// What a killed command asked for just before is still done.
    pub works_on: bool,
}

impl Capabilities {
    pub const CONTAINERS: Self = Self {
        images: true,
        network: true,
        proxied_ports: true,
        moving_ports: true,
        other_users: true,
        works_on: true,
    };
    pub const PROCESSES: Self = Self {
        images: false,
        network: false,
        proxied_ports: false,
        moving_ports: false,
        other_users: false,
        works_on: false,
    };
}

/// Whom an engine object works for; all of it goes into the labels of what it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub id: InstanceId,
    /// The workspace's canonical path.
    pub workspace: PathBuf,
    /// The profiles that the instance is made with.
    pub profiles: Vec<String>,
    /// The `--set` values that the instance is made with.
    pub sets: Vec<String>,
}

/// Whether something runs on or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Service,
    Task,
}

/// What a service runs from, to be had before it is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provision {
    Image(Box<ImageSpec>),
    Program(Box<ProgramSpec>),
}

impl Provision {
    /// Returns its name: an image's, or that of the service whose program it is.
    pub fn name(&self) -> &str {
        match self {
            Self::Image(image) => &image.name,
            Self::Program(program) => &program.service,
        }
    }
}

/// The program of a service that runs without a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramSpec {
    pub service: String,
    pub program: Program,
}

/// Where a program comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A PostgreSQL server, its own tools beside it.
    Postgres(ServerChoice),
    /// `redis-server` or `valkey-server`.
    Redis(ServerChoice),
    /// A command of the workspace.
    Command {
        /// What makes the program, run first.
        build: Option<HostCommand>,
        /// The program's name or path, as in the command's first word.
        program: String,
        /// What a relative path starts at.
        working_dir: PathBuf,
    },
}

/// Which installed server is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerChoice {
    /// The declared version, `13.5` or `16`; the newest when `None`.
    pub version: Option<String>,
    /// Refuses another major version.
    pub strict_version: bool,
    /// Where its programs are; searched for when `None`.
    pub bin_dir: Option<PathBuf>,
    /// The volume with its data, whose version binds.
    pub volume: Option<String>,
}

/// How a provision would be had, found out without making anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect {
    /// The provision's name.
    pub name: String,
    /// `there: postgres:13.5`, `build fixtures/images/postgres`, or what stands in the way.
    pub outcome: Result<String, Obstacle>,
}

/// An image to be had. Plain references of services become one with only `pull`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSpec {
    /// Its name in the environment, or the plain reference.
    pub name: String,
    pub image: Image,
    /// How long a pull may take.
    pub pull_timeout: Duration,
}

/// An image or a program that the engine has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageHandle {
    /// The content's id: `sha256:…`.
    pub id: String,
    /// What it can be named by: `postgres:13.5`, `envctl/postgres:0123456789ab`; of a program its
    /// path: `/usr/lib/postgresql/15/bin/postgres`.
    pub reference: String,
}

/// Where an image came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    Local,
    Pulled,
    Built,
    Loaded,
    /// Already on this machine, outside of what envctl keeps.
    Found,
}

/// What [`super::Engine::provide`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageOutcome {
    pub handle: ImageHandle,
    pub source: Provenance,
    /// What changed since it was last built or loaded here: `app/main.py changed`.
    pub since: Option<String>,
    /// Sources that were tried in vain before, each with its reason, for a notice.
    pub passed_over: Vec<String>,
    /// What a user should know: another major version than the declared one.
    pub warning: Option<String>,
}

/// Returns the name that one replica alone has on a network: `1.api` of `api`, `2.api` of `api-2`.
/// No service can have one like it.
pub fn host_of_replica(service: &str, name: &str) -> String {
    let number = name.strip_prefix(service);
    let number = number
        .and_then(|rest| rest.strip_prefix('-'))
        .unwrap_or("1");
    format!("{number}.{service}")
}

/// Something without a process that an instance needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// The one network of the instance.
    Network,
    /// A named volume.
    Volume(String),
}

/// A service or task, ready to be created but for its open templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSpec {
    /// Unique in the instance; the second replica of `api` is `api-2`.
    pub name: String,
    /// The declared service: replicas share it, and are found by it on the network.
    pub service: String,
    pub role: Role,
    /// What it is made with where it is a server that envctl knows.
    pub server: Option<ServerSpec>,
    pub image: ImageSource,
    pub command: Option<Vec<Template>>,
    pub entrypoint: Option<Vec<Template>>,
    pub environment: IndexMap<String, Template>,
    pub ports: Vec<PortSpec>,
    pub mounts: Vec<Mount>,
    pub limits: Limits,
    pub user: Option<String>,
    pub working_dir: Option<String>,
    pub tmpfs: Vec<String>,
    pub shm_size_bytes: Option<u64>,
    pub restart: Restart,
    pub stop_signal: Option<String>,
    pub stop_grace_period: Duration,
    /// Files that are made for it; their content is in the [`Launch`].
    pub files: Vec<FileSpec>,
    /// Its place in the start order; `down` goes from the highest to the lowest.
    pub order: u32,
    /// SHA-256 in hex over the declaration, without the image's id.
    pub hash: String,
}

impl ServiceSpec {
    /// Returns one that declares nothing but what it runs from.
    pub fn new(name: &str, role: Role, image: ImageSource) -> Self {
        Self {
            name: name.to_owned(),
            service: name.to_owned(),
            role,
            server: None,
            image,
            command: None,
            entrypoint: None,
            environment: IndexMap::new(),
            ports: Vec::new(),
            mounts: Vec::new(),
            limits: Limits::default(),
            user: None,
            working_dir: None,
            tmpfs: Vec::new(),
            shm_size_bytes: None,
            restart: Restart::No,
            stop_signal: None,
            stop_grace_period: Duration::from_secs(10),
            files: Vec::new(),
            order: 0,
            hash: String::new(),
        }
    }

    pub(crate) fn kind(&self) -> ServiceKind {
        self.server
            .as_ref()
            .map_or(ServiceKind::Program, ServerSpec::kind)
    }

    /// Returns the variables by which a server's official image is told what it is made with, but
    /// for those that are declared.
    pub(crate) fn variables(&self) -> Vec<(&'static str, Part)> {
        let mut variables = self
            .server
            .as_ref()
            .map_or(Vec::new(), ServerSpec::variables);
        variables.retain(|(name, _)| !self.environment.contains_key(*name));
        variables
    }

    /// Returns the same as they are told.
    pub(super) fn told_variables(&self) -> impl Iterator<Item = (String, String)> {
        let variables = self.variables().into_iter();
        variables.filter_map(|(name, part)| match part {
            Part::Text(text) => Some((name.to_owned(), text)),
            Part::Secret(secret) => Some((name.to_owned(), secret.expose().to_owned())),
            Part::Reference(_) => None,
        })
    }

    /// Whether it may be given other files while it runs, and told of them. One with nothing but
    /// files that its kind needs is made anew instead.
    pub(crate) fn is_told(&self) -> bool {
        self.files.iter().any(|file| file.readers == Readers::All)
    }
}

/// A port that is published on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortSpec {
    pub name: String,
    pub container: u16,
    pub host: HostPort,
    pub bind: IpAddr,
}

/// A file that is made for a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSpec {
    /// Its name in the environment.
    pub name: String,
    /// Where it is in a container; an absolute path.
    pub path: String,
    pub readers: Readers,
}

/// Who reads a file in a container; without one it is the service's user alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Everybody in it.
    All,
    /// The user that the container runs as; where that is root, the first of these that it knows,
    /// since its server becomes that one.
    Server(&'static [&'static str]),
}

/// A file as it is now to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeFile {
    pub spec: FileSpec,
    /// It may hold passwords.
    pub content: Secret,
}

impl MadeFile {
    /// Returns the digest of each file by its name.
    pub fn digests(files: &[Self]) -> BTreeMap<String, String> {
        let files = files.iter();
        let digests = files.map(|file| (file.spec.name.clone(), file.content.digest()));
        digests.collect()
    }
}

/// What was found out at run time for a [`ServiceSpec`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    pub image: ImageHandle,
    pub command: Option<Vec<Secret>>,
    pub entrypoint: Option<Vec<Secret>>,
    pub environment: Vec<(String, Secret)>,
    pub files: Vec<MadeFile>,
    /// The spec's hash together with the image's id; it goes into the label `envctl.hash`.
    pub hash: String,
}

/// Something to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// A container by its handle, with its anonymous volumes; it was stopped before.
    Service { handle: String },
    /// The network by its handle.
    Network { handle: String },
    /// A named volume by its handle: this loses data.
    Volume { handle: String },
    /// What killed commands may have left that `observe` does not show: folders without content
    /// and addresses of an instance that has nothing else any more, removals that were cut short.
    Remains,
}
