//! The kind of a service, and the keys that only some kinds have.

use super::section::Section;
use super::{postgres, redis};
use crate::config::mistake::Mistake;
use crate::config::suggest;
use crate::model::Kind;

/// The kinds that there are.
pub(crate) const KINDS: [&str; 3] = ["container", "postgres", "redis"];

/// Keys of services with the kinds that have them.
const KEYS: [(&str, &[&str]); 11] = [
    ("version", &["postgres", "redis"]),
    ("strict_version", &["postgres", "redis"]),
    ("password", &["postgres", "redis"]),
    ("database", &["postgres"]),
    ("migrations", &["postgres"]),
    ("persistence", &["redis"]),
    ("config", &["redis"]),
    ("replicas", &["container"]),
    ("files", &["container"]),
    ("reload", &["container"]),
    ("update_config", &["container"]),
];

/// Keys of `process` with the kinds that have them.
const PROCESS_KEYS: [(&str, &[&str]); 6] = [
    ("command", &["container"]),
    ("build", &["container"]),
    ("working_dir", &["container"]),
    ("environment", &["container"]),
    ("user", &["container"]),
    ("bin_dir", &["postgres", "redis"]),
];

/// Reads what the kind declares, and reports keys of other kinds.
pub(super) fn read(section: &Section<'_>) -> Kind {
    let name = section.text("kind");
    let mut name = name.as_deref().unwrap_or_default();
    if !KINDS.contains(&name) {
        if section.get("kind").is_some() {
            let message = format!("there is no kind `{name}`");
            let hint = match suggest::nearest(name, KINDS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the kinds are {}", suggest::list(&KINDS)),
            };
            section.wrong_with("kind", message, Some(hint));
        }
        // What belongs to the kind that was meant is no second mistake.
        let Some(near) = suggest::nearest(name, KINDS) else {
            return Kind::Container;
        };
        name = near;
    }
    refuse_others(section, name, &KEYS);
    if let Some(process) = section.section("process") {
        refuse_others(&process, name, &PROCESS_KEYS);
    }
    match name {
        "postgres" => Kind::Postgres(postgres::read(section)),
        "redis" => Kind::Redis(redis::read(section)),
        _ => Kind::Container,
    }
}

fn refuse_others(section: &Section<'_>, kind: &str, keys: &[(&str, &[&str])]) {
    let others = keys.iter().filter(|(_, kinds)| !kinds.contains(&kind));
    for (key, kinds) in others {
        let Some(node) = section.get(key) else {
            continue;
        };
        let path = section.path_of(key);
        let written: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let message = format!(
            "`{path}` belongs to a service of kind {}",
            written.join(" or ")
        );
        let hint = match (kind, *key) {
            (_, "replicas") => "take it out: a server has its data, so it runs once".to_owned(),
            ("container", "bin_dir") => "take it out: `command` names its program".to_owned(),
            ("container", _) => {
                let kinds: Vec<String> = kinds
                    .iter()
                    .map(|it| format!("`kind = \"{it}\"`"))
                    .collect();
                format!("add {}, or take the key out", kinds.join(" or "))
            }
            (_, key) if !KEYS.iter().any(|(other, _)| *other == key) => {
                format!("take it out: `bin_dir` says where the programs of {kind} are")
            }
            _ => "take it out".to_owned(),
        };
        let mistake = Mistake::new(message).at(&node.key);
        section.reader.report(mistake.hint(hint));
    }
}
