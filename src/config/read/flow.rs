//! How smoke checks stand to each other: what comes first, what is a part of what, and who has
//! kept the values that another one reads.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::cycles::cycles;
use super::section::Section;
use crate::config::mistake::Mistake;
use crate::config::source::Origin;
use crate::config::suggest;
use crate::config::tree::{Node, Value};
use crate::model::{Check, Part, Reference};

/// The keys that name other checks.
const NAMES: [&str; 4] = ["depends_on", "setup", "teardown", "meanwhile"];

/// Checks all names, and marks the checks that are parts of others.
pub(super) fn check(root: &Section<'_>, checks: &mut IndexMap<String, Check>) {
    let declared = DeclaredChecks(root);
    // Most checks stand alone.
    let linked: Vec<Section<'_>> = declared
        .all()
        .filter(|(_, node)| NAMES.iter().any(|key| node.get(key).is_some()))
        .filter_map(|(name, _)| declared.section(name))
        .collect();
    for section in &linked {
        check_names(section, &declared);
    }
    let steps: BTreeSet<String> = checks
        .values()
        .flat_map(|check| {
            let named = check.flow.setup.iter().chain(&check.flow.teardown);
            named.map(String::as_str).chain(check.action.meanwhile())
        })
        .map(str::to_owned)
        .collect();
    for check in checks.values_mut() {
        check.flow.is_step = steps.contains(&check.declared);
    }
    for name in &steps {
        if let Some(section) = declared.section(name) {
            check_step(&section, name);
        }
    }
    for section in &linked {
        refuse_steps(section, &steps);
    }
    check_cycles(&declared, checks);
    check_captures(&declared, checks);
}

/// The tables of the checks as they were declared.
struct DeclaredChecks<'a>(&'a Section<'a>);

impl<'a> DeclaredChecks<'a> {
    fn all(&self) -> impl Iterator<Item = (&'a String, &'a Node)> + use<'a> {
        let table = self.0.node.get("smoke").and_then(Node::table);
        table.into_iter().flatten()
    }

    fn has(&self, name: &str) -> bool {
        self.node(name).is_some()
    }

    fn node(&self, name: &str) -> Option<&'a Node> {
        self.0.node.get("smoke")?.get(name)
    }

    fn section(&self, name: &str) -> Option<Section<'a>> {
        self.0.named("smoke", name)
    }
}

fn check_names(section: &Section<'_>, declared: &DeclaredChecks<'_>) {
    for key in NAMES {
        for (name, node) in section.texts(key) {
            if !declared.has(&name) {
                let known = declared.all().map(|(name, _)| name.as_str());
                let hint = suggest::did_you_mean(&name, known);
                let message = format!("there is no check `{name}`");
                let mistake = Mistake::new(message).at(&node.at).maybe_hint(hint);
                section.reader.report(mistake);
            }
        }
    }
}

/// Reports what a part of another check cannot have.
fn check_step(section: &Section<'_>, name: &str) {
    for key in NAMES.into_iter().chain(["each", "tags"]) {
        if let Some(node) = section.get(key) {
            let message = format!("`{name}` is a part of another check, so it has no `{key}`");
            section.reader.report(Mistake::new(message).at(&node.key));
        }
    }
}

fn refuse_steps(section: &Section<'_>, steps: &BTreeSet<String>) {
    for (name, node) in section.texts("depends_on") {
        if steps.contains(&name) {
            let message = format!("`{name}` is a part of another check, which is made only there");
            let hint = format!("name it as `setup`, or the check that has `{name}` as its part");
            let mistake = Mistake::new(message).at(&node.at).hint(hint);
            section.reader.report(mistake);
        }
    }
}

fn check_cycles(declared: &DeclaredChecks<'_>, checks: &IndexMap<String, Check>) {
    let linked = dependencies(checks);
    let next = |name: &str| linked.get(name).cloned().unwrap_or_default();
    for chain in cycles(linked.keys().copied(), next) {
        let message = format!("a circle in `depends_on`: {}", chain.join(" -> "));
        let mut mistake = Mistake::new(message);
        if let Some(node) = declared.node(&chain[0]) {
            mistake = mistake.at(&node.key);
        }
        declared.0.reader.report(mistake);
    }
}

/// Returns the names that each check depends on, of those that depend on any.
fn dependencies(checks: &IndexMap<String, Check>) -> BTreeMap<&str, Vec<String>> {
    checks
        .values()
        .filter(|check| !check.flow.depends_on.is_empty())
        .map(|check| (check.declared.as_str(), check.flow.depends_on.clone()))
        .collect()
}

/// A check's declared name to what it keeps; `None` for one with cases, which keep it each.
type Kept<'a> = BTreeMap<&'a str, Option<BTreeSet<&'a str>>>;

fn check_captures(declared: &DeclaredChecks<'_>, checks: &IndexMap<String, Check>) {
    let mut kept: Kept<'_> = BTreeMap::new();
    for check in checks.values().filter(|check| !check.captures.is_empty()) {
        let names = check.captures.keys().map(String::as_str).collect();
        let node = declared.node(&check.declared);
        let cases = node.is_some_and(|node| node.get("each").is_some());
        kept.insert(&check.declared, (!cases).then_some(names));
    }
    let next = dependencies(checks);
    let mut seen = None;
    for check in checks.values().filter(|check| !check.flow.is_step) {
        // The cases of a check stand together.
        if seen == Some(&check.declared) {
            continue;
        }
        seen = Some(&check.declared);
        let mut sources = ancestors(&check.declared, &next);
        sources.extend(check.flow.setup.iter().cloned());
        let read = |name: &str, sources: &[String]| check_uses(declared, name, sources, &kept);
        for step in &check.flow.setup {
            read(step, &sources);
        }
        check
            .action
            .meanwhile()
            .inspect(|step| read(step, &sources));
        sources.extend(check.action.meanwhile().map(str::to_owned));
        read(&check.declared, &sources);
        sources.push(check.declared.clone());
        for step in &check.flow.teardown {
            read(step, &sources);
        }
    }
}

fn ancestors(name: &str, next: &BTreeMap<&str, Vec<String>>) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&String> = next.get(name).into_iter().flatten().collect();
    while let Some(name) = open.pop() {
        if found.insert(name) {
            open.extend(next.get(name.as_str()).into_iter().flatten());
        }
    }
    found.into_iter().cloned().collect()
}

/// Reports captures that nothing in `sources` keeps.
fn check_uses(declared: &DeclaredChecks<'_>, name: &str, sources: &[String], kept: &Kept<'_>) {
    let Some(node) = declared.node(name) else {
        return;
    };
    let keeps = |source: &String, name: &str| {
        let kept = kept.get(source.as_str());
        kept.is_some_and(|kept| kept.as_ref().is_some_and(|names| names.contains(name)))
    };
    for (name, at) in uses(node) {
        if sources.iter().any(|source| keeps(source, &name)) {
            continue;
        }
        let keeper = kept
            .iter()
            .find(|(_, kept)| kept.as_ref().is_some_and(|it| it.contains(name.as_str())));
        let hint = match keeper {
            Some((keeper, _)) => format!("`{keeper}` keeps it: `depends_on = [\"{keeper}\"]`"),
            None => format!("a check keeps it with `capture = {{ {name} = \"$.…\" }}`"),
        };
        let message = format!("nothing that comes before keeps `{name}`");
        let mistake = Mistake::new(message).at(&at).hint(hint);
        declared.0.reader.report(mistake);
    }
}

/// Returns every `${capture.NAME}` in a table, each with its place.
fn uses(node: &Node) -> Vec<(String, Origin)> {
    let mut found = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match &node.value {
            Value::List(items) => open.extend(items),
            Value::Table(table) => open.extend(table.values()),
            Value::Template(template) => {
                let names = template.parts.iter().filter_map(|part| match part {
                    Part::Reference(Reference::Capture(name)) => Some(name.clone()),
                    _ => None,
                });
                found.extend(names.map(|name| (name, node.at.clone())));
            }
            _ => {}
        }
    }
    found
}
