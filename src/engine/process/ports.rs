//! Where a service's ports are reached: giving each an address, and whether somebody else has it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;

use super::engine::ProcessEngine;
use super::folder::Folder;
use super::ledger::{self, Ledger};
use super::record::Record;
use super::{observe, stop};
use crate::engine::port::{self, ListeningPorts};
use crate::engine::{Addresses, Error, PortHolder, PortSpec, ServiceSpec, ServiceState};
use crate::model::{Digest, HostPort};

/// The first port that is given, where the kernel does not give it to clients.
const FIRST: u16 = 20_000;

/// No fewer ports than these are a range to choose from.
const RANGE_MIN: u16 = 1000;

/// Gives every port an address, and writes it down.
pub(super) async fn assign(
    process: &ProcessEngine,
    specs: &[ServiceSpec],
) -> Result<Addresses, Error> {
    if specs.iter().all(|spec| spec.ports.is_empty()) {
        return Ok(Addresses::new());
    }
    let addresses = ledger::change(process, |ledger| {
        let mut choice = PortPool::new(process, specs, ledger);
        let mut addresses = Addresses::new();
        for spec in specs {
            for port in &spec.ports {
                let number = choice.number(spec, port)?;
                let address = SocketAddr::new(reachable(port.bind), number);
                addresses.insert((spec.name.clone(), port.name.clone()), address);
            }
        }
        ledger.give(&process.identity.id, &addresses);
        Ok(addresses)
    })
    .await?;
    // From here on this command counts on them.
    process.assigned().extend(addresses.clone());
    Ok(addresses)
}

/// Returns the addresses that were assigned to a service, which others may have been told by now.
/// Only where it was given none it gets some.
pub(super) async fn assigned(
    process: &ProcessEngine,
    spec: &ServiceSpec,
) -> Result<Addresses, Error> {
    let keys = spec.ports.iter();
    let keys = keys.map(|port| (spec.name.clone(), port.name.clone()));
    let keys: Vec<(String, String)> = keys.collect();
    let of_spec = |all: &Addresses| -> Option<Addresses> {
        let found = keys.iter().map(|key| Some((key.clone(), *all.get(key)?)));
        found.collect()
    };
    if let Some(known) = of_spec(&process.assigned()) {
        return Ok(known);
    }
    let ledger = Ledger::read(&process.home)?.addresses(&process.identity.id);
    match of_spec(&ledger) {
        Some(known) => Ok(known),
        None => assign(process, std::slice::from_ref(spec)).await,
    }
}

/// Only the default instance takes the host ports that the environment names.
pub(super) fn fixed_number(process: &ProcessEngine, port: &PortSpec) -> Option<u16> {
    match port.host {
        HostPort::Fixed(number) if process.identity.id.is_default() => Some(number),
        HostPort::Fixed(_) | HostPort::Any => None,
    }
}

/// What the ports of an instance are chosen from: read once, however many they are.
struct PortPool<'a> {
    process: &'a ProcessEngine,
    /// What each port of this instance had.
    own: Addresses,
    /// What no port keeps: others have it, the environment names it, or it was just chosen.
    refused: BTreeSet<u16>,
    /// What no port gets that has none: all of these, and what this instance had.
    taken: BTreeSet<u16>,
    /// What may be chosen and was not tried yet.
    left: Box<dyn Iterator<Item = u16> + Send>,
    listening: ListeningPorts,
}

impl<'a> PortPool<'a> {
    fn new(process: &'a ProcessEngine, specs: &[ServiceSpec], ledger: &Ledger) -> Self {
        let id = &process.identity.id;
        let own = ledger.addresses(id);
        let mut refused = ledger.numbers_of_others(id);
        let named = specs.iter().flat_map(|spec| &spec.ports);
        refused.extend(named.filter_map(|port| fixed_number(process, port)));
        let mut taken = refused.clone();
        taken.extend(own.values().map(SocketAddr::port));
        let limits = fs_err::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
        let range = range(&limits.unwrap_or_default());
        Self {
            process,
            own,
            refused,
            taken,
            left: Box::new(from(range, &id.to_string())),
            listening: ListeningPorts::default(),
        }
    }

    fn number(&mut self, spec: &ServiceSpec, port: &PortSpec) -> Result<u16, Error> {
        if let Some(number) = fixed_number(self.process, port) {
            return Ok(number);
        }
        let number = self.kept(spec, port).or_else(|| {
            let (taken, left) = (&self.taken, &mut self.left);
            left.find(|number| !taken.contains(number) && port::is_free(port.bind, *number))
        });
        let number = number.ok_or_else(|| Error::Start {
            service: spec.name.clone(),
            reason: format!("no port is free for `{}`", port.name),
        })?;
        self.refused.insert(number);
        self.taken.insert(number);
        Ok(number)
    }

    /// Returns what the port had, where it can keep that.
    fn kept(&self, spec: &ServiceSpec, port: &PortSpec) -> Option<u16> {
        let folder = self.process.folder(&spec.name);
        let key = (spec.name.clone(), port.name.clone());
        let recorded = || {
            // A lost ledger is no reason to move.
            let record = folder.record().ok().flatten()?;
            Some(record.ports.get(&port.name)?.address.port())
        };
        let given = self.own.get(&key).map(SocketAddr::port);
        given.or_else(recorded).filter(|number| {
            !self.refused.contains(number)
                && (port::is_free(port.bind, *number) || is_own(&folder, *number, &self.listening))
        })
    }
}

/// Returns every port of a range once; instances begin at different ones.
fn from(range: RangeInclusive<u16>, instance: &str) -> impl Iterator<Item = u16> + use<> {
    let (first, last) = range.into_inner();
    let count = u64::from(last - first) + 1;
    let digits = &Digest::of(instance)[..8];
    let begin = u64::from_str_radix(digits, 16).unwrap_or_default() % count;
    let offsets = (begin..count).chain(0..begin);
    offsets.filter_map(move |offset| u16::try_from(u64::from(first) + offset).ok())
}

/// Returns ports that the kernel does not give to clients: a service would find its own taken.
fn range(limits: &str) -> RangeInclusive<u16> {
    let mut limits = limits.split_whitespace().map(str::parse::<u16>);
    let (Some(Ok(lowest)), Some(Ok(highest))) = (limits.next(), limits.next()) else {
        return FIRST..=29_999;
    };
    if lowest >= FIRST + RANGE_MIN {
        FIRST..=lowest - 1
    } else if highest <= u16::MAX - RANGE_MIN {
        highest + 1..=u16::MAX
    } else {
        FIRST..=29_999
    }
}

/// "Every address" is no address to connect to.
fn reachable(bind: IpAddr) -> IpAddr {
    match bind {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

/// Whether a service's own processes listen on a port.
fn is_own(folder: &Folder, number: u16, listening: &ListeningPorts) -> bool {
    let members = stop::members(folder, folder.status().ok().flatten().as_ref()).near();
    let mut pids = members.iter().map(|seen| seen.id.pid);
    pids.any(|pid| listening.is_by(pid, number))
}

/// Finds out whether a port that the environment names is taken by somebody else.
pub(super) fn check(process: &ProcessEngine, spec: &ServiceSpec) -> Result<(), Error> {
    let folder = process.folder(&spec.name);
    let listening = ListeningPorts::default();
    for port in &spec.ports {
        if let Some(number) = fixed_number(process, port)
            && !port::is_free(port.bind, number)
            && !is_own(&folder, number, &listening)
        {
            return Err(taken(&spec.name, &port.name, port.bind, number));
        }
    }
    Ok(())
}

/// Whether a service has to move: a port that was chosen for it is somebody else's by now, and
/// its address stands in what it was created with.
pub(super) fn must_move(
    record: &Record,
    runs: bool,
    (ledger, listening): (&Addresses, &ListeningPorts),
) -> bool {
    record.ports.iter().any(|(name, port)| {
        let given = ledger.get(&(record.name.clone(), name.clone()));
        let moved = given.is_some_and(|given| *given != port.address);
        let number = port.address.port();
        // Tried only where somebody listens: this is asked by whoever just looks.
        let taken = || listening.has(number) && !port::is_free(port.bind, number);
        moved || (!runs && !port.fixed && taken())
    })
}

/// Finds out whether the ports of a service that does not run are free.
pub(super) fn check_recorded(record: &Record) -> Result<(), Error> {
    for (name, port) in &record.ports {
        let number = port.address.port();
        if !port::is_free(port.bind, number) {
            return Err(taken(&record.name, name, port.bind, number));
        }
    }
    Ok(())
}

fn taken(service: &str, name: &str, bind: IpAddr, number: u16) -> Error {
    Error::PortTaken {
        service: service.to_owned(),
        name: name.to_owned(),
        port: number,
        bind: bind.to_string(),
        holder: port::holder(number).unwrap_or(PortHolder::Unknown),
    }
}

/// Returns the address of a running service's port.
pub(super) fn address(folder: &Folder, port: &str) -> Result<SocketAddr, Error> {
    let service = folder.name().to_owned();
    let record = folder.created()?;
    if observe::state(folder) != Some(ServiceState::Running) {
        return Err(Error::NotRunning { service });
    }
    match record.ports.get(port) {
        Some(found) => Ok(found.address),
        None => Err(Error::NoPort {
            service,
            port: port.to_owned(),
        }),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::Role;
    use crate::model::ImageSource;

    /// Returns a service with ports that are chosen.
    pub(in crate::engine::process) fn spec(name: &str, ports: &[&str]) -> ServiceSpec {
        let port = |name: &&str| PortSpec {
            name: (*name).to_owned(),
            container: 80,
            host: HostPort::Any,
            bind: Ipv4Addr::LOCALHOST.into(),
        };
        ServiceSpec {
            ports: ports.iter().map(port).collect(),
            ..ServiceSpec::new(name, Role::Service, ImageSource::Named(name.to_owned()))
        }
    }

    #[test]
    fn ports_come_from_outside_the_range_of_clients() {
        assert_eq!(range("32768\t60999\n"), 20_000..=32_767);
        assert_eq!(range("15000 60999"), 61_000..=65_535);
        assert_eq!(range("1024 65535"), 20_000..=29_999);
        assert_eq!(range(""), 20_000..=29_999);
    }

    #[test]
    fn a_chosen_port_that_is_taken_makes_its_service_move() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap();
        let key = ("api".to_owned(), "http".to_owned());
        let check = |fixed, runs, given: Option<SocketAddr>, expect| {
            let port = crate::engine::process::record::RecordedPort {
                container: 80,
                bind: taken.ip(),
                fixed,
                address: taken,
            };
            let mut record = crate::engine::process::record::tests::record("api");
            record.ports.insert("http".to_owned(), port);
            let ledger = given
                .map(|given| (key.clone(), given))
                .into_iter()
                .collect();
            let listening = ListeningPorts::default();
            assert_eq!(must_move(&record, runs, (&ledger, &listening)), expect);
        };
        check(false, false, Some(taken), true);
        check(false, true, Some(taken), false);
        check(true, false, Some(taken), false);
        let other = SocketAddr::from(([127, 0, 0, 1], 1));
        check(false, true, Some(other), true);
        check(false, true, None, false);
        drop(listener);
        check(false, false, Some(taken), false);
    }

    #[test]
    fn every_port_comes_once() {
        let ports = |instance: &str| from(20_000..=20_009, instance).collect::<Vec<u16>>();
        let mut sorted = ports("one");
        sorted.sort_unstable();
        assert_eq!(sorted, (20_000..=20_009).collect::<Vec<u16>>());
        let firsts = ["a", "b", "c", "d", "e"].map(|instance| ports(instance)[0]);
        assert!(firsts.iter().any(|first| *first != firsts[0]), "{firsts:?}");
    }
}
