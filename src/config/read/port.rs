//! Ports of services, and whether two services want the same one of the host.

use std::net::{IpAddr, Ipv4Addr};

use indexmap::IndexMap;

use super::section::Section;
use crate::config::mistake::Mistake;
use crate::model::{HostPort, Kind, Port, Secret, Service};

/// The password that every reader of the documentation knows.
const DEFAULT_PASSWORD: &str = "postgres";

/// Reads `ports`.
pub(super) fn read(section: &Section<'_>) -> IndexMap<String, Port> {
    let ports = section.sections("ports").into_iter();
    ports.map(|(name, port)| (name, read_one(&port))).collect()
}

fn read_one(section: &Section<'_>) -> Port {
    section.missing("container", "");
    let container = section.integer("container");
    let host = section.integer("host");
    if host.is_none() {
        // What is known only later is reported.
        section.text("host");
    }
    let bind = section.text("bind").map(|text| {
        text.parse().unwrap_or_else(|_| {
            let hint = Some("write `127.0.0.1`, or `0.0.0.0` for every interface".to_owned());
            section.wrong_with("bind", format!("`{text}` is no IP address"), hint);
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        })
    });
    Port {
        container: container.map_or(0, number_of),
        host: host.map_or(HostPort::Any, |it| HostPort::Fixed(number_of(it))),
        bind: bind.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        path: section.text("path"),
    }
}

fn number_of(number: i64) -> u16 {
    u16::try_from(number).expect("a port was read within its range")
}

/// Reports what is wrong with ports that are each right alone.
pub(super) fn check(root: &Section<'_>, services: &IndexMap<String, Service>) {
    let mut taken: Vec<(String, Port, u16)> = Vec::new();
    for (service, section) in root.sections("services") {
        let Some(declared) = services.get(&service) else {
            continue;
        };
        for (name, port_section) in section.sections("ports") {
            let Some(port) = declared.ports.get(&name) else {
                continue;
            };
            // A password that could not be read is a mistake already.
            let no_password = !section.has("password");
            let known = well_known(&declared.kind, no_password);
            if let Some(how) = known.filter(|_| !port.bind.is_loopback()) {
                refuse_public(&port_section, port, &service, how);
            }
            let HostPort::Fixed(number) = port.host else {
                continue;
            };
            let path = port_section.path.clone();
            let same = |(_, other, taken): &&(String, Port, u16)| {
                let meet = port.bind == other.bind
                    || port.bind.is_unspecified()
                    || other.bind.is_unspecified();
                *taken == number && meet
            };
            if let Some((other, _, _)) = taken.iter().find(same) {
                let message = format!("`{path}` and `{other}` both want host port {number}");
                port_section.wrong("host", message);
            }
            taken.push((path, port.clone(), number));
        }
    }
}

/// Says how a server lets everybody in, if it does.
fn well_known(kind: &Kind, no_password: bool) -> Option<&'static str> {
    let is_default = |password: &&Secret| password.expose() == DEFAULT_PASSWORD;
    let known = |_| "with a password that everybody knows";
    match kind {
        Kind::Postgres(it) => Some(&it.password).filter(is_default).map(known),
        Kind::Redis(_) if no_password => Some("without a password"),
        Kind::Redis(it) => it.password.as_ref().filter(is_default).map(known),
        Kind::Container => None,
    }
}

fn refuse_public(section: &Section<'_>, port: &Port, service: &str, how: &str) {
    let message = format!("`{service}` would be published on {} {how}", port.bind);
    let at = section
        .get("bind")
        .map_or(&section.node.at, |node| &node.at);
    let hint =
        format!("set `services.{service}.password`, best from a secret: `\"${{secret:NAME}}\"`");
    section
        .reader
        .report(Mistake::new(message).at(at).hint(hint));
}
