//! Services and tasks as containers.

use super::{Made, Readiness, Upkeep, data_mount, ports};
use crate::config::model::{
    ImageSource, Kind, Part, Persistence, Postgres, Redis, Service, Task, Template,
};
use crate::engine::{Role, ServiceKind, ServiceSpec};

/// The folder of a container that the data volume of a `postgres` service is mounted on.
pub(super) const POSTGRES_MOUNT: &str = "/var/lib/envctl";
/// PGDATA, outside the volume that the official image declares.
const PGDATA: &str = "/var/lib/envctl/pgdata";
/// The folder of a container that a Redis server writes to, as in the official image.
pub(super) const REDIS_MOUNT: &str = "/data";
/// When a Redis server takes a snapshot: its defaults, which one before 7.0 forgets as soon as it
/// is given any option.
const RDB: [&str; 11] = [
    "--save",
    "3600",
    "1",
    "--save",
    "300",
    "100",
    "--save",
    "60",
    "10000",
    "--appendonly",
    "no",
];

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
    match &service.kind {
        Kind::Container => {}
        Kind::Postgres(postgres) => {
            login(&mut spec, postgres);
            set(&mut spec, "PGDATA", Part::Text(PGDATA.to_owned()));
            mount(&mut spec, PGDATA, POSTGRES_MOUNT);
        }
        Kind::Redis(redis) => {
            redis_command(&mut spec, redis);
            mount(&mut spec, REDIS_MOUNT, REDIS_MOUNT);
        }
    }
    Ok(Made {
        image: image_name(&spec.image),
        spec,
        program: None,
        depends_on: service.depends_on.clone(),
        readiness: Readiness::Running,
        ready_timeout: service.ready_timeout,
        upkeep: Upkeep::default(),
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

/// Puts a Redis server's settings on its command line, unless that is declared.
pub(super) fn redis_command(spec: &mut ServiceSpec, redis: &Redis) {
    if spec.command.is_some() {
        return;
    }
    let mut words: Vec<Template> = ["redis-server"].map(Template::text).to_vec();
    let settings: &[&str] = match redis.persistence {
        Persistence::None => &["--save", "", "--appendonly", "no"],
        Persistence::Rdb => &RDB,
        Persistence::Aof => &["--appendonly", "yes"],
    };
    words.extend(settings.iter().copied().map(Template::text));
    for (directive, value) in &redis.config {
        words.push(Template::text(format!("--{directive}")));
        words.extend(value.iter().map(Template::text));
    }
    if let Some(password) = &redis.password {
        words.push(Template::text("--requirepass"));
        words.push(Template {
            parts: vec![Part::Secret(password.clone())],
        });
    }
    spec.command = Some(words);
}

fn set(spec: &mut ServiceSpec, name: &str, part: Part) {
    let template = Template { parts: vec![part] };
    spec.environment.entry(name.to_owned()).or_insert(template);
}

/// Mounts the data volume, unless something is mounted there already.
fn mount(spec: &mut ServiceSpec, folder: &str, target: &str) {
    let mut mounts = spec.mounts.iter();
    if !mounts.any(|mount| folder.starts_with(&mount.target)) {
        spec.mounts.push(data_mount(&spec.service, target));
    }
}

fn image_name(source: &ImageSource) -> String {
    match source {
        ImageSource::Named(name) | ImageSource::Reference(name) => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::Secret;

    #[test]
    fn directives_of_a_redis_server_are_on_its_command_line() {
        let mut spec = ServiceSpec::new("cache", Role::Service, ImageSource::Named(String::new()));
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let redis = Redis {
            version: None,
            strict_version: false,
            bin_dir: None,
            password: Some(Secret::new("p")),
            persistence: Persistence::Aof,
            config: [
                ("appendfsync".to_owned(), words(&["always"])),
                ("save-x".to_owned(), words(&["1", "2"])),
            ]
            .into(),
        };
        redis_command(&mut spec, &redis);
        let shown: Vec<String> = spec
            .command
            .iter()
            .flatten()
            .map(ToString::to_string)
            .collect();
        let expect =
            "redis-server --appendonly yes --appendfsync always --save-x 1 2 --requirepass ***";
        assert_eq!(shown.join(" "), expect);
    }
}
