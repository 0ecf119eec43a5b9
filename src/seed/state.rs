//! How the data of a database stands against its declaration.

use std::time::SystemTime;

use tokio_util::sync::CancellationToken;

use crate::postgres::{
    self, Brake, DatabaseSession, MigrationStatus, OwnTables, Server, migrations_in, on_thread,
};

use super::keeper::Keeper;
use super::left::{Left, left};
use super::record::{self, TaskRecord};
use super::register;
use super::{Declared, Error, Fingerprint};

/// How many tables of foreign content are named.
const MOST_NAMED: usize = 20;

/// Whether a database holds what is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The database does not exist.
    NoDatabase,
    /// It was never seeded: no fingerprint, and no table of a user.
    Never,
    /// It has no fingerprint, but tables (at most 20 are named).
    Foreign { tables: Vec<String> },
    /// Every declared seed is in.
    Current { seeds: Vec<Seeded> },
    /// Seeds that were added, changed or removed since the load.
    Stale { changed: Vec<String> },
}

/// A seed that is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    pub name: String,
    pub digest: String,
    /// As the server writes it, in UTC.
    pub at: String,
    pub bytes: u64,
    pub rows: u64,
}

/// All that one look at a database shows, for the price of one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    pub state: State,
    /// What tasks began to bring.
    pub records: Vec<TaskRecord>,
    /// How each migration stands; nothing where there is no database.
    pub migrations: Vec<MigrationStatus>,
    /// When a load put the database into place; `None` where none did.
    pub loaded_at: Option<SystemTime>,
    /// What killed loads left beside it.
    pub left: Vec<Left>,
}

/// Looks at the database, what tasks brought to it and its migrations; one that a dead load left
/// renamed away is put back first.
pub async fn survey(
    server: &Server,
    declared: &Declared,
    fingerprint: &Fingerprint,
) -> Result<Survey, Error> {
    let (server, declared) = (server.clone(), declared.clone());
    let fingerprint = fingerprint.clone();
    on_thread(&CancellationToken::new(), move |brake| {
        let Some(mut session) = open_healed(&server, &declared.database, brake)? else {
            return Ok(Survey {
                state: State::NoDatabase,
                records: Vec::new(),
                migrations: Vec::new(),
                loaded_at: None,
                left: Vec::new(),
            });
        };
        let own = session.own_tables()?;
        Ok(Survey {
            state: read_state(&mut session, &own, &fingerprint)?,
            records: record::read(&mut session, &own)?,
            migrations: migrations_in(&mut session, &own, &declared.migrations)?,
            // Of a table that is not ours this is no word.
            loaded_at: register::loaded_at(&mut session, &own).unwrap_or(None),
            left: left(&mut session, &server, &declared.database)?,
        })
    })
    .await
}

/// Opens a database, after it was put back where that was to be done; `None` where there is none.
fn open_healed(
    server: &Server,
    database: &str,
    brake: &Brake,
) -> Result<Option<DatabaseSession>, Error> {
    let open = || DatabaseSession::open(&server.target(database), brake)?.for_own_words();
    match open() {
        Err(postgres::Error::NoDatabase { .. }) => {}
        opened => return Ok(Some(opened?)),
    }
    let mut keeper = Keeper::unless_busy(server, database)?;
    if let Some(keeper) = &mut keeper {
        keeper.heal()?;
    }
    // It may also have been swapped in that instant.
    match open() {
        Err(postgres::Error::NoDatabase { .. }) => Ok(None),
        opened => Ok(Some(opened?)),
    }
}

fn read_state(
    session: &mut DatabaseSession,
    own: &OwnTables,
    fingerprint: &Fingerprint,
) -> Result<State, Error> {
    let loaded = read_loaded(session, own)?;
    let tables = if loaded.is_empty() {
        user_tables(session)?
    } else {
        Vec::new()
    };
    Ok(judge(loaded, tables, fingerprint))
}

/// Puts an old database back that a dead load left renamed away; returns whether there was one.
pub async fn heal(server: &Server, database: &str) -> Result<bool, Error> {
    let (server, database) = (server.clone(), database.to_owned());
    on_thread(
        &CancellationToken::new(),
        move |_| match Keeper::unless_busy(&server, &database)? {
            Some(mut keeper) => keeper.heal(),
            None => Ok(false),
        },
    )
    .await
}

fn judge(loaded: Vec<Seeded>, tables: Vec<String>, declared: &Fingerprint) -> State {
    if loaded.is_empty() {
        return match (declared.seeds.is_empty(), tables.is_empty()) {
            (true, _) => State::Current { seeds: Vec::new() },
            (false, true) => State::Never,
            (false, false) => State::Foreign { tables },
        };
    }
    let is_in = |name: &str, digest: &str| {
        loaded
            .iter()
            .any(|one| one.name == name && one.digest == digest)
    };
    let mut changed: Vec<String> = declared
        .seeds
        .iter()
        .filter(|seed| !is_in(&seed.name, &seed.digest))
        .map(|seed| seed.name.clone())
        .collect();
    let gone = loaded
        .iter()
        .filter(|one| !declared.seeds.iter().any(|seed| seed.name == one.name));
    changed.extend(gone.map(|one| one.name.clone()));
    if changed.is_empty() {
        // The same ones in another order: a dump may build on what is before it.
        let pairs = declared.seeds.iter().zip(&loaded);
        let moved = pairs.filter(|(seed, one)| seed.name != one.name);
        changed.extend(moved.map(|(seed, _)| seed.name.clone()));
    }
    if changed.is_empty() {
        State::Current { seeds: loaded }
    } else {
        State::Stale { changed }
    }
}

fn read_loaded(session: &mut DatabaseSession, own: &OwnTables) -> Result<Vec<Seeded>, Error> {
    if !own.have(&register::SEEDS) {
        return Ok(Vec::new());
    }
    let rows = session.rows(
        "SELECT name, digest, \
         pg_catalog.to_char(loaded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
         bytes, rows FROM envctl.seeds ORDER BY position",
    )?;
    let loaded = rows.into_iter().map(|row| {
        let mut texts = row.into_iter().map(Option::unwrap_or_default);
        let mut text = || texts.next().unwrap_or_default();
        Seeded {
            name: text(),
            digest: text(),
            at: text(),
            bytes: text().parse().unwrap_or_default(),
            rows: text().parse().unwrap_or_default(),
        }
    });
    Ok(loaded.collect())
}

/// Names tables that are neither the system's, nor an extension's, nor ours.
fn user_tables(session: &mut DatabaseSession) -> Result<Vec<String>, Error> {
    let rows = session.rows(&format!(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'f', 'm') \
         AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'envctl') \
         AND n.nspname NOT LIKE 'pg\\_temp\\_%' \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
             WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
             AND d.objid = c.oid AND d.deptype = 'e') \
         ORDER BY 1 LIMIT {MOST_NAMED}"
    ))?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::super::SeedDigest;
    use super::*;

    #[test]
    fn seeds_are_compared_by_name_and_digest() {
        let loaded = |names: &[&str]| -> Vec<Seeded> {
            let one = |name: &&str| Seeded {
                name: (*name).to_owned(),
                digest: format!("1:{name}"),
                at: String::new(),
                bytes: 0,
                rows: 0,
            };
            names.iter().map(one).collect()
        };
        let declared = |seeds: &[(&str, &str)]| Fingerprint {
            seeds: seeds
                .iter()
                .map(|(name, digest)| SeedDigest {
                    name: (*name).to_owned(),
                    digest: (*digest).to_owned(),
                })
                .collect(),
            migrations: Vec::new(),
        };
        let stale = |names: &[&str]| State::Stale {
            changed: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let a = declared(&[("a", "1:a")]);
        assert_eq!(judge(Vec::new(), Vec::new(), &a), State::Never);
        let tables = vec!["public.t".to_owned()];
        assert_eq!(
            judge(Vec::new(), tables.clone(), &a),
            State::Foreign {
                tables: tables.clone()
            }
        );
        assert_eq!(
            judge(Vec::new(), tables, &declared(&[])),
            State::Current { seeds: Vec::new() }
        );
        assert_eq!(
            judge(loaded(&["a"]), Vec::new(), &a),
            State::Current {
                seeds: loaded(&["a"])
            }
        );
        assert_eq!(
            judge(
                loaded(&["a", "b"]),
                Vec::new(),
                &declared(&[("a", "1:x"), ("c", "1:c")])
            ),
            stale(&["a", "c", "b"])
        );
        assert_eq!(
            judge(loaded(&["a"]), Vec::new(), &declared(&[])),
            stale(&["a"])
        );
        assert_eq!(
            judge(
                loaded(&["a", "b", "c"]),
                Vec::new(),
                &declared(&[("a", "1:a"), ("c", "1:c"), ("b", "1:b")])
            ),
            stale(&["c", "b"])
        );
    }
}
