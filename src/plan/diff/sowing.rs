//! The plans of `seed` and `migrate`: work on databases that run, and on nothing else.

use super::{Diff, Options};
use crate::engine::{Role, ServiceState};
use crate::model::Condition;
use crate::plan::data_task::DataTask;
use crate::plan::desired::{Database, Desired, DesiredService, SentSeed};
use crate::plan::graph::Plan;
use crate::plan::observation::Observation;
use crate::plan::step::{Load, Step};

/// What `seed` does to a database.
pub struct Sowing<'a> {
    pub service: &'a DesiredService,
    pub database: &'a Database,
    /// Whether it is loaded anew, and why.
    pub load: Option<(Load, String)>,
    /// What tasks send afterwards.
    pub send: Vec<&'a SentSeed>,
    /// Whether migrations are not in as declared.
    pub pending: bool,
}

impl Plan {
    /// Returns the plan of `seed`.
    pub fn of_seeds(desired: &Desired, observation: &Observation, sowings: &[Sowing<'_>]) -> Self {
        let mut diff = Diff::new(desired, observation, Options::NOTHING);
        let tasks: Vec<&DesiredService> = sowings.iter().flat_map(|it| it.tasks(desired)).collect();
        diff.prepare(&tasks);
        let loads: Vec<Vec<usize>> = sowings.iter().map(|it| diff.load(it)).collect();
        for service in &desired.services {
            diff.reconnect(service, None);
        }
        for (sowing, loaded) in sowings.iter().zip(loads) {
            diff.sow(sowing, loaded);
        }
        for (service, database) in diff.databases().collect::<Vec<_>>() {
            diff.tidy(service, database);
        }
        diff.plan.look_again(diff.restarted_services());
        diff.plan
    }

    /// Returns the plan of `migrate`.
    pub fn of_migrations(desired: &Desired, observation: &Observation) -> Self {
        let mut diff = Diff::new(desired, observation, Options::NOTHING);
        let databases: Vec<_> = diff.databases().collect();
        let tasks = databases
            .iter()
            .filter_map(|(_, it)| it.migration_task.as_ref());
        let tasks = tasks.filter_map(|task| desired.service(task));
        diff.prepare(&tasks.collect::<Vec<_>>());
        for (service, database) in databases {
            if database.migrates() {
                let name = service.spec.name.as_str();
                diff.migrate(name, database, ("migrate", Vec::new()));
            }
            diff.tidy(service, database);
        }
        diff.plan
    }
}

impl Sowing<'_> {
    /// Whether migrations belong to it that the load does not apply.
    fn migrates(&self) -> bool {
        if self.load.is_some() {
            return self.database.migration_task.is_some();
        }
        self.pending && !self.send.is_empty()
    }

    /// Returns the names of the tasks that it runs.
    pub fn task_names(&self) -> Vec<&str> {
        let migrating = self.database.migration_task.as_ref();
        let migrating = migrating.filter(|_| self.migrates()).into_iter();
        let names = migrating.chain(self.send.iter().map(|seed| &seed.task));
        names.map(String::as_str).collect()
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
    fn load(&mut self, sowing: &Sowing<'a>) -> Vec<usize> {
        let name = sowing.service.spec.name.as_str();
        let database = sowing.database;
        let mut last = Vec::new();
        if let Some((load, cause)) = &sowing.load {
            last = self.stop_tasks(database);
            let step = Step::Seed {
                service: name.to_owned(),
                database: Box::new(database.clone()),
                load: *load,
            };
            last = vec![self.plan.push(step, cause.clone(), last)];
        }
        if sowing.migrates() {
            let cause = "not all are in as declared";
            last = self.migrate(name, database, (cause, last));
        }
        if let (Some(_), Some(node)) = (&sowing.load, last.first()) {
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

    fn sow(&mut self, sowing: &Sowing<'a>, mut last: Vec<usize>) {
        let name = sowing.service.spec.name.as_str();
        let database = sowing.database;
        if let (Some(_), Some(node)) = (&sowing.load, last.first()) {
            self.await_clients(sowing, *node);
        }
        for seed in &sowing.send {
            if let Some(task) = DataTask::of_seed(self.desired, seed) {
                let cause = match &sowing.load {
                    Some(_) => "its database is loaded anew",
                    None => "never sent",
                };
                last = vec![self.bring(name, database, (task, cause, last))];
            }
        }
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
    fn await_clients(&mut self, sowing: &Sowing<'a>, loaded: usize) {
        for task in sowing.tasks(self.desired) {
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
