//! Runs pending migrations: no two runs at once, one transaction a file.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::tell::StepEvents;

use super::brake::{Brake, on_thread};
use super::lock::wait_for_lock;
use super::migration::Migration;
use super::own_table::{OwnTable, OwnTables};
use super::place::place_in;
use super::quote::literal;
use super::session::DatabaseSession;
use super::statement::{Statement, split};
use super::{Error, Target};

/// A migration that was just applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    pub version: u64,
    pub name: String,
    pub elapsed: Duration,
}

/// How one migration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    pub version: u64,
    pub name: String,
    pub state: MigrationState,
}

/// Whether a migration is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// It is in, since a time that the server wrote.
    Applied {
        at: String,
    },
    Pending,
    /// It is in, but its file was edited since.
    Changed,
    /// It is in, but its file is gone.
    Missing,
}

/// Where migrations are recorded.
pub(crate) const MIGRATIONS: OwnTable = OwnTable {
    name: "migrations",
    columns: "version bigint PRIMARY KEY, \
              name text NOT NULL, \
              digest text NOT NULL, \
              applied_at timestamptz NOT NULL DEFAULT pg_catalog.now(), \
              elapsed_ms bigint NOT NULL",
};

struct MigrationRecord {
    name: String,
    digest: String,
    at: String,
}

type Records = BTreeMap<u64, MigrationRecord>;

/// Applies what is pending, by number; refuses to when the folder contradicts what is in.
pub async fn migrate(
    target: &Target,
    migrations: &[Migration],
    step: &StepEvents,
    cancel: &CancellationToken,
) -> Result<Vec<Applied>, Error> {
    let (target, migrations, step) = (target.clone(), migrations.to_vec(), step.clone());
    on_thread(cancel, move |brake| {
        migrate_here(&target, &migrations, &step, brake)
    })
    .await
}

/// Does the work of [`migrate`] on this (blocking) thread.
pub(crate) fn migrate_here(
    target: &Target,
    migrations: &[Migration],
    step: &StepEvents,
    brake: &Brake,
) -> Result<Vec<Applied>, Error> {
    // It holds the lock, and nothing that a migration does to its session touches it.
    let mut keeper = DatabaseSession::open(target, brake)?
        .without_limits()?
        .for_own_words()?;
    wait_for_lock(&mut keeper, "envctl migrations", brake, |holder| {
        step.message(format!("waiting for other migrations ({holder})"));
    })?;
    let own = keeper.own_tables()?;
    let pending = pending(&read_records(&mut keeper, &own)?, migrations)?;
    for migration in &pending {
        migration.check()?;
    }
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    keeper.make_own_table(&MIGRATIONS)?;
    pending
        .into_iter()
        .map(|migration| {
            step.message(format!("V{}__{}", migration.version, migration.name));
            let mut session = DatabaseSession::open(target, brake)?.without_limits()?;
            apply(&mut session, migration)
        })
        .collect()
}

fn apply(session: &mut DatabaseSession, migration: &Migration) -> Result<Applied, Error> {
    let start = Instant::now();
    let whole = !migration.is_without_transaction();
    let statements = split(&migration.sql).unwrap_or_default();
    if whole {
        session.run("BEGIN")?;
    }
    for (index, statement) in statements.iter().enumerate() {
        let partly_applied = !whole && index > 0;
        session
            .run(statement.sql)
            .map_err(|error| located(error, migration, statement, partly_applied))?;
    }
    let elapsed = start.elapsed();
    // The file may have changed who and where it is.
    session.run("RESET SESSION AUTHORIZATION; RESET ROLE")?;
    session.run(&format!(
        "INSERT INTO envctl.migrations (version, name, digest, elapsed_ms) \
         VALUES ({}, {}, {}, {})",
        migration.version,
        literal(&migration.name),
        literal(&migration.digest),
        elapsed.as_millis()
    ))?;
    if whole {
        // Deferred constraints speak here; their place is the file as a whole.
        let all = Statement {
            sql: "COMMIT",
            line: 1,
            column: 1,
        };
        session
            .run(all.sql)
            .map_err(|error| located(error, migration, &all, false))?;
    }
    Ok(Applied {
        version: migration.version,
        name: migration.name.clone(),
        elapsed,
    })
}

/// Turns a refused statement into one with its place in the file.
fn located(
    error: Error,
    migration: &Migration,
    statement: &Statement<'_>,
    partly_applied: bool,
) -> Error {
    let Error::Statement {
        server,
        statement: first_line,
        at,
    } = error
    else {
        return error;
    };
    let (line, column) = match at {
        Some((1, column)) => (statement.line, statement.column + column - 1),
        Some((line, column)) => (statement.line + line - 1, column),
        None => (statement.line, statement.column),
    };
    Error::Migration {
        place: Box::new(place_in(&migration.file, &migration.sql, (line, column))),
        server,
        statement: first_line,
        partly_applied,
    }
}

/// Returns how each migration stands, in the folder or in the database, by number.
pub async fn migration_status(
    target: &Target,
    migrations: &[Migration],
    cancel: &CancellationToken,
) -> Result<Vec<MigrationStatus>, Error> {
    let (target, migrations) = (target.clone(), migrations.to_vec());
    on_thread(cancel, move |brake| {
        let mut session = DatabaseSession::open(&target, brake)?.for_own_words()?;
        let own = session.own_tables()?;
        migrations_in(&mut session, &own, &migrations)
    })
    .await
}

/// Returns the same of a database that is open already.
pub(crate) fn migrations_in(
    session: &mut DatabaseSession,
    own: &OwnTables,
    migrations: &[Migration],
) -> Result<Vec<MigrationStatus>, Error> {
    Ok(status(read_records(session, own)?, migrations))
}

fn status(mut records: Records, migrations: &[Migration]) -> Vec<MigrationStatus> {
    let mut found: Vec<MigrationStatus> = migrations
        .iter()
        .map(|migration| MigrationStatus {
            version: migration.version,
            name: migration.name.clone(),
            state: match records.remove(&migration.version) {
                None => MigrationState::Pending,
                Some(record) if record.digest == migration.digest => {
                    MigrationState::Applied { at: record.at }
                }
                Some(_) => MigrationState::Changed,
            },
        })
        .collect();
    found.extend(
        records
            .into_iter()
            .map(|(version, record)| MigrationStatus {
                version,
                name: record.name,
                state: MigrationState::Missing,
            }),
    );
    found.sort_by_key(|status| status.version);
    found
}

fn read_records(session: &mut DatabaseSession, own: &OwnTables) -> Result<Records, Error> {
    if !own.have(&MIGRATIONS) {
        return Ok(Records::new());
    }
    let rows = session.rows(
        "SELECT version, name, digest, \
         pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
         FROM envctl.migrations ORDER BY version",
    )?;
    let record = |row: Vec<Option<String>>| {
        let mut texts = row.into_iter().map(Option::unwrap_or_default);
        let mut text = || texts.next().unwrap_or_default();
        Some((
            text().parse().ok()?,
            MigrationRecord {
                name: text(),
                digest: text(),
                at: text(),
            },
        ))
    };
    Ok(rows.into_iter().filter_map(record).collect())
}

/// Returns what is to be applied, or how folder and database contradict each other.
fn pending<'a>(
    records: &Records,
    migrations: &'a [Migration],
) -> Result<Vec<&'a Migration>, Error> {
    for migration in migrations {
        if let Some(record) = records.get(&migration.version)
            && record.digest != migration.digest
        {
            return Err(Error::MigrationChanged {
                file: migration.file.clone(),
            });
        }
    }
    for (version, record) in records {
        if !migrations
            .iter()
            .any(|migration| migration.version == *version)
        {
            return Err(Error::MigrationMissing {
                version: *version,
                name: record.name.clone(),
            });
        }
    }
    let pending: Vec<&Migration> = migrations
        .iter()
        .filter(|migration| !records.contains_key(&migration.version))
        .collect();
    if let (Some(first), Some((version, record))) = (pending.first(), records.last_key_value())
        && first.version < *version
    {
        return Err(Error::OutOfOrder {
            pending: first.file.clone(),
            applied_version: *version,
            applied_name: record.name.clone(),
        });
    }
    Ok(pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(versions: &[u64]) -> Vec<Migration> {
        versions
            .iter()
            .map(|version| Migration {
                version: *version,
                name: format!("m{version}"),
                file: format!("V{version}__m{version}.sql").into(),
                sql: String::new(),
                digest: format!("d{version}"),
            })
            .collect()
    }

    fn records(versions: &[u64]) -> Records {
        let record = |version: &u64| MigrationRecord {
            name: format!("m{version}"),
            digest: format!("d{version}"),
            at: "2026-01-01T00:00:00Z".to_owned(),
        };
        versions
            .iter()
            .map(|version| (*version, record(version)))
            .collect()
    }

    #[test]
    fn contradictions_are_named() {
        let check = |applied: &[u64], found: &[u64], expected: &str| {
            let result = match pending(&records(applied), &files(found)) {
                Ok(pending) => format!(
                    "{:?}",
                    pending.iter().map(|m| m.version).collect::<Vec<_>>()
                ),
                Err(error) => error.to_string(),
            };
            assert_eq!(result, expected);
        };
        check(&[], &[], "[]");
        check(&[1], &[1, 2, 10], "[2, 10]");
        check(
            &[1, 3],
            &[1, 2, 3],
            "V2__m2.sql comes before V3__m3, which is applied",
        );
        check(&[1, 2], &[1], "V2__m2 is applied, but its file is missing");
        let mut changed = files(&[1]);
        changed[0].digest = "other".to_owned();
        assert_eq!(
            pending(&records(&[1]), &changed).unwrap_err().to_string(),
            "V1__m1.sql was changed after it was applied"
        );
    }

    #[test]
    fn status_lists_both_sides_by_number() {
        let found = status(records(&[1, 2]), &files(&[2, 3]));
        let states: Vec<_> = found.iter().map(|one| (one.version, &one.state)).collect();
        let at = "2026-01-01T00:00:00Z".to_owned();
        assert_eq!(
            states,
            [
                (1, &MigrationState::Missing),
                (2, &MigrationState::Applied { at }),
                (3, &MigrationState::Pending)
            ]
        );
    }
}
