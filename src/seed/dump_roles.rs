//! The roles of a dump: made where the server lacks them, and the loading role a member of them.

use crate::postgres::{self, DatabaseSession, identifier};

use super::Error;
use super::block::Block;
use super::dump::Loader;
use super::roles::{mentions, without_powers};
use super::script::DumpStatement;
use super::text::Text;

/// A statement, and one of ours that runs with it.
type StatementPair = (DumpStatement, String);

impl Loader<'_, '_> {
    /// Runs a statement once the roles that it names are there.
    pub(super) fn with_roles(&mut self, statement: &DumpStatement) -> Result<(), Error> {
        let scene = &self.scene;
        let block = scene
            .steward
            .and_then(|_| Block::read(&statement.sql, &scene.roles));
        let Some(block) = block else {
            return self.with_roles_of_its_own(statement);
        };
        for sql in block.about_roles {
            let line = statement.line;
            self.with_roles_of_its_own(&DumpStatement { sql, line })?;
        }
        let (sql, line) = (block.rest, statement.line);
        self.with_roles_of_its_own(&DumpStatement { sql, line })
    }

    fn with_roles_of_its_own(&mut self, statement: &DumpStatement) -> Result<(), Error> {
        match self.prepare_roles(statement)? {
            Some((statement, then)) => self.send(&statement, &then),
            None => Ok(()),
        }
    }

    /// Makes the roles that a statement needs and the server lacks, and the loading role a member
    /// of them. Returns the statement as it is to be run, if it is, and what goes with it: a role
    /// that is there is neither made again nor dropped, and the one that loads is not changed.
    fn prepare_roles(&mut self, statement: &DumpStatement) -> Result<Option<StatementPair>, Error> {
        let mentions = mentions(&statement.sql);
        if let Some(role) = mentions.creates {
            return Ok(self.creates(&role, statement));
        }
        if let Some(role) = mentions.alters {
            let itself = ["current_user", "current_role", "session_user"];
            // With another password, the load itself could not go on.
            let loads = role == self.scene.server.user || itself.contains(&&*role);
            // What reaches further than this database is not a dump's to change.
            let here = Text::read(&statement.sql).has(&["in", "database"]);
            let is_others = role == "all" || self.scene.roles_before.contains(&role);
            if loads || (self.scene.steward.is_some() && is_others && !here) {
                self.tell_it_stays(&role);
                return Ok(None);
            }
            return Ok(Some((self.without_power(&role, statement), String::new())));
        }
        let stays = |role: &&String| self.scene.roles_before.contains(*role);
        if let Some(role) = mentions.drops.iter().find(stays) {
            self.tell_it_stays(role);
            return Ok(None);
        }
        for role in mentions.drops {
            self.scene.roles.remove(&role);
            self.scene.joined.remove(&role);
        }
        for role in mentions.needs {
            if !self.scene.roles.contains(&role) {
                self.make_role(&role, statement)?;
            }
            self.join(&role)?;
        }
        Ok(Some((statement.clone(), String::new())))
    }

    fn creates(&mut self, role: &str, statement: &DumpStatement) -> Option<StatementPair> {
        if !self.scene.roles.insert(role.to_owned()) {
            self.tell_it_stays(role);
            return None;
        }
        if !self.scene.roles_before.contains(role) {
            self.scene.roles_made.push(role.to_owned());
        }
        let Some(steward) = self.scene.steward else {
            return Some((statement.clone(), String::new()));
        };
        let made = self.without_power(role, statement);
        // In one transaction with what makes it, which may be the dump's own.
        let (role, loader) = (identifier(role), identifier(&steward.role));
        Some((made, format!("GRANT {role} TO {loader}")))
    }

    /// Returns a statement without the attributes that only a superuser may give.
    fn without_power(&self, role: &str, statement: &DumpStatement) -> DumpStatement {
        let (sql, powers) = match self.scene.steward {
            Some(_) => without_powers(&statement.sql),
            None => (statement.sql.clone(), Vec::new()),
        };
        let (file, line) = (self.script.file().display(), statement.line);
        for power in powers {
            self.progress.step().events.warning(format!(
                "role `{role}` does not get {power} ({file}:{line}); a seed with `superuser = \
                 true` gives it"
            ));
        }
        DumpStatement { sql, line }
    }

    /// Makes a role on a session of its own: the dump may be inside a transaction, or another role.
    fn make_role(&mut self, role: &str, statement: &DumpStatement) -> Result<(), Error> {
        let mut session = self.beside()?;
        match session.run(&format!("CREATE ROLE {} NOLOGIN", identifier(role))) {
            // Another load may have been faster.
            Err(error) if !matches!(error.code(), Some("42710" | "23505")) => {
                return Err(self.located(error, statement));
            }
            _ => {}
        }
        self.progress.step().message(format!("role {role} created"));
        self.scene.roles.insert(role.to_owned());
        self.scene.roles_made.push(role.to_owned());
        self.scene.roles_created.push(role.to_owned());
        Ok(())
    }

    /// Makes the loading role a member of a role, so that it may give it things and act as it.
    fn join(&mut self, role: &str) -> Result<(), Error> {
        let Some(steward) = self.scene.steward else {
            return Ok(());
        };
        let made_here = self.scene.roles_made.iter().any(|made| made == role)
            && !self.scene.roles_created.iter().any(|made| made == role);
        let is_user = role == self.scene.server.user;
        if is_user || made_here || steward.mighty.contains(role) || self.scene.joined.contains(role)
        {
            return Ok(());
        }
        let grant = format!(
            "GRANT {} TO {}",
            identifier(role),
            identifier(&steward.role)
        );
        match self.beside()?.run(&grant) {
            // The statement says better what it lacks.
            Err(postgres::Error::Statement { .. }) | Ok(()) => {}
            Err(error) => return Err(error.into()),
        }
        self.scene.joined.insert(role.to_owned());
        Ok(())
    }

    fn beside(&self) -> Result<DatabaseSession, Error> {
        let beside = self.scene.server.beside(self.scene.database);
        Ok(DatabaseSession::open(&beside, self.scene.brake)?)
    }

    fn tell_it_stays(&self, role: &str) {
        let text = format!("role `{role}` exists already, and stays as it is");
        self.progress.step().events.detail(text);
    }
}
