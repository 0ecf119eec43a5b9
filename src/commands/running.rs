//! What a name on the command line means among what runs: a declared service stands for all its
//! replicas, and a replica's own name for that one.

use std::collections::BTreeSet;

use super::failure::Failure;
use crate::config::model::Invocation;
use crate::engine::{Observed, ObservedService, ServiceState};

/// Returns the services and tasks that a name means.
pub(super) fn meant<'a>(seen: &'a Observed, name: &str) -> Vec<&'a ObservedService> {
    let services = seen.services.iter();
    services
        .filter(|service| service.name == name || service.service == name)
        .collect()
}

/// Returns the names that can be meant, each once.
pub(super) fn known(seen: &Observed) -> Vec<String> {
    let services = seen.services.iter();
    let names = services.flat_map(|service| [service.service.clone(), service.name.clone()]);
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Returns the first running one of those that a name means.
pub(super) fn first_running<'a>(
    invocation: &Invocation,
    seen: &'a Observed,
    name: &str,
) -> Result<&'a ObservedService, Failure> {
    if seen.services.is_empty() {
        return Err(Failure::nothing_runs(invocation));
    }
    let meant = meant(seen, name);
    let Some(first) = meant.first() else {
        return Err(Failure::unknown_service(name, &known(seen)));
    };
    let running = meant.iter().find(|it| it.state == ServiceState::Running);
    running
        .copied()
        .ok_or_else(|| Failure::not_running(invocation, first))
}
