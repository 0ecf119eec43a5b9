//! The ports that were given to processes, of all instances of one user: written down, so that a
//! service keeps its port and no two get the same.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use serde::{Deserialize, Serialize};

use super::engine::{ProcessEngine, refused};
use super::folder;
use crate::engine::{Addresses, Error};
use crate::host::{self, Home, whole};
use crate::model::InstanceId;

/// How long others may hold the ledger: they look at a few ports.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a port stays with an instance that has no folder, since it may be about to get one.
const KEPT: Duration = Duration::from_hours(1);

/// Every port that was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    pub entries: Vec<GivenPort>,
}

/// A port that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GivenPort {
    pub instance: String,
    pub service: String,
    /// The port's name: `http`.
    pub port: String,
    pub address: SocketAddr,
    pub given: SystemTime,
}

impl Ledger {
    /// Reads what is written down now.
    pub(super) fn read(home: &Home) -> Result<Self, Error> {
        let file = home.state.join("ports.json");
        let read = folder::read(&file).map_err(|error| match error.kind() {
            // Ports that are in use are found again in the records.
            ErrorKind::InvalidData => std::io::Error::other(format!("{error}; remove it to go on")),
            _ => error,
        });
        let ledger = read.map_err(|error| refused("read which ports are given", error))?;
        Ok(ledger.unwrap_or_default())
    }

    /// Returns the addresses of an instance.
    pub(super) fn addresses(&self, id: &InstanceId) -> Addresses {
        let id = id.to_string();
        let entries = self.entries.iter().filter(|entry| entry.instance == id);
        entries
            .map(|entry| ((entry.service.clone(), entry.port.clone()), entry.address))
            .collect()
    }

    /// Returns the numbers that other instances have.
    pub(super) fn numbers_of_others(&self, id: &InstanceId) -> BTreeSet<u16> {
        let id = id.to_string();
        let others = self.entries.iter().filter(|entry| entry.instance != id);
        others.map(|entry| entry.address.port()).collect()
    }

    /// Writes down addresses of an instance in place of the last ones of these ports.
    pub(super) fn give(&mut self, id: &InstanceId, addresses: &Addresses) {
        let (instance, given) = (id.to_string(), SystemTime::now());
        self.entries.retain(|entry| {
            let key = (entry.service.clone(), entry.port.clone());
            entry.instance != instance || !addresses.contains_key(&key)
        });
        let entries = addresses
            .iter()
            .map(|((service, port), address)| GivenPort {
                instance: instance.clone(),
                service: service.clone(),
                port: port.clone(),
                address: *address,
                given,
            });
        self.entries.extend(entries);
    }

    /// Drops what instances had that are gone.
    fn prune(&mut self, exists: impl Fn(&str) -> bool, now: SystemTime) {
        self.entries.retain(|entry| {
            let age = now.duration_since(entry.given).unwrap_or_default();
            age < KEPT || exists(&entry.instance)
        });
    }
}

/// Changes the ledger while nobody else on this machine does.
pub(super) async fn change<T>(
    process: &ProcessEngine,
    change: impl FnOnce(&mut Ledger) -> Result<T, Error>,
) -> Result<T, Error> {
    let home = &process.home;
    let doing = || "write down which ports are given".to_owned();
    let _lock = lock(process)
        .await
        .map_err(|error| refused(doing(), error))?;
    let before = Ledger::read(home)?;
    let mut ledger = before.clone();
    let exists = |instance: &str| home.state.join("instances").join(instance).exists();
    ledger.prune(exists, SystemTime::now());
    let result = change(&mut ledger)?;
    if ledger != before {
        let text = serde_json::to_vec_pretty(&ledger).expect("texts and numbers are always JSON");
        let written = whole::write_own_for_good(&home.state.join("ports.json"), text);
        written.map_err(|error| refused(doing(), error))?;
    }
    Ok(result)
}

/// Drops every port of an instance.
pub(super) async fn forget(process: &ProcessEngine) -> Result<(), Error> {
    let id = process.identity.id.to_string();
    change(process, |ledger| {
        ledger.entries.retain(|entry| entry.instance != id);
        Ok(())
    })
    .await
}

async fn lock(process: &ProcessEngine) -> std::io::Result<File> {
    let state = &process.home.state;
    host::make_folder(state)?;
    let mut options = fs_err::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.mode(whole::OWNER_ALONE);
    let file = options.open(state.join("ports.lock"))?.into_parts().0;
    let waiting = |holder: &str| {
        if let Some(events) = &process.events {
            events.info(format!("waiting for {holder} to choose its ports"));
        }
    };
    if host::lock_telling(&file, LOCK_TIMEOUT, waiting).await? {
        // What it says is for people; a failure to write it takes nothing from the lock.
        let _ = host::sign_lock(&file, &process.command);
        return Ok(file);
    }
    let holder = host::lock_holder(&file);
    let reason = format!("{holder} holds ports.lock for longer than {LOCK_TIMEOUT:?}");
    Err(std::io::Error::other(reason))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn entry(instance: &str, service: &str, number: u16, age: Duration) -> GivenPort {
        GivenPort {
            instance: instance.to_owned(),
            service: service.to_owned(),
            port: "http".to_owned(),
            address: SocketAddr::from(([127, 0, 0, 1], number)),
            given: SystemTime::UNIX_EPOCH + Duration::from_hours(9) - age,
        }
    }

    #[test]
    fn a_port_has_one_address() {
        let id = |name| InstanceId::new("rates", name, Path::new("/w"));
        let (one, two) = (id("one"), id("two"));
        let at = |service: &str, number: u16| {
            let key = (service.to_owned(), "http".to_owned());
            Addresses::from([(key, SocketAddr::from(([127, 0, 0, 1], number)))])
        };
        let mut ledger = Ledger::default();
        ledger.give(&one, &at("api", 20_000));
        ledger.give(&two, &at("api", 20_001));
        ledger.give(&one, &at("web", 20_003));
        ledger.give(&one, &at("api", 20_002));
        let mut expect = at("api", 20_002);
        expect.extend(at("web", 20_003));
        assert_eq!(ledger.addresses(&one), expect);
        assert_eq!(ledger.addresses(&two), at("api", 20_001));
        assert_eq!(ledger.numbers_of_others(&one), BTreeSet::from([20_001]));
    }

    #[test]
    fn what_instances_had_that_are_gone_is_dropped() {
        let hour = Duration::from_hours(1);
        let mut ledger = Ledger {
            entries: vec![
                entry("gone", "a", 1, hour),
                entry("gone", "b", 2, hour / 2),
                entry("there", "a", 3, hour),
            ],
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(9);
        ledger.prune(|instance| instance == "there", now);
        let left: Vec<u16> = ledger.entries.iter().map(|it| it.address.port()).collect();
        assert_eq!(left, [2, 3]);
    }
}
