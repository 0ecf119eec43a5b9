//! What happens to a database: one function over what is declared, what was seen and what was asked.
//! A plan is made by it, and a step asks it again in its turn, when more may be seen.

use super::decision::{Decision, Options, PartDecision, Refusal, Seen, Wish};
use super::notices::{seed_notice, sent_notice};
use super::view::DatabaseView;
use crate::plan::desired::{Database, SentSeed};
use crate::seed::{Standing, State};

/// Why there is nothing to migrate.
pub(super) const ALL_APPLIED: &str = "all migrations are applied";

/// All that a decision is made from.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) struct Case<'a, 'v> {
    pub database: &'a Database,
    pub seen: Seen<'v>,
    pub wish: Wish,
    /// Whether a build of this run may change what the task that migrates is run from.
    pub migrating_may_change: bool,
}

impl<'a> Case<'a, '_> {
    /// Decides what happens.
    pub(in crate::plan) fn decide(self) -> Decision<'a> {
        let (load, resets) = self.load();
        let mut decision = Decision {
            load,
            resets,
            ..Decision::default()
        };
        if decision.refusal().is_some() {
            return decision;
        }
        decision.send = self.send(decision.loads());
        decision.migrate = self.migrate(&decision);
        decision.dump_notice = self.dump_notice(decision.loads());
        decision.sent_notices = self.sent_notices(decision.loads());
        decision
    }

    /// Returns whether it is loaded, and whether that loses something.
    fn load(self) -> (Option<PartDecision>, bool) {
        match self.wish {
            Wish::Lacking(options) if options.seed && !self.database.dumps.is_empty() => {
                (Some(self.load_lacking()), false)
            }
            Wish::Seed { reset } if self.has_data(reset) => {
                let (verdict, resets) = if reset {
                    self.reset()
                } else {
                    self.load_declared()
                };
                (Some(verdict), resets)
            }
            Wish::Lacking(_) | Wish::Seed { .. } | Wish::Migrate | Wish::Send => (None, false),
        }
    }

    fn load_lacking(self) -> PartDecision {
        let Seen::View(view) = self.seen else {
            return PartDecision::to("unless it is seeded already");
        };
        match view.seeds {
            State::NoDatabase | State::Never => PartDecision::to("never seeded"),
            State::Current { .. } | State::Stale { .. } => PartDecision::leave("its dump is in"),
            State::Foreign { .. } => PartDecision::leave("no seed put there what it holds"),
        }
    }

    fn load_declared(self) -> (PartDecision, bool) {
        let Seen::View(view) = self.seen else {
            return (PartDecision::Refuse(Refusal::Unseen), false);
        };
        let refuse = |why| (PartDecision::Refuse(Refusal::NeedsReset(why)), false);
        match &view.seeds {
            State::NoDatabase | State::Never => (PartDecision::to("never seeded"), false),
            State::Current { .. } => match view.sent.reset_reason() {
                Some(reason) => (PartDecision::Do(reason), true),
                None => (PartDecision::leave("its data is in"), false),
            },
            State::Stale { changed } => refuse(format!("{} changed since", changed.join(", "))),
            State::Foreign { tables } => refuse(format!(
                "it holds tables that no seed put there: {}",
                tables.join(", ")
            )),
        }
    }

    fn reset(self) -> (PartDecision, bool) {
        let loses = match self.seen {
            Seen::Nothing => return (PartDecision::Refuse(Refusal::Unseen), false),
            // A reset need not know what it throws away.
            Seen::Unreadable => true,
            Seen::View(view) => match view.seeds {
                State::NoDatabase => false,
                // What migrations made holds what was written since.
                State::Never => self.database.dumps.is_empty(),
                State::Current { .. } | State::Stale { .. } | State::Foreign { .. } => true,
            },
        };
        (PartDecision::to("seed --reset"), loses)
    }

    /// Whether there is anything for `seed`; without a dump, migrations are what a database that is
    /// reset starts with.
    fn has_data(self, reset: bool) -> bool {
        let Database {
            dumps,
            sent,
            migrations,
            ..
        } = self.database;
        !dumps.is_empty() || !sent.is_empty() || (reset && migrations.is_some())
    }

    fn migrate(self, decision: &Decision<'_>) -> Option<PartDecision> {
        if !self.database.migrates() {
            return None;
        }
        match self.wish {
            Wish::Lacking(options) if options.migrate => self.migrate_lacking(decision.loads()),
            Wish::Migrate => match self.seen {
                Seen::Nothing | Seen::Unreadable => Some(PartDecision::Refuse(Refusal::Unseen)),
                Seen::View(_) => self.migrate_lacking(false),
            },
            Wish::Seed { .. } => {
                let pending = matches!(self.seen, Seen::View(view) if !view.pending.is_empty());
                let sends = decision.send.iter().any(|(_, it)| it.cause().is_some());
                let stands = if decision.loads() {
                    self.database.migration_task.is_some()
                } else {
                    pending && sends
                };
                stands.then(|| PartDecision::to("not all are in as declared"))
            }
            Wish::Lacking(_) | Wish::Send => None,
        }
    }

    fn migrate_lacking(self, loads: bool) -> Option<PartDecision> {
        let by_task = self.database.migration_task.is_some();
        let Seen::View(view) = self.seen else {
            return Some(PartDecision::to("unless all are applied"));
        };
        if loads {
            // A load applies those of a folder; a task works on what it loaded.
            return by_task.then(|| PartDecision::to("once the seeds are in"));
        }
        Some(if self.awaits_dump(view) {
            PartDecision::leave("its dump is not in yet")
        } else if !view.pending.is_empty() {
            PartDecision::to("not all are in as declared")
        } else if self.migrating_may_change {
            PartDecision::to("what its task runs may change")
        } else if by_task {
            PartDecision::leave("it migrated before")
        } else {
            PartDecision::leave(ALL_APPLIED)
        })
    }

    fn send(self, loads: bool) -> Vec<(&'a SentSeed, PartDecision)> {
        let asked = match self.wish {
            Wish::Lacking(options) => options.seed && !self.is_unmigrated(options),
            Wish::Seed { .. } | Wish::Send => true,
            Wish::Migrate => false,
        };
        let seeds = self.database.sent.iter().filter(|_| asked);
        seeds
            .filter_map(|seed| Some((seed, self.send_one(&seed.name, loads)?)))
            .collect()
    }

    /// Decides about one seed; about none that the engine cannot send.
    fn send_one(self, seed: &str, loads: bool) -> Option<PartDecision> {
        let by_seed = matches!(self.wish, Wish::Seed { .. });
        if loads && by_seed {
            return Some(PartDecision::to("its database is loaded anew"));
        }
        let Seen::View(view) = self.seen else {
            return Some(PartDecision::to("unless it was sent already"));
        };
        if loads {
            return Some(PartDecision::to("never sent"));
        }
        let standing = view.sent.standing(seed)?;
        Some(if self.awaits_dump(view) {
            PartDecision::leave("its dump is not in yet")
        } else if standing == Standing::Whole {
            PartDecision::leave("it was sent before")
        } else if self.is_spoiled(view, standing) {
            // What half of a seed is in cannot be told from the other half.
            let again = &self.database.seed_command;
            PartDecision::Leave(format!(
                "not as declared; `{again}` resets the database first"
            ))
        } else {
            PartDecision::to("never sent")
        })
    }

    /// Whether a seed that stands so cannot be sent on top of what is in. In its turn it was decided
    /// already that the others are as they should be; what was seen to be half in since is not.
    fn is_spoiled(self, view: &DatabaseView, standing: Standing) -> bool {
        match self.wish {
            Wish::Send => standing == Standing::Stale || !view.sent.partial().is_empty(),
            Wish::Lacking(_) | Wish::Seed { .. } | Wish::Migrate => {
                view.sent.reset_reason().is_some()
            }
        }
    }

    /// Whether a declared dump is not in, of any version.
    fn awaits_dump(self, view: &DatabaseView) -> bool {
        let is_in = matches!(view.seeds, State::Current { .. } | State::Stale { .. });
        !self.database.dumps.is_empty() && !is_in
    }

    /// Whether migrations are left out that a seed may stand on.
    fn is_unmigrated(self, options: Options) -> bool {
        let pending = match self.seen {
            Seen::View(view) => !view.pending.is_empty(),
            Seen::Nothing | Seen::Unreadable => true,
        };
        !options.migrate && self.database.migrates() && pending
    }

    /// Says what is to be known of the dumps, where they stay as they are.
    fn dump_notice(self, loads: bool) -> Option<String> {
        let Seen::View(view) = self.seen else {
            return None;
        };
        let pending = !view.pending.is_empty();
        let (told, waits) = match self.wish {
            Wish::Lacking(options) => (!loads, options.migrate && pending),
            Wish::Migrate => (self.database.migrates() && self.awaits_dump(view), pending),
            // The answer itself tells it.
            Wish::Seed { .. } | Wish::Send => (false, false),
        };
        let told = told && !self.database.dumps.is_empty();
        told.then(|| seed_notice(self.database, &view.seeds, waits))?
    }

    /// Says what is to be known of what tasks send.
    fn sent_notices(self, loads: bool) -> Vec<String> {
        let Wish::Lacking(options) = self.wish else {
            return Vec::new();
        };
        let stands = match self.seen {
            Seen::View(view) if !loads => sent_notice(self.database, &view.sent),
            Seen::View(_) | Seen::Nothing | Seen::Unreadable => None,
        };
        let waits = options.seed && !self.database.sent.is_empty() && self.is_unmigrated(options);
        let waits = waits.then(|| {
            let service = self.database.service();
            format!("{service} is not migrated, so what tasks send to it waits")
        });
        stands.into_iter().chain(waits).collect()
    }
}

#[cfg(test)]
mod tests;
