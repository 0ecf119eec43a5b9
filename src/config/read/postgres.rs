//! What a service of kind `postgres` declares beyond a container.

use super::section::Section;
use super::{seed, server};
use crate::kinds::POSTGRES;
use crate::model::{Migrations, Postgres, Secret};

/// Reads its keys; `user` means the role here.
pub(super) fn read(section: &Section<'_>) -> Postgres {
    server::check_ports(section, POSTGRES.name);
    let version = server::version(section, POSTGRES.version_hint);
    let user = filled(section, "user");
    let database = if user.is_empty() {
        // It is named after its user unless it was set.
        section.text("database").unwrap_or_default()
    } else {
        filled(section, "database")
    };
    if let Some(why) = unusable(&database) {
        section.wrong("database", format!("`{database}` {why}"));
    }
    Postgres {
        version: version.text,
        strict_version: version.strict,
        bin_dir: server::bin_dir(section),
        database,
        user,
        password: server::password(section).unwrap_or_else(Secret::unread),
        own_password: !section.has("password"),
        migrations: section.section("migrations").and_then(|it| migrations(&it)),
    }
}

/// Says why a name cannot be that of the application's database.
fn unusable(database: &str) -> Option<&'static str> {
    // NAMEDATALEN is 64 unless the server was built otherwise; longer names are cut in silence.
    if database.len() > 63 {
        Some("is longer than the 63 bytes that a server keeps of a name")
    } else if matches!(database, "template0" | "template1") {
        Some("is what the server makes other databases from")
    } else {
        None
    }
}

fn filled(section: &Section<'_>, key: &str) -> String {
    let text = section.text(key);
    if text.as_deref() == Some("") {
        section.wrong(key, format!("`{}` is empty", section.path_of(key)));
    }
    text.unwrap_or_default()
}

fn migrations(section: &Section<'_>) -> Option<Migrations> {
    if section.has("task") {
        if section.has("dir") {
            let message = format!("`{}` has both `dir` and `task`", section.path);
            let hint = "take one out: a task migrates in envctl's place".to_owned();
            section.wrong_with("", message, Some(hint));
        }
        return seed::task_name(section).map(Migrations::Task);
    }
    section.missing("dir", "");
    Some(Migrations::Folder(
        section.host_path("dir").unwrap_or_default(),
    ))
}
