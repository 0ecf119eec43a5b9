//! What the environment declares, in the engine's words and in start order. Made once a command.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use super::images::{DesiredImage, desired_images};
use super::wiring::Wiring;
use crate::config::model::{
    Condition, Digest, Environment, ImageSource, InstanceId, Kind, Limits, Mount, MountSource,
    Part, Postgres, Probe, Restart, Secret, Service, Task, Template,
};
use crate::engine::{ImageSpec, PortSpec, Role, ServiceSpec};
use crate::seed::Dump;

/// The folder of a container that the data volume of a `postgres` service is mounted on.
const DATA_MOUNT: &str = "/var/lib/envctl";
/// PGDATA, outside the volume that the official image declares.
const DATA_FOLDER: &str = "/var/lib/envctl/pgdata";

/// All that should be there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// Every declared image and every plain reference, bases before what is made from them.
    pub images: Vec<DesiredImage>,
    pub volumes: BTreeSet<String>,
    /// Services and tasks; what one depends on stands before it.
    pub services: Vec<DesiredService>,
}

/// A service or a task.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredService {
    pub spec: ServiceSpec,
    /// The name of its [`ImageSpec`].
    pub image: String,
    pub depends_on: IndexMap<String, Condition>,
    pub readiness: Readiness,
    /// How long it may take to become ready; for a task, to end.
    pub ready_timeout: Duration,
}

/// When a service counts as ready, or a task as done.
#[derive(Clone, Debug, PartialEq)]
pub enum Readiness {
    /// It runs.
    Running,
    Probe(Probe),
    /// The application's user gets an answer on the application's database.
    Postgres(Box<Database>),
    /// It exited 0.
    Exit,
}

/// The database of a `postgres` service, and what belongs into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    pub name: String,
    pub user: String,
    pub password: Secret,
    pub dumps: Vec<Dump>,
    pub migrations: Option<PathBuf>,
    /// The volume that holds it.
    pub volume: String,
    /// What a user types to load its seeds: `envctl seed rates`.
    pub seed_command: String,
}

impl Desired {
    /// Translates an environment; it was checked, so this cannot fail.
    pub fn new(environment: &Environment, id: &InstanceId) -> Self {
        let order = start_order(environment);
        let wiring = Wiring::new(environment);
        let mut services: Vec<DesiredService> = Vec::new();
        for (name, service) in &environment.services {
            services.push(desired_service(
                (environment, id),
                name,
                service,
                order[name.as_str()],
                &wiring,
            ));
        }
        for (name, task) in &environment.tasks {
            services.push(desired_task(name, task, order[name.as_str()], &wiring));
        }
        // Stable, so that what is declared first starts first among equals.
        services.sort_by_key(|service| service.spec.order);
        let mounts = services.iter().flat_map(|service| &service.spec.mounts);
        let volumes = mounts
            .filter_map(|mount| match &mount.source {
                MountSource::Volume(volume) => Some(volume.clone()),
                MountSource::Bind(_) => None,
            })
            .collect();
        let sources = services.iter().map(|service| &service.spec.image);
        let images = desired_images(environment, sources);
        Self {
            images,
            volumes,
            services,
        }
    }

    /// Returns a service by its name.
    pub fn service(&self, name: &str) -> Option<&DesiredService> {
        self.services
            .iter()
            .find(|service| service.spec.name == name)
    }

    /// Returns the specs of all images.
    pub fn image_specs(&self) -> Vec<ImageSpec> {
        self.images.iter().map(|image| image.spec.clone()).collect()
    }

    /// Returns the images that `names` need, themselves and their bases, in order.
    pub fn needed_images(&self, names: &BTreeSet<&str>) -> Vec<&DesiredImage> {
        let mut needed = names.clone();
        for image in self.images.iter().rev() {
            if needed.contains(image.spec.name.as_str()) {
                needed.extend(image.bases.iter().map(String::as_str));
            }
        }
        self.images
            .iter()
            .filter(|image| needed.contains(image.spec.name.as_str()))
            .collect()
    }
}

impl DesiredService {
    /// Returns the database of a `postgres` service.
    pub fn database(&self) -> Option<&Database> {
        match &self.readiness {
            Readiness::Postgres(database) => Some(database),
            Readiness::Running | Readiness::Probe(_) | Readiness::Exit => None,
        }
    }

    /// Returns the hash that the label of a container of this service holds.
    pub fn launch_hash(&self, image_id: &str) -> String {
        let mut digest = Digest::new();
        digest
            .field("spec", &self.spec.hash)
            .field("image", image_id);
        digest.finish()
    }
}

/// Returns each name's distance from what depends on nothing: equals do not wait for each other.
fn start_order(environment: &Environment) -> BTreeMap<&str, u32> {
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, service) in &environment.services {
        edges.insert(
            name,
            service.depends_on.keys().map(String::as_str).collect(),
        );
    }
    for (name, task) in &environment.tasks {
        edges.insert(name, task.depends_on.keys().map(String::as_str).collect());
    }
    let mut order: BTreeMap<&str, u32> = edges.keys().map(|name| (*name, 0)).collect();
    // The declaration has no cycle, so this settles after as many rounds as there are names.
    for _ in 0..edges.len() {
        for (name, before) in &edges {
            let deepest = before.iter().filter_map(|other| order.get(other)).max();
            let depth = deepest.map_or(0, |depth| depth + 1);
            order.insert(name, depth);
        }
    }
    order
}

fn desired_service(
    (environment, id): (&Environment, &InstanceId),
    name: &str,
    service: &Service,
    order: u32,
    wiring: &Wiring,
) -> DesiredService {
    let mut spec = ServiceSpec {
        name: name.to_owned(),
        role: Role::Service,
        image: service
            .image
            .clone()
            .unwrap_or(ImageSource::Reference(String::new())),
        command: service.command.clone(),
        entrypoint: service.entrypoint.clone(),
        environment: service.environment.clone(),
        ports: ports(service),
        mounts: service.volumes.clone(),
        limits: service.limits,
        user: service.user.clone(),
        working_dir: service.working_dir.clone(),
        tmpfs: service.tmpfs.clone(),
        shm_size_bytes: service.shm_size_bytes,
        restart: service.restart,
        stop_signal: service.stop_signal.clone(),
        stop_grace_period: service.stop_grace_period,
        order,
        hash: String::new(),
    };
    let readiness = match (&service.kind, &service.healthcheck) {
        (Kind::Postgres(postgres), _) => {
            prepare_postgres(&mut spec, postgres);
            Readiness::Postgres(Box::new(database((environment, id), name, postgres)))
        }
        (Kind::Container, Some(healthcheck)) => Readiness::Probe(healthcheck.probe.clone()),
        (Kind::Container, None) => Readiness::Running,
    };
    spec.hash = spec_hash(&spec, wiring);
    DesiredService {
        image: image_name(&spec.image),
        spec,
        depends_on: service.depends_on.clone(),
        readiness,
        ready_timeout: service.ready_timeout,
    }
}

fn ports(service: &Service) -> Vec<PortSpec> {
    service
        .ports
        .iter()
        .map(|(name, port)| PortSpec {
            name: name.clone(),
            container: port.container,
            host: port.host,
            bind: port.bind,
        })
        .collect()
}

/// Gives the container what both the official image and ours read.
fn prepare_postgres(spec: &mut ServiceSpec, postgres: &Postgres) {
    let mut set = |name: &str, part: Part| {
        let template = Template { parts: vec![part] };
        spec.environment.entry(name.to_owned()).or_insert(template);
    };
    set("POSTGRES_USER", Part::Text(postgres.user.clone()));
    set("POSTGRES_PASSWORD", Part::Secret(postgres.password.clone()));
    set("POSTGRES_DB", Part::Text(postgres.database.clone()));
    set("PGDATA", Part::Text(DATA_FOLDER.to_owned()));
    let mounted = spec
        .mounts
        .iter()
        .any(|mount| DATA_FOLDER.starts_with(&mount.target));
    if !mounted {
        spec.mounts.push(Mount {
            source: MountSource::Volume(data_volume(&spec.name)),
            target: DATA_MOUNT.to_owned(),
            read_only: false,
        });
    }
}

fn data_volume(service: &str) -> String {
    format!("{service}-data")
}

fn database(
    (environment, id): (&Environment, &InstanceId),
    service: &str,
    postgres: &Postgres,
) -> Database {
    let dumps = environment
        .seeds
        .iter()
        .filter(|(_, seed)| seed.service == service);
    let dumps = dumps.map(|(name, seed)| Dump {
        name: name.clone(),
        file: seed.file.clone(),
    });
    Database {
        name: postgres.database.clone(),
        user: postgres.user.clone(),
        password: postgres.password.clone(),
        dumps: dumps.collect(),
        migrations: postgres
            .migrations
            .as_ref()
            .map(|migrations| migrations.dir.clone()),
        volume: data_volume(service),
        seed_command: format!("envctl seed {}", id.arguments()),
    }
}

fn desired_task(name: &str, task: &Task, order: u32, wiring: &Wiring) -> DesiredService {
    let mut spec = ServiceSpec {
        name: name.to_owned(),
        role: Role::Task,
        image: task.image.clone(),
        command: task.command.clone(),
        entrypoint: task.entrypoint.clone(),
        environment: task.environment.clone(),
        ports: Vec::new(),
        mounts: task.volumes.clone(),
        limits: Limits::default(),
        user: task.user.clone(),
        working_dir: task.working_dir.clone(),
        tmpfs: Vec::new(),
        shm_size_bytes: None,
        restart: Restart::No,
        stop_signal: None,
        stop_grace_period: Duration::from_secs(10),
        order,
        hash: String::new(),
    };
    spec.hash = spec_hash(&spec, wiring);
    DesiredService {
        image: image_name(&spec.image),
        spec,
        depends_on: task.depends_on.clone(),
        readiness: Readiness::Exit,
        ready_timeout: task.timeout,
    }
}

fn image_name(source: &ImageSource) -> String {
    match source {
        ImageSource::Named(name) | ImageSource::Reference(name) => name.clone(),
    }
}

/// Returns the hash of all that was declared, but for the host's ports where any will do. What a
/// reference stands for inside belongs to it: another password of the database is another URL.
fn spec_hash(spec: &ServiceSpec, wiring: &Wiring) -> String {
    let mut digest = Digest::new();
    let canonical = |template: &Template| {
        let filled = template
            .references()
            .filter_map(|it| wiring.inside(it).ok());
        let digests = filled.map(|secret| secret.digest());
        template.canonical() + &digests.collect::<String>()
    };
    let list = |templates: &Option<Vec<Template>>| {
        let texts = templates.iter().flatten().map(canonical);
        (templates.is_some(), texts.collect::<Vec<_>>())
    };
    digest.field("command", format!("{:?}", list(&spec.command)));
    digest.field("entrypoint", format!("{:?}", list(&spec.entrypoint)));
    for (name, value) in &spec.environment {
        digest
            .field("variable", name)
            .field("value", canonical(value));
    }
    digest.field("ports", format!("{:?}", spec.ports));
    digest.field("mounts", format!("{:?}", spec.mounts));
    digest.field("limits", format!("{:?}", spec.limits));
    digest.field("user", format!("{:?}", spec.user));
    digest.field("working_dir", format!("{:?}", spec.working_dir));
    digest.field("tmpfs", format!("{:?}", spec.tmpfs));
    digest.field("shm", format!("{:?}", spec.shm_size_bytes));
    digest.field("restart", format!("{:?}", spec.restart));
    digest.field(
        "stop",
        format!("{:?} {:?}", spec.stop_signal, spec.stop_grace_period),
    );
    digest.finish()
}
