//! What an engine sees of an instance.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime};

use super::{Addresses, ImageHandle, Role, ServiceState};

/// Everything that exists of an instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The addresses that are assigned to processes; empty where there is a network.
    pub addresses: Addresses,
    /// The engine's handle of the network.
    pub network: Option<String>,
    /// Volume name in the environment -> the engine's handle.
    pub volumes: BTreeMap<String, String>,
    /// Containers, in start order; one name can stand here twice after a crash.
    pub services: Vec<ObservedService>,
}

impl Observed {
    /// Returns the same in short.
    pub fn outline(&self) -> Outline {
        let services = self.services.iter();
        let services = services.filter(|service| service.role == Role::Service);
        let made = services.map(|service| &service.made);
        let is_empty = self.services.is_empty() && self.volumes.is_empty();
        Outline {
            is_there: !is_empty || self.network.is_some(),
            made: made.max_by_key(|made| made.created).cloned(),
        }
    }
}

/// A container as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedService {
    pub name: String,
    /// The declared service, which replicas share.
    pub service: String,
    pub role: Role,
    /// The engine's handle: a container id.
    pub handle: String,
    /// The label `envctl.hash`; empty when the label is missing.
    pub hash: String,
    pub image: ImageHandle,
    pub state: ServiceState,
    /// How often its `restart` started it again, since somebody started it.
    pub restarts: u32,
    /// How long it has run without a break.
    pub ran: Duration,
    /// When it was started last, by the engine's clock; `None` where it does not run.
    pub started: Option<SystemTime>,
    /// What is wrong with how it runs.
    pub defect: Option<Defect>,
    pub order: u32,
    /// Port name -> where it is published.
    pub ports: BTreeMap<String, PublishedPort>,
    pub made: MadeWith,
    /// Name of a file in the environment -> SHA-256 of the content that it runs with.
    pub files: BTreeMap<String, String>,
}

/// What can be wrong with how a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It is not on the instance's network.
    OffNetwork,
    /// Nobody watches over it, so that it is not started again and its end is not known.
    Unsupervised,
}

impl ObservedService {
    /// Returns where its ports are reached from this machine while it runs.
    pub fn addresses(&self) -> Addresses {
        let running = self.state == ServiceState::Running;
        let ports = self.ports.iter().filter(|_| running);
        ports
            .map(|(port, at)| ((self.name.clone(), port.clone()), at.reached()))
            .collect()
    }
}

/// What a service was made with, beyond env.toml.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MadeWith {
    pub profiles: Vec<String>,
    /// `--set` values: `KEY=VALUE`.
    pub sets: Vec<String>,
    /// When that was; `None` when the engine does not say.
    pub created: Option<SystemTime>,
}

/// What shows of an instance without a look at each of its services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Whether there is a service, a network or a volume.
    pub is_there: bool,
    /// What the newest service was made with: an `up` with other flags makes anew only what they
    /// change, so that it tells the last ones.
    pub made: Option<MadeWith>,
}

/// A published port as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedPort {
    pub container: u16,
    pub bind: IpAddr,
    pub host: u16,
}

impl PublishedPort {
    /// Returns where it can be reached from this machine: "every address" is none to connect to.
    pub fn reached(&self) -> SocketAddr {
        let address = match self.bind {
            IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            address => address,
        };
        SocketAddr::new(address, self.host)
    }
}
