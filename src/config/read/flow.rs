//! How smoke checks stand to each other: what comes first, what is a part of what, and who has
//! kept the values that another one reads.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::cycles::cycles;
use super::section::Section;
use crate::config::mistake::Mistake;
use crate::config::model::{Check, Part, Reference};
use crate::config::source::Origin;
use crate::config::suggest;
use crate::config::tree::{Node, Value};

/// The keys that name other checks.
const NAMES: [&str; 4] = ["depends_on", "setup", "teardown", "meanwhile"];

/// Checks all names, and marks the checks that are parts of others.
pub(super) fn check(root: &Section<'_>, checks: &mut IndexMap<String, Check>) {
    let sections = root.sections("smoke");
    let declared: BTreeMap<&str, &Section<'_>> = sections
        .iter()
        .map(|(name, section)| (name.as_str(), section))
        .collect();
    for section in declared.values() {
        check_names(section, &declared);
    }
    let steps: BTreeSet<String> = checks
        .values()
        .flat_map(|check| {
            let named = check.flow.setup.iter().chain(&check.flow.teardown);
            let named = named.map(String::as_str).chain(check.action.meanwhile());
            named.map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    for check in checks.values_mut() {
        check.flow.is_step = steps.contains(&check.declared);
    }
    for name in &steps {
        if let Some(section) = declared.get(name.as_str()) {
            check_step(section, name);
        }
    }
    for section in declared.values() {
        refuse_steps(section, &steps);
    }
    check_cycles(root, &declared, checks);
    check_captures(&declared, checks);
}

fn check_names(section: &Section<'_>, declared: &BTreeMap<&str, &Section<'_>>) {
    for key in NAMES {
        for (name, node) in section.texts(key) {
            if !declared.contains_key(name.as_str()) {
                let hint = suggest::did_you_mean(&name, declared.keys().copied());
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

fn check_cycles(
    root: &Section<'_>,
    declared: &BTreeMap<&str, &Section<'_>>,
    checks: &IndexMap<String, Check>,
) {
    let next = dependencies(checks);
    let next = |name: &str| next.get(name).cloned().unwrap_or_default();
    for chain in cycles(declared.keys().copied(), next) {
        let message = format!("a circle in `depends_on`: {}", chain.join(" -> "));
        let at = declared.get(chain[0].as_str()).map(|it| &it.node.key);
        let mistake = Mistake::new(message).at(at.unwrap_or(&root.node.at));
        root.reader.report(mistake);
    }
}

fn dependencies(checks: &IndexMap<String, Check>) -> BTreeMap<&str, Vec<String>> {
    let pair = |check: &'_ Check| check.flow.depends_on.clone();
    checks
        .values()
        .map(|check| (check.declared.as_str(), pair(check)))
        .collect()
}

/// A check's declared name to what it keeps; `None` for one with cases, which keep it each.
type Kept<'a> = BTreeMap<&'a str, Option<BTreeSet<&'a str>>>;

fn check_captures(declared: &BTreeMap<&str, &Section<'_>>, checks: &IndexMap<String, Check>) {
    let mut kept: Kept<'_> = BTreeMap::new();
    for check in checks.values() {
        let names = check.captures.keys().map(String::as_str).collect();
        let cases = declared
            .get(check.declared.as_str())
            .is_some_and(|section| section.has("each"));
        kept.insert(&check.declared, (!cases).then_some(names));
    }
    let next = dependencies(checks);
    let mut seen = BTreeSet::new();
    for check in checks.values().filter(|check| !check.flow.is_step) {
        if !seen.insert(check.declared.as_str()) {
            continue;
        }
        let mut sources = ancestors(&check.declared, &next);
        sources.extend(check.flow.setup.iter().cloned());
        let read = |name: &str, sources: &[String]| {
            if let Some(section) = declared.get(name) {
                check_uses(section, sources, &kept);
            }
        };
        for step in check.flow.setup.iter().map(String::as_str) {
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
    let mut found = Vec::new();
    let mut open: Vec<&String> = next.get(name).into_iter().flatten().collect();
    while let Some(name) = open.pop() {
        if !found.contains(name) {
            found.push(name.clone());
            open.extend(next.get(name.as_str()).into_iter().flatten());
        }
    }
    found
}

/// Reports captures that nothing in `sources` keeps.
fn check_uses(section: &Section<'_>, sources: &[String], kept: &Kept<'_>) {
    let keeps = |source: &String, name: &str| {
        let kept = kept.get(source.as_str());
        kept.is_some_and(|kept| kept.as_ref().is_some_and(|names| names.contains(name)))
    };
    for (name, at) in uses(section.node) {
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
        section.reader.report(mistake);
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
