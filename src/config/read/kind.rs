//! The kind of a service, and the keys that only some kinds have.

use super::section::Section;
use super::{postgres, redis};
use crate::config::mistake::Mistake;
use crate::config::schema::KINDS;
use crate::model::Kind;

/// Reads what the kind declares, and reports keys of other kinds.
pub(super) fn read(section: &Section<'_>) -> Kind {
    let name = section.text("kind").unwrap_or_default();
    // What belongs to the kind that was meant is no second mistake.
    let meant = if KINDS.has(&name) {
        Some(name.as_str())
    } else {
        KINDS.nearest(&name)
    };
    let Some(name) = meant else {
        return Kind::Container;
    };
    refuse_others(section, name);
    if let Some(process) = section.section("process") {
        refuse_others(&process, name);
    }
    match name {
        "postgres" => Kind::Postgres(postgres::read(section)),
        "redis" => Kind::Redis(redis::read(section)),
        _ => Kind::Container,
    }
}

/// Reports keys of a table that a service of a kind does not have.
fn refuse_others(section: &Section<'_>, kind: &str) {
    let keys = section.fields().into_iter().flat_map(|fields| fields.keys);
    for key in keys.filter(|key| !key.is_of(kind)) {
        let Some(node) = section.get(key.name) else {
            continue;
        };
        let path = section.path_of(key.name);
        let written: Vec<String> = key.only.iter().map(|kind| format!("`{kind}`")).collect();
        let message = format!(
            "`{path}` belongs to a service of kind {}",
            written.join(" or ")
        );
        let hint = match (kind, key.name) {
            (_, "replicas") => "take it out: a server has its data, so it runs once".to_owned(),
            ("container", "bin_dir") => "take it out: `command` names its program".to_owned(),
            ("container", _) => {
                let kinds: Vec<String> = key
                    .only
                    .iter()
                    .map(|it| format!("`kind = \"{it}\"`"))
                    .collect();
                format!("add {}, or take the key out", kinds.join(" or "))
            }
            _ if section.path.ends_with(".process") => {
                format!("take it out: `bin_dir` says where the programs of {kind} are")
            }
            _ => "take it out".to_owned(),
        };
        let mistake = Mistake::new(message).at(&node.key);
        section.reader.report(mistake.hint(hint));
    }
}
