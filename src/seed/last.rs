//! Statements of dumps that wait until everything is in, and run as the declared user: what
//! belongs to another superuser, and triggers on events, which would hear the load itself.

use std::path::PathBuf;

use crate::postgres::{Brake, DatabaseSession, Target, literal};

use super::Error;
use super::dump::located;
use super::script::DumpStatement;

/// A statement that waits.
pub(super) struct Last {
    pub(super) file: PathBuf,
    pub(super) statement: DumpStatement,
    /// How its names were to be found.
    pub(super) search_path: String,
    /// Whether it is about an event trigger; those come after all others.
    pub(super) is_event_trigger: bool,
}

impl Last {
    /// Runs all of them.
    pub(super) fn run(mut waiting: Vec<Self>, target: &Target, brake: &Brake) -> Result<(), Error> {
        if waiting.is_empty() {
            return Ok(());
        }
        waiting.sort_by_key(|one| one.is_event_trigger);
        let mut session = DatabaseSession::open(target, brake)?.without_limits()?;
        for one in waiting {
            session.run(&format!(
                "SELECT pg_catalog.set_config('search_path', {}, false)",
                literal(&one.search_path)
            ))?;
            session
                .run(&one.statement.sql)
                .map_err(|error| located(error, &one.file, &one.statement, None))?;
        }
        Ok(())
    }
}
