//! Variables that official images read and that envctl has keys for: it makes them itself, so
//! that one of a server's own would contradict what its clients are told.

use indexmap::IndexMap;

use super::section::Section;
use crate::config::mistake::Mistake;
use crate::config::tree::{Node, quoted};
use crate::kinds;
use crate::model::{Kind, Template};

/// Reports variables that say something else than the keys of a server.
pub(super) fn check(section: &Section<'_>, kind: &Kind, environment: &IndexMap<String, Template>) {
    let Some(facts) = kinds::of(kind) else { return };
    let set = facts.variables.iter().filter_map(|(name, key)| {
        let value = environment.get(*name)?;
        let declared = section.template(key);
        let same = declared.is_some_and(|it| it.canonical() == value.canonical());
        (!same).then(|| Set::of(section, (name, key), value))
    });
    let set: Vec<Set<'_>> = set.collect();
    if let Some(first) = set.first() {
        let names: Vec<String> = set.iter().map(|it| format!("`{}`", it.name)).collect();
        let lines: Vec<String> = set.iter().map(|it| format!("`{}`", it.line)).collect();
        let names = names.join(", ");
        let (are, keys) = if set.len() == 1 {
            ("is", "a key")
        } else {
            ("are", "keys")
        };
        let message = format!("{names} {are} set by {keys} of a `{}` service", facts.name);
        let hint = format!("write {} in `[{}]`", lines.join(", "), section.path);
        let mistake = at(Mistake::new(message), first.place);
        section.reader.report(mistake.hint(hint));
    }
    if let (Kind::Postgres(_), Some(folder)) = (kind, environment.get("PGDATA")) {
        data_folder(section, &folder.to_string());
    }
}

/// A variable that is set, and the line to write in its place.
struct Set<'a> {
    name: &'a str,
    line: String,
    /// What sets it: itself, or the list of env files.
    place: Option<&'a Node>,
}

impl<'a> Set<'a> {
    fn of(section: &Section<'a>, (name, key): (&'a str, &str), value: &Template) -> Self {
        let own = own(section, name);
        let written = own.and_then(|node| node.written());
        let value = written.map_or_else(|| value.to_string(), str::to_owned);
        let line = if name.ends_with("_FILE") {
            format!("{key} = \"${{secret:NAME}}\"` with a `file` in `[secrets.NAME]")
        } else if key == "password" && !value.contains("${") {
            // A plain one is not for every log.
            format!("{key} = \"…\"")
        } else {
            format!("{key} = {}", quoted(&value))
        };
        Self {
            name,
            line,
            place: own.or_else(|| section.get("env_file")),
        }
    }
}

fn own<'a>(section: &Section<'a>, name: &str) -> Option<&'a Node> {
    section.get("environment")?.get(name)
}

/// Reports a data folder outside of the volume that holds the data.
fn data_folder(section: &Section<'_>, folder: &str) {
    let volumes = section.texts("volumes").into_iter();
    let volumes = volumes.filter_map(|(volume, _)| Some(volume.split(':').nth(1)?.to_owned()));
    let tmpfs = section.texts("tmpfs").into_iter();
    let tmpfs = tmpfs.map(|(path, _)| path.split(':').next().unwrap_or_default().to_owned());
    let mounted = volumes
        .chain(tmpfs)
        .any(|target| folder.starts_with(&target));
    if mounted {
        return;
    }
    let message =
        "`PGDATA` would put the data outside of its volume, and lose it with the container";
    let hint = "take it out: envctl says where the data lies";
    let place = own(section, "PGDATA").or_else(|| section.get("env_file"));
    let mistake = at(Mistake::new(message), place);
    section.reader.report(mistake.hint(hint));
}

fn at(mistake: Mistake, place: Option<&Node>) -> Mistake {
    match place {
        Some(node) => mistake.at(&node.key),
        None => mistake,
    }
}
