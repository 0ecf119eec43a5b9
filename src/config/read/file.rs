//! `[services.NAME.files.NAME]`: files that are made for a service.

use std::collections::BTreeSet;
use std::path::Path;

use indexmap::IndexMap;

use super::section::{Section, template};
use crate::config::jinja;
use crate::config::mistake::Mistake;
use crate::config::paths;
use crate::config::suggest;
use crate::config::tree::{Node, Value};
use crate::model::{FileValue, Part, Reference, ServiceField, ServiceFile};

/// Reads the files of a service.
pub(super) fn read(service: &Section<'_>) -> IndexMap<String, ServiceFile> {
    let sections = service.sections("files").into_iter();
    let mut files = IndexMap::new();
    for (name, section) in sections {
        section.missing(
            "template",
            "the path of a template, from the folder of this file",
        );
        section.missing("path", "where the service finds it in its container");
        let values = values(&section);
        let Some(text) = text(&section) else { continue };
        check(&section, &text, &values);
        check_place(service, &section);
        let file = ServiceFile {
            path: section.text("path").unwrap_or_default(),
            template: text,
            values,
        };
        files.insert(name, file);
    }
    distinct(service, &files);
    files
}

/// Reports a path that is none of a file, or at which the service would not find it.
fn check_place(service: &Section<'_>, section: &Section<'_>) {
    let Some(path) = section.text("path").filter(|path| path.starts_with('/')) else {
        return;
    };
    let mut steps = path.split('/').skip(1);
    if steps.any(|step| matches!(step, "" | "." | "..")) {
        section.wrong("path", format!("`{path}` is no plain path of a file"));
    }
    for (tmpfs, _) in service.texts("tmpfs") {
        let folder = tmpfs.split(':').next().unwrap_or_default();
        if Path::new(&path).starts_with(folder) {
            let message = format!("`{path}` is in the `tmpfs` `{folder}`, which starts empty");
            section.wrong("path", message);
        }
    }
}

fn text(section: &Section<'_>) -> Option<String> {
    let path = section.host_path("template")?;
    match (section.reader.outside.read_text)(&path) {
        Ok(text) => Some(text),
        Err(why) => {
            let shown = paths::shown(&path, section.reader.workspace);
            section.wrong(
                "template",
                format!("cannot read the template `{shown}`: {why}"),
            );
            None
        }
    }
}

fn values(section: &Section<'_>) -> IndexMap<String, FileValue> {
    let table = section.get("values").and_then(Node::table);
    let value = |(name, node): (&String, &Node)| Some((name.clone(), value(&node.value)?));
    table.into_iter().flatten().filter_map(value).collect()
}

fn value(value: &Value) -> Option<FileValue> {
    Some(match value {
        Value::Integer(number) => FileValue::Integer(*number),
        Value::Boolean(boolean) => FileValue::Boolean(*boolean),
        Value::Template(template) => match template.parts.as_slice() {
            [
                Part::Reference(Reference::Service {
                    service,
                    field: ServiceField::Addresses,
                }),
            ] => FileValue::Addresses(service.clone()),
            _ => FileValue::Text(template.clone()),
        },
        other => FileValue::Text(template(other)?),
    })
}

/// Reports a template that cannot be read, and names in it that have no value.
fn check(section: &Section<'_>, text: &str, values: &IndexMap<String, FileValue>) {
    let environment = jinja::environment();
    let parsed = match environment.template_from_str(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let message = format!("the template cannot be read: {}", jinja::told(&error));
            section.wrong("template", message);
            return;
        }
    };
    let asked = parsed.undeclared_variables(false);
    let known: Vec<&str> = values.keys().map(String::as_str).collect();
    let unknown: BTreeSet<&String> = asked
        .iter()
        .filter(|name| section.section("values").is_none_or(|it| !it.has(name)))
        // `range`, `namespace` and the like are always there.
        .filter(|name| environment.globals().all(|(it, _)| it != name.as_str()))
        .collect();
    for name in unknown {
        let message = format!("the template asks for `{name}`, which has no value");
        let near = suggest::did_you_mean(name, known.iter().copied());
        let path = section.path_of("values");
        let hint = near.unwrap_or_else(|| format!("add `{name} = …` to `[{path}]`"));
        section.wrong_with("template", message, Some(hint));
    }
    if let Err(error) = parsed.render(stand_ins(values))
        && is_unknown(&error)
    {
        let message = format!("the template cannot be filled: {}", jinja::told(&error));
        section.wrong("template", message);
    }
}

/// Returns something for each value: most of what is wrong in a template does not depend on them.
fn stand_ins(values: &IndexMap<String, FileValue>) -> minijinja::Value {
    use minijinja::Value;
    let stand_in = |value: &FileValue| match value {
        FileValue::Text(_) => Value::from("1"),
        FileValue::Integer(number) => Value::from(*number),
        FileValue::Boolean(boolean) => Value::from(*boolean),
        FileValue::Addresses(_) => {
            let replica = [("name", "1"), ("host", "1"), ("port", "1")];
            Value::from(vec![Value::from_pairs(replica)])
        }
    };
    let values = values.iter();
    Value::from_pairs(values.map(|(name, value)| (name.as_str(), stand_in(value))))
}

/// Whether a template names something that there is not, or never ends, whatever its values are.
fn is_unknown(error: &minijinja::Error) -> bool {
    use minijinja::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
            | ErrorKind::UnknownMethod
            | ErrorKind::OutOfFuel
    )
}

/// Reports two files at one place.
fn distinct(service: &Section<'_>, files: &IndexMap<String, ServiceFile>) {
    let mut seen = BTreeSet::new();
    for (name, file) in files {
        if !seen.insert(&file.path)
            && let Some(section) = service.named("files", name)
            && let Some(node) = section.get("path")
        {
            let message = format!("another file has the path `{}`, too", file.path);
            service.reader.report(Mistake::new(message).at(&node.at));
        }
    }
}
