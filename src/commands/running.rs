//! What a name on the command line means among what runs: a declared service stands for all its
//! replicas, and a replica's own name for that one.

use std::collections::BTreeSet;

use super::failure::Failure;
use crate::engine::{Observed, ObservedService, ServiceState};
use crate::model::Invocation;

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
        let failure = Failure::unknown_service(name, &known(seen));
        return Err(failure.unless_environment(invocation, name));
    };
    let running = meant.iter().find(|it| it.state == ServiceState::Running);
    running
        .copied()
        .ok_or_else(|| Failure::not_running(invocation, first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{ImageHandle, Role};
    use crate::model::{EngineChoice, InstanceId, Variables};

    fn seen(name: &str, service: &str, state: ServiceState) -> ObservedService {
        ObservedService {
            name: name.to_owned(),
            service: service.to_owned(),
            role: Role::Service,
            handle: String::new(),
            hash: String::new(),
            image: ImageHandle {
                id: String::new(),
                reference: String::new(),
            },
            state,
            restarts: 0,
            ran: std::time::Duration::from_mins(1),
            started: None,
            defect: None,
            order: 0,
            ports: std::collections::BTreeMap::new(),
            made: crate::engine::MadeWith::default(),
            files: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn a_service_stands_for_its_replicas() {
        let ended = ServiceState::Exited {
            code: 1,
            out_of_memory: false,
        };
        let services = vec![
            seen("api", "api", ended),
            seen("api-2", "api", ServiceState::Running),
            seen("db", "db", ended),
        ];
        let observed = Observed {
            services,
            ..Observed::default()
        };
        let names = |name| -> Vec<&str> {
            let meant = meant(&observed, name);
            meant.into_iter().map(|it| it.name.as_str()).collect()
        };
        assert_eq!(names("api"), ["api", "api-2"]);
        assert_eq!(names("api-2"), ["api-2"]);
        assert_eq!(names("web"), [""; 0]);
        assert_eq!(known(&observed), ["api", "api-2", "db"]);

        let workspace = std::path::PathBuf::from("/w");
        let invocation = Invocation {
            reach: crate::model::Reach::Look,
            id: InstanceId::new("shop", "default", &workspace),
            workspace,
            engine: EngineChoice::Auto,
            profiles: Vec::new(),
            sets: Vec::new(),
            timeout: None,
            yes: false,
            variables: Variables::new(),
        };
        let first = |name| first_running(&invocation, &observed, name);
        assert_eq!(first("api").unwrap().name, "api-2");
        let failure = first("db").unwrap_err();
        assert_eq!(failure.to_string(), "`db` does not run: exit code 1");
        assert_eq!(failure.kind.exit_code(), 6);
        assert_eq!(first("web").unwrap_err().kind.exit_code(), 2);
    }
}
