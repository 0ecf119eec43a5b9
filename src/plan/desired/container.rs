//! Services and tasks as containers.

use super::{Made, Readiness, Upkeep, data_mount, ports, redis};
use crate::engine::{PostgresSpec, Role, ServerSpec, ServiceSpec};
use crate::kinds::{self, Data, POSTGRES};
use crate::model::{ImageSource, Kind, Service, Task};

/// Translates a service; the error is the key that it lacks.
pub(super) fn service(name: &str, service: &Service) -> Result<Made, &'static str> {
    let image = service.image.clone().ok_or("image")?;
    let mut spec = ServiceSpec {
        server: server(&service.kind, true),
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
        Kind::Container | Kind::Postgres(_) => {}
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

/// Returns what a server is made with, in a container or without one.
pub(super) fn server(kind: &Kind, in_container: bool) -> Option<ServerSpec> {
    match kind {
        Kind::Container => None,
        Kind::Postgres(postgres) => Some(ServerSpec::Postgres(PostgresSpec {
            user: postgres.user.clone(),
            password: postgres.password.clone(),
            database: postgres.database.clone(),
            folder: in_container.then(|| POSTGRES.data.folder.to_owned()),
        })),
        Kind::Redis(_) => Some(ServerSpec::Redis),
    }
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
