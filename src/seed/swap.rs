//! Puts a filled database into the place of the old one, in one transaction.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::postgres::{Session, identifier, literal};

use super::Error;
use super::keeper::{Keeper, end_sessions};
use super::names::{Beside, name};
use super::shape::Shape;

/// The server itself waits up to five seconds in each try for sessions to end.
const TRIES: usize = 3;
const END_SESSIONS_EVERY: Duration = Duration::from_millis(20);

/// Renames `scratch` to the keeper's database; an old one is renamed away, and its new name
/// returned.
pub(super) fn swap(
    keeper: &mut Keeper,
    scratch: &str,
    old: Option<&Shape>,
) -> Result<Option<String>, Error> {
    let database = keeper.database.clone();
    let Some(shape) = old else {
        keeper.session.run(&rename(scratch, &database))?;
        return Ok(None);
    };
    let away = name(Beside::Old, &database);
    let mut statements = vec!["BEGIN".to_owned()];
    statements.extend(shape.carry_over(keeper, scratch)?);
    // From here on, who connects waits for the end of the transaction and is then refused.
    statements.push(rename(&database, &away));
    statements.push(rename(scratch, &database));
    statements.push("COMMIT".to_owned());
    let mut tries = 0;
    loop {
        tries += 1;
        match ending_sessions(keeper, shape, &statements) {
            Ok(()) => return Ok(Some(away)),
            Err(Error::Postgres(error)) if error.code() == Some("55006") => {
                keeper.session.run("ROLLBACK")?;
                if tries == TRIES {
                    return Err(Error::Busy {
                        holders: holders(keeper, shape)?,
                        database,
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
fn ending_sessions(keeper: &mut Keeper, old: &Shape, statements: &[String]) -> Result<(), Error> {
    // The number stays with the old database when the names change.
    let end = end_sessions(&format!("datid = {}", old.oid));
    let mut second = Session::unstoppable(&keeper.beside)?;
    let (stop, stopped) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            // A role that may not end a session leaves it to the rename to fail.
            while second.run(&end).is_ok()
                && stopped.recv_timeout(END_SESSIONS_EVERY) == Err(RecvTimeoutError::Timeout)
            {
            }
        });
        let result = statements
            .iter()
            .try_for_each(|statement| keeper.session.run(statement));
        drop(stop);
        Ok(result?)
    })
}

/// Fails when a prepared transaction holds the old database: no session can be ended that would
/// set it free.
pub(super) fn check_free(keeper: &mut Keeper, old: &Shape) -> Result<(), Error> {
    let database = keeper.database.clone();
    let prepared = format!(
        "SELECT 1 FROM pg_catalog.pg_prepared_xacts WHERE database = {}",
        literal(&database)
    );
    if keeper.session.value(&prepared)?.is_none() {
        return Ok(());
    }
    Err(Error::Busy {
        holders: holders(keeper, old)?,
        database,
    })
}

fn holders(keeper: &mut Keeper, old: &Shape) -> Result<Vec<String>, Error> {
    let rows = keeper.session.rows(&format!(
        "SELECT pg_catalog.concat_ws(' ', nullif(application_name, ''), usename, client_addr, \
         'process ' || pid) FROM pg_catalog.pg_stat_activity WHERE datid = {} \
         UNION ALL SELECT 'prepared transaction ' || gid FROM pg_catalog.pg_prepared_xacts \
         WHERE database = {}",
        old.oid,
        literal(&keeper.database)
    ))?;
    Ok(rows.into_iter().flatten().flatten().collect())
}
