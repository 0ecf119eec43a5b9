//! What `${services.…}` means to the one who reads it: service names and container ports inside
//! the instance's network, loopback addresses and published ports outside of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::config::model::{Environment, Kind, Reference, Secret, ServiceField};
use crate::engine::{Addresses, ServiceSpec};

/// The declared ports and credentials of every service.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    services: BTreeMap<String, Wire>,
}

#[derive(Clone, Debug)]
struct Wire {
    /// Port name -> container port, in declaration order.
    ports: Vec<(String, u16)>,
    scheme: Scheme,
}

/// How a service's URL begins and ends.
#[derive(Clone, Debug)]
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
        let wire = |service: &crate::config::model::Service| Wire {
            ports: service
                .ports
                .iter()
                .map(|(name, port)| (name.clone(), port.container))
                .collect(),
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
        self.fill(reference, |service, _, port| Ok((service.to_owned(), port)))
    }

    /// Fills a reference for a reader on this machine.
    pub fn outside(&self, reference: &Reference, published: &Addresses) -> Result<Secret, String> {
        self.fill(reference, |service, name, _| {
            published
                .get(&(service.to_owned(), name.to_owned()))
                .map(|address| (address.ip().to_string(), address.port()))
                .ok_or_else(|| format!("port `{name}` of `{service}` is not published now"))
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
        self.fill(reference, |service, name, _| {
            let service = if service == reader.service {
                &reader.name
            } else {
                service
            };
            assigned
                .get(&(service.to_owned(), name.to_owned()))
                .map(|address| (address.ip().to_string(), address.port()))
                .ok_or_else(|| format!("port `{name}` of `{service}` has no address"))
        })
    }

    /// Returns the service and the name of the port that a reference is about.
    pub fn port(&self, reference: &Reference) -> Option<(&str, &str)> {
        let Reference::Service { service, field } = reference else {
            return None;
        };
        let (name, wire) = self.services.get_key_value(service)?;
        let (port, _) = wire.port(service, field).ok()?;
        Some((name, port))
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
        address: impl Fn(&str, &str, u16) -> Result<(String, u16), String>,
    ) -> Result<Secret, String> {
        let Reference::Service { service, field } = reference else {
            return Err(format!("{reference} can only be used in build arguments"));
        };
        let wire = self
            .services
            .get(service)
            .ok_or_else(|| format!("no service `{service}`"))?;
        let (name, container) = wire.port(service, field)?;
        let (host, port) = address(service, name, container)?;
        Ok(Secret::new(match field {
            ServiceField::Host => host,
            ServiceField::Port | ServiceField::NamedPort(_) => port.to_string(),
            ServiceField::Url => wire.url(&host, port),
        }))
    }
}

impl Wire {
    fn port(&self, service: &str, field: &ServiceField) -> Result<(&str, u16), String> {
        let found = match field {
            ServiceField::NamedPort(wanted) => self.ports.iter().find(|(name, _)| name == wanted),
            ServiceField::Url | ServiceField::Host | ServiceField::Port => self
                .ports
                .iter()
                .find(|(name, _)| name == "http")
                .or_else(|| self.ports.first()),
        };
        found
            .map(|(name, port)| (name.as_str(), *port))
            .ok_or_else(|| format!("`{service}` has no such port"))
    }

    fn url(&self, host: &str, port: u16) -> String {
        // As RFC 3986 has it of IPv6 addresses.
        let host = if host.contains(':') {
            &format!("[{host}]")
        } else {
            host
        };
        match &self.scheme {
            Scheme::Postgres {
                user,
                password,
                database,
            } => format!(
                "postgresql://{}:{}@{host}:{port}/{}",
                encode(user),
                encode(password.expose()),
                encode(database)
            ),
            Scheme::Redis {
                password: Some(password),
            } => format!("redis://:{}@{host}:{port}", encode(password.expose())),
            Scheme::Redis { password: None } => format!("redis://{host}:{port}"),
            Scheme::Http => format!("http://{host}:{port}"),
        }
    }
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_with_reserved_characters_is_encoded() {
        assert_eq!(encode("p@ss:w/ö~"), "p%40ss%3Aw%2F%C3%B6~");
    }
}
