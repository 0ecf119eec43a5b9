//! What the environment declares, in the engine's words and in start order. Made once a command.

mod container;
mod database;
mod form;
mod hash;
mod order;
mod process;
mod redis;
mod sameness;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;

pub use database::{Database, Login, SentSeed};

use database::{database, login};

use super::images::{DesiredImage, desired_images, program};
use super::wiring::Wiring;
use crate::engine::{Capabilities, FileSpec, PortSpec, Program, Provision, Readers, ServiceSpec};
use crate::model::{
    Condition, Environment, InstanceId, Kind, Mount, MountSource, Probe, Secret, Service,
    ServiceFile,
};

/// All that should be there.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// How services find each other.
    pub wiring: Wiring,
    /// What the engine can do.
    pub capabilities: Capabilities,
    /// Every declared image and every plain reference, bases before what is made from them; or
    /// the program of every service.
    pub images: Vec<DesiredImage>,
    pub volumes: BTreeSet<String>,
    /// Services and tasks; what one depends on stands before it.
    pub services: Vec<DesiredService>,
    /// Services and tasks that this engine cannot run; they are not among the others.
    pub unfit: Vec<Unfit>,
    /// What is declared and not kept on this engine: `api: mem_limit`.
    pub unkept: Vec<String>,
}

/// A service or task that an engine cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// `services.api`, `tasks.load`
    pub path: String,
    /// The key that it lacks: `image`, `process`.
    pub lacks: &'static str,
}

/// A service or a task.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredService {
    pub spec: ServiceSpec,
    /// The name of its [`Provision`].
    pub image: String,
    pub depends_on: IndexMap<String, Condition>,
    pub readiness: Readiness,
    /// The database of a `postgres` service.
    pub database: Option<Arc<Database>>,
    /// How long it may take to become ready; for a task, to end.
    pub ready_timeout: Duration,
    /// The ports of other services that its values name.
    pub reads: Vec<(String, String)>,
    /// Whether a value of it is not known, since the command of a secret was not run: then a
    /// running copy cannot be compared with it.
    pub unread: bool,
    pub upkeep: Upkeep,
}

/// How a service follows what changes while it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// The files that are made for it.
    pub files: IndexMap<String, ServiceFile>,
    /// The signal at which it reads them again.
    pub reload: Option<String>,
    /// How long a rolling restart waits between this one and the next.
    pub update_delay: Duration,
}

/// When a service counts as ready, or a task as done.
#[derive(Clone, Debug, PartialEq)]
pub enum Readiness {
    /// It runs, and nobody can be asked.
    Running,
    /// All of these ports take a connection.
    Ports(Vec<String>),
    Probe(Probe),
    /// The application's user gets an answer on the application's database.
    Postgres(Login),
    /// It answers PING.
    Redis {
        password: Option<Secret>,
    },
    /// It exited 0.
    Exit,
}

impl Desired {
    /// Translates an environment for an engine; it was checked, so this cannot fail.
    pub fn new(environment: &Environment, id: &InstanceId, capabilities: Capabilities) -> Self {
        let mut desired = Self {
            wiring: Wiring::new(environment),
            capabilities,
            images: Vec::new(),
            volumes: BTreeSet::new(),
            services: Vec::new(),
            unfit: Vec::new(),
            unkept: Vec::new(),
        };
        let order = order::start_order(environment);
        let declaration = Declaration { environment, id };
        for (name, service) in &environment.services {
            desired.add_service(&declaration, name, service, order[name.as_str()]);
        }
        for (name, task) in &environment.tasks {
            let made = if capabilities.images {
                container::task(name, task)
            } else {
                process::task(name, task)
            };
            match made {
                Ok(made) => desired.add(&declaration, made, order[name.as_str()]),
                Err(lacks) => desired.unfit(format!("tasks.{name}"), lacks),
            }
        }
        // Stable, so that what is declared first starts first among equals.
        desired.services.sort_by_key(|service| service.spec.order);
        let mounts = desired.services.iter().flat_map(|it| &it.spec.mounts);
        let volumes = mounts.filter_map(|mount| match &mount.source {
            MountSource::Volume(volume) => Some(volume.clone()),
            MountSource::Bind(_) => None,
        });
        desired.volumes = volumes.collect();
        if capabilities.images {
            let sources = desired.services.iter().map(|service| &service.spec.image);
            desired.images = desired_images(environment, sources);
            desired.find_unread_images();
        }
        desired
    }

    fn add_service(
        &mut self,
        declaration: &Declaration<'_>,
        name: &str,
        service: &Service,
        order: u32,
    ) {
        let made = if self.capabilities.images {
            container::service(name, service)
        } else {
            self.unkept.extend(process::unkept(name, service));
            process::service(name, service)
        };
        let mut made = match made {
            Ok(made) => made,
            Err(lacks) => return self.unfit(format!("services.{name}"), lacks),
        };
        if let Kind::Postgres(postgres) = &service.kind {
            made.database = Some(Arc::new(database(declaration, name, postgres)));
        }
        made.readiness = readiness(name, service);
        made.spec.files.extend(service.files.iter().map(file));
        made.upkeep.files.extend(service.files.clone());
        made.upkeep = Upkeep {
            files: made.upkeep.files,
            reload: service.reload.clone(),
            update_delay: service.update_delay,
        };
        for replica in 1..=service.replicas {
            let mut replicated = made.clone();
            replicated.spec.name = replica_name(name, replica);
            // All of them run from what the first one has.
            replicated.program = made.program.take();
            self.add(declaration, replicated, order);
        }
    }

    fn unfit(&mut self, path: String, lacks: &'static str) {
        self.unfit.push(Unfit { path, lacks });
    }

    fn add(&mut self, declaration: &Declaration<'_>, made: Made, order: u32) {
        let mut spec = made.spec;
        spec.order = order;
        spec.hash = hash::of_spec(&spec, &made.upkeep, &self.wiring);
        let services = &declaration.environment.services;
        let depends_on = made.depends_on.into_iter().flat_map(|(name, condition)| {
            let replicas = services.get(&name).map_or(1, |service| service.replicas);
            (1..=replicas).map(move |replica| (replica_name(&name, replica), condition))
        });
        self.images
            .extend(made.program.map(|it| program(&spec.service, it)));
        self.services.push(DesiredService {
            reads: hash::reads(&spec, &self.wiring),
            unread: hash::is_unread(&spec, &made.upkeep, &self.wiring),
            image: made.image,
            depends_on: depends_on.collect(),
            readiness: made.readiness,
            database: made.database,
            ready_timeout: made.ready_timeout,
            upkeep: made.upkeep,
            spec,
        });
    }

    /// Returns a service by its name.
    pub fn service(&self, name: &str) -> Option<&DesiredService> {
        self.services
            .iter()
            .find(|service| service.spec.name == name)
    }

    /// Returns all images or programs.
    pub fn provisions(&self) -> Vec<Provision> {
        self.images.iter().map(|image| image.spec.clone()).collect()
    }

    /// Returns all services and tasks in the engine's words.
    pub fn specs(&self) -> Vec<ServiceSpec> {
        self.services.iter().map(|it| it.spec.clone()).collect()
    }

    /// Returns the images that `names` need, themselves and their bases, in order.
    pub(crate) fn needed_images(&self, names: &BTreeSet<&str>) -> Vec<&DesiredImage> {
        let mut needed = names.clone();
        for image in self.images.iter().rev() {
            if needed.contains(image.spec.name()) {
                needed.extend(image.bases.iter().map(String::as_str));
            }
        }
        self.images
            .iter()
            .filter(|image| needed.contains(image.spec.name()))
            .collect()
    }
}

/// What all of an environment is translated with.
struct Declaration<'a> {
    environment: &'a Environment,
    id: &'a InstanceId,
}

/// A service or task as an engine runs it, before it has its place among the others.
#[derive(Clone)]
struct Made {
    spec: ServiceSpec,
    image: String,
    /// Its program, where it needs no image.
    program: Option<Program>,
    depends_on: IndexMap<String, Condition>,
    readiness: Readiness,
    database: Option<Arc<Database>>,
    ready_timeout: Duration,
    upkeep: Upkeep,
}

/// Returns the name of a replica, counted from 1: the first has the service's own.
pub(super) fn replica_name(service: &str, replica: u32) -> String {
    if replica == 1 {
        service.to_owned()
    } else {
        format!("{service}-{replica}")
    }
}

fn readiness(name: &str, service: &Service) -> Readiness {
    match (&service.kind, &service.healthcheck) {
        (Kind::Postgres(postgres), _) => Readiness::Postgres(login(name, postgres)),
        (Kind::Redis(redis), _) => Readiness::Redis {
            password: redis.password.clone(),
        },
        (Kind::Container, Some(healthcheck)) => match &healthcheck.probe {
            Some(probe) => Readiness::Probe(probe.clone()),
            None => Readiness::Running,
        },
        (Kind::Container, None) if service.ports.is_empty() => Readiness::Running,
        (Kind::Container, None) => Readiness::Ports(service.ports.keys().cloned().collect()),
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

fn file((name, file): (&String, &ServiceFile)) -> FileSpec {
    FileSpec {
        name: name.clone(),
        path: file.path.clone(),
        readers: Readers::All,
    }
}

/// Returns the mount of a server's data volume.
fn data_mount(service: &str, target: &str) -> Mount {
    Mount {
        source: MountSource::Volume(data_volume(service)),
        target: target.to_owned(),
        read_only: false,
    }
}

fn data_volume(service: &str) -> String {
    format!("{service}-data")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Request, invocation, load};

    fn environment(env: &str) -> (Environment, InstanceId) {
        let workspace = tempfile::tempdir().unwrap();
        let folder = workspace.path().join("envs/shop");
        fs_err::create_dir_all(&folder).unwrap();
        fs_err::write(folder.join("env.toml"), env).unwrap();
        let invocation = invocation(&Request {
            directory: workspace.path().to_owned(),
            ..Request::default()
        });
        let invocation = invocation.unwrap();
        (load(&invocation).unwrap().environment, invocation.id)
    }

    #[test]
    fn replicas_share_all_but_their_name_and_are_waited_for_together() {
        let env = "[services.api]\nimage = 'api:1'\n\
                   [services.web]\nimage = 'web:1'\ndepends_on = ['api']\n";
        let (mut environment, id) = environment(env);
        environment.services["api"].replicas = 3;
        let desired = Desired::new(&environment, &id, Capabilities::CONTAINERS);
        let names = desired.services.iter().map(|service| {
            let spec = &service.spec;
            (spec.name.as_str(), spec.service.as_str(), spec.order)
        });
        let mut names: Vec<(&str, &str, u32)> = names.collect();
        names.sort_unstable();
        let api = ["api", "api-2", "api-3"];
        let expect = api.map(|name| (name, "api", 0));
        assert_eq!(names, [&expect[..], &[("web", "web", 1)]].concat());
        let web = desired.service("web").unwrap();
        assert!(web.depends_on.keys().eq(api));
        let hashes: BTreeSet<&str> = api
            .iter()
            .map(|name| desired.service(name).unwrap().spec.hash.as_str())
            .collect();
        assert_eq!(hashes.len(), 1);
    }

    #[test]
    fn another_password_makes_another_service_and_no_other_data() {
        let env = "[services.db]\nkind = 'postgres'\nimage = 'postgres:17'\n\
                   [tasks.send]\nimage = 'send:1'\nenvironment = { URL = '${services.db.url}' }\n";
        let hashes = |password: &str, env: &str| {
            let (mut environment, id) = environment(env);
            let Kind::Postgres(postgres) = &mut environment.services["db"].kind else {
                panic!("it is one");
            };
            postgres.password = Secret::new(password);
            let desired = Desired::new(&environment, &id, Capabilities::CONTAINERS);
            let task = desired.service("send").unwrap();
            (task.spec.hash.clone(), task.written_hash())
        };
        let (one, two) = (hashes("one", env), hashes("two", env));
        assert_ne!(one.0, two.0);
        assert_eq!(one.1, two.1);
        assert_ne!(one.1, hashes("one", &env.replace("URL", "DB")).1);
    }
}
