//! The plan of `restart`: all of it stops, what started last first, and starts again in order; or
//! one after the other, so that the replicas of a service are never all away.

use std::collections::{BTreeMap, BTreeSet};

use super::desired::{Desired, DesiredService};
use super::graph::Plan;
use super::observation::Observation;
use super::step::{Change, Step};
use crate::engine::{Observed, ServiceState};
use crate::model::Condition;

/// Returns the plan that restarts the services of these names, all of which are there.
pub fn restart(desired: &Desired, seen: &Observation, names: &BTreeSet<&str>) -> Plan {
    let mut plan = Plan::default();
    let services = desired.services.iter();
    let services = services.filter(|service| names.contains(service.spec.name.as_str()));
    let services: Vec<&DesiredService> = services.collect();
    let all: Vec<DesiredService> = services.iter().map(|service| (*service).clone()).collect();
    let mut stopped: Vec<usize> = Vec::new();
    let levels = services.chunk_by(|one, other| one.spec.order == other.spec.order);
    for level in levels.rev() {
        let nodes: Vec<usize> = level
            .iter()
            .filter(|service| is_up(&seen.engine, service))
            .map(|service| {
                let name = service.spec.name.clone();
                plan.push(Step::Stop { name }, "restart", stopped.clone())
            })
            .collect();
        if !nodes.is_empty() {
            stopped = nodes;
        }
    }
    let (mut started, mut ready) = (BTreeMap::new(), BTreeMap::new());
    for service in services {
        let mut after = stopped.clone();
        for (name, condition) in &service.depends_on {
            after.extend(match condition {
                Condition::Started => started.get(name.as_str()),
                Condition::Ready => ready.get(name.as_str()),
            });
        }
        let name = service.spec.name.as_str();
        let start = Step::Service {
            service: Box::new(service.clone()),
            change: Change::Start,
        };
        let node = plan.push(start, "restart", after);
        started.insert(name, node);
        let wait = Step::AwaitReady {
            service: Box::new(service.clone()),
            fresh_volume: None,
        };
        ready.insert(name, plan.push(wait, "restart", vec![node]));
        plan.notices.extend(difference(seen, service));
    }
    plan.look_again(all);
    plan
}

/// Returns the plan that restarts these services one by one, each when the one before it is ready
/// and was so for its service's `update_config.delay`.
pub fn rolling_restart(desired: &Desired, seen: &Observation, names: &BTreeSet<&str>) -> Plan {
    let mut plan = Plan::default();
    let services = desired.services.iter();
    let services = services.filter(|service| names.contains(service.spec.name.as_str()));
    let mut services: Vec<&DesiredService> = services.collect();
    let all: Vec<DesiredService> = services.iter().map(|service| (*service).clone()).collect();
    // What is down comes first: to stop the last replica that is up would leave none.
    for replicas in services.chunk_by_mut(|one, other| one.spec.service == other.spec.service) {
        replicas.sort_by_key(|service| is_up(&seen.engine, service));
    }
    let mut before: Option<(&DesiredService, usize)> = None;
    for service in services {
        let mut after = Vec::new();
        if let Some((last, node)) = before {
            after.push(node);
            let delay = last.upkeep.update_delay;
            if last.spec.service == service.spec.service && !delay.is_zero() {
                let name = last.spec.name.clone();
                let pause = Step::Pause { name, delay };
                after = vec![plan.push(pause, "rolling restart", after)];
            }
        }
        let name = service.spec.name.clone();
        if is_up(&seen.engine, service) {
            after = vec![plan.push(Step::Stop { name }, "rolling restart", after)];
        }
        let start = Step::Service {
            service: Box::new(service.clone()),
            change: Change::Start,
        };
        let node = plan.push(start, "rolling restart", after);
        let wait = Step::AwaitReady {
            service: Box::new(service.clone()),
            fresh_volume: None,
        };
        before = Some((service, plan.push(wait, "rolling restart", vec![node])));
        plan.notices.extend(difference(seen, service));
    }
    plan.look_again(all);
    plan
}

fn is_up(observed: &Observed, service: &DesiredService) -> bool {
    let mut services = observed.services.iter();
    services.any(|seen| {
        let ended = matches!(
            seen.state,
            ServiceState::Created
                | ServiceState::Exited { .. }
                | ServiceState::Dead
                | ServiceState::Lost
        );
        seen.name == service.spec.name && !ended
    })
}

/// Says that a service runs on as it was made, where it is declared otherwise by now.
fn difference(observation: &Observation, service: &DesiredService) -> Option<String> {
    let name = &service.spec.name;
    let observed = &observation.engine;
    let seen = observed.services.iter().find(|seen| seen.name == *name)?;
    let image = observation.images.get(&service.image);
    let hash = image.map(|image| service.launch_hash(&image.id, &observed.addresses));
    let differs = hash.is_none_or(|hash| hash != seen.hash);
    differs.then(|| format!("{name} differs from its declaration, which only `up` brings about"))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::diff::tests::{green, rates, replicate};
    use super::*;

    fn check(desired: &Desired, seen: &Observation, names: &[&str], expect: &Expect) {
        let names = names.iter().copied().collect();
        expect.assert_eq(&restart(desired, seen, &names).to_string());
    }

    #[test]
    fn all_stop_in_reverse_order_and_start_in_order() {
        let seen = green(&rates());
        check(
            &rates(),
            &seen,
            &["api", "db"],
            &expect![[r"
                1 stop api, restart []
                2 stop db, restart [1]
                3 start db, restart [2]
                4 ready db, restart [3]
                5 start api, restart [2 4]
                6 ready api, restart [5]
                7 still running, once all of it is done [6]
            "]],
        );
    }

    #[test]
    fn one_is_restarted_alone() {
        let seen = green(&rates());
        check(
            &rates(),
            &seen,
            &["db"],
            &expect![[r"
                1 stop db, restart []
                2 start db, restart [1]
                3 ready db, restart [2]
                4 still running, once all of it is done [3]
            "]],
        );
    }

    #[test]
    fn what_ended_is_only_started() {
        let mut seen = green(&rates());
        seen.engine.services[1].state = ServiceState::Exited {
            code: 1,
            out_of_memory: false,
        };
        check(
            &rates(),
            &seen,
            &["api", "db"],
            &expect![[r"
                1 stop db, restart []
                2 start db, restart [1]
                3 ready db, restart [2]
                4 start api, restart [1 3]
                5 ready api, restart [4]
                6 still running, once all of it is done [5]
            "]],
        );
    }

    #[test]
    fn replicas_do_not_wait_for_each_other() {
        let mut desired = rates();
        replicate(&mut desired, "api", 2);
        let seen = green(&desired);
        check(
            &desired,
            &seen,
            &["api", "api-2", "db"],
            &expect![[r"
                1 stop api, restart []
                2 stop api-2, restart []
                3 stop db, restart [1 2]
                4 start db, restart [3]
                5 ready db, restart [4]
                6 start api, restart [3 5]
                7 ready api, restart [6]
                8 start api-2, restart [3 5]
                9 ready api-2, restart [8]
                10 still running, once all of it is done [7 9]
            "]],
        );
    }

    #[test]
    fn a_rolling_restart_takes_one_after_the_other() {
        let mut desired = rates();
        desired.services[1].upkeep.update_delay = std::time::Duration::from_secs(1);
        replicate(&mut desired, "api", 3);
        let mut seen = green(&desired);
        seen.engine.services[3].state = ServiceState::Lost;
        let names = BTreeSet::from(["api", "api-2", "api-3", "db"]);
        let plan = rolling_restart(&desired, &seen, &names);
        expect![[r"
            1 stop db, rolling restart []
            2 start db, rolling restart [1]
            3 ready db, rolling restart [2]
            4 start api-3, rolling restart [3]
            5 ready api-3, rolling restart [4]
            6 pause after api-3, rolling restart [5]
            7 stop api, rolling restart [6]
            8 start api, rolling restart [7]
            9 ready api, rolling restart [8]
            10 pause after api, rolling restart [9]
            11 stop api-2, rolling restart [10]
            12 start api-2, rolling restart [11]
            13 ready api-2, rolling restart [12]
            14 still running, once all of it is done [13]
        "]]
        .assert_eq(&plan.to_string());
    }

    #[test]
    fn a_changed_declaration_is_not_brought_about() {
        let seen = green(&rates());
        let mut desired = rates();
        desired.services[1].spec.hash = "another".to_owned();
        check(
            &desired,
            &seen,
            &["api"],
            &expect![[r"
                1 stop api, restart []
                2 start api, restart [1]
                3 ready api, restart [2]
                4 still running, once all of it is done [3]
                ! api differs from its declaration, which only `up` brings about
            "]],
        );
    }
}
