//! What a service of kind `postgres` declares beyond a container.

use super::section::{Claimed, Section};
use crate::config::model::{Migrations, Postgres, Secret};

/// The keys that only this kind has; `user` means the role here.
pub(super) const KEYS: [&str; 4] = ["version", "database", "password", "migrations"];

/// Reads those keys.
pub(super) fn read(section: &Section<'_>) -> Postgres {
    for (name, port) in section.sections("ports") {
        if name != "postgres" {
            let message = "a `postgres` service has one port, named `postgres`";
            let at = &port.node.key;
            let mistake = crate::config::mistake::Mistake::new(message).at(at);
            section.reader.report(mistake);
        }
    }
    let version = section.text("version");
    if let Some(version) = &version {
        let numbers = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
        if !version.split('.').all(numbers) {
            let hint = Some("write `\"13.5\"` or `\"16\"`".to_owned());
            section.wrong_with("version", format!("`{version}` is no version"), hint);
        }
    }
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
        version,
        strict_version: false,
        bin_dir: None,
        database,
        user,
        password: password(section),
        migrations: section.section("migrations").map(|it| migrations(&it)),
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

/// Reads the password, which may be a secret but not an address.
fn password(section: &Section<'_>) -> Secret {
    let Some(template) = section.template("password") else {
        return Secret::default();
    };
    let filled = template.fill(|reference| {
        section.wrong(
            "password",
            format!("`{reference}` cannot stand in a password"),
        );
        Err(())
    });
    let password = filled.unwrap_or_default();
    if password.expose().is_empty() && template.references().next().is_none() {
        section.wrong(
            "password",
            format!("`{}` is empty", section.path_of("password")),
        );
    }
    password
}

fn migrations(section: &Section<'_>) -> Migrations {
    section.missing("dir", "");
    let dir = section.host_path("dir").unwrap_or_default();
    if let Some(node) = section.get("dir") {
        section.reader.claim(&dir, Claimed::Folder, node);
    }
    Migrations { dir }
}
