//! `replicas`, and what cannot be had several times.

use indexmap::IndexMap;

use super::section::Section;
use crate::config::mistake::Mistake;
use crate::model::{HostPort, Service};

/// Reads `replicas`.
pub(super) fn read(section: &Section<'_>) -> u32 {
    let number = section.integer("replicas");
    let number = number.and_then(|number| u32::try_from(number).ok());
    number.unwrap_or(1)
}

/// Reports fixed host ports of replicas, and names of theirs that others have: the second of `api`
/// is called `api-2`.
pub(super) fn check(root: &Section<'_>, services: &IndexMap<String, Service>) {
    let several = services.iter().filter(|(_, it)| it.replicas > 1);
    for (service, declared) in several {
        let replicas = declared.replicas;
        let Some(section) = root.named("services", service) else {
            continue;
        };
        for (name, port) in section.sections("ports") {
            let fixed = declared.ports.get(&name).map(|port| port.host);
            if let Some(HostPort::Fixed(number)) = fixed {
                let message = format!(
                    "only one of the {replicas} replicas of `{service}` could have host port {number}"
                );
                let hint = "write `host = \"any\"`, or leave it out: each gets a free port";
                port.wrong_with("host", message, Some(hint.to_owned()));
            }
        }
        for replica in 2..=replicas {
            let name = format!("{service}-{replica}");
            for kind in ["services", "tasks"] {
                if let Some(other) = root.named(kind, &name) {
                    let message = format!("`{name}` is the name of a replica of `{service}`");
                    let hint = format!("give it another name, or `{service}` fewer `replicas`");
                    let mistake = Mistake::new(message).at(&other.node.key);
                    root.reader.report(mistake.hint(hint));
                }
            }
        }
    }
}
