//! What `${services.…}` means to the one who reads it: service names and container ports inside
//! the instance's network, loopback addresses and published ports outside of it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use super::desired::replica_name;
use crate::engine::{Addresses, ServiceSpec, host_of_replica};
use crate::model::{
    Environment, Kind, Reference, Secret, ServiceField, UNRESERVED, percent_encoded,
};

/// The declared ports, replicas and credentials of every service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wiring {
    services: BTreeMap<String, Wire>,
}

#[derive(Clone, Debug, PartialEq)]
struct Wire {
    /// Port name -> container port, in declaration order.
    ports: Vec<(String, u16)>,
    replicas: u32,
    scheme: Scheme,
}

/// How a service's URL begins and ends.
#[derive(Clone, Debug, PartialEq)]
enum Scheme {
    Http,
    Postgres {
        user: String,
        password: Secret,
        database: String,
    },
    Redis {
        password: Option<Secret>,
    },
}

impl Wiring {
    pub fn new(environment: &Environment) -> Self {
        let wire = |service: &crate::model::Service| Wire {
            ports: service
                .ports
                .iter()
                .map(|(name, port)| (name.clone(), port.container))
                .collect(),
            replicas: service.replicas,
            scheme: match &service.kind {
                Kind::Container => Scheme::Http,
                Kind::Postgres(postgres) => Scheme::Postgres {
                    user: postgres.user.clone(),
                    password: postgres.password.clone(),
                    database: postgres.database.clone(),
                },
                Kind::Redis(redis) => Scheme::Redis {
                    password: redis.password.clone(),
                },
            },
        };
        let services = environment.services.iter();
        Self {
            services: services
                .map(|(name, service)| (name.clone(), wire(service)))
                .collect(),
        }
    }

    /// Fills a reference for a reader inside the instance's network.
    pub fn inside(&self, reference: &Reference) -> Result<Secret, String> {
        self.fill(reference, |port: &WiredPort<'_>| Ok(inside(port)))
    }

    /// Returns the addresses of a service's replicas for a reader inside the instance's network.
    pub(crate) fn replicas_inside(&self, service: &str) -> Result<Vec<Replica>, String> {
        self.replicas(service, &|port: &WiredPort<'_>| Ok(inside(port)))
    }

    /// Returns the addresses of a service's replicas for processes of this machine.
    pub(crate) fn replicas_beside(
        &self,
        service: &str,
        assigned: &Addresses,
    ) -> Result<Vec<Replica>, String> {
        self.replicas(service, &beside(assigned))
    }

    /// Fills a reference for a reader on this machine.
    pub fn outside(&self, reference: &Reference, published: &Addresses) -> Result<Secret, String> {
        self.fill(reference, |port: &WiredPort<'_>| {
            found(published, &port.container(), port.name).ok_or_else(|| {
                let (name, service) = (port.name, port.service);
                format!("port `{name}` of `{service}` is not published now")
            })
        })
    }

    /// Fills a reference for a service that is a process of this machine. What it reads of
    /// itself is what it must bind, and each replica its own.
    pub fn beside(
        &self,
        reference: &Reference,
        reader: &ServiceSpec,
        assigned: &Addresses,
    ) -> Result<Secret, String> {
        self.fill(reference, |port: &WiredPort<'_>| {
            if port.service == reader.service && port.replica.is_none() {
                let own = found(assigned, &reader.name, port.name);
                return own.ok_or_else(|| port.without_address());
            }
            beside(assigned)(port)
        })
    }

    /// Returns the ports that a reference is about, each with its container or process.
    pub(crate) fn ports_of(&self, reference: &Reference) -> Vec<(String, String)> {
        let Reference::Service { service, field } = reference else {
            return Vec::new();
        };
        let wire = self.services.get(service);
        let port = wire.and_then(|wire| Some((wire, wire.port(service, field).ok()?)));
        let Some((wire, (port, _))) = port else {
            return Vec::new();
        };
        let replicas = match field {
            ServiceField::Addresses => wire.replicas,
            _ => 1,
        };
        let names = (1..=replicas).map(|replica| replica_name(service, replica));
        names.map(|name| (name, port.to_owned())).collect()
    }

    /// Returns every (service, port name).
    pub fn ports(&self) -> impl Iterator<Item = (&str, &str)> {
        self.services.iter().flat_map(|(service, wire)| {
            wire.ports
                .iter()
                .map(move |(name, _)| (service.as_str(), name.as_str()))
        })
    }

    /// Returns a service's URL without its password, for people.
    pub fn public_url(&self, service: &str, port: &str, address: SocketAddr) -> String {
        match self.services.get(service).map(|wire| &wire.scheme) {
            Some(Scheme::Postgres { user, database, .. }) => {
                format!(
                    "postgresql://{}@{address}/{}",
                    encode(user),
                    encode(database)
                )
            }
            Some(Scheme::Redis { .. }) => format!("redis://{address}"),
            _ if port.starts_with("http") => format!("http://{address}"),
            _ => address.to_string(),
        }
    }

    fn fill(
        &self,
        reference: &Reference,
        address: impl Fn(&WiredPort<'_>) -> Result<(String, u16), String>,
    ) -> Result<Secret, String> {
        let Reference::Service { service, field } = reference else {
            return Err(format!("{reference} can only be used in build arguments"));
        };
        let wire = self
            .services
            .get(service)
            .ok_or_else(|| format!("no service `{service}`"))?;
        if *field == ServiceField::Addresses {
            let replicas = self.replicas(service, &address)?;
            let replicas = replicas.iter().map(Replica::to_string);
            return Ok(Secret::new(replicas.collect::<Vec<_>>().join(",")));
        }
        let (name, container) = wire.port(service, field)?;
        let (host, port) = address(&WiredPort {
            service,
            replica: None,
            name,
            container,
        })?;
        Ok(match field {
            ServiceField::Host => Secret::new(host),
            ServiceField::Url => wire.url(&host, port),
            _ => Secret::new(port.to_string()),
        })
    }

    fn replicas(
        &self,
        service: &str,
        address: &impl Fn(&WiredPort<'_>) -> Result<(String, u16), String>,
    ) -> Result<Vec<Replica>, String> {
        let wire = self.services.get(service);
        let wire = wire.ok_or_else(|| format!("no service `{service}`"))?;
        let (name, container) = wire.port(service, &ServiceField::Addresses)?;
        let replica = |replica| {
            let (host, port) = address(&WiredPort {
                service,
                replica: Some(replica),
                name,
                container,
            })?;
            let name = replica_name(service, replica);
            Ok(Replica { name, host, port })
        };
        (1..=wire.replicas).map(replica).collect()
    }
}

/// Where one replica of a service is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replica {
    /// `api`, `api-2`
    pub name: String,
    pub host: String,
    pub port: u16,
}

impl fmt::Display for Replica {
    /// Writes `host:port`; an IPv6 address in brackets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", in_url(&self.host), self.port)
    }
}

/// A port that somebody wants to reach.
struct WiredPort<'a> {
    service: &'a str,
    /// Counted from 1; `None` for whichever of them.
    replica: Option<u32>,
    name: &'a str,
    /// Its number in the container.
    container: u16,
}

impl WiredPort<'_> {
    /// Returns the name of the container or process.
    fn container(&self) -> String {
        replica_name(self.service, self.replica.unwrap_or(1))
    }

    fn without_address(&self) -> String {
        format!(
            "port `{}` of `{}` has no address",
            self.name,
            self.container()
        )
    }
}

/// On the network each replica has a name of its own, and all of them share their service's.
fn inside(port: &WiredPort<'_>) -> (String, u16) {
    let host = match port.replica {
        Some(_) => host_of_replica(port.service, &port.container()),
        None => port.service.to_owned(),
    };
    (host, port.container)
}

fn beside(assigned: &Addresses) -> impl Fn(&WiredPort<'_>) -> Result<(String, u16), String> {
    |port| {
        let found = found(assigned, &port.container(), port.name);
        found.ok_or_else(|| port.without_address())
    }
}

fn found(addresses: &Addresses, container: &str, port: &str) -> Option<(String, u16)> {
    let address = addresses.get(&(container.to_owned(), port.to_owned()))?;
    Some((address.ip().to_string(), address.port()))
}

/// Returns a host as it stands in a URL (RFC 3986).
fn in_url(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

impl Wire {
    fn port(&self, service: &str, field: &ServiceField) -> Result<(&str, u16), String> {
        let found = match field {
            ServiceField::NamedPort(wanted) => self.ports.iter().find(|(name, _)| name == wanted),
            ServiceField::File(name) => {
                return Err(format!("only `{service}` itself knows its file `{name}`"));
            }
            ServiceField::Url
            | ServiceField::Host
            | ServiceField::Port
            | ServiceField::Addresses => self
                .ports
                .iter()
                .find(|(name, _)| name == "http")
                .or_else(|| self.ports.first()),
        };
        found
            .map(|(name, port)| (name.as_str(), *port))
            .ok_or_else(|| format!("`{service}` has no such port"))
    }

    /// Returns the URL, which is known only where its password is.
    fn url(&self, host: &str, port: u16) -> Secret {
        let host = in_url(host);
        match &self.scheme {
            Scheme::Postgres {
                user,
                password,
                database,
            } => password.within(format!(
                "postgresql://{}:{}@{host}:{port}/{}",
                encode(user),
                encode(password.expose()),
                encode(database)
            )),
            Scheme::Redis {
                password: Some(password),
            } => password.within(format!(
                "redis://:{}@{host}:{port}",
                encode(password.expose())
            )),
            Scheme::Redis { password: None } => Secret::new(format!("redis://{host}:{port}")),
            Scheme::Http => Secret::new(format!("http://{host}:{port}")),
        }
    }
}

fn encode(text: &str) -> String {
    percent_encoded(text, UNRESERVED)
}
