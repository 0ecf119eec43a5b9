//! Services and tasks as containers.

use super::{Made, Readiness, Upkeep, data_mount, ports, redis};
use crate::engine::{Role, ServiceKind, ServiceSpec};
use crate::kinds::{self, Data, POSTGRES};
use crate::model::{ImageSource, Kind, Part, Postgres, Service, Task, Template};

/// Translates a service; the error is the key that it lacks.
pub(super) fn service(name: &str, service: &Service) -> Result<Made, &'static str> {
    let image = service.image.clone().ok_or("image")?;
    let mut spec = ServiceSpec {
        kind: kind(&service.kind),
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
        ..ServiceSpec::new(name, Role::Service, image)
    };
    let mut upkeep = Upkeep::default();
    match &service.kind {
        Kind::Container => {}
        Kind::Postgres(postgres) => {
            login(&mut spec, postgres);
            let folder = POSTGRES.data.folder.to_owned();
            set(&mut spec, "PGDATA", Part::Text(folder));
        }
        Kind::Redis(redis) => {
            upkeep.files = redis::settings(&mut spec, redis);
        }
    }
    if let Some(kind) = kinds::of(&service.kind) {
        mount(&mut spec, &kind.data);
    }
    Ok(Made {
        image: image_name(&spec.image),
        spec,
        program: None,
        depends_on: service.depends_on.clone(),
        readiness: Readiness::Running,
        database: None,
        ready_timeout: service.ready_timeout,
        upkeep,
    })
}

/// Translates a task.
pub(super) fn task(name: &str, task: &Task) -> Result<Made, &'static str> {
    let spec = ServiceSpec {
        command: task.command.clone(),
        entrypoint: task.entrypoint.clone(),
        environment: task.environment.clone(),
        mounts: task.volumes.clone(),
        user: task.user.clone(),
        working_dir: task.working_dir.clone(),
        ..ServiceSpec::new(name, Role::Task, task.image.clone())
    };
    if image_name(&spec.image).is_empty() {
        return Err("image");
    }
    Ok(Made {
        image: image_name(&spec.image),
        spec,
        program: None,
        depends_on: task.depends_on.clone(),
        readiness: Readiness::Exit,
        database: None,
        ready_timeout: task.timeout,
        upkeep: Upkeep::default(),
    })
}

pub(super) fn kind(kind: &Kind) -> ServiceKind {
    match kind {
        Kind::Container => ServiceKind::Program,
        Kind::Postgres(_) => ServiceKind::Postgres,
        Kind::Redis(_) => ServiceKind::Redis,
    }
}

/// Says who owns the database, in what both the official image and ours read.
pub(super) fn login(spec: &mut ServiceSpec, postgres: &Postgres) {
    set(spec, "POSTGRES_USER", Part::Text(postgres.user.clone()));
    set(
        spec,
        "POSTGRES_PASSWORD",
        Part::Secret(postgres.password.clone()),
    );
    set(spec, "POSTGRES_DB", Part::Text(postgres.database.clone()));
}

fn set(spec: &mut ServiceSpec, name: &str, part: Part) {
    let template = Template { parts: vec![part] };
    spec.environment.entry(name.to_owned()).or_insert(template);
}

/// Mounts the data volume, unless something is mounted there already.
fn mount(spec: &mut ServiceSpec, data: &Data) {
    let mut mounts = spec.mounts.iter();
    if !mounts.any(|mount| data.folder.starts_with(&mount.target)) {
        spec.mounts.push(data_mount(&spec.service, data.mount));
    }
}

fn image_name(source: &ImageSource) -> String {
    match source {
        ImageSource::Named(name) | ImageSource::Reference(name) => name.clone(),
    }
}
