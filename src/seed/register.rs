//! The tables in which a load records itself, made anew in each: a dump may bring others of the
//! same names.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use crate::postgres::{DatabaseSession, MIGRATIONS, OwnTable, OwnTables, TextRow, literal};

use super::Error;
use super::dump::Counts;
use super::fingerprint::seed_digest;
use super::record::TASKS;

pub(super) const SEEDS: OwnTable = OwnTable {
    name: "seeds",
    columns: "name text PRIMARY KEY, \
              position int NOT NULL, \
              digest text NOT NULL, \
              loaded_at timestamptz NOT NULL DEFAULT pg_catalog.now(), \
              bytes bigint NOT NULL, \
              rows bigint NOT NULL",
};

/// When the database took its place: who was started before has sessions of another one.
const LOADS: OwnTable = OwnTable {
    name: "loads",
    columns: "loaded_at timestamptz NOT NULL",
};

/// Reads the migrations that a dump says are applied; `session` is the loading role's, since
/// anything may stand behind that name.
pub(super) fn migrations_of_dumps(session: &mut DatabaseSession) -> Result<Vec<TextRow>, Error> {
    if session
        .value("SELECT pg_catalog.to_regclass('envctl.migrations')")?
        .is_none()
    {
        return Ok(Vec::new());
    }
    Ok(session.rows(
        "SELECT version::bigint, name::text, digest::text, applied_at::timestamptz, \
         elapsed_ms::bigint FROM envctl.migrations",
    )?)
}

/// Makes the tables, with what dumps said of migrations. What had their names is dropped.
pub(super) fn make(session: &mut DatabaseSession, migrations: &[TextRow]) -> Result<(), Error> {
    let mut sql = String::from("BEGIN; CREATE SCHEMA IF NOT EXISTS envctl;");
    let rows = session.rows(
        "SELECT c.relname, c.relkind FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'envctl' AND c.relname IN ('seeds', 'tasks', 'migrations', 'loads')",
    )?;
    for row in rows {
        let mut texts = row.into_iter().map(Option::unwrap_or_default);
        let (name, kind) = (texts.next(), texts.next());
        let kind = match kind.as_deref() {
            Some("v") => "VIEW",
            Some("m") => "MATERIALIZED VIEW",
            Some("f") => "FOREIGN TABLE",
            Some("S") => "SEQUENCE",
            Some("i" | "I") => "INDEX",
            Some("c") => "TYPE",
            _ => "TABLE",
        };
        let name = name.unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = write!(sql, "DROP {kind} IF EXISTS envctl.{name} CASCADE;");
    }
    for table in [&SEEDS, &TASKS, &MIGRATIONS, &LOADS] {
        let _ = write!(sql, "{};", table.sql());
    }
    for row in migrations {
        let value = |value: &Option<String>| value.as_deref().map_or("NULL".to_owned(), literal);
        let values: Vec<String> = row.iter().map(value).collect();
        let _ = write!(
            sql,
            "INSERT INTO envctl.migrations (version, name, digest, applied_at, elapsed_ms) \
             VALUES ({});",
            values.join(", ")
        );
    }
    Ok(session.run(&(sql + "COMMIT"))?)
}

/// Returns when a database was loaded last, if it was.
pub(super) fn loaded_at(
    session: &mut DatabaseSession,
    own: &OwnTables,
) -> Result<Option<SystemTime>, Error> {
    if !own.have(&LOADS) {
        return Ok(None);
    }
    // What a clock said that was set back since tells nothing.
    let at = session.value(
        "SELECT (pg_catalog.date_part('epoch', pg_catalog.max(loaded_at)) * 1000)::bigint \
         FROM envctl.loads WHERE pg_catalog.isfinite(loaded_at) \
         AND loaded_at <= pg_catalog.clock_timestamp()",
    )?;
    let at = at.and_then(|millis| millis.parse().ok());
    Ok(at.map(|millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis)))
}

/// Writes that the database takes its place now.
pub(super) fn write_place_taken(session: &mut DatabaseSession) -> Result<(), Error> {
    let sql = "INSERT INTO envctl.loads VALUES (pg_catalog.clock_timestamp())";
    Ok(session.run(sql)?)
}

/// Writes what was loaded.
pub(super) fn write(
    session: &mut DatabaseSession,
    seeds: &[(&String, Counts)],
) -> Result<(), Error> {
    let mut sql = String::from("BEGIN;");
    for (position, (name, counts)) in seeds.iter().enumerate() {
        let _ = write!(
            sql,
            "INSERT INTO envctl.seeds (name, position, digest, bytes, rows) \
             VALUES ({}, {position}, {}, {}, {});",
            literal(name),
            literal(&seed_digest(&counts.digest)),
            counts.bytes,
            counts.rows
        );
    }
    Ok(session.run(&(sql + "COMMIT"))?)
}
