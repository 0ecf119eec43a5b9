//! Readiness of a PostgreSQL server: an answer to the application's user on its database over TCP.
//! What stands in the way of that and can be put right is put right.

use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, Exec};
use crate::plan::desired::Login;
use crate::plan::error::Error;
use crate::plan::login::server;
use crate::postgres::{self, database_exists, ensure_database, password_sql};
use crate::probe::Attempt;

/// Looks whether it answers; changes nothing.
pub(super) async fn look(engine: &dyn Engine, login: &Login) -> Attempt<String, Error> {
    let server = match server(engine, login).await {
        Ok(server) => server,
        Err(error @ Error::Unread { .. }) => return Attempt::Hopeless(error),
        Err(error) => return Attempt::NotYet(error.to_string()),
    };
    match postgres::probe(&server.target(&login.database)).await {
        Ok(version) => Attempt::Done(format!("PostgreSQL {}", version.text)),
        Err(error) if error.is_transient() => Attempt::NotYet(error.to_string()),
        Err(error) => Attempt::Hopeless(error.into()),
    }
}

/// Looks, and puts right what can be: a database that is missing, a password that is an old one.
pub(super) async fn prepare(engine: &dyn Engine, login: &Login) -> Attempt<String, Error> {
    // To ask a database that is not there yet would leave a FATAL in the server's log.
    let seen = match is_missing(engine, login).await {
        Ok(true) => Attempt::Hopeless(Error::Postgres(postgres::Error::NoDatabase {
            database: login.database.clone(),
        })),
        Err(Error::Postgres(error)) if error.is_transient() => Attempt::NotYet(error.to_string()),
        // Who may not see that is told by the database itself.
        _ => look(engine, login).await,
    };
    let Attempt::Hopeless(Error::Postgres(error)) = seen else {
        return seen;
    };
    let mended = match error {
        postgres::Error::NoDatabase { .. } => make_database(engine, login).await,
        postgres::Error::WrongPassword { .. } | postgres::Error::NoLogin { .. } => {
            set_password(engine, login).await
        }
        error => Err(Error::Postgres(error)),
    };
    match mended {
        Ok(()) => look(engine, login).await,
        Err(error) => Attempt::Hopeless(error),
    }
}

async fn is_missing(engine: &dyn Engine, login: &Login) -> Result<bool, Error> {
    let server = server(engine, login).await?;
    Ok(!database_exists(&server, &login.database).await?)
}

async fn make_database(engine: &dyn Engine, login: &Login) -> Result<(), Error> {
    let server = server(engine, login).await?;
    crate::seed::heal(&server, &login.database).await?;
    ensure_database(&server, &login.database, &CancellationToken::new()).await?;
    Ok(())
}

/// Returns whom a PostgreSQL server trusts on its local socket: the user of its image; as a
/// process its own, which is the one that a command runs as.
pub fn trusted_user(engine: &dyn Engine) -> Option<String> {
    let other_users = engine.capabilities().other_users;
    other_users.then(|| "postgres".to_owned())
}

/// Gives the stored role the declared password, over the container's local socket.
async fn set_password(engine: &dyn Engine, login: &Login) -> Result<(), Error> {
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
    let sql = password_sql(&login.user, &login.password);
    // A data folder of another user name has that role as its owner; `postgres` is the usual one.
    let mut last = String::new();
    for role in [login.user.as_str(), "postgres"] {
        let command = run_as(role, sql.clone());
        let outcome = engine.inside()?.exec(&login.service, &command).await?;
        if outcome.exit_code == 0 {
            return Ok(());
        }
        last = String::from_utf8_lossy(&outcome.stderr).into_owned();
    }
    Err(Error::Template {
        service: login.service.clone(),
        reason: format!(
            "its password cannot be set on the stored role: {}",
            last.trim()
        ),
    })
}
