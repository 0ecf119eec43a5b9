//! Sends the statements of a dump as whoever may run them.

use crate::postgres::{self, first_line, literal, tokens};

use super::Error;
use super::dump::{Loader, place};
use super::last::Last;
use super::rights::{Route, StatementNames, route};
use super::script::DumpStatement;
use super::steward::Steward;

impl Loader<'_, '_> {
    /// Runs a statement as whoever may; `then` goes with it where the declared user does.
    pub(super) fn send(&mut self, statement: &DumpStatement, then: &str) -> Result<(), Error> {
        let Some(steward) = self.scene.steward else {
            return self.run(statement);
        };
        let names = StatementNames {
            user: &self.scene.server.user,
            loader: &steward.role,
            database: self.scene.database,
            scratch: &self.scene.scratch.database,
            mighty: &steward.mighty,
        };
        let line = statement.line;
        match route(&statement.sql, &names) {
            Route::Skip => Ok(()),
            Route::Own(sql) => self.run(&DumpStatement { sql, line }),
            Route::Lifted(sql) => self.lift(steward, &DumpStatement { sql, line }, then),
            Route::Last(_) => self.put_off(steward, statement),
            Route::Refuse(reason) => Err(Error::NeedsSuperuser {
                place: Box::new(place(self.script.file(), statement, (1, 1))),
                seed: String::new(),
                reason,
            }),
        }
    }

    /// Runs a statement as the declared user, unless the dump went on as another role.
    fn lift(
        &mut self,
        steward: &Steward,
        statement: &DumpStatement,
        then: &str,
    ) -> Result<(), Error> {
        let extends = tokens(&statement.sql, 3)
            .iter()
            .any(|it| it.is("extension"));
        let lifted = match then {
            "" => steward.lift(&statement.sql, extends),
            // The statement may end in a comment.
            _ => steward.lift(&format!("{}\n; {then}", statement.sql), extends),
        };
        let done = self.session.value(&lifted);
        let done = done.map_err(|error| self.located(of_lifted(error, statement), statement))?;
        if done.is_none() {
            return self.run(statement);
        }
        self.counts.statements += 1;
        Ok(())
    }

    /// Keeps a statement for later, unless the dump went on as another role.
    fn put_off(&mut self, steward: &Steward, statement: &DumpStatement) -> Result<(), Error> {
        let path = self.session.value(&format!(
            "SELECT CASE WHEN current_user OPERATOR(pg_catalog.=) {} \
             THEN pg_catalog.current_setting('search_path') END",
            literal(&steward.role)
        ))?;
        let Some(search_path) = path else {
            return self.run(statement);
        };
        self.counts.statements += 1;
        let about = tokens(&statement.sql, 3);
        self.scene.last.push(Last {
            file: self.script.file().to_owned(),
            statement: statement.clone(),
            search_path,
            is_event_trigger: about.iter().any(|token| token.is("event")),
        });
        Ok(())
    }

    pub(super) fn run(&mut self, statement: &DumpStatement) -> Result<(), Error> {
        self.counts.statements += 1;
        let result = self.session.run(&statement.sql);
        result.map_err(|error| self.located(error, statement))
    }
}

/// Takes from an error what is about the words around a lifted statement.
fn of_lifted(error: postgres::Error, statement: &DumpStatement) -> postgres::Error {
    match error {
        postgres::Error::Statement { server, .. } => postgres::Error::Statement {
            server,
            statement: first_line(&statement.sql),
            at: None,
        },
        error => error,
    }
}
