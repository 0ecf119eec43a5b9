//! How the application's user gets to the server of a declared database.

use std::net::SocketAddr;

use super::desired::Login;
use super::error::Error;
use crate::engine::Engine;
use crate::kinds::POSTGRES;
use crate::model::Secret;
use crate::postgres::Server;

/// Returns where a `postgres` service can be reached from here.
pub(super) async fn server(engine: &dyn Engine, login: &Login) -> Result<Server, Error> {
    let address = engine.address(&login.service, POSTGRES.name).await?;
    server_at(address, engine, login).await
}

/// Returns the same of one whose address is known.
pub(super) async fn server_at(
    address: SocketAddr,
    engine: &dyn Engine,
    login: &Login,
) -> Result<Server, Error> {
    Ok(Server {
        address,
        user: login.user.clone(),
        password: password(engine, login).await?,
    })
}

/// Returns the password of a database; where the command of its secret was not run, the one that
/// the running server was made with.
pub async fn password(engine: &dyn Engine, login: &Login) -> Result<Secret, Error> {
    if !login.password.is_unread() {
        return Ok(login.password.clone());
    }
    let given = engine.given(&login.service).await?;
    given.password.ok_or(Error::Unread {
        service: login.service.clone(),
    })
}
