//! Making a service: its folder, and what its supervisor must know.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::SystemTime;

use super::engine::{ProcessEngine, refused};
use super::folder::Folder;
use super::marks::Marks;
use super::members::Sight;
use super::prepared::Prepared;
use super::record::{self, Record, RecordedPort};
use super::user::HostUser;
use super::{environment, files, instances, ports, resource, server};
use crate::engine::{Addresses, Error, Launch, MadeFile, ServiceSpec};
use crate::host::{find_program, make_folder};

/// Creates a service; one of its name is stopped and gives way.
pub(super) async fn create(
    process: &ProcessEngine,
    spec: &ServiceSpec,
    launch: &Launch,
) -> Result<(), Error> {
    let folder = process.folder(&spec.name);
    resource::remove_service(&folder, Sight::Far).await?;
    let addresses = ports::assigned(process, spec).await?;
    let doing = || format!("create `{}`", spec.name);
    let placed = instances::sign(process).and_then(|()| make_folder(folder.path()));
    placed.map_err(|error| refused(doing(), error))?;
    let made = async {
        let prepared = prepare(process, (spec, launch), &folder, &addresses).await?;
        let record = record(process, (spec, launch), prepared, &addresses)?;
        check_program(process, &record)?;
        let given = files::give(process, &folder, &launch.files, record.user.as_ref());
        given.map_err(|error| refused(doing(), error))?;
        let written = folder.write_record(&record);
        written.map_err(|error| refused(doing(), error))
    };
    let made = made.await;
    if made.is_err() {
        // What was made of it so far would look like a service, and its instance like one.
        resource::remove_service(&folder, Sight::Far).await?;
        resource::remove_empty(process);
    }
    made
}

/// Asks a service's kind how its process is started.
async fn prepare(
    process: &ProcessEngine,
    (spec, launch): (&ServiceSpec, &Launch),
    folder: &Folder,
    addresses: &Addresses,
) -> Result<Prepared, Error> {
    if spec.server.is_none() {
        return program(process, spec, launch);
    }
    let listen = listen(spec, addresses).ok_or_else(|| fail(spec, "it has no port".to_owned()))?;
    let mut prepared = server::prepare(process, spec, launch, folder.path(), listen).await?;
    let own = std::mem::take(&mut prepared.environment);
    // What is declared for an image's entrypoint, the server need not know.
    let declared = plain(launch).filter(|(name, _)| !name.starts_with("POSTGRES_"));
    prepared.environment = declared.chain(own).collect();
    Ok(prepared)
}

/// Returns where a server listens, which is not where it is reached when it takes every address.
fn listen(spec: &ServiceSpec, addresses: &Addresses) -> Option<SocketAddr> {
    let port = spec.ports.first()?;
    let reached = addresses.get(&(spec.name.clone(), port.name.clone()))?;
    Some(SocketAddr::new(port.bind, reached.port()))
}

fn program(
    process: &ProcessEngine,
    spec: &ServiceSpec,
    launch: &Launch,
) -> Result<Prepared, Error> {
    let words = launch.command.iter().flatten();
    let working_dir = spec.working_dir.as_ref().map(PathBuf::from);
    Ok(Prepared {
        argv: words.map(|word| word.expose().to_owned()).collect(),
        environment: plain(launch).collect(),
        user: user(&spec.name, spec.user.as_deref())?,
        working_dir: Some(
            process
                .identity
                .workspace
                .join(working_dir.unwrap_or_default()),
        ),
        socket_dir: None,
    })
}

fn plain(launch: &Launch) -> impl Iterator<Item = (String, String)> {
    let environment = launch.environment.iter();
    environment.map(|(name, value)| (name.clone(), value.expose().to_owned()))
}

/// Returns the user that is asked for; the caller when `None`.
pub(super) fn user(service: &str, user: Option<&str>) -> Result<Option<HostUser>, Error> {
    let Some(text) = user else { return Ok(None) };
    match HostUser::find(text).or_else(|| HostUser::numbered(text)) {
        Some(user) => Ok(Some(user)),
        None => Err(Error::Start {
            service: service.to_owned(),
            reason: format!("there is no user `{text}`"),
        }),
    }
}

fn record(
    process: &ProcessEngine,
    (spec, launch): (&ServiceSpec, &Launch),
    prepared: Prepared,
    addresses: &Addresses,
) -> Result<Record, Error> {
    let identity = &process.identity;
    let of_kind = || spec.kind().facts()?.stop_signal;
    let stop_signal = spec.stop_signal.as_deref().or_else(of_kind);
    let stop_signal = stop_signal.unwrap_or("SIGTERM").to_owned();
    if record::signal(&stop_signal).is_none() {
        return Err(fail(spec, format!("`{stop_signal}` is no signal")));
    }
    let ports = spec.ports.iter().filter_map(|port| {
        let address = addresses.get(&(spec.name.clone(), port.name.clone()))?;
        let recorded = RecordedPort {
            container: port.container,
            bind: port.bind,
            fixed: ports::fixed_number(process, port).is_some(),
            address: *address,
        };
        Some((port.name.clone(), recorded))
    });
    Ok(Record {
        schema: record::SCHEMA,
        name: spec.name.clone(),
        service: spec.service.clone(),
        role: spec.role,
        kind: spec.kind(),
        hash: launch.hash.clone(),
        image: launch.image.clone(),
        order: spec.order,
        profiles: identity.profiles.clone(),
        sets: identity.sets.clone(),
        created: SystemTime::now(),
        ports: ports.collect(),
        argv: prepared.argv,
        environment: prepared.environment,
        told: match spec.server {
            None => Vec::new(),
            Some(_) => told(spec, launch),
        },
        marks: Marks::of(process.folder(&spec.name).path()),
        working_dir: prepared.working_dir.unwrap_or_else(|| PathBuf::from("/")),
        user: prepared.user,
        stop_signal,
        stop_grace_period: spec.stop_grace_period,
        restart: spec.restart,
        socket_dir: prepared.socket_dir,
        files: MadeFile::digests(&launch.files),
    })
}

/// Returns what an image of the server would be told.
fn told(spec: &ServiceSpec, launch: &Launch) -> Vec<(String, String)> {
    plain(launch).chain(spec.told_variables()).collect()
}

/// Says early what would keep it from starting.
fn check_program(process: &ProcessEngine, record: &Record) -> Result<(), Error> {
    let environment = environment::of(record, &process.variables);
    let path = environment.get("PATH").map_or("", String::as_str);
    let program = record.argv.first().map_or("", String::as_str);
    let found = find_program(program, &record.working_dir, path);
    let fail = |reason| Error::Start {
        service: record.name.clone(),
        reason,
    };
    found.map(|_| ()).map_err(fail)
}

fn fail(spec: &ServiceSpec, reason: String) -> Error {
    Error::Start {
        service: spec.name.clone(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_listens_where_its_port_is_bound() {
        let mut spec = ports::tests::spec("db", &["postgres"]);
        spec.ports[0].bind = "0.0.0.0".parse().unwrap();
        let reached = SocketAddr::from(([127, 0, 0, 1], 15432));
        let key = ("db".to_owned(), "postgres".to_owned());
        let addresses = Addresses::from([(key, reached)]);
        let expect = SocketAddr::from(([0, 0, 0, 0], 15432));
        assert_eq!(listen(&spec, &addresses), Some(expect));
        assert_eq!(listen(&spec, &Addresses::new()), None);
    }
}
