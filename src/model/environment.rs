//! An environment as it was declared, checked and resolved.

use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use super::{Check, Condition, EngineChoice, Image, Mount, Secret, Service, Template};

/// Everything that `envs/<name>/` and the layers on top of it declare, in declaration order.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    pub name: String,
    pub description: Option<String>,
    /// Where it wants to run; `--engine` goes before it.
    pub engine: EngineChoice,
    /// The canonical folder `envs/<name>`.
    pub folder: PathBuf,
    /// Profiles that were applied, `extends` resolved, in order.
    pub profiles: Vec<String>,
    pub images: IndexMap<String, Image>,
    pub services: IndexMap<String, Service>,
    pub seeds: IndexMap<String, Seed>,
    pub tasks: IndexMap<String, Task>,
    pub checks: IndexMap<String, Check>,
    /// Every secret that was read, for the renderers to mask.
    pub secrets: Vec<Secret>,
}

/// Data that a database starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The `postgres` service it goes to.
    pub service: String,
    pub content: SeedContent,
}

/// Where the data of a seed comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeedContent {
    /// A dump.
    Dump {
        /// An absolute path: `.sql` or `.sql.gz`.
        file: PathBuf,
        /// Whether it may do what only a superuser may.
        superuser: bool,
    },
    /// A task that sends it.
    Task {
        task: String,
        /// Absolute files and folders whose content makes it other data.
        inputs: Vec<PathBuf>,
    },
}

/// What brings a `postgres` service's database to its newest shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Migrations {
    /// An absolute folder with `V<n>__<name>.sql` files.
    Folder(PathBuf),
    /// A task that migrates.
    Task(String),
}

/// Something that runs once; done at exit 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The image it runs in: an `[images.*]` name, or a reference. With `service`, that
    /// service's image, environment, user and mounts were filled in by the reader.
    pub image: super::ImageSource,
    pub command: Option<Vec<Template>>,
    pub entrypoint: Option<Vec<Template>>,
    pub environment: IndexMap<String, Template>,
    pub volumes: Vec<Mount>,
    pub user: Option<String>,
    pub working_dir: Option<String>,
    pub depends_on: IndexMap<String, Condition>,
    /// How it runs without a container; with `service`, what it leaves out is that service's.
    pub process: Option<super::Process>,
    /// How long it may run.
    pub timeout: Duration,
}
