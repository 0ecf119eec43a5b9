//! Making sure that a database and its role are there.

use tokio_util::sync::CancellationToken;

use crate::model::Secret;

use super::brake::on_thread;
use super::quote::{identifier, literal};
use super::session::DatabaseSession;
use super::{Error, Server};

/// What was to be done for a database to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ensured {
    Existed,
    Created,
}

/// Returns whether the server has a database, asked beside it.
pub async fn database_exists(server: &Server, database: &str) -> Result<bool, Error> {
    let (server, database) = (server.clone(), database.to_owned());
    on_thread(&CancellationToken::new(), move |brake| {
        is_there(
            &mut DatabaseSession::open(&server.beside(&database), brake)?,
            &database,
        )
    })
    .await
}

fn is_there(session: &mut DatabaseSession, database: &str) -> Result<bool, Error> {
    let exists = format!(
        "SELECT 1 FROM pg_catalog.pg_database WHERE datname = {}",
        literal(database)
    );
    Ok(session.value(&exists)?.is_some())
}

/// Creates the database when it is missing; the server's user owns it.
pub async fn ensure_database(
    server: &Server,
    database: &str,
    cancel: &CancellationToken,
) -> Result<Ensured, Error> {
    let (server, database) = (server.clone(), database.to_owned());
    on_thread(cancel, move |brake| {
        let mut session = DatabaseSession::open(&server.beside(&database), brake)?;
        if is_there(&mut session, &database)? {
            return Ok(Ensured::Existed);
        }
        match session.run(&format!("CREATE DATABASE {}", identifier(&database))) {
            Ok(()) => Ok(Ensured::Created),
            // Someone else was faster (42P04, or 23505 in the same instant).
            Err(error) if matches!(error.code(), Some("42P04" | "23505")) => Ok(Ensured::Existed),
            Err(error) => Err(error),
        }
    })
    .await
}

/// Returns the SQL that gives a role its declared password and creates it where it is missing;
/// for psql inside the container, over the local socket.
pub fn password_sql(user: &str, password: &Secret) -> Secret {
    let name = identifier(user);
    // CREATE ROLE has no IF NOT EXISTS.
    let body = format!(
        "BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {}) \
         THEN CREATE ROLE {name} LOGIN SUPERUSER; END IF; END",
        literal(user)
    );
    Secret::new(format!(
        "DO {};\nALTER ROLE {name} LOGIN PASSWORD {};\n",
        literal(&body),
        literal(password.expose())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_quoted_and_masked() {
        let sql = password_sql("o'neil", &Secret::new("a'b\\c"));
        assert!(
            sql.expose()
                .ends_with("ALTER ROLE \"o'neil\" LOGIN PASSWORD  E'a''b\\\\c';\n"),
            "{}",
            sql.expose()
        );
        assert!(sql.expose().contains("rolname = ''o''''neil''"));
        assert_eq!(sql.to_string(), "***");
    }
}
