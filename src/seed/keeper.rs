//! The one session beside the target that a load keeps: it holds the lock, and makes, renames
//! and drops databases. What a dead run left behind is put right here.

use crate::postgres::{
    Brake, DatabaseSession, Server, Target, identifier, literal, try_lock, wait_for_lock,
};
use crate::tell::StepEvents;

use super::Error;
use super::names::{Beside, is_made};
use super::steward::Steward;

/// How often a drop is tried against sessions that come back.
const DROP_TRIES: usize = 3;

/// How long the publisher of a subscription that goes may take to answer.
const ANSWERS_WITHIN: &str = "SET statement_timeout = '5s'";

/// Returns the SQL that ends the sessions of a database. The server ends its own workers by itself
/// where they stand in the way, and an owner without power may not.
pub(super) fn end_sessions(database: &str) -> String {
    format!(
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
         WHERE {database} AND pid <> pg_catalog.pg_backend_pid() \
         AND backend_type <> 'autovacuum worker'"
    )
}

/// Returns the name of the lock that a load of this database holds on the database beside it.
pub(super) fn lock_name(database: &str) -> String {
    format!("envctl load {database}")
}

/// Holds the lock on the loads of one database until it is dropped.
pub(super) struct Keeper {
    pub(super) session: DatabaseSession,
    pub(super) beside: Target,
    pub(super) database: String,
    /// Whom it is logged in as.
    pub(super) user: String,
}

impl Keeper {
    /// Waits for other loads of the database to end.
    pub(super) fn wait(
        server: &Server,
        database: &str,
        brake: &Brake,
        step: &StepEvents,
    ) -> Result<Self, Error> {
        let mut keeper = Self::connect(server, database)?;
        let name = keeper.lock_name();
        wait_for_lock(&mut keeper.session, &name, brake, |holder| {
            step.message(format!(
                "waiting for another load of `{database}` ({holder})"
            ));
        })?;
        Ok(keeper)
    }

    /// Returns a keeper unless a load is running.
    pub(super) fn unless_busy(server: &Server, database: &str) -> Result<Option<Self>, Error> {
        let mut keeper = Self::connect(server, database)?;
        let name = keeper.lock_name();
        Ok(try_lock(&mut keeper.session, &name)?.then_some(keeper))
    }

    /// Its session hears no brake: it must tidy up after one.
    fn connect(server: &Server, database: &str) -> Result<Self, Error> {
        let beside = server.beside(database);
        Ok(Self {
            session: DatabaseSession::unstoppable(&beside)?.without_limits()?,
            beside,
            database: database.to_owned(),
            user: server.user.clone(),
        })
    }

    fn lock_name(&self) -> String {
        lock_name(&self.database)
    }

    /// Returns whether a database is there.
    pub(super) fn exists(&mut self, name: &str) -> Result<bool, Error> {
        let query = format!(
            "SELECT 1 FROM pg_catalog.pg_database WHERE datname = {}",
            literal(name)
        );
        Ok(self.session.value(&query)?.is_some())
    }

    /// Puts the old database back when the target is missing; returns whether it did.
    pub(super) fn heal(&mut self) -> Result<bool, Error> {
        let database = self.database.clone();
        if self.exists(&database)? {
            return Ok(false);
        }
        let Some(old) = self.left_over(Beside::Old)?.pop() else {
            return Ok(false);
        };
        let rename = format!(
            "ALTER DATABASE {} RENAME TO {}",
            identifier(&old),
            identifier(&database)
        );
        self.session.run(&rename)?;
        Ok(true)
    }

    /// Drops what dead runs left; a live one would hold the lock. Returns what cannot be dropped.
    pub(super) fn sweep(&mut self) -> Result<Vec<String>, Error> {
        let mut kept = Vec::new();
        for kind in [Beside::Scratch, Beside::Old] {
            for name in self.left_over(kind)? {
                if self.drop_database(&name).is_err() {
                    kept.push(name);
                }
            }
        }
        let user = self.user.clone();
        for role in self.left_over(Beside::Loader)? {
            // One that has something in another database is tried again by the next load.
            if Steward::dismiss(self, &role, &user).is_err() {
                kept.push(role);
            }
        }
        Ok(kept)
    }

    /// Drops roles that a failed load made; one that somebody uses by now stays.
    pub(super) fn drop_roles(&mut self, roles: &[String]) {
        for role in roles {
            let _ = self
                .session
                .run(&format!("DROP ROLE IF EXISTS {}", identifier(role)));
        }
    }

    /// Returns the databases, or the roles, of dead runs, the newest last.
    fn left_over(&mut self, kind: Beside) -> Result<Vec<String>, Error> {
        let rows = self.session.rows(match kind {
            Beside::Scratch | Beside::Old => {
                "SELECT datname FROM pg_catalog.pg_database \
                 WHERE datname LIKE 'envctl\\_%' ORDER BY oid"
            }
            Beside::Loader => {
                "SELECT rolname FROM pg_catalog.pg_roles \
                 WHERE rolname LIKE 'envctl\\_%' ORDER BY oid"
            }
        })?;
        let names = rows.into_iter().flatten().flatten();
        Ok(names
            .filter(|name| is_made(kind, &self.database, name))
            .collect())
    }

    /// Ends the sessions of a database and drops it.
    pub(super) fn drop_database(&mut self, name: &str) -> Result<(), Error> {
        let end = end_sessions(&format!("datname = {}", literal(name)));
        let drop = format!("DROP DATABASE IF EXISTS {}", identifier(name));
        let mut tries = 0;
        loop {
            tries += 1;
            self.session.run(&end)?;
            match self.session.run(&drop) {
                Err(error) if error.code() == Some("55006") && tries < DROP_TRIES => {
                    // What still stands in the way is what the next try tells.
                    let _ = self.unsubscribe(name);
                }
                other => return Ok(other?),
            }
        }
    }

    /// Drops the subscriptions of a database, since one that has any cannot be dropped; each with its
    /// slot where its publisher answers. One that is not enabled may never have connected: the slot
    /// that it names is somebody else's, and nobody is asked for it.
    fn unsubscribe(&mut self, name: &str) -> Result<(), Error> {
        let target = self.beside.server.target(name);
        let mut session = DatabaseSession::unstoppable(&target)?.for_own_words()?;
        session.run(ANSWERS_WITHIN)?;
        let rows = session.rows(
            "SELECT s.subname, s.subenabled FROM pg_subscription s \
             JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()",
        )?;
        for row in rows {
            let mut texts = row.into_iter().map(Option::unwrap_or_default);
            let mut text = || texts.next().unwrap_or_default();
            let (name, enabled) = (identifier(&text()), text() == "t");
            if !enabled || session.run(&format!("DROP SUBSCRIPTION {name}")).is_err() {
                session.run(&format!("ALTER SUBSCRIPTION {name} DISABLE"))?;
                session.run(&format!("ALTER SUBSCRIPTION {name} SET (slot_name = NONE)"))?;
                session.run(&format!("DROP SUBSCRIPTION {name}"))?;
            }
        }
        session.close();
        Ok(())
    }
}
