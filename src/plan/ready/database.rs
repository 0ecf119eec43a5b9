//! Readiness of a PostgreSQL server: an answer to the application's user on its database over TCP.
//! What stands in the way of that and can be put right is put right.

use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, Exec};
use crate::plan::declared::server;
use crate::plan::desired::Database;
use crate::plan::error::Error;
use crate::postgres::{self, database_exists, ensure_database, password_sql};
use crate::probe::Attempt;

/// Looks whether it answers; changes nothing.
pub(super) async fn look(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Attempt<String, Error> {
    let server = match server(engine, service, database).await {
        Ok(server) => server,
        Err(error @ Error::Unread { .. }) => return Attempt::Hopeless(error),
        Err(error) => return Attempt::NotYet(error.to_string()),
    };
    match postgres::probe(&server.target(&database.name)).await {
        Ok(version) => Attempt::Done(format!("PostgreSQL {}", version.text)),
        Err(error) if error.is_transient() => Attempt::NotYet(error.to_string()),
        Err(error) => Attempt::Hopeless(error.into()),
    }
}

/// Looks, and puts right what can be: a database that is missing, a password that is an old one.
pub(super) async fn prepare(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Attempt<String, Error> {
    // To ask a database that is not there yet would leave a FATAL in the server's log.
    let seen = match is_missing(engine, service, database).await {
        Ok(true) => Attempt::Hopeless(Error::Postgres(postgres::Error::NoDatabase {
            database: database.name.clone(),
        })),
        Err(Error::Postgres(error)) if error.is_transient() => Attempt::NotYet(error.to_string()),
        // Who may not see that is told by the database itself.
        _ => look(engine, service, database).await,
    };
    let Attempt::Hopeless(Error::Postgres(error)) = seen else {
        return seen;
    };
    let mended = match error {
        postgres::Error::NoDatabase { .. } => make_database(engine, service, database).await,
        postgres::Error::WrongPassword { .. } | postgres::Error::NoLogin { .. } => {
            set_password(engine, service, database).await
        }
        error => Err(Error::Postgres(error)),
    };
    match mended {
        Ok(()) => look(engine, service, database).await,
        Err(error) => Attempt::Hopeless(error),
    }
}

async fn is_missing(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Result<bool, Error> {
    let server = server(engine, service, database).await?;
    Ok(!database_exists(&server, &database.name).await?)
}

async fn make_database(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Result<(), Error> {
    let server = server(engine, service, database).await?;
    crate::seed::heal(&server, &database.name).await?;
    ensure_database(&server, &database.name, &CancellationToken::new()).await?;
    Ok(())
}

/// Returns whom a PostgreSQL server trusts on its local socket: the user of its image; as a
/// process its own, which is the one that a command runs as.
pub fn trusted_user(engine: &dyn Engine) -> Option<String> {
    let containers = engine.capabilities().containers;
    containers.then(|| "postgres".to_owned())
}

/// Gives the stored role the declared password, over the container's local socket.
async fn set_password(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Result<(), Error> {
    let run_as = |role: &str, sql| {
        let command = [
            "psql",
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            role,
            "-d",
            "postgres",
        ];
        Exec {
            command: command.map(ToOwned::to_owned).to_vec(),
            stdin: Some(sql),
            user: trusted_user(engine),
            environment: Vec::new(),
        }
    };
    let sql = password_sql(&database.user, &database.password);
    // A data folder of another user name has that role as its owner; `postgres` is the usual one.
    let mut last = String::new();
    for role in [database.user.as_str(), "postgres"] {
        let outcome = engine.exec(service, &run_as(role, sql.clone())).await?;
        if outcome.exit_code == 0 {
            return Ok(());
        }
        last = String::from_utf8_lossy(&outcome.stderr).into_owned();
    }
    Err(Error::Template {
        service: service.to_owned(),
        reason: format!(
            "its password cannot be set on the stored role: {}",
            last.trim()
        ),
    })
}
