//! Reading all that exists of the instance, from its folder.

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::future::try_join_all;

use super::engine::Process;
use super::folder::Folder;
use super::ledger::Ledger;
use super::record::Record;
use super::status::Status;
use super::{ports, program};
use crate::engine::{
    Addresses, Error, ImageHandle, Observed, ObservedService, ProgramSpec, Prospect, Provision,
    PublishedPort, Role, ServiceState,
};

/// Reads services, volumes, addresses and current programs.
pub(super) async fn observe(
    process: &Process,
    provisions: &[Provision],
) -> Result<Observed, Error> {
    let id = &process.identity.id;
    let instance = process.home.instance(id);
    let folders = folders(&instance.join("services"));
    let addresses = Ledger::read(&process.home).addresses(id);
    let services = folders.values().map(|folder| service(folder, &addresses));
    let mut services: Vec<ObservedService> = services.collect();
    services.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    let volumes = self::folders(&instance.join("volumes")).into_iter();
    let volumes = volumes.map(|(name, folder)| (name, handle(&folder)));
    Ok(Observed {
        images: current(process, provisions).await?,
        addresses,
        network: None,
        volumes: volumes.collect(),
        services,
    })
}

/// Finds out how each provision would be had.
pub(super) async fn survey(
    process: &Process,
    provisions: &[Provision],
) -> Result<Vec<Prospect>, Error> {
    try_join_all(programs(provisions).map(|it| program::survey(process, it))).await
}

/// Returns the programs that are there and current.
async fn current(
    process: &Process,
    provisions: &[Provision],
) -> Result<BTreeMap<String, ImageHandle>, Error> {
    let looks = programs(provisions).map(async |spec| {
        let handle = program::current(process, spec).await?;
        Ok::<_, Error>(handle.map(|handle| (spec.service.clone(), handle)))
    });
    let found = try_join_all(looks).await?;
    Ok(found.into_iter().flatten().collect())
}

fn programs(provisions: &[Provision]) -> impl Iterator<Item = &ProgramSpec> {
    provisions.iter().filter_map(|provision| match provision {
        Provision::Program(program) => Some(&**program),
        Provision::Image(_) => None,
    })
}

/// Returns what a service is doing; `None` when it was not created.
pub(super) fn state(folder: &Folder) -> Option<ServiceState> {
    folder.record()?;
    let status = folder.status();
    Some(status.map_or(ServiceState::Created, |status| status.state()))
}

/// Returns the engine's handle of a folder.
pub(super) fn handle(folder: &Folder) -> String {
    folder.path().display().to_string()
}

fn folders(path: &Path) -> BTreeMap<String, Folder> {
    let Ok(entries) = fs_err::read_dir(path) else {
        return BTreeMap::new();
    };
    let entries = entries.filter_map(Result::ok).map(|entry| entry.path());
    let folders = entries.filter(|path| path.is_dir()).map(Folder::at);
    folders
        .map(|folder| (folder.name().to_owned(), folder))
        .collect()
}

fn service(folder: &Folder, addresses: &Addresses) -> ObservedService {
    let status = folder.status();
    let Some(record) = folder.record() else {
        return unfinished(folder);
    };
    let state = status.as_ref().map_or(ServiceState::Created, Status::state);
    let supervised = status.is_some_and(|status| status.live_supervisor().is_some());
    let runs = matches!(
        state,
        ServiceState::Running | ServiceState::Paused | ServiceState::Restarting
    );
    // Without a hash it is as declared by nobody, so that it is created again.
    let hash = if ports::must_move(&record, runs, addresses) {
        String::new()
    } else {
        record.hash.clone()
    };
    ObservedService {
        handle: handle(folder),
        state,
        attached: supervised || !runs,
        created: Some(record.created),
        ports: published(&record),
        name: record.name,
        service: record.service,
        role: record.role,
        hash,
        image: record.image,
        order: record.order,
        profiles: record.profiles,
        sets: record.sets,
    }
}

fn published(record: &Record) -> BTreeMap<String, PublishedPort> {
    let ports = record.ports.iter().map(|(name, port)| {
        let published = PublishedPort {
            container: port.container,
            bind: port.bind,
            host: port.address.port(),
        };
        (name.clone(), published)
    });
    ports.collect()
}

/// Returns what a killed `create` left: something that is as declared by nobody.
fn unfinished(folder: &Folder) -> ObservedService {
    ObservedService {
        name: folder.name().to_owned(),
        service: folder.name().to_owned(),
        role: Role::Service,
        handle: handle(folder),
        hash: String::new(),
        image: ImageHandle {
            id: String::new(),
            reference: String::new(),
        },
        state: ServiceState::Created,
        created: None,
        attached: true,
        order: 0,
        ports: BTreeMap::new(),
        profiles: Vec::new(),
        sets: Vec::new(),
    }
}
