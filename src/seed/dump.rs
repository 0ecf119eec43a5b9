//! Loads one dump into the scratch database.

use std::collections::HashSet;
use std::path::Path;

use crate::model::Place;
use crate::postgres::{self, Brake, DatabaseSession, Server, Target, first_line};

use super::Error;
use super::batch::Batch;
use super::input::Input;
use super::last::Last;
use super::progress::LoadProgress;
use super::rules::{MetaVerdict, Ruling, judge, judge_meta};
use super::script::{DumpStatement, Item, Script};
use super::steward::Steward;

/// What holds for every dump of a load.
pub(super) struct LoadScene<'a> {
    pub(super) server: &'a Server,
    /// The database that is filled, as the declared user knows it.
    pub(super) scratch: &'a Target,
    /// The name that the dump itself may call its database.
    pub(super) database: &'a str,
    pub(super) brake: &'a Brake,
    /// The roles of the server, as far as they are known.
    pub(super) roles: HashSet<String>,
    /// Those that were there before.
    pub(super) roles_before: HashSet<String>,
    /// Those that the loading role is a member of.
    pub(super) joined: HashSet<String>,
    /// The loading role; `None` where a dump is loaded as the declared user.
    pub(super) steward: Option<&'a Steward>,
    /// What waits until everything is in.
    pub(super) last: Vec<Last>,
    /// Roles that were made since the dumps name them.
    pub(super) roles_created: Vec<String>,
    /// These, and those that the dumps make themselves.
    pub(super) roles_made: &'a mut Vec<String>,
}

/// How many characters of a line are kept behind the place where it failed.
const LONGEST_REST: usize = 160;

/// What one dump brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) bytes: u64,
    pub(super) rows: u64,
    pub(super) statements: u64,
    /// The SHA-256 of the file as it was read.
    pub(super) digest: String,
}

/// Runs a dump from its first line to its last.
pub(super) fn load_dump(
    scene: &mut LoadScene<'_>,
    file: &Path,
    progress: &mut LoadProgress,
) -> Result<Counts, Error> {
    let input = Input::open(file)?.until(scene.brake);
    let mut loader = Loader {
        session: connect(scene)?,
        script: Script::new(input),
        batch: Batch::default(),
        in_transaction: false,
        counts: Counts::default(),
        scene,
        progress,
    };
    while let Some(item) = loader.script.next()? {
        match item {
            Item::Statement(statement) => loader.statement(statement)?,
            Item::Meta { text, line } => loader.meta(&text, line)?,
        }
    }
    loader.end()?;
    let mut counts = loader.counts;
    counts.bytes = loader.script.bytes();
    loader
        .script
        .digest()
        .unwrap_or_default()
        .clone_into(&mut counts.digest);
    progress.finish(counts.bytes);
    Ok(counts)
}

fn connect(scene: &LoadScene<'_>) -> Result<DatabaseSession, Error> {
    let server = match scene.steward {
        Some(steward) => &steward.server(scene.server),
        None => scene.server,
    };
    let target = server.target(&scene.scratch.database);
    let mut session = DatabaseSession::open(&target, scene.brake)?.without_limits()?;
    // The swap's commit comes later on a session that waits for the disk, and covers these.
    session.run("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'")?;
    Ok(session)
}

/// A dump that is being loaded.
pub(super) struct Loader<'a, 'b> {
    pub(super) session: DatabaseSession,
    pub(super) script: Script,
    batch: Batch,
    in_transaction: bool,
    pub(super) counts: Counts,
    pub(super) scene: &'a mut LoadScene<'b>,
    pub(super) progress: &'a mut LoadProgress,
}

impl Loader<'_, '_> {
    fn statement(&mut self, statement: DumpStatement) -> Result<(), Error> {
        let bytes = self.script.bytes();
        self.progress.at(bytes, || first_line(&statement.sql));
        let verdict = judge(&statement.sql);
        if verdict == Ruling::Insert {
            return if self.batch.add(statement) {
                self.flush()
            } else {
                Ok(())
            };
        }
        self.flush()?;
        match verdict {
            Ruling::Skip => return Ok(()),
            Ruling::Refuse(reason) => return Err(self.refused(&statement, reason)),
            Ruling::CopyIn { table } => return self.copy(&statement, &table),
            Ruling::StandardStrings(standard) => self.script.set_standard_strings(standard),
            Ruling::Transaction { begins } => self.in_transaction = begins,
            Ruling::Run | Ruling::Insert => return self.with_roles(&statement),
        }
        self.run(&statement)
    }

    /// Sends the INSERTs that wait.
    fn flush(&mut self) -> Result<(), Error> {
        let batch = self.batch.take();
        if batch.is_empty() {
            return Ok(());
        }
        self.counts.statements += batch.statements().len() as u64;
        match self.session.affected(&batch.sql(self.in_transaction)) {
            Ok(rows) => {
                self.counts.rows += rows;
                return Ok(());
            }
            Err(postgres::Error::Statement { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        // Nothing of the batch is in. One by one, the statement that fails is known.
        if self.in_transaction {
            self.session.run(Batch::UNDO)?;
        }
        for statement in batch.statements() {
            let result = self.session.affected(&statement.sql);
            self.counts.rows += result.map_err(|error| self.located(error, statement))?;
        }
        Ok(())
    }

    fn copy(&mut self, statement: &DumpStatement, table: &str) -> Result<(), Error> {
        self.counts.statements += 1;
        let rest = self.script.rest_of_line()?;
        if !rest.is_empty() && !rest.trim_start().starts_with("--") {
            let reason = "the data of a COPY begins on the line after it".to_owned();
            return Err(self.refused(statement, reason));
        }
        let mut copy = match self.session.copy_in(&statement.sql) {
            Ok(copy) => copy,
            Err(error) => return Err(located(error, self.script.file(), statement, None)),
        };
        let progress = &mut *self.progress;
        let first = self.script.copy_data(statement.line, |data, bytes| {
            progress.at(bytes, || format!("COPY {table}"));
            Ok(copy.send(data)?)
        })?;
        match copy.finish() {
            Ok(rows) => {
                self.counts.rows += rows;
                Ok(())
            }
            Err(error) => Err(located(error, self.script.file(), statement, Some(first))),
        }
    }

    fn meta(&mut self, text: &str, line: usize) -> Result<(), Error> {
        self.flush()?;
        match judge_meta(text, self.scene.database) {
            MetaVerdict::Skip => Ok(()),
            MetaVerdict::Reconnect => {
                self.end()?;
                self.session = connect(self.scene)?;
                self.in_transaction = false;
                self.script.set_standard_strings(true);
                Ok(())
            }
            MetaVerdict::Refuse(reason) => {
                let statement = DumpStatement {
                    sql: format!("\\{text}"),
                    line,
                };
                Err(self.refused(&statement, reason))
            }
        }
    }

    /// Makes sure that nothing is lost when the session ends.
    fn end(&mut self) -> Result<(), Error> {
        const WROTE: &str = "SELECT pg_catalog.txid_current_if_assigned()";
        self.flush()?;
        let open = match self.session.value(WROTE) {
            Ok(open) => open.is_some(),
            Err(error) if error.code() == Some("25P02") => true,
            Err(error) => return Err(error.into()),
        };
        if open {
            return Err(Error::OpenTransaction {
                file: self.script.file().to_owned(),
            });
        }
        Ok(())
    }

    pub(super) fn located(&self, error: postgres::Error, statement: &DumpStatement) -> Error {
        located(error, self.script.file(), statement, None)
    }

    fn refused(&self, statement: &DumpStatement, reason: String) -> Error {
        Error::Refused {
            place: Box::new(place(self.script.file(), statement, (1, 1))),
            reason,
        }
    }
}

pub(super) fn place(
    file: &Path,
    statement: &DumpStatement,
    (line, column): (usize, usize),
) -> Place {
    Place {
        file: file.to_owned(),
        line: statement.line + line - 1,
        // A statement that begins within a line counts its columns from there.
        column,
        text: statement
            .sql
            .lines()
            .nth(line - 1)
            // The whole line up to where it failed: the column counts from its start.
            .map(|line| line.chars().take(column + LONGEST_REST).collect())
            .unwrap_or_default(),
        width: 1,
    }
}

/// Turns a refused statement into one with its place; `data` is the first line of a COPY's rows.
pub(super) fn located(
    error: postgres::Error,
    file: &Path,
    statement: &DumpStatement,
    data: Option<usize>,
) -> Error {
    let postgres::Error::Statement {
        server,
        statement: first,
        at,
    } = error
    else {
        return error.into();
    };
    let mut place = place(file, statement, at.unwrap_or((1, 1)));
    let row = server.context.as_deref().and_then(row_of_context);
    if let (Some(first), Some(row)) = (data, row) {
        place.line = first + row - 1;
        place.text.clear();
    }
    Error::Statement {
        place: Box::new(place),
        server,
        statement: first,
    }
}

/// Returns the row in a context such as `COPY prices, line 3, column day: "x"`. The words may be
/// in any language, so it takes the number that ends a word between two signs.
fn row_of_context(context: &str) -> Option<usize> {
    let rest = context.strip_prefix("COPY ")?;
    let (_, rest) = rest.split_once(", ")?;
    let digits = rest.find(|character: char| character.is_ascii_digit())?;
    let number = &rest[digits..];
    let end = number
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(number.len());
    number[..end].parse().ok().filter(|row| *row > 0)
}

#[cfg(test)]
mod tests {
    use super::row_of_context;

    #[test]
    fn the_row_is_read_in_any_language() {
        let check = |context, expected| assert_eq!(row_of_context(context), expected, "{context}");
        check("COPY prices, line 3, column day: \"2021\"", Some(3));
        check("COPY prices, Zeile 12: »x«", Some(12));
        check("SQL function \"f\", line 3", None);
        check("COPY prices", None);
    }
}
