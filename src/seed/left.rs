//! What killed loads left on a server: scratch databases, old ones, and their roles.

use tokio_util::sync::CancellationToken;

use crate::postgres::{DatabaseSession, Server, is_held, literal, on_thread};

use super::Error;
use super::keeper::{Keeper, lock_name};
use super::names::{Beside, is_made};

/// A database or a role that no load will use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub name: String,
    /// Of a database: `8 MB`.
    pub size: Option<String>,
}

/// Returns what is left; nothing while a load holds its lock, since that may be the one.
pub(super) fn left(
    session: &mut DatabaseSession,
    server: &Server,
    database: &str,
) -> Result<Vec<Left>, Error> {
    let held = is_held(&lock_name(database), &server.beside(database).database);
    let rows = session.rows(&format!(
        "SELECT one.name, one.size FROM (SELECT datname AS name, \
         CASE WHEN pg_catalog.has_database_privilege(oid, 'CONNECT') \
         THEN pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(oid)) END AS size \
         FROM pg_catalog.pg_database WHERE datname LIKE 'envctl\\_%' AND datname <> {0} \
         UNION ALL SELECT rolname, NULL FROM pg_catalog.pg_roles \
         WHERE rolname LIKE 'envctl\\_loader\\_%') one WHERE NOT {held} ORDER BY one.size IS NULL, one.name",
        literal(database)
    ))?;
    let rows = rows.into_iter().filter_map(|row| {
        let mut texts = row.into_iter();
        let (name, size) = (texts.next().flatten()?, texts.next().flatten());
        Some(Left { name, size })
    });
    let kinds = [Beside::Scratch, Beside::Old, Beside::Loader];
    let ours = |left: &Left| kinds.iter().any(|it| is_made(*it, database, &left.name));
    Ok(rows.filter(ours).collect())
}

/// Takes away what killed loads left, and returns what cannot be taken; `None` where a load is running.
pub async fn tidy(server: &Server, database: &str) -> Result<Option<Vec<String>>, Error> {
    let (server, database) = (server.clone(), database.to_owned());
    on_thread(
        &CancellationToken::new(),
        move |_| match Keeper::unless_busy(&server, &database)? {
            Some(mut keeper) => {
                keeper.heal()?;
                Ok(Some(keeper.sweep()?))
            }
            None => Ok(None),
        },
    )
    .await
}
