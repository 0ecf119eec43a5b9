//! Services and tasks as processes of this machine.

use super::container::server;
use super::{Made, Readiness, Upkeep, data_mount, ports, redis};
use crate::engine::{Program, Role, ServerChoice, ServiceSpec};
use crate::kinds;
use crate::model::{ImageSource, Kind, Process, Service, Task, Template};

/// Translates a service; the error is the key that it lacks.
pub(super) fn service(name: &str, service: &Service) -> Result<Made, &'static str> {
    let mut spec = ServiceSpec {
        environment: service.environment.clone(),
        ports: ports(service),
        restart: service.restart,
        stop_signal: service.stop_signal.clone(),
        stop_grace_period: service.stop_grace_period,
        server: server(&service.kind, false),
        ..empty(name, Role::Service)
    };
    let choice = |version: &Option<String>, strict_version, bin_dir: &Option<_>| ServerChoice {
        version: version.clone(),
        strict_version,
        bin_dir: bin_dir.clone(),
        volume: Some(super::data_volume(name)),
    };
    let mut upkeep = Upkeep::default();
    let program = match &service.kind {
        Kind::Container => run(&mut spec, service.process.as_ref().ok_or("process")?),
        Kind::Postgres(postgres) => {
            spec.command.clone_from(&service.command);
            let (strict, folder) = (postgres.strict_version, &postgres.bin_dir);
            Program::Postgres(choice(&postgres.version, strict, folder))
        }
        Kind::Redis(redis) => {
            spec.command.clone_from(&service.command);
            upkeep.files = redis::settings(&mut spec, redis);
            let (strict, folder) = (redis.strict_version, &redis.bin_dir);
            Program::Redis(choice(&redis.version, strict, folder))
        }
    };
    if let Some(kind) = kinds::of(&service.kind) {
        spec.mounts.push(data_mount(name, kind.data.mount));
    }
    Ok(Made {
        image: name.to_owned(),
        spec,
        program: Some(program),
        depends_on: service.depends_on.clone(),
        readiness: Readiness::Running,
        database: None,
        ready_timeout: service.ready_timeout,
        upkeep,
    })
}

/// Translates a task; the error is the key that it lacks.
pub(super) fn task(name: &str, task: &Task) -> Result<Made, &'static str> {
    let mut spec = ServiceSpec {
        environment: task.environment.clone(),
        ..empty(name, Role::Task)
    };
    let program = run(&mut spec, task.process.as_ref().ok_or("process")?);
    Ok(Made {
        image: name.to_owned(),
        spec,
        program: Some(program),
        depends_on: task.depends_on.clone(),
        readiness: Readiness::Exit,
        database: None,
        ready_timeout: task.timeout,
        upkeep: Upkeep::default(),
    })
}

/// Returns what a service declares and no process can keep: `api: mem_limit, tmpfs`.
pub(super) fn unkept(name: &str, service: &Service) -> Option<String> {
    let server = !matches!(service.kind, Kind::Container);
    let keys = [
        ("cpus", service.limits.nano_cpus.is_some()),
        ("mem_limit", service.limits.memory_bytes.is_some()),
        ("pids_limit", service.limits.pids.is_some()),
        ("volumes", !service.volumes.is_empty()),
        ("tmpfs", !service.tmpfs.is_empty()),
        ("shm_size", service.shm_size_bytes.is_some()),
        ("entrypoint", server && service.entrypoint.is_some()),
    ];
    let set = keys.iter().filter(|(_, set)| *set).map(|(key, _)| *key);
    let set: Vec<&str> = set.collect();
    (!set.is_empty()).then(|| format!("{name}: {}", set.join(", ")))
}

fn run(spec: &mut ServiceSpec, process: &Process) -> Program {
    let program = process.command.first().map(Template::canonical);
    spec.command = Some(process.command.clone());
    spec.environment.extend(process.environment.clone());
    spec.working_dir = Some(process.working_dir.display().to_string());
    spec.user.clone_from(&process.user);
    Program::Command {
        build: process.build.clone(),
        program: program.unwrap_or_default(),
        working_dir: process.working_dir.clone(),
    }
}

fn empty(name: &str, role: Role) -> ServiceSpec {
    ServiceSpec::new(name, role, ImageSource::Named(name.to_owned()))
}
