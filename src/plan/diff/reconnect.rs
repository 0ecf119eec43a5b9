//! Services whose sessions a load ends: a database that is swapped has only new ones, and whoever
//! keeps connections finds that out by a request that fails. They are started again.

use std::collections::BTreeSet;

use super::Diff;
use crate::engine::Role;
use crate::model::{Condition, FileValue, Template};
use crate::plan::desired::{Desired, DesiredService};
use crate::plan::step::{Change, Step};

impl<'a> Diff<'a> {
    /// Whether a service is started again once a database is swapped.
    pub(super) fn reconnects(&self, service: &DesiredService, change: Option<Change>) -> bool {
        let starts = matches!(
            change,
            Some(Change::Create | Change::Recreate | Change::Start)
        );
        let runs = self.seen(service).is_some_and(|seen| seen.state.is_up());
        service.spec.role == Role::Service
            && (starts || runs)
            && (!self.ended_sessions(service, starts).is_empty()
                || (!starts && !self.missed(service).is_empty()))
    }

    /// Returns the databases that were loaded since a service was started: what loaded them was
    /// killed before it started the service again.
    fn missed(&self, service: &DesiredService) -> Vec<&'a str> {
        let Some(started) = self.seen(service).and_then(|seen| seen.started) else {
            return Vec::new();
        };
        let names = names(self.desired, service);
        let loaded = self.observation.databases.iter().filter(|(name, view)| {
            let later = view.loaded_at.is_some_and(|at| at > started);
            later && names.contains(*name) && !self.swapped.contains_key(name.as_str())
        });
        loaded.map(|(name, _)| name.as_str()).collect()
    }

    /// Starts a service again whose databases all have their loads in the plan.
    pub(super) fn reconnect_once_loaded(&mut self, service: &'a DesiredService) {
        let change = self.change(service).map(|(change, _)| change);
        let databases = self.ended_sessions(service, false);
        let planned = databases.iter().all(|name| self.ready.contains_key(name));
        if planned && self.reconnects(service, change) {
            self.reconnect(service, change);
        }
    }

    /// Starts a service again, and waits for it and for those that stand on it.
    pub(super) fn reconnect(&mut self, service: &'a DesiredService, change: Option<Change>) {
        let name = service.spec.name.as_str();
        if !self.reconnects(service, change) {
            if change.is_none() && self.stands_on_restarted(service) {
                self.await_again(service, "what it depends on is started again");
            }
            return;
        }
        let databases: Vec<&str> = self.ended_sessions(service, false);
        let starts = matches!(
            change,
            Some(Change::Create | Change::Recreate | Change::Start)
        );
        let missed = if starts {
            Vec::new()
        } else {
            self.missed(service)
        };
        let certain = databases.iter().all(|name| self.swapped[*name]);
        let mut after = self.dependencies(service);
        after.extend(self.started.get(name));
        after.extend(databases.iter().filter_map(|name| self.ready.get(name)));
        let step = Step::Reconnect {
            service: Box::new(service.clone()),
            databases: databases.into_iter().map(ToOwned::to_owned).collect(),
            missed: missed.iter().map(|name| (*name).to_owned()).collect(),
        };
        let cause = if !missed.is_empty() {
            "its database was loaded since it started"
        } else if certain {
            "its database is loaded anew"
        } else {
            "if its database is loaded anew"
        };
        let node = self.plan.push(step, cause, after);
        self.started.insert(name, node);
        self.await_again(service, "it is started again");
    }

    /// Returns the databases that are swapped while a service may have sessions of them.
    fn ended_sessions(&self, service: &DesiredService, starts: bool) -> Vec<&'a str> {
        let names = names(self.desired, service);
        let swapped = self.swapped.keys().copied();
        let ended = swapped.filter(|database| {
            let waits = service.depends_on.get(*database) == Some(&Condition::Ready);
            // One that is started when the data is in has no sessions before.
            names.contains(*database) && !(starts && waits)
        });
        ended.collect()
    }

    fn stands_on_restarted(&self, service: &DesiredService) -> bool {
        let mut dependencies = service.depends_on.keys();
        service.spec.role == Role::Service
            && self.seen(service).is_some_and(|seen| seen.state.is_up())
            && dependencies.any(|name| self.restarted.contains(name.as_str()))
    }

    fn await_again(&mut self, service: &'a DesiredService, cause: &str) {
        let name = service.spec.name.as_str();
        let mut after = self.dependencies(service);
        after.extend(self.started.get(name));
        let step = Step::AwaitReady {
            service: Box::new(service.clone()),
            fresh_volume: None,
        };
        let node = self.plan.push(step, cause, after);
        self.ready.insert(name, node);
        self.restarted.insert(name);
    }
}

/// Returns the services that a service depends on, or that its values and files name.
fn names(desired: &Desired, service: &DesiredService) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = service.depends_on.keys().cloned().collect();
    names.extend(service.reads.iter().map(|(name, _)| name.clone()));
    let files = service.upkeep.files.values();
    let values = files.flat_map(|file| file.values.values());
    let texts = values.filter_map(|value| match value {
        FileValue::Text(template) => Some(template),
        FileValue::Integer(_) | FileValue::Boolean(_) | FileValue::Addresses(_) => None,
    });
    let references = texts.flat_map(Template::references);
    let read = references.flat_map(|reference| desired.wiring.ports_of(reference));
    names.extend(read.map(|(name, _)| name));
    names
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use expect_test::{Expect, expect};

    use super::super::tests::{STARTED, green, rates, service};
    use super::super::{decide, diff};
    use crate::engine::{Role, ServiceState};
    use crate::model::Condition;
    use crate::plan::data::{DatabaseView, Options, Wish};
    use crate::plan::desired::Desired;
    use crate::plan::graph::Plan;
    use crate::plan::observation::Observation;
    use crate::seed::{Left, State};

    /// The API waits for the database, the worker only names it, the page stands on the API, and
    /// the mail server has nothing to do with it.
    fn shop() -> Desired {
        let mut desired = rates();
        let mut worker = service("worker", Role::Service, &[]);
        worker.reads = vec![("db".to_owned(), "postgres".to_owned())];
        let page = service("page", Role::Service, &[("api", Condition::Ready)]);
        desired
            .services
            .extend([worker, page, service("mail", Role::Service, &[])]);
        let known = desired.images[0].clone();
        for name in ["worker", "page", "mail"] {
            let mut image = known.clone();
            if let crate::engine::Provision::Image(spec) = &mut image.spec {
                name.clone_into(&mut spec.name);
            }
            image.bases.clear();
            desired.images.push(image);
        }
        desired
    }

    fn check(seen: &Observation, reset: bool, expect: &Expect) {
        let desired = shop();
        let decided = decide(&desired, seen, Wish::Seed { reset });
        expect.assert_eq(&Plan::of_seeds(&desired, seen, &decided).to_string());
    }

    #[test]
    fn a_reset_restarts_who_uses_the_database_and_awaits_who_stands_on_that() {
        check(
            &green(&shop()),
            true,
            &expect![[r"
            1 seed db, seed --reset (loses data) []
            2 restart api, its database is loaded anew [1]
            3 ready api, it is started again [1 2]
            4 restart worker, its database is loaded anew [1]
            5 ready worker, it is started again [4]
            6 ready page, what it depends on is started again [3]
            7 still running, once all of it is done [5 6]
        "]],
        );
    }

    #[test]
    fn what_did_not_run_is_not_started() {
        let mut seen = green(&shop());
        for service in &mut seen.engine.services {
            if service.name != "db" {
                service.state = ServiceState::Exited {
                    code: 0,
                    out_of_memory: false,
                };
            }
        }
        check(
            &seen,
            true,
            &expect![[r"
            1 seed db, seed --reset (loses data) []
        "]],
        );
    }

    #[test]
    fn a_seed_that_does_nothing_restarts_nothing() {
        check(&green(&shop()), false, &expect![[""]]);
    }

    #[test]
    fn a_load_that_came_after_a_service_was_started_is_followed_by_a_restart() {
        let mut seen = green(&shop());
        view_of(&mut seen).loaded_at = Some(STARTED + Duration::from_secs(1));
        check(
            &seen,
            false,
            &expect![[r"
            1 restart api, its database was loaded since it started []
            2 ready api, it is started again [1]
            3 restart worker, its database was loaded since it started []
            4 ready worker, it is started again [3]
            5 ready page, what it depends on is started again [2]
            6 still running, once all of it is done [4 5]
        "]],
        );
        // One that was started since has sessions of the new one.
        view_of(&mut seen).loaded_at = Some(STARTED);
        check(&seen, false, &expect![[""]]);
    }

    #[test]
    fn what_a_killed_load_left_is_taken_away_unless_a_load_does() {
        let mut seen = green(&shop());
        view_of(&mut seen).left.push(Left {
            name: "envctl_scratch_rates_0badf00d".to_owned(),
            size: Some("8 MB".to_owned()),
        });
        check(
            &seen,
            false,
            &expect![[r"
            1 tidy db, a killed load left envctl_scratch_rates_0badf00d []
        "]],
        );
        check(
            &seen,
            true,
            &expect![[r"
            1 seed db, seed --reset (loses data) []
            2 restart api, its database is loaded anew [1]
            3 ready api, it is started again [1 2]
            4 restart worker, its database is loaded anew [1]
            5 ready worker, it is started again [4]
            6 ready page, what it depends on is started again [3]
            7 still running, once all of it is done [5 6]
        "]],
        );
    }

    fn view_of(seen: &mut Observation) -> &mut DatabaseView {
        seen.databases.get_mut("db").expect("it is there")
    }

    #[test]
    fn up_restarts_what_runs_and_what_starts_without_waiting_for_the_data() {
        let mut desired = shop();
        // It starts when the worker is back, not while that is away for a moment.
        let mail = desired
            .services
            .iter_mut()
            .find(|it| it.spec.name == "mail");
        let on_worker = ("worker".to_owned(), Condition::Ready);
        mail.expect("it is there").depends_on.extend([on_worker]);
        let all = Options {
            seed: true,
            migrate: true,
        };
        let mut seen = green(&desired);
        seen.databases.get_mut("db").expect("it is there").seeds = State::Never;
        seen.engine
            .services
            .retain(|service| !["worker", "mail"].contains(&&*service.name));
        // It may need the data.
        seen.ready.insert("api".to_owned(), false);
        expect![[r"
            1 seed db, never seeded []
            2 restart api, its database is loaded anew [1]
            3 ready api, it is started again [1 2]
            4 create worker, not there []
            5 restart worker, its database is loaded anew [1 4]
            6 ready worker, it is started again [5]
            7 create mail, not there []
            8 start mail, not there [6 7]
            9 ready mail, not ready yet [8]
            10 ready page, what it depends on is started again [3]
            11 still running, once all of it is done [9 10]
        "]]
        .assert_eq(&diff(&desired, &seen, all).to_string());
    }
}
