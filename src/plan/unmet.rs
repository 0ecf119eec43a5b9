//! What a task stands on and does not find.

use super::desired::DesiredService;
use super::error::state_text;
use super::observation::Observation;
use crate::engine::{Role, ServiceState};
use crate::model::Condition;

/// Returns what of a task's dependencies is not as the task needs it: `db: not ready`.
pub fn unmet(task: &DesiredService, observation: &Observation) -> Vec<String> {
    let seen = |name: &str| {
        let mut services = observation.engine.services.iter();
        services.find(|seen| seen.name == name)
    };
    let obstacle = |(name, condition): (&String, &Condition)| {
        let Some(seen) = seen(name) else {
            return Some(format!("{name}: not there"));
        };
        let met = match (seen.role, seen.state) {
            (Role::Task, ServiceState::Exited { code: 0, .. })
            | (Role::Service, ServiceState::Running) => true,
            (Role::Task, ServiceState::Running) => *condition == Condition::Started,
            _ => false,
        };
        if !met {
            return Some(format!("{name}: {}", state_text(&seen.state)));
        }
        let waits = *condition == Condition::Ready && seen.role == Role::Service;
        let ready = observation.ready.get(name).copied().unwrap_or(false);
        (waits && !ready).then(|| format!("{name}: running, not ready"))
    };
    task.depends_on.iter().filter_map(obstacle).collect()
}

#[cfg(test)]
mod tests {
    use super::super::diff::tests::{green, rates, service};
    use super::*;

    fn check(change: impl FnOnce(&mut Observation), expect: &[&str]) {
        let mut seen = green(&rates());
        change(&mut seen);
        let ready = [("db", Condition::Ready), ("api", Condition::Started)];
        let task = service("import", Role::Task, &ready);
        assert_eq!(unmet(&task, &seen), expect);
    }

    #[test]
    fn what_a_task_needs_must_be_there() {
        check(|_| {}, &[]);
        check(
            |seen| drop(seen.engine.services.remove(0)),
            &["db: not there"],
        );
        let not_ready = |seen: &mut Observation| {
            seen.ready.insert("db".to_owned(), false);
            seen.ready.insert("api".to_owned(), false);
        };
        check(not_ready, &["db: running, not ready"]);
        let ended = |seen: &mut Observation| {
            seen.engine.services[1].state = ServiceState::Exited {
                code: 1,
                out_of_memory: false,
            };
        };
        check(ended, &["api: exit code 1"]);
    }
}
