//! `kind = "postgres"`: a PostgreSQL server with the application's database.

use super::{Data, Facts};

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
