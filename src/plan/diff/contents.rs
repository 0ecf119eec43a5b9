//! The steps on what a database holds.

use super::Diff;
use crate::engine::Role;
use crate::plan::data_task::DataTask;
use crate::plan::desired::{Database, DesiredService, SentSeed};
use crate::plan::observation::DatabaseView;
use crate::plan::seeded::{dump_is_in, never_seeded, seed_notice, sent_notice};
use crate::plan::step::{Load, Step};

impl<'a> Diff<'a> {
    /// Returns what a database holds, unless a step may bring it up or change it.
    fn settled(&self, service: &DesiredService) -> Option<&'a DatabaseView> {
        let name = &service.spec.name;
        let ready = self.observation.ready.get(name).copied().unwrap_or(false);
        if !ready || self.change(service).is_some() {
            return None;
        }
        self.observation.databases.get(name)
    }

    /// Notes which databases are loaded in this run.
    pub(super) fn note_loads(&mut self) {
        for (service, database) in self.databases().collect::<Vec<_>>() {
            let view = self.settled(service);
            if self.loads(database, view).is_some() {
                self.swapped.insert(&service.spec.name, view.is_some());
            }
        }
    }

    /// Adds the dump seeds and the migrations of a database that needs them.
    pub(super) fn database(&mut self, service: &'a DesiredService, database: &'a Database) {
        let name = service.spec.name.as_str();
        let view = self.settled(service);
        let mut last: Vec<usize> = self.ready.get(name).copied().into_iter().collect();
        let loads = self.loads(database, view);
        if let Some(cause) = loads {
            let step = Step::Seed {
                service: name.to_owned(),
                database: Box::new(database.clone()),
                load: Load {
                    reset: false,
                    migrate: self.options.migrate,
                },
            };
            last = vec![self.plan.push(step, cause, last)];
        } else if let Some(view) = view {
            self.notice(name, database, view);
        }
        if let Some(cause) = self.migrates(database, view) {
            last = self.migrate(name, database, (cause, last));
        }
        if let Some(node) = last.first() {
            self.ready.insert(name, *node);
        }
    }

    /// Adds the step for the migrations, and returns what comes after it.
    pub(super) fn migrate(
        &mut self,
        service: &'a str,
        database: &Database,
        (cause, last): (&str, Vec<usize>),
    ) -> Vec<usize> {
        if database.migrations.is_some() {
            let step = Step::Migrate {
                service: service.to_owned(),
                database: Box::new(database.clone()),
            };
            return vec![self.plan.push(step, cause, last)];
        }
        match DataTask::of_migrations(self.desired, database) {
            Some(task) => vec![self.bring(service, database, (task, cause, last))],
            None => last,
        }
    }

    /// Adds the step for a task that brings data.
    pub(super) fn bring(
        &mut self,
        service: &'a str,
        database: &Database,
        (task, cause, mut after): (DataTask, &str, Vec<usize>),
    ) -> usize {
        after.extend(self.surroundings(&task.task));
        after.extend(self.dependencies(&task.task));
        let step = Step::Bring {
            service: service.to_owned(),
            database: Box::new(database.clone()),
            task: Box::new(task),
        };
        self.plan.push(step, cause, after)
    }

    /// Adds the seeds that tasks send, one after the other, once what they need is ready.
    pub(super) fn send(&mut self, service: &'a DesiredService, database: &'a Database) {
        let name = service.spec.name.as_str();
        let view = self.settled(service);
        let mut last: Vec<usize> = self.ready.get(name).copied().into_iter().collect();
        for (seed, cause) in self.sends(database, view) {
            if let Some(task) = DataTask::of_seed(self.desired, seed) {
                last = vec![self.bring(name, database, (task, cause, last))];
            }
        }
        if let Some(view) = view {
            let notice = sent_notice(name, database, &view.sent);
            self.plan.notices.extend(notice);
        }
        if self.unmigrated(database, view) && self.options.seed && !database.sent.is_empty() {
            let notice = format!("{name} is not migrated, so what tasks send to it waits");
            self.plan.notices.push(notice);
        }
    }

    /// Takes away what killed loads left, where no load does.
    pub(super) fn tidy(&mut self, service: &'a DesiredService, database: &'a Database) {
        let name = service.spec.name.as_str();
        let view = self.observation.databases.get(name);
        let left = view.map_or(&[][..], |view| &view.left);
        if left.is_empty() || self.swapped.get(name) == Some(&true) {
            return;
        }
        let names: Vec<&str> = left.iter().map(|left| left.name.as_str()).collect();
        let cause = format!("a killed load left {}", names.join(", "));
        let step = Step::Tidy {
            service: name.to_owned(),
            database: Box::new(database.clone()),
        };
        let after = self.ready.get(name).copied().into_iter().collect();
        self.plan.push(step, cause, after);
    }

    /// Returns the databases with their services.
    pub(super) fn databases(&self) -> impl Iterator<Item = (&'a DesiredService, &'a Database)> {
        let services = self.desired.services.iter();
        let services = services.filter(|service| service.spec.role == Role::Service);
        services.filter_map(|service| Some((service, service.database()?)))
    }

    /// Returns the tasks that may bring data in this run.
    pub(super) fn bringing(&self) -> Vec<&'a DesiredService> {
        let mut names: Vec<&str> = Vec::new();
        for (service, database) in self.databases() {
            let view = self.settled(service);
            if self.migrates(database, view).is_some() {
                names.extend(database.migration_task.as_deref());
            }
            let sends = self.sends(database, view).into_iter();
            names.extend(sends.map(|(seed, _)| seed.task.as_str()));
        }
        let tasks = names.into_iter();
        tasks
            .filter_map(|name| self.desired.service(name))
            .collect()
    }

    /// Returns why the dumps are loaded, if they are.
    fn loads(&self, database: &Database, view: Option<&DatabaseView>) -> Option<&'static str> {
        if database.dumps.is_empty() || !self.options.seed {
            return None;
        }
        match view {
            None => Some("unless it is seeded already"),
            Some(view) => never_seeded(&view.seeds).then_some("never seeded"),
        }
    }

    /// Returns why there is a step for the migrations, if there is one.
    fn migrates(&self, database: &Database, view: Option<&DatabaseView>) -> Option<&'static str> {
        if !database.migrates() || !self.options.migrate {
            return None;
        }
        let loads = self.loads(database, view).is_some();
        match view {
            None => Some("unless all are applied"),
            // A load applies those of a folder; a task works on what it loaded.
            Some(_) if loads => database
                .migration_task
                .is_some()
                .then_some("once the seeds are in"),
            Some(view) if !database.dumps.is_empty() && !dump_is_in(&view.seeds) => None,
            Some(view) if view.pending.is_empty() => {
                let task = database.migration_task.as_ref();
                let task = task.and_then(|task| self.desired.service(task));
                let changes = task.is_some_and(|task| self.may_change(&task.image));
                changes.then_some("what its task runs may change")
            }
            Some(_) => Some("not all are in as declared"),
        }
    }

    /// Returns the seeds that tasks send, each with why.
    fn sends<'b>(
        &self,
        database: &'b Database,
        view: Option<&DatabaseView>,
    ) -> Vec<(&'b SentSeed, &'static str)> {
        if !self.options.seed || self.unmigrated(database, view) {
            return Vec::new();
        }
        let seeds = database.sent.iter();
        let Some(view) = view else {
            return seeds
                .map(|seed| (seed, "unless it was sent already"))
                .collect();
        };
        if self.loads(database, Some(view)).is_some() {
            return seeds.map(|seed| (seed, "never sent")).collect();
        }
        let waits = !database.dumps.is_empty() && !dump_is_in(&view.seeds);
        if waits || view.sent.reset_reason().is_some() {
            return Vec::new();
        }
        let missing = view.sent.missing();
        let seeds = seeds.filter(|seed| missing.contains(&seed.name.as_str()));
        seeds.map(|seed| (seed, "never sent")).collect()
    }

    /// Whether migrations are left out that a seed may stand on.
    fn unmigrated(&self, database: &Database, view: Option<&DatabaseView>) -> bool {
        let pending = view.is_none_or(|view| !view.pending.is_empty());
        !self.options.migrate && database.migrates() && pending
    }

    fn notice(&mut self, service: &str, database: &Database, view: &DatabaseView) {
        if database.dumps.is_empty() {
            return;
        }
        let waiting = self.options.migrate && !view.pending.is_empty();
        self.plan
            .notices
            .extend(seed_notice(service, database, &view.seeds, waiting));
    }
}
