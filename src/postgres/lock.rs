//! Advisory locks that end with the session which holds them.

use crate::model::Digest;

use super::Error;
use super::brake::Brake;
use super::quote::literal;
use super::session::DatabaseSession;

/// Returns the number of the lock with this name.
fn key(name: &str) -> i64 {
    let hex = Digest::of(name);
    let number = u64::from_str_radix(&hex[..16], 16).expect("a digest is hex");
    number.cast_signed()
}

/// Takes the lock when it is free.
pub(crate) fn try_lock(session: &mut DatabaseSession, name: &str) -> Result<bool, Error> {
    let taken = session.value(&format!(
        "SELECT pg_catalog.pg_try_advisory_lock({})",
        key(name)
    ))?;
    Ok(taken.as_deref() == Some("t"))
}

/// Returns the SQL that says whether somebody holds the lock of this name in a database.
pub(crate) fn is_held(name: &str, database: &str) -> String {
    let number = key(name).cast_unsigned();
    let (high, low) = (number >> 32, number & u64::from(u32::MAX));
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype = 'advisory' AND l.granted \
         AND l.classid = {high} AND l.objid = {low} AND l.objsubid = 1 AND l.database = \
         (SELECT oid FROM pg_catalog.pg_database WHERE datname = {}))",
        literal(database)
    )
}

/// Waits for the lock; `waiting` hears once who holds it.
pub(crate) fn wait_for_lock(
    session: &mut DatabaseSession,
    name: &str,
    brake: &Brake,
    waiting: impl FnOnce(&str),
) -> Result<(), Error> {
    if try_lock(session, name)? {
        return Ok(());
    }
    waiting(&holder(session, name)?);
    // Short waits, since the session of a load is not registered with its brake.
    session.run("SET lock_timeout = '300ms'")?;
    let lock = format!("SELECT pg_catalog.pg_advisory_lock({})", key(name));
    loop {
        if brake.is_pulled() {
            return Err(Error::Cancelled);
        }
        match session.run(&lock) {
            Err(error) if error.code() == Some("55P03") => {}
            other => {
                other?;
                // Not what the role has set, which may be short as well.
                return session.run("SET lock_timeout = 0");
            }
        }
    }
}

fn holder(session: &mut DatabaseSession, name: &str) -> Result<String, Error> {
    let key = key(name);
    let number = key.cast_unsigned();
    let (high, low) = (number >> 32, number & u64::from(u32::MAX));
    let rows = session.rows(&format!(
        "SELECT a.application_name, a.client_addr, a.pid, \
         pg_catalog.to_char(a.backend_start, 'HH24:MI:SS') \
         FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid) \
         WHERE l.locktype = 'advisory' AND l.granted AND l.database = \
         (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) \
         AND l.classid = {high} AND l.objid = {low} AND l.objsubid = 1"
    ))?;
    let Some(row) = rows.into_iter().next() else {
        return Ok("it just ended".to_owned());
    };
    let text = |index: usize| row.get(index).cloned().flatten().unwrap_or_default();
    Ok(format!(
        "{} from {}, server process {}, since {}",
        text(0),
        text(1),
        text(2),
        text(3)
    ))
}
