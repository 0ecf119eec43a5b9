//! What services of the kinds `postgres` and `redis` have in common.

use std::path::PathBuf;

use super::section::Section;
use crate::config::mistake::Mistake;
use crate::config::schema::is_version;
use crate::model::Secret;

/// A server's version, and whether a program of the host must have it.
pub(super) struct DeclaredVersion {
    pub text: Option<String>,
    pub strict: bool,
}

/// Reads `version` and `strict_version`.
pub(super) fn version(section: &Section<'_>, example: &str) -> DeclaredVersion {
    let text = section.text("version");
    if let Some(text) = text.as_deref().filter(|text| !is_version(text)) {
        let hint = Some(format!("write {example}"));
        section.wrong_with("version", format!("`{text}` is no version"), hint);
    }
    let strict = section.boolean("strict_version");
    if strict && !section.has("version") {
        let message = format!("`{}` needs a `version`", section.path_of("strict_version"));
        section.wrong_with("strict_version", message, Some(format!("add {example}")));
    }
    DeclaredVersion { text, strict }
}

/// Reads `process.bin_dir`.
pub(super) fn bin_dir(section: &Section<'_>) -> Option<PathBuf> {
    section.section("process")?.host_path("bin_dir")
}

/// Reads the password, which may be a secret but not an address.
pub(super) fn password(section: &Section<'_>) -> Option<Secret> {
    let template = section.template("password")?;
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
    Some(password)
}

/// Reports ports but the one that is named after the kind.
pub(super) fn check_ports(section: &Section<'_>, kind: &str) {
    for (name, port) in section.sections("ports") {
        if name != kind {
            let message = format!("a `{kind}` service has one port, named `{kind}`");
            let mistake = Mistake::new(message).at(&port.node.key);
            section.reader.report(mistake);
        }
    }
}
