//! The steps on what a database holds.

use std::sync::Arc;

use super::Diff;
use crate::engine::Role;
use crate::plan::data::{Case, DataTask, Decision, PartDecision, Seen, Store, Wish};
use crate::plan::desired::{Database, DesiredService};
use crate::plan::step::Step;

impl<'a> Diff<'a> {
    /// Decides what happens to a database.
    pub(super) fn decide(&self, database: &'a Database, wish: Wish) -> Decision<'a> {
        let task = database.migration_task.as_ref();
        let task = task.and_then(|task| self.desired.service(task));
        let case = Case {
            database,
            seen: self.known(database, wish),
            wish,
            migrating_may_change: task.is_some_and(|task| self.may_change(&task.image)),
        };
        case.decide()
    }

    /// Returns what is known of a database; nothing where a step may bring it up or change it.
    fn known(&self, database: &Database, wish: Wish) -> Seen<'a> {
        let name = database.service();
        let ready = self.observation.ready.get(name).copied().unwrap_or(false);
        let service = self.desired.service(name);
        let changes = || service.is_some_and(|service| self.change(service).is_some());
        match wish {
            Wish::Lacking(_) if !ready || changes() => Seen::Nothing,
            // These change no service.
            Wish::Lacking(_) | Wish::Seed { .. } | Wish::Migrate | Wish::Send => {
                self.observation.database(name)
            }
        }
    }

    /// Notes which databases are loaded in this run.
    pub(super) fn note_loads(&mut self) {
        let wish = Wish::Lacking(self.options);
        for database in self.databases() {
            if self.decide(database, wish).loads() {
                let is_certain = matches!(self.known(database, wish), Seen::View(_));
                self.swapped.insert(database.service(), is_certain);
            }
        }
    }

    /// Adds the dump seeds and the migrations of a database that needs them.
    pub(super) fn database(&mut self, database: &'a Arc<Database>) {
        let name = database.service();
        let wish = Wish::Lacking(self.options);
        let decision = self.decide(database, wish);
        let last = self.ready.get(name).copied().into_iter().collect();
        let last = self.load_and_migrate((database, wish), &decision, last);
        if let Some(node) = last.first() {
            self.ready.insert(name, *node);
        }
        let notices = decision.dump_notice.into_iter();
        self.plan
            .notices
            .extend(notices.chain(decision.sent_notices));
    }

    /// Adds the load and the migrations that are decided, and returns what comes after them.
    pub(super) fn load_and_migrate(
        &mut self,
        (database, wish): (&'a Arc<Database>, Wish),
        decision: &Decision<'_>,
        mut last: Vec<usize>,
    ) -> Vec<usize> {
        if let Some(PartDecision::Do(cause)) = &decision.load {
            let step = Step::Seed {
                store: self.store(database),
                wish,
                resets: decision.resets,
            };
            last = vec![self.plan.push(step, cause, last)];
        }
        if let Some(PartDecision::Do(cause)) = &decision.migrate {
            last = self.migrate(database, cause, last);
        }
        last
    }

    /// Adds the step for the migrations, and returns what comes after it.
    pub(super) fn migrate(
        &mut self,
        database: &'a Arc<Database>,
        cause: &str,
        last: Vec<usize>,
    ) -> Vec<usize> {
        let store = self.store(database);
        if database.migrations.is_some() {
            let step = Step::Migrate { store };
            return vec![self.plan.push(step, cause, last)];
        }
        match store.migrating.clone() {
            Some(task) => vec![self.bring(store, task, cause, last)],
            None => last,
        }
    }

    /// Adds the step for a task that brings data.
    pub(super) fn bring(
        &mut self,
        store: Arc<Store>,
        task: DataTask,
        cause: &str,
        mut after: Vec<usize>,
    ) -> usize {
        after.extend(self.surroundings(&task.task));
        after.extend(self.dependencies(&task.task));
        let task = Box::new(task);
        self.plan.push(Step::Bring { store, task }, cause, after)
    }

    /// Adds the seeds that tasks send, one after the other, once what they need is ready.
    pub(super) fn send(&mut self, database: &'a Arc<Database>) {
        let decision = self.decide(database, Wish::Lacking(self.options));
        let last = self.ready.get(database.service()).copied();
        self.send_all(database, &decision, last.into_iter().collect());
    }

    /// Adds the seeds that are decided to be sent.
    pub(super) fn send_all(
        &mut self,
        database: &'a Arc<Database>,
        decision: &Decision<'_>,
        mut last: Vec<usize>,
    ) {
        let store = self.store(database);
        for (seed, verdict) in &decision.send {
            if let (PartDecision::Do(cause), Some(task)) = (verdict, store.sends(&seed.name)) {
                last = vec![self.bring(Arc::clone(&store), task.clone(), cause, last)];
            }
        }
    }

    /// Takes away what killed loads left, where no load does.
    pub(super) fn tidy(&mut self, database: &'a Arc<Database>) {
        let name = database.service();
        let view = self.observation.databases.get(name);
        let left = view.map_or(&[][..], |view| &view.left);
        if left.is_empty() || self.swapped.get(name) == Some(&true) {
            return;
        }
        let names: Vec<&str> = left.iter().map(|left| left.name.as_str()).collect();
        let cause = format!("a killed load left {}", names.join(", "));
        let step = Step::Tidy {
            database: Arc::clone(database),
        };
        let after = self.ready.get(name).copied().into_iter().collect();
        self.plan.push(step, cause, after);
    }

    /// Returns the databases.
    pub(super) fn databases(&self) -> Vec<&'a Arc<Database>> {
        let services = self.desired.services.iter();
        let services = services.filter(|service| service.spec.role == Role::Service);
        services
            .filter_map(|service| service.database.as_ref())
            .collect()
    }

    /// Returns a database with the tasks that bring data into it; its steps share one.
    pub(super) fn store(&mut self, database: &'a Arc<Database>) -> Arc<Store> {
        let made = || Arc::new(Store::new(self.desired, database));
        let stores = &mut self.stores;
        Arc::clone(stores.entry(database.service()).or_insert_with(made))
    }

    /// Returns the tasks that may bring data in this run.
    pub(super) fn bringing(&self) -> Vec<&'a DesiredService> {
        let mut names: Vec<&str> = Vec::new();
        for database in self.databases() {
            let decision = self.decide(database, Wish::Lacking(self.options));
            names.extend(decision.tasks(database));
        }
        let tasks = names.into_iter();
        tasks
            .filter_map(|name| self.desired.service(name))
            .collect()
    }
}
