//! Where a service listens that does not answer where it is asked.

use std::net::SocketAddr;

use crate::engine::{Engine, PortSpec};
use crate::model::Probe;
use crate::plan::desired::{DesiredService, Readiness};

/// What was seen of a service's processes, beside where they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// The declared service.
    pub service: String,
    /// The name of the port that is asked.
    pub port: String,
    /// Where it would be heard: in its container, or as a process its own address.
    pub asked: SocketAddr,
    /// Where its processes listen, as they see it.
    pub found: Vec<SocketAddr>,
    pub is_proxied: bool,
}

/// Finds out where a service listens, if that is not where it is asked.
pub(super) async fn elsewhere(engine: &dyn Engine, service: &DesiredService) -> Option<Listening> {
    let spec = &service.spec;
    let asked: Vec<&PortSpec> = match &service.readiness {
        Readiness::Probe(Probe::Http { port, .. } | Probe::Tcp { port }) => {
            spec.ports.iter().filter(|it| it.name == *port).collect()
        }
        Readiness::Ports(_) => spec.ports.iter().collect(),
        _ => return None,
    };
    let is_proxied = engine.capabilities().proxied_ports;
    let found = engine.inside().ok()?.listeners(&spec.name);
    let found = found.await.ok().flatten()?;
    for port in asked {
        let published = engine.address(&spec.name, &port.name).await.ok()?;
        let asked = if is_proxied {
            SocketAddr::from(([0, 0, 0, 0], port.container))
        } else {
            published
        };
        let listening = Listening {
            service: spec.service.clone(),
            port: port.name.clone(),
            asked,
            found: found.clone(),
            is_proxied,
        };
        if !found.iter().any(|address| listening.hears(*address)) {
            return Some(listening);
        }
    }
    None
}

impl Listening {
    /// Whether who listens on an address is heard where the service is asked.
    fn hears(&self, address: SocketAddr) -> bool {
        if address.port() != self.asked.port() {
            return false;
        }
        if self.is_proxied {
            return !address.ip().is_loopback();
        }
        let same_kind = address.is_ipv4() == self.asked.is_ipv4();
        // Every address of the newer kind takes those of the older one as well.
        let every = address.ip().is_unspecified() && (same_kind || address.is_ipv6());
        every || address.ip() == self.asked.ip()
    }

    /// Returns the addresses of the port that is asked, at which nobody is heard.
    pub fn unheard(&self) -> Vec<SocketAddr> {
        let found = self.found.iter().copied();
        found.filter(|it| it.port() == self.asked.port()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listening(asked: &str, found: &[&str], is_proxied: bool) -> Listening {
        Listening {
            service: "web".to_owned(),
            port: "http".to_owned(),
            asked: asked.parse().unwrap(),
            found: found.iter().map(|it| it.parse().unwrap()).collect(),
            is_proxied,
        }
    }

    #[test]
    fn who_listens_is_heard_or_not() {
        let check = |asked, found, is_proxied, expect: bool| {
            let listening = listening(asked, &[found], is_proxied);
            assert_eq!(listening.hears(listening.found[0]), expect, "{found}");
        };
        let process = "127.0.0.1:3000";
        check(process, "127.0.0.1:3000", false, true);
        check(process, "0.0.0.0:3000", false, true);
        check(process, "[::]:3000", false, true);
        check(process, "[::1]:3000", false, false);
        check(process, "127.0.0.1:5173", false, false);
        check("[::1]:3000", "0.0.0.0:3000", false, false);
        let container = "0.0.0.0:80";
        check(container, "0.0.0.0:80", true, true);
        check(container, "[::]:80", true, true);
        check(container, "172.17.0.2:80", true, true);
        check(container, "127.0.0.1:80", true, false);
        check(container, "0.0.0.0:8080", true, false);
    }
}
