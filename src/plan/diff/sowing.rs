//! The plans of `seed` and `migrate`: work on databases that run, and on nothing else.

use std::sync::Arc;

use super::Diff;
use crate::engine::{Role, ServiceState};
use crate::model::Condition;
use crate::plan::data::{Decision, Options, Wish};
use crate::plan::desired::{Database, Desired, DesiredService};
use crate::plan::graph::Plan;
use crate::plan::observation::Observation;
use crate::plan::step::Step;

/// A database of which something was asked, and what happens to it.
pub struct Decided<'a> {
    pub database: &'a Arc<Database>,
    pub wish: Wish,
    pub decision: Decision<'a>,
}

/// Decides what a wish means for every declared database.
pub fn decide<'a>(
    desired: &'a Desired,
    observation: &'a Observation,
    wish: Wish,
) -> Vec<Decided<'a>> {
    let diff = Diff::new(desired, observation, Options::NOTHING);
    let databases = diff.databases().into_iter();
    let decided = databases.map(|database| Decided {
        database,
        wish,
        decision: diff.decide(database, wish),
    });
    decided.collect()
}

impl Plan {
    /// Returns the plan of `seed`.
    pub fn of_seeds<'a>(
        desired: &'a Desired,
        observation: &'a Observation,
        decided: &[Decided<'a>],
    ) -> Self {
        let mut diff = Diff::new(desired, observation, Options::NOTHING);
        let tasks: Vec<&DesiredService> = decided.iter().flat_map(|it| it.tasks(desired)).collect();
        diff.prepare(&tasks);
        let loads: Vec<Vec<usize>> = decided.iter().map(|it| diff.load(it)).collect();
        for service in &desired.services {
            diff.reconnect(service, None);
        }
        for (decided, loaded) in decided.iter().zip(loads) {
            diff.sow(decided, loaded);
        }
        for database in diff.databases() {
            diff.tidy(database);
        }
        diff.plan.look_again(diff.restarted_services());
        diff.plan
    }

    /// Returns the plan of `migrate`: a step for all that migrates, which tells how it stands.
    pub fn of_migrations<'a>(
        desired: &'a Desired,
        observation: &'a Observation,
        decided: &[Decided<'a>],
    ) -> Self {
        let mut diff = Diff::new(desired, observation, Options::NOTHING);
        let tasks: Vec<&DesiredService> = decided.iter().flat_map(|it| it.tasks(desired)).collect();
        diff.prepare(&tasks);
        for decided in decided {
            if decided.decision.migrate.is_some() {
                diff.migrate(decided.database, "migrate", Vec::new());
            }
            diff.tidy(decided.database);
        }
        diff.plan
    }
}

impl Decided<'_> {
    /// Returns the names of the tasks that it may run. One that migrates is asked how it stands
    /// where nothing but that was wished.
    pub fn task_names(&self) -> Vec<&str> {
        match self.wish {
            Wish::Migrate => {
                let tasks = self.database.migration_task.as_deref().into_iter();
                tasks.filter(|_| self.decision.migrate.is_some()).collect()
            }
            Wish::Lacking(_) | Wish::Seed { .. } | Wish::Send => self.decision.tasks(self.database),
        }
    }

    fn tasks<'d>(&self, desired: &'d Desired) -> Vec<&'d DesiredService> {
        let names = self.task_names().into_iter();
        names.filter_map(|name| desired.service(name)).collect()
    }
}

impl<'a> Diff<'a> {
    /// Adds what tasks are made from.
    fn prepare(&mut self, tasks: &[&'a DesiredService]) {
        let images = tasks.iter().map(|task| task.image.as_str()).collect();
        self.ensure_images(&self.desired.needed_images(&images));
        self.ensure_resources(tasks);
    }

    /// Loads a database anew, if it is to be; returns what comes before anything is sent.
    fn load(&mut self, decided: &Decided<'a>) -> Vec<usize> {
        let Decided {
            database,
            wish,
            decision,
        } = decided;
        let name = database.service();
        let before = if decision.loads() {
            self.stop_tasks(database)
        } else {
            Vec::new()
        };
        let last = self.load_and_migrate((database, *wish), decision, before);
        if let (true, Some(node)) = (decision.loads(), last.first()) {
            self.ready.insert(name, *node);
            self.swapped.insert(name, true);
        }
        last
    }

    fn restarted_services(&self) -> Vec<DesiredService> {
        let services = self.desired.services.iter();
        let restarted = services.filter(|it| self.restarted.contains(it.spec.name.as_str()));
        restarted.cloned().collect()
    }

    fn sow(&mut self, decided: &Decided<'a>, last: Vec<usize>) {
        if let (true, Some(node)) = (decided.decision.loads(), last.first()) {
            self.await_clients(decided, *node);
        }
        self.send_all(decided.database, &decided.decision, last);
    }

    /// Stops tasks that a killed run left behind: they would send to the new data.
    fn stop_tasks(&mut self, database: &Database) -> Vec<usize> {
        let tasks = database.sent.iter().map(|seed| &seed.task);
        let tasks: Vec<&String> = tasks.chain(&database.migration_task).collect();
        let services = &self.observation.engine.services;
        let running = services
            .iter()
            .filter(|seen| tasks.contains(&&seen.name) && seen.state == ServiceState::Running);
        let mut nodes = Vec::new();
        for seen in running {
            let name = seen.name.clone();
            let step = Step::Stop { name };
            nodes.push(self.plan.push(step, "an earlier run left it", Vec::new()));
        }
        nodes
    }

    /// Waits for the services that the tasks send to, though nothing says that they use the database.
    fn await_clients(&mut self, decided: &Decided<'a>, loaded: usize) {
        for task in decided.tasks(self.desired) {
            for (name, condition) in &task.depends_on {
                let Some(service) = self.desired.service(name) else {
                    continue;
                };
                let known = self.ready.contains_key(name.as_str());
                let answers = service.spec.role == Role::Service;
                if *condition != Condition::Ready || known || !answers {
                    continue;
                }
                let step = Step::AwaitReady {
                    service: Box::new(service.clone()),
                    fresh_volume: None,
                };
                let cause = "its database is loaded anew";
                let node = self.plan.push(step, cause, vec![loaded]);
                self.ready.insert(&service.spec.name, node);
            }
        }
    }
}
