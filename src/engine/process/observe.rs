//! Reading all that exists of the instance, from its folder.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime};

use futures_util::future::try_join_all;

use super::engine::{ProcessEngine, refused};
use super::folder::Folder;
use super::ledger::Ledger;
use super::members::Sight;
use super::record::Record;
use super::{discard, ports, program, stop};
use crate::engine::port::ListeningPorts;
use crate::engine::{
    Addresses, Defect, Error, Handles, ImageHandle, MadeWith, Observed, ObservedService,
    ProgramSpec, Prospect, Provision, PublishedPort, Pulse, Role, ServiceState, port,
};

/// Reads services, volumes, addresses and current programs.
pub(super) fn observe(process: &ProcessEngine) -> Result<Observed, Error> {
    let id = &process.identity.id;
    let instance = process.home.instance(id);
    let folders = folders(&instance.join("services"))?;
    let addresses = Ledger::read(&process.home)?.addresses(id);
    let seen = (&addresses, &ListeningPorts::default());
    let services = folders.values().map(|folder| service(folder, seen));
    let mut services: Vec<ObservedService> = services.collect();
    services.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    let volumes = self::folders(&instance.join("volumes"))?.into_iter();
    let volumes = volumes.map(|(name, folder)| (name, handle(&folder)));
    Ok(Observed {
        addresses,
        network: None,
        volumes: volumes.collect(),
        services,
    })
}

/// Reads what there is of one service.
pub(super) fn seen(process: &ProcessEngine, name: &str) -> Result<Option<ObservedService>, Error> {
    let folder = process.folder(name);
    if !folder.path().is_dir() {
        return Ok(None);
    }
    let addresses = Ledger::read(&process.home)?.addresses(&process.identity.id);
    let seen = (&addresses, &ListeningPorts::default());
    Ok(Some(service(&folder, seen)))
}

/// Finds out how each provision would be had.
pub(super) async fn survey(
    process: &ProcessEngine,
    provisions: &[Provision],
) -> Result<Vec<Prospect>, Error> {
    let specs: Vec<&ProgramSpec> = programs(provisions).collect();
    program::survey_all(process, &specs).await
}

/// Returns the programs that are there and current.
pub(super) async fn current(
    process: &ProcessEngine,
    provisions: &[Provision],
) -> Result<Handles, Error> {
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
    pulse(folder).map(|pulse| pulse.state)
}

/// Returns the same, and since when it does.
pub(super) fn pulse(folder: &Folder) -> Option<Pulse> {
    folder.record_file().exists().then(|| told(folder))
}

/// Returns what a service's state tells. Where it cannot be read, a start has to stop it first.
fn told(folder: &Folder) -> Pulse {
    let still = |state| Pulse {
        state,
        restarts: 0,
        ran: Duration::ZERO,
    };
    match folder.status() {
        Ok(Some(status)) => status.pulse(),
        Ok(None) => still(ServiceState::Created),
        Err(_) => still(ServiceState::Lost),
    }
}

/// Returns the addresses on which a service's processes listen.
pub(super) async fn listeners(folder: &Folder) -> Vec<SocketAddr> {
    let status = folder.status().ok().flatten();
    let members = stop::members(folder, status.as_ref());
    let members = members.find(Sight::Near).await;
    port::addresses_of(members.into_iter().map(|seen| seen.id.pid))
}

/// Returns the engine's handle of a folder.
pub(super) fn handle(folder: &Folder) -> String {
    folder.path().display().to_string()
}

/// Returns the folders in a folder. Only where that is not there, there are none: what cannot be
/// seen may be there all the same.
pub(super) fn folders(path: &Path) -> Result<BTreeMap<String, Folder>, Error> {
    let read = || {
        let entries = match fs_err::read_dir(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            entries => entries?,
        };
        let mut folders = BTreeMap::new();
        for entry in entries {
            let entry = entry?;
            if discard::is_marked(&entry.file_name()) {
                continue;
            }
            let folder = Folder::at(entry.path());
            match fs_err::metadata(folder.path()) {
                Ok(it) if it.is_dir() => {
                    folders.insert(folder.name().to_owned(), folder);
                }
                // Another command may have removed it since.
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(folders)
    };
    read().map_err(|error| refused("see what there is of the instance", error))
}

fn service(folder: &Folder, seen: (&Addresses, &ListeningPorts)) -> ObservedService {
    let pulse = told(folder);
    let Ok(Some(record)) = folder.record() else {
        return unknown(folder, pulse);
    };
    let status = folder.status().ok().flatten();
    let supervised = status.is_some_and(|status| status.live_supervisor().is_some());
    let runs = pulse.state.is_up();
    // Without a hash it is as declared by nobody, so that it is created again.
    let hash = if ports::must_move(&record, runs, seen) {
        String::new()
    } else {
        record.hash.clone()
    };
    ObservedService {
        handle: handle(folder),
        state: pulse.state,
        restarts: pulse.restarts,
        ran: pulse.ran,
        started: started(pulse),
        defect: (runs && !supervised).then_some(Defect::Unsupervised),
        ports: published(&record),
        name: record.name,
        service: record.service,
        role: record.role,
        hash,
        image: record.image,
        order: record.order,
        made: MadeWith {
            profiles: record.profiles,
            sets: record.sets,
            created: Some(record.created),
        },
        files: record.files,
    }
}

fn started(pulse: Pulse) -> Option<SystemTime> {
    let runs = pulse.state == ServiceState::Running;
    SystemTime::now().checked_sub(pulse.ran).filter(|_| runs)
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

/// Returns what a killed `create` left, or another version of envctl made: something that is as
/// declared by nobody.
fn unknown(folder: &Folder, pulse: Pulse) -> ObservedService {
    ObservedService {
        name: folder.name().to_owned(),
        service: folder.name().to_owned(),
        role: Role::Service,
        handle: handle(folder),
        hash: String::new(),
        image: ImageHandle::default(),
        state: pulse.state,
        restarts: pulse.restarts,
        ran: pulse.ran,
        started: started(pulse),
        defect: None,
        order: 0,
        ports: BTreeMap::new(),
        made: MadeWith::default(),
        files: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_that_is_not_there_is_empty() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("volumes");
        assert!(folders(&path).unwrap().is_empty());
        fs_err::write(&path, "").unwrap();
        assert!(folders(&path).is_err());
        fs_err::remove_file(&path).unwrap();
        fs_err::create_dir_all(path.join("data")).unwrap();
        fs_err::create_dir_all(path.join(".removed-old")).unwrap();
        fs_err::write(path.join("note"), "").unwrap();
        let names: Vec<String> = folders(&path).unwrap().into_keys().collect();
        assert_eq!(names, ["data"]);
    }

    #[test]
    fn what_cannot_be_read_differs_from_all_that_is_declared() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        fs_err::write(folder.record_file(), "{").unwrap();
        let seen = service(&folder, (&Addresses::new(), &ListeningPorts::default()));
        assert_eq!(
            (seen.hash.as_str(), seen.state),
            ("", ServiceState::Created)
        );
        fs_err::write(place.path().join("state.json"), "{").unwrap();
        assert_eq!(state(&folder), Some(ServiceState::Lost));
    }
}
