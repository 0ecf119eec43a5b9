//! Puts a filled database into the place of the old one, in one transaction.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::postgres::{self, DatabaseSession, identifier, literal};

use super::Error;
use super::keeper::{Keeper, end_sessions};
use super::names::{Beside, name};
use super::shape::DatabaseShape;

/// How often the swap is tried while nobody can look for a database, before it is done in the open.
const QUIET_TRIES: usize = 10;
/// How long everybody else may wait for one of these tries.
const QUIET_FOR: Duration = Duration::from_millis(200);
/// A moment of a millisecond, waited by the server.
const MOMENT: &str = "SELECT pg_catalog.pg_sleep(0.001)";

/// The server itself waits up to five seconds in each try for sessions to end.
const TRIES: usize = 3;
const END_SESSIONS_EVERY: Duration = Duration::from_millis(20);

/// Renames `scratch` to the keeper's database; an old one is renamed away, and its new name
/// returned.
pub(super) fn swap(
    keeper: &mut Keeper,
    scratch: &str,
    old: Option<&DatabaseShape>,
) -> Result<Option<String>, Error> {
    let database = keeper.database.clone();
    let Some(shape) = old else {
        keeper.session.run(&rename(scratch, &database))?;
        return Ok(None);
    };
    let away = name(Beside::Old, &database);
    let mut statements = shape.carry_over(keeper, scratch)?;
    // From here on, who connects waits for the end of the transaction.
    statements.push(rename(&database, &away));
    statements.push(rename(scratch, &database));
    if !quietly(keeper, (scratch, shape), &statements)? {
        in_the_open(keeper, shape, &statements)?;
    }
    Ok(Some(away))
}

/// Swaps while nobody can look for a database by its name, so that who connects waits and finds the
/// new one. Returns whether that was possible.
fn quietly(
    keeper: &mut Keeper,
    (scratch, old): (&str, &DatabaseShape),
    statements: &[String],
) -> Result<bool, Error> {
    let scratch = DatabaseShape::of(keeper, scratch)?.map(|shape| shape.oid);
    let both = [Some(old.oid.clone()), scratch];
    let both: Vec<String> = both.into_iter().flatten().collect();
    for _ in 0..QUIET_TRIES {
        let swapped = behind_the_lock(keeper, &both.join(", "), statements);
        if matches!(swapped, Ok(true)) {
            return Ok(true);
        }
        // A closed session rolls back by itself. Who just connects goes on now.
        let _ = keeper.session.run(&format!("ROLLBACK; {MOMENT}"));
        match swapped.map_err(|error| (error.code().map(str::to_owned), error)) {
            Ok(_) => {}
            Err((code, error)) => match code.as_deref() {
                // Somebody keeps the lock or the database.
                Some("55P03" | "55006" | "40P01") => {}
                // Only a superuser may.
                Some("42501") => return Ok(false),
                _ => return Err(error.into()),
            },
        }
    }
    Ok(false)
}

/// The lock comes first: who was let in before it and has no session yet would wait for it, and
/// the rename for them. Returns whether all sessions ended in time: a rename would wait for one
/// that did not, and everybody else for the rename.
fn behind_the_lock(
    keeper: &mut Keeper,
    databases: &str,
    statements: &[String],
) -> Result<bool, postgres::Error> {
    let session = &mut keeper.session;
    session.run(&format!(
        "BEGIN; SET LOCAL lock_timeout = {}; \
         LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE",
        QUIET_FOR.as_millis()
    ))?;
    // Not by `pg_stat_activity`, which looks up the databases' names.
    let end = format!(
        "SELECT pg_catalog.pg_terminate_backend(pid) \
         FROM pg_catalog.pg_stat_get_activity(NULL) WHERE datid IN ({databases}) \
         AND pid <> pg_catalog.pg_backend_pid() AND backend_type <> 'autovacuum worker'"
    );
    let since = Instant::now();
    while !session.rows(&end)?.is_empty() {
        if since.elapsed() >= QUIET_FOR {
            return Ok(false);
        }
        session.run(&format!(
            "{MOMENT}; SELECT pg_catalog.pg_stat_clear_snapshot()"
        ))?;
    }
    session.run(&format!("{}; COMMIT", statements.join("; ")))?;
    Ok(true)
}

/// Swaps while others may connect: they are refused between the renames and the end of the
/// transaction, and a rename waits for who has a session.
fn in_the_open(
    keeper: &mut Keeper,
    old: &DatabaseShape,
    statements: &[String],
) -> Result<(), Error> {
    let all = format!("BEGIN; {}; COMMIT", statements.join("; "));
    let mut tries = 0;
    loop {
        tries += 1;
        match ending_sessions(keeper, old, &all) {
            Ok(()) => return Ok(()),
            Err(Error::Postgres(error)) if error.code() == Some("55006") => {
                keeper.session.run("ROLLBACK")?;
                if tries == TRIES {
                    return Err(Error::Busy {
                        holders: holders(keeper, old)?,
                        database: keeper.database.clone(),
                    });
                }
            }
            Err(error) => {
                // The first error is the one to tell; a closed session rolls back by itself.
                let _ = keeper.session.run("ROLLBACK");
                return Err(error);
            }
        }
    }
}

fn rename(from: &str, to: &str) -> String {
    format!(
        "ALTER DATABASE {} RENAME TO {}",
        identifier(from),
        identifier(to)
    )
}

/// Runs the statements while a second session ends those of the old database: the rename takes
/// its lock first and then waits for them, so none can come back in between.
fn ending_sessions(
    keeper: &mut Keeper,
    old: &DatabaseShape,
    statements: &str,
) -> Result<(), Error> {
    // The number stays with the old database when the names change.
    let end = end_sessions(&format!("datid = {}", old.oid));
    let mut second = DatabaseSession::unstoppable(&keeper.beside)?;
    let (stop, stopped) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            // A role that may not end a session leaves it to the rename to fail.
            while second.run(&end).is_ok()
                && stopped.recv_timeout(END_SESSIONS_EVERY) == Err(RecvTimeoutError::Timeout)
            {
            }
        });
        let result = keeper.session.run(statements);
        drop(stop);
        Ok(result?)
    })
}

/// Fails when a prepared transaction holds the old database: no session can be ended that would
/// set it free.
pub(super) fn check_free(keeper: &mut Keeper) -> Result<(), Error> {
    let database = keeper.database.clone();
    let rows = keeper.session.rows(&prepared(&database))?;
    let holders: Vec<String> = rows.into_iter().flatten().flatten().collect();
    if holders.is_empty() {
        return Ok(());
    }
    Err(Error::Busy { database, holders })
}

fn prepared(database: &str) -> String {
    format!(
        "SELECT 'prepared transaction ' || gid FROM pg_catalog.pg_prepared_xacts \
         WHERE database = {}",
        literal(database)
    )
}

fn holders(keeper: &mut Keeper, old: &DatabaseShape) -> Result<Vec<String>, Error> {
    let rows = keeper.session.rows(&format!(
        "SELECT pg_catalog.concat_ws(' ', nullif(application_name, ''), usename, client_addr, \
         'process ' || pid) FROM pg_catalog.pg_stat_activity WHERE datid = {} UNION ALL {}",
        old.oid,
        prepared(&keeper.database)
    ))?;
    Ok(rows.into_iter().flatten().flatten().collect())
}
