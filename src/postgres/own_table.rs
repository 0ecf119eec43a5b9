//! The tables that envctl keeps in a database, in a schema of their own.

use super::Error;
use super::session::DatabaseSession;

/// A table of the schema `envctl`.
pub(crate) struct OwnTable {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static str,
}

impl OwnTable {
    /// Returns the statement that makes it in a schema that is there.
    pub(crate) fn sql(&self) -> String {
        format!("CREATE TABLE envctl.{} ({})", self.name, self.columns)
    }
}

/// Which of them a database has.
pub(crate) struct OwnTables(Vec<String>);

impl OwnTables {
    pub(crate) fn have(&self, table: &OwnTable) -> bool {
        self.0.iter().any(|name| name == table.name)
    }
}

impl DatabaseSession {
    /// Finds out by one question which tables of envctl there are.
    pub(crate) fn own_tables(&mut self) -> Result<OwnTables, Error> {
        let rows = self.rows(
            "SELECT c.relname FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'envctl'",
        )?;
        Ok(OwnTables(rows.into_iter().flatten().flatten().collect()))
    }

    /// Makes a table unless it is there. Where there is nothing to make it says nothing either: an
    /// event trigger of the database hears every statement that could make something.
    pub(crate) fn make_own_table(&mut self, table: &OwnTable) -> Result<(), Error> {
        let is_there = format!("SELECT pg_catalog.to_regclass('envctl.{}')", table.name);
        if self.value(&is_there)?.is_some() {
            return Ok(());
        }
        let made = table.sql().replacen("TABLE", "TABLE IF NOT EXISTS", 1);
        self.run(&format!("CREATE SCHEMA IF NOT EXISTS envctl; {made}"))
    }
}
