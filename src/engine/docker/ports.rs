//! The ports that a container asks for, and whether the host has them free.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use bollard::models::{ContainerInspectResponse, PortBinding, PortMap};

use super::{container, labels};
use crate::engine::PublishedPort;

/// A host port that a container needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fixed {
    /// The port's name: `http`.
    pub name: String,
    pub bind: IpAddr,
    pub host: u16,
}

/// Returns the host ports that a container was created with, without those left to the daemon.
pub(super) fn fixed(container: &ContainerInspectResponse) -> Vec<Fixed> {
    let config = container.host_config.as_ref();
    let bindings = config.and_then(|config| config.port_bindings.as_ref());
    let fixed = |(name, number): (String, u16)| {
        let (bind, host) = host_side(first_binding(bindings?, number)?)?;
        Some(Fixed { name, bind, host })
    };
    named(container).into_iter().filter_map(fixed).collect()
}

/// Returns where the container's named ports are published now.
pub(super) fn published(container: &ContainerInspectResponse) -> BTreeMap<String, PublishedPort> {
    let settings = container.network_settings.as_ref();
    let current = settings.and_then(|settings| settings.ports.as_ref());
    named(container)
        .into_iter()
        .filter_map(|(name, number)| {
            let (bind, host) = host_side(first_binding(current?, number)?)?;
            let port = PublishedPort {
                container: number,
                bind,
                host,
            };
            Some((name, port))
        })
        .collect()
}

/// Returns the port names that the container was created with.
fn named(container: &ContainerInspectResponse) -> BTreeMap<String, u16> {
    let labels = container::labels_of(container);
    labels::from_json(labels.and_then(|labels| labels.get(labels::PORTS)))
}

fn first_binding(ports: &PortMap, number: u16) -> Option<&PortBinding> {
    ports.get(&format!("{number}/tcp"))?.as_ref()?.first()
}

fn host_side(binding: &PortBinding) -> Option<(IpAddr, u16)> {
    let port: u16 = binding.host_port.as_deref()?.parse().ok()?;
    let bind = binding.host_ip.as_deref().unwrap_or_default();
    let bind = bind.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    (port != 0).then_some((bind, port))
}
