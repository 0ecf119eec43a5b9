//! What `${services.…}` means to the one who reads it: service names and container ports inside
//! the instance's network, loopback addresses and published ports outside of it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use super::desired::replica_name;
use crate::engine::{Addresses, ServiceSpec, host_of_replica};
use crate::kinds::{self, has_password, without_password};
use crate::model::{Environment, Kind, Part, Reference, Secret, Service, ServiceField, Template};

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
    url: Template,
    /// Whether the URL says more than that it speaks HTTP.
    is_own_url: bool,
}

impl Wiring {
    pub fn new(environment: &Environment) -> Self {
        let wire = |(name, service): (&String, &Service)| {
            let ports = service.ports.iter();
            let wire = Wire {
                ports: ports
                    .map(|(name, port)| (name.clone(), port.container))
                    .collect(),
                replicas: service.replicas,
                url: kinds::url(name, service),
                is_own_url: service.url.is_some() || service.kind != Kind::Container,
            };
            (name.clone(), wire)
        };
        Self {
            services: environment.services.iter().map(wire).collect(),
        }
    }

    /// Fills a reference for a reader inside the instance's network.
    pub fn inside(&self, reference: &Reference) -> Result<Secret, String> {
        self.fill(reference, &|port: &WiredPort<'_>| Ok(inside(port)))
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
        self.fill(reference, &|port: &WiredPort<'_>| {
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
        self.fill(reference, &|port: &WiredPort<'_>| {
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
        let Some(wire) = self.services.get(service) else {
            return Vec::new();
        };
        let fields = match field {
            ServiceField::Url => wire.fields_of_url(),
            field => vec![field],
        };
        let mut ports = Vec::new();
        for field in fields {
            let Ok((port, _)) = wire.port(service, field) else {
                continue;
            };
            let replicas = match field {
                ServiceField::Addresses => wire.replicas,
                _ => 1,
            };
            let names = (1..=replicas).map(|replica| replica_name(service, replica));
            ports.extend(names.map(|name| (name, port.to_owned())));
        }
        ports.dedup();
        ports
    }

    /// Returns every (service, port name).
    pub fn ports(&self) -> impl Iterator<Item = (&str, &str)> {
        self.services.iter().flat_map(|(service, wire)| {
            wire.ports
                .iter()
                .map(move |(name, _)| (service.as_str(), name.as_str()))
        })
    }

    /// Returns a service's URL at one of its ports without its password, for people; the port's bare
    /// address where nothing is known of it.
    pub fn public_url(&self, service: &str, port: &str, address: SocketAddr) -> String {
        let place = |asked: &WiredPort<'_>| {
            let is_it = asked.name == port;
            let place = (address.ip().to_string(), address.port());
            is_it.then_some(place).ok_or_else(String::new)
        };
        let wire = self.services.get(service);
        let wire = wire.filter(|wire| wire.is_own_url && wire.is_reached_at(service, port));
        let url = wire.and_then(|wire| {
            let shown = wire.url.parts.iter().map(|part| match part {
                Part::Secret(secret) => Part::Text(secret.to_string()),
                other => other.clone(),
            });
            let shown = Template {
                parts: shown.collect(),
            };
            self.url(service, &shown, &place).ok()
        });
        match url {
            Some(url) => without_password(url.expose()),
            None if port.starts_with("http") => format!("http://{address}"),
            None => address.to_string(),
        }
    }

    /// Returns the one port that the declared URL of a service leads to.
    pub(crate) fn port_of_url(&self, service: &str) -> Option<&str> {
        let wire = self.services.get(service).filter(|wire| wire.is_own_url)?;
        let mut ports = wire.ports.iter().map(|(name, _)| name.as_str());
        ports.find(|port| wire.is_reached_at(service, port))
    }

    /// Whether the URL of a service leads to this port, and holds what is not shown of it.
    pub(crate) fn is_hidden(&self, service: &str, port: &str) -> bool {
        let wire = self.services.get(service);
        wire.is_some_and(|wire| wire.is_reached_at(service, port) && has_password(&wire.url))
    }

    fn wire(&self, service: &str) -> Result<&Wire, String> {
        let wire = self.services.get(service);
        wire.ok_or_else(|| format!("no service `{service}`"))
    }

    fn fill(&self, reference: &Reference, address: &AddressOf<'_>) -> Result<Secret, String> {
        let Reference::Service { service, field } = reference else {
            return Err(format!("{reference} can only be used in build arguments"));
        };
        let wire = self.wire(service)?;
        if *field == ServiceField::Addresses {
            let replicas = self.replicas(service, address)?;
            let replicas = replicas.iter().map(Replica::to_string);
            return Ok(Secret::new(replicas.collect::<Vec<_>>().join(",")));
        }
        if *field == ServiceField::Url {
            return self.url(service, &wire.url, address);
        }
        let (host, port) = address(&wire.wired(service, field)?)?;
        Ok(match field {
            ServiceField::Host => Secret::new(host),
            _ => Secret::new(port.to_string()),
        })
    }

    /// Fills a URL, which is known only where its password is. Its host is that of the port that it
    /// names.
    fn url(
        &self,
        service: &str,
        url: &Template,
        address: &AddressOf<'_>,
    ) -> Result<Secret, String> {
        let wire = self.wire(service)?;
        url.fill(|reference| match reference {
            Reference::Service {
                field: ServiceField::Host,
                ..
            } => {
                let (host, _) = address(&wire.wired(service, wire.field_of_host())?)?;
                Ok(Secret::new(in_url(&host)))
            }
            reference => self.fill(reference, address),
        })
    }

    fn replicas(&self, service: &str, address: &AddressOf<'_>) -> Result<Vec<Replica>, String> {
        let wire = self.wire(service)?;
        let wired = wire.wired(service, &ServiceField::Addresses)?;
        let replica = |replica| {
            let (host, port) = address(&WiredPort {
                replica: Some(replica),
                ..wired
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

/// Where a reader reaches a port: host and number.
type AddressOf<'a> = dyn Fn(&WiredPort<'_>) -> Result<(String, u16), String> + 'a;

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

    /// Returns the port that a field is about, of whichever replica.
    fn wired<'a>(
        &'a self,
        service: &'a str,
        field: &ServiceField,
    ) -> Result<WiredPort<'a>, String> {
        let (name, container) = self.port(service, field)?;
        Ok(WiredPort {
            service,
            replica: None,
            name,
            container,
        })
    }

    /// Returns the parts of its address that its URL names.
    fn fields_of_url(&self) -> Vec<&ServiceField> {
        let fields = self
            .url
            .references()
            .filter_map(|reference| match reference {
                Reference::Service {
                    field: ServiceField::Host,
                    ..
                } => Some(self.field_of_host()),
                Reference::Service { field, .. } => Some(field),
                _ => None,
            });
        fields.collect()
    }

    /// Returns what names the port whose host is the URL's.
    fn field_of_host(&self) -> &ServiceField {
        let mut fields = self
            .url
            .references()
            .filter_map(|reference| match reference {
                Reference::Service { field, .. } => Some(field),
                _ => None,
            });
        let named = fields.find(|field| matches!(field, ServiceField::NamedPort(_)));
        named.unwrap_or(&ServiceField::Port)
    }

    /// Whether the URL names this port.
    fn is_reached_at(&self, service: &str, port: &str) -> bool {
        let mut fields = self.fields_of_url().into_iter();
        fields.any(|field| {
            self.port(service, field)
                .is_ok_and(|(name, _)| name == port)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Request, invocation, load};

    const QUEUE: &str = "[secrets.PASS]\nfile = 'password'\n[services.queue]\nimage = 'rabbitmq:4'\n\
                         ports = { amqp = 5672, http = 15672 }\n\
                         url = 'amqp://app:${secret:PASS}@${services.queue.host}:\
                         ${services.queue.ports.amqp}/'\n";

    fn wiring(env: &str) -> Wiring {
        let workspace = tempfile::tempdir().unwrap();
        let folder = workspace.path().join("envs/shop");
        fs_err::create_dir_all(&folder).unwrap();
        fs_err::write(folder.join("env.toml"), env).unwrap();
        fs_err::write(folder.join("password"), "p@ss word").unwrap();
        let invocation = invocation(&Request {
            directory: workspace.path().to_owned(),
            ..Request::default()
        });
        Wiring::new(&load(&invocation.unwrap()).unwrap().environment)
    }

    fn url_of(service: &str) -> Reference {
        Reference::Service {
            service: service.to_owned(),
            field: ServiceField::Url,
        }
    }

    #[test]
    fn a_declared_url_has_the_address_that_its_reader_reaches() {
        let wiring = wiring(QUEUE);
        let inside = wiring.inside(&url_of("queue")).unwrap();
        assert_eq!(inside.expose(), "amqp://app:p%40ss%20word@queue:5672/");
        let address: SocketAddr = "[::1]:20001".parse().unwrap();
        let published = Addresses::from([(("queue".to_owned(), "amqp".to_owned()), address)]);
        let outside = wiring.outside(&url_of("queue"), &published).unwrap();
        assert_eq!(outside.expose(), "amqp://app:p%40ss%20word@[::1]:20001/");
        let expect = [("queue".to_owned(), "amqp".to_owned())];
        assert_eq!(wiring.ports_of(&url_of("queue")), expect);
    }

    #[test]
    fn a_declared_url_is_shown_at_the_port_that_it_names() {
        let wiring = wiring(QUEUE);
        let address: SocketAddr = "127.0.0.1:20001".parse().unwrap();
        let shown = |port| wiring.public_url("queue", port, address);
        assert_eq!(shown("amqp"), "amqp://app@127.0.0.1:20001/");
        assert_eq!(shown("http"), "http://127.0.0.1:20001");
        assert!(wiring.is_hidden("queue", "amqp"));
        assert!(!wiring.is_hidden("queue", "http"));
        assert_eq!(wiring.port_of_url("queue"), Some("amqp"));
    }

    #[test]
    fn a_server_has_the_url_of_its_kind() {
        let wiring = wiring(
            "[services.db]\nkind = 'postgres'\nuser = 'a b'\npassword = 'pw'\n\
             [services.cache]\nkind = 'redis'\n[services.own]\nkind = 'redis'\npassword = 'pw'\n",
        );
        let inside = |service: &str| wiring.inside(&url_of(service)).unwrap().expose().to_owned();
        assert_eq!(inside("db"), "postgresql://a%20b:pw@db:5432/a%20b");
        assert_eq!(inside("cache"), "redis://cache:6379");
        assert_eq!(inside("own"), "redis://:pw@own:6379");
        let address: SocketAddr = "127.0.0.1:20001".parse().unwrap();
        let shown = |service: &str, port: &str| wiring.public_url(service, port, address);
        let expect = "postgresql://a%20b@127.0.0.1:20001/a%20b";
        assert_eq!(shown("db", "postgres"), expect);
        assert_eq!(shown("own", "redis"), "redis://127.0.0.1:20001");
    }
}
