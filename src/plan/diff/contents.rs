//! The steps on what a database holds.

use super::Diff;
use crate::plan::desired::Database;
use crate::plan::observation::DatabaseView;
use crate::plan::seeded::{dump_is_in, never_seeded, seed_notice};
use crate::plan::step::{Load, Step};

impl<'a> Diff<'a> {
    /// Adds the seeds and the migrations of a database that needs them.
    pub(super) fn database(&mut self, service: &'a str, database: &Database) {
        let after: Vec<usize> = self.ready.get(service).copied().into_iter().collect();
        let view = self
            .observation
            .databases
            .get(service)
            .filter(|_| after.is_empty());
        let view = view.cloned();
        let loads = !database.dumps.is_empty();
        let seeds = match &view {
            None => loads && self.options.seed,
            Some(view) => loads && self.options.seed && never_seeded(&view.seeds),
        };
        let mut last = after;
        if seeds {
            let step = Step::Seed {
                service: service.to_owned(),
                database: Box::new(database.clone()),
                load: Load {
                    reset: false,
                    migrate: self.options.migrate,
                },
            };
            let cause = match view {
                Some(_) => "never seeded",
                None => "unless it is seeded already",
            };
            last = vec![self.plan.push(step, cause, last)];
        } else if let Some(view) = &view {
            self.notice(service, database, view);
        }
        if let Some(cause) = self.migrates(database, view.as_ref(), seeds) {
            let database = Box::new(database.clone());
            let step = Step::Migrate {
                service: service.to_owned(),
                database,
            };
            last = vec![self.plan.push(step, cause, last)];
        }
        if let Some(node) = last.first() {
            self.ready.insert(service, *node);
        }
    }

    /// Returns why there is a step for the migrations, if there is one.
    fn migrates(
        &self,
        database: &Database,
        view: Option<&DatabaseView>,
        seeds: bool,
    ) -> Option<&'static str> {
        if database.migrations.is_none() || !self.options.migrate {
            return None;
        }
        match view {
            None => Some("unless all are applied"),
            // The load of the seeds applies them.
            Some(_) if seeds => None,
            Some(view) if view.pending.is_empty() => None,
            Some(view) if !database.dumps.is_empty() && !dump_is_in(&view.seeds) => None,
            Some(_) => Some("not all are in as declared"),
        }
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
