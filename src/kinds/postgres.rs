//! `kind = "postgres"`: a PostgreSQL server with the application's database.

use super::url::{address, encoded, password, text};
use super::{Data, Facts};
use crate::model::{Postgres, Template};

pub const POSTGRES: Facts = Facts {
    name: "postgres",
    title: "PostgreSQL",
    noun: "a database",
    port: 5432,
    version: "17",
    version_hint: "`version = \"13.5\"` or `version = \"16\"`",
    // Its SIGTERM waits until every client has left.
    stop_signal: Some("SIGINT"),
    data: Data {
        mount: "/var/lib/envctl",
        // PGDATA, outside the volume that the official image declares.
        folder: "/var/lib/envctl/pgdata",
    },
    programs: &["postgres"],
    users: &["postgres"],
    variables: &[
        ("POSTGRES_USER", "user"),
        ("POSTGRES_USER_FILE", "user"),
        ("POSTGRES_PASSWORD", "password"),
        ("POSTGRES_PASSWORD_FILE", "password"),
        ("POSTGRES_DB", "database"),
        ("POSTGRES_DB_FILE", "database"),
    ],
    asked_by: "ask it with `sql = \"SELECT …\"`",
};

/// Returns `postgresql://user:password@db:5432/name` of the application's user and database.
pub(super) fn url(service: &str, postgres: &Postgres) -> Template {
    let mut parts = vec![
        text(format!("postgresql://{}:", encoded(&postgres.user))),
        password(&postgres.password),
        text("@"),
    ];
    parts.extend(address(service));
    parts.push(text(format!("/{}", encoded(&postgres.database))));
    Template { parts }
}
