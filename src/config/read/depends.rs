//! `depends_on`, and circles in it.

use indexmap::IndexMap;

use super::cycles::cycles;
use super::section::Section;
use crate::config::mistake::Mistake;
use crate::config::suggest;
use crate::model::{Condition, Service, Task};

/// Reads `depends_on`.
pub(super) fn read(section: &Section<'_>) -> IndexMap<String, Condition> {
    let mut all = IndexMap::new();
    for (name, dependency) in section.sections("depends_on") {
        let names = &section.reader.names;
        if !names.services.contains(&name) && !names.tasks.contains(&name) {
            let known = names.services.iter().chain(&names.tasks);
            let hint = suggest::did_you_mean(&name, known.map(String::as_str));
            let message = format!("there is no service or task `{name}` to depend on");
            let mistake = Mistake::new(message).at(&dependency.node.key);
            section.reader.report(mistake.maybe_hint(hint));
            continue;
        }
        dependency.missing("condition", "");
        let Some(text) = dependency.text("condition") else {
            continue;
        };
        let condition = match text.as_str() {
            "started" => Condition::Started,
            "ready" => Condition::Ready,
            _ => continue,
        };
        all.insert(name, condition);
    }
    all
}

/// Reports services and tasks that wait for each other.
pub(super) fn check(
    root: &Section<'_>,
    services: &IndexMap<String, Service>,
    tasks: &IndexMap<String, Task>,
) {
    let next = |name: &str| -> Vec<String> {
        let service = services.get(name).map(|service| &service.depends_on);
        let task = tasks.get(name).map(|task| &task.depends_on);
        let dependencies = service.or(task).into_iter().flat_map(IndexMap::keys);
        dependencies.cloned().collect()
    };
    let names = services.keys().chain(tasks.keys()).map(String::as_str);
    for chain in cycles(names, next) {
        let kind = if services.contains_key(&chain[0]) {
            "services"
        } else {
            "tasks"
        };
        let node = root.node.get(kind).and_then(|all| all.get(&chain[0]));
        let node = node.and_then(|node| node.get("depends_on")?.get(&chain[1]));
        let message = format!("a cycle in `depends_on`: {}", chain.join(" -> "));
        let mistake = Mistake::new(message);
        root.reader.report(match node {
            Some(node) => mistake.at(&node.key),
            None => mistake,
        });
    }
}
