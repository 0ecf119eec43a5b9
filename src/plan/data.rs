//! The steps on a database's content.

use std::sync::PoisonError;

use super::declared::{declared, server};
use super::desired::Database;
use super::error::Error;
use super::seeded::{dump_is_in, never_seeded, seed_notice};
use super::step::Load;
use super::world::{Done, World};
use crate::postgres::{self, Server};
use crate::seed::{self, Declared, Fingerprint, State};
use crate::tell::StepEvents;

/// Loads the seeds of a database that has none; with `reset`, of any.
pub(super) async fn load_seeds(
    service: &str,
    database: &Database,
    load: Load,
    (world, events): (&World, &StepEvents),
) -> Result<Done, Error> {
    let server = server(world.engine.as_ref(), service, database).await?;
    let declared = declared(database, load.migrate)?;
    let fingerprint = seed::fingerprint(&declared).await?;
    // A reset need not know what it throws away.
    if !load.reset {
        let state = look(service, (&server, &declared, &fingerprint)).await?;
        if !never_seeded(&state) {
            if let Some(notice) = seed_notice(service, database, &state, false) {
                world.events.warning(notice);
            }
            return Ok(Done::Unchanged(
                dump_is_in(&state).then(|| "its dump is in".to_owned()),
            ));
        }
    }
    let loaded = seed::load(&server, &declared, &fingerprint, events, &world.cancel).await?;
    let mut all = world.loaded.lock().unwrap_or_else(PoisonError::into_inner);
    all.insert(service.to_owned());
    drop(all);
    for role in &loaded.roles_created {
        world.events.info(format!(
            "{service}: role {role} was created, which the dump names"
        ));
    }
    let migrations = match loaded.migrations_applied.len() {
        0 => String::new(),
        1 => ", 1 migration".to_owned(),
        count => format!(", {count} migrations"),
    };
    Ok(Done::Changed(Some(format!(
        "{} rows, {} statements{migrations}",
        loaded.rows, loaded.statements
    ))))
}

async fn look(
    service: &str,
    (server, declared, fingerprint): (&Server, &Declared, &Fingerprint),
) -> Result<State, Error> {
    let state = seed::state(server, declared, fingerprint).await;
    state.map_err(|error| Error::of_look(service, error))
}

/// Takes away what killed loads left beside a database.
pub(super) async fn tidy(service: &str, database: &Database, world: &World) -> Result<Done, Error> {
    let server = server(world.engine.as_ref(), service, database).await?;
    let Some(kept) = seed::tidy(&server, &database.name).await? else {
        let because = "another load is under way";
        return Ok(Done::Unchanged(Some(because.to_owned())));
    };
    for name in &kept {
        let text = format!("`{name}` could not be dropped; the next seed tries again");
        world.events.warning(text);
    }
    Ok(if kept.is_empty() {
        Done::Changed(None)
    } else {
        Done::Unchanged(Some("not all of it could be taken away".to_owned()))
    })
}

/// Applies the pending migrations, unless a declared dump is not in yet.
pub(super) async fn migrate(
    service: &str,
    database: &Database,
    (world, events): (&World, &StepEvents),
) -> Result<Done, Error> {
    let server = server(world.engine.as_ref(), service, database).await?;
    let declared = declared(database, true)?;
    if !declared.dumps.is_empty() {
        let fingerprint = seed::fingerprint(&declared).await?;
        let state = look(service, (&server, &declared, &fingerprint)).await?;
        if !dump_is_in(&state) {
            if let Some(notice) = seed_notice(service, database, &state, true) {
                world.events.warning(notice);
            }
            return Ok(Done::Unchanged(Some("its dump is not in yet".to_owned())));
        }
    }
    let target = server.target(&database.name);
    let applied = postgres::migrate(&target, &declared.migrations, events, &world.cancel)
        .await
        .map_err(Error::Migration)?;
    if applied.is_empty() {
        return Ok(Done::Unchanged(Some(
            "all migrations are applied".to_owned(),
        )));
    }
    let names = applied
        .iter()
        .map(|migration| format!("V{}__{}", migration.version, migration.name));
    Ok(Done::Changed(Some(names.collect::<Vec<_>>().join(", "))))
}
