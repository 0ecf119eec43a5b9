//! What can be asked of a database, and what can be decided.

use std::fmt;

use super::view::DatabaseView;
use crate::plan::desired::{Database, SentSeed};

/// What a command leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Load the dump seeds of a database that was never seeded.
    pub seed: bool,
    /// Apply pending migrations.
    pub migrate: bool,
}

impl Options {
    /// Looks at no data.
    pub(in crate::plan) const NOTHING: Self = Self {
        seed: false,
        migrate: false,
    };
}

/// What is asked of databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// `up`: what a database lacks; none loses anything by it.
    Lacking(Options),
    /// `seed`: all declared data, if need be by loading it anew; with `reset` in any case.
    Seed { reset: bool },
    /// `migrate`: the migrations alone.
    Migrate,
    /// The turn of a task: what tasks send and was not sent, and nothing else.
    Send,
}

/// What is known of a database.
#[derive(Clone, Copy, Debug)]
pub(in crate::plan) enum Seen<'a> {
    /// Nothing yet: its server is down, or a step may change what it holds.
    Nothing,
    /// Its server answers, and does not let it be looked at.
    Unreadable,
    View(&'a DatabaseView),
}

/// What happens to one part of the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartDecision {
    /// There is a step for it; why.
    Do(String),
    /// It stays as it is; why.
    Leave(String),
    /// It was asked for, and is not done.
    Refuse(Refusal),
}

/// Why something is not done that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The database cannot be looked at.
    Unseen,
    /// Only a reset would bring it about, and nobody asked for one; why.
    NeedsReset(String),
}

/// What happens to a database. Of a part that nobody asked for, or that has nothing declared,
/// nothing is decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision<'a> {
    /// Whether it is loaded beside itself and swapped in.
    pub load: Option<PartDecision>,
    /// Whether that load replaces what somebody may want back.
    pub resets: bool,
    pub migrate: Option<PartDecision>,
    pub send: Vec<(&'a SentSeed, PartDecision)>,
    /// What a user should know of the dumps, and no step mends.
    pub dump_notice: Option<String>,
    /// The same of what tasks send.
    pub sent_notices: Vec<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unseen => formatter.write_str("it cannot be looked at"),
            Self::NeedsReset(why) => formatter.write_str(why),
        }
    }
}

impl Wish {
    /// Whether migrations belong to a load.
    pub fn migrates(self) -> bool {
        match self {
            Self::Lacking(options) => options.migrate,
            Self::Seed { .. } | Self::Migrate => true,
            Self::Send => false,
        }
    }
}

impl PartDecision {
    pub(super) fn to(cause: &str) -> Self {
        Self::Do(cause.to_owned())
    }

    pub(super) fn leave(why: &str) -> Self {
        Self::Leave(why.to_owned())
    }

    /// Returns why there is a step, if there is one.
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Do(cause) => Some(cause),
            Self::Leave(_) | Self::Refuse(_) => None,
        }
    }

    /// Returns why there is none.
    pub(super) fn why_not(&self) -> Option<String> {
        match self {
            Self::Do(_) => None,
            Self::Leave(why) => Some(why.clone()),
            Self::Refuse(refusal) => Some(refusal.to_string()),
        }
    }
}

impl Decision<'_> {
    /// Whether a load is planned.
    pub fn loads(&self) -> bool {
        matches!(self.load, Some(PartDecision::Do(_)))
    }

    /// Returns the names of the tasks that it runs.
    pub fn tasks<'d>(&self, database: &'d Database) -> Vec<&'d str>
    where
        Self: 'd,
    {
        let migrating = database.migration_task.iter();
        let migrates = self
            .migrate
            .as_ref()
            .and_then(PartDecision::cause)
            .is_some();
        let migrating = migrating.filter(|_| migrates);
        let sent = database.sent.iter().filter(|seed| self.sends(&seed.name));
        let names = migrating.chain(sent.map(|seed| &seed.task));
        names.map(String::as_str).collect()
    }

    fn sends(&self, seed: &str) -> bool {
        let mut sent = self.send.iter();
        sent.any(|(one, verdict)| one.name == seed && verdict.cause().is_some())
    }

    /// Returns why what was asked for is not done, if so.
    pub fn refusal(&self) -> Option<&Refusal> {
        let mut verdicts = self.load.iter().chain(&self.migrate);
        verdicts.find_map(|verdict| match verdict {
            PartDecision::Refuse(refusal) => Some(refusal),
            PartDecision::Do(_) | PartDecision::Leave(_) => None,
        })
    }
}
