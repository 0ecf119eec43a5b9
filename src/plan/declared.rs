//! Where a declared database is, and what belongs into it.

use std::net::SocketAddr;

use super::desired::Database;
use super::error::Error;
use crate::engine::Engine;
use crate::model::Secret;
use crate::postgres::{self, Migration, Server};
use crate::seed::Declared;

/// Returns where a `postgres` service can be reached from here.
pub(super) async fn server(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Result<Server, Error> {
    let address = engine.address(service, "postgres").await?;
    server_at(address, engine, service, database).await
}

/// Returns the same of one whose address is known.
pub(super) async fn server_at(
    address: SocketAddr,
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Result<Server, Error> {
    Ok(Server {
        address,
        user: database.user.clone(),
        password: password(engine, service, database).await?,
    })
}

/// Returns the password of a database; where the command of its secret was not run, the one that
/// the running server was made with.
pub async fn password(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Result<Secret, Error> {
    if !database.password.is_unread() {
        return Ok(database.password.clone());
    }
    let mut given = engine.given(service).await?.into_iter();
    let given = given.find(|(name, _)| name == "POSTGRES_PASSWORD");
    given.map(|(_, password)| password).ok_or(Error::Unread {
        service: service.to_owned(),
    })
}

/// Returns what belongs into a database.
pub(super) fn declared(database: &Database, migrate: bool) -> Result<Declared, Error> {
    Ok(Declared {
        database: database.name.clone(),
        dumps: database.dumps.clone(),
        migrations: if migrate {
            migrations(database)?
        } else {
            Vec::new()
        },
    })
}

/// Returns the migrations of a database, from its folder.
fn migrations(database: &Database) -> Result<Vec<Migration>, Error> {
    match &database.migrations {
        Some(dir) => postgres::read_migrations(dir).map_err(Error::Migration),
        None => Ok(Vec::new()),
    }
}
