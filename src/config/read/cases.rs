//! `each`: one check for each case, with the case's values in it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::section::{Section, template};
use crate::config::bounds;
use crate::config::conform;
use crate::config::mistake::Mistake;
use crate::config::schema::{CHECK, Shape};
use crate::config::suggest;
use crate::config::trail::Trail;
use crate::config::tree::{Node, Table, Value};
use crate::model::{Part, Reference, Template};

/// A check's table for one case.
pub(super) struct CheckCase<'a> {
    /// The check's name, with the case's behind it: `lookup[EETLL]`.
    pub name: String,
    pub node: Cow<'a, Node>,
}

/// Returns every case of a check; the check itself where it has no `each`.
pub(super) fn cases<'a>(name: &str, section: &Section<'a>) -> Vec<CheckCase<'a>> {
    let Some(each) = section.get("each") else {
        if !section.has("each") {
            no_case(section);
        }
        return vec![CheckCase {
            name: name.to_owned(),
            node: Cow::Borrowed(section.node),
        }];
    };
    let items = match &each.value {
        Value::List(items) if !items.is_empty() => items,
        _ => {
            let message = "`each` wants a list of cases";
            let hint = "for example `each = [{ code = \"EETLL\", count = 3 }]`";
            section.wrong_with("each", message, Some(hint.to_owned()));
            return Vec::new();
        }
    };
    let names = labels(items).into_iter().zip(items);
    // Without the cases, so that not each of them begins as a copy of all.
    let mut bare = section.node.beside(Value::Unusable);
    let others = section.node.table().into_iter().flatten();
    let others = others.filter(|(key, _)| *key != "each");
    bare.value = Value::Table(
        others
            .map(|(key, node)| (key.clone(), node.clone()))
            .collect(),
    );
    let one = bounds::of_node(&bare);
    let mut made = Vec::new();
    for (label, item) in names {
        if !section.has_room("each", one) {
            break;
        }
        made.push(CheckCase {
            name: format!("{name}[{label}]"),
            node: Cow::Owned(filled(name, section, bare.clone(), &values(item))),
        });
    }
    made
}

/// Returns what each case is called; no two are called the same.
fn labels(items: &[Node]) -> Vec<String> {
    let mut used = BTreeSet::new();
    let own: Vec<Option<String>> = items
        .iter()
        .map(|item| label(item).filter(|label| used.insert(label.clone())))
        .collect();
    let numbered = (1..).zip(own);
    numbered
        .map(|(number, label): (usize, _)| {
            // The number of one case may be the name of another.
            label.unwrap_or_else(|| {
                let number = number.to_string();
                let mut longer = std::iter::successors(Some(number), |it| Some(format!("#{it}")));
                let free = longer.find(|label| used.insert(label.clone()));
                free.expect("there are more names than cases")
            })
        })
        .collect()
}

/// Returns the values of a case by their names; one that is no table is called `value`.
fn values(item: &Node) -> Cow<'_, Table> {
    match &item.value {
        Value::Table(table) => Cow::Borrowed(table),
        _ => Cow::Owned(Table::from_iter([("value".to_owned(), item.clone())])),
    }
}

/// Returns what tells a case from the others: its `name`, or its one value.
fn label(item: &Node) -> Option<String> {
    let value = match &item.value {
        Value::Table(table) => &table.get("name")?.value,
        value => value,
    };
    let text = match value {
        Value::Template(_) => return None,
        value => template(value)?.to_string(),
    };
    let fits = !text.is_empty() && text.chars().count() <= 40 && !text.contains(['[', ']', '\n']);
    fits.then_some(text)
}

fn filled(name: &str, section: &Section<'_>, mut node: Node, values: &Table) -> Node {
    fill(section, &mut node, values);
    let mut mistakes = Vec::new();
    let checks = Trail::Root.key("smoke");
    conform::check(
        &mut node,
        Shape::Table(&CHECK),
        checks.key(name),
        &mut mistakes,
    );
    for mistake in mistakes {
        section.reader.report(mistake);
    }
    node
}

fn fill(section: &Section<'_>, node: &mut Node, values: &Table) {
    match &mut node.value {
        Value::List(items) => items
            .iter_mut()
            .for_each(|item| fill(section, item, values)),
        Value::Table(table) => table
            .values_mut()
            .for_each(|item| fill(section, item, values)),
        Value::Template(template) if references(template).next().is_some() => {
            let values_of = references(template).filter_map(|name| values.get(name));
            let bytes = values_of.map(|node| bounds::size(&node.value)).sum();
            if !section.has_room("each", bytes) {
                node.value = Value::Unusable;
                return;
            }
            let filled = text(section, template, values);
            node.value = filled.unwrap_or_else(|(name, known)| {
                let hint = suggest::did_you_mean(&name, known.iter().map(String::as_str));
                let message = format!("a case has no `{name}`");
                let mistake = Mistake::new(message).at(&node.at).maybe_hint(hint);
                section.reader.report(mistake);
                Value::Unusable
            });
        }
        _ => {}
    }
}

/// Fills one text; a reference alone keeps its type. The error is a name that the case lacks,
/// with the names that it has.
fn text(
    section: &Section<'_>,
    written: &Template,
    values: &Table,
) -> Result<Value, (String, Vec<String>)> {
    let known = || values.keys().cloned().collect();
    let value = |name: &String| values.get(name).ok_or_else(|| (name.clone(), known()));
    if let [Part::Reference(Reference::Each(name))] = written.parts.as_slice() {
        return value(name).map(|node| node.value.clone());
    }
    let mut parts = Vec::new();
    for part in &written.parts {
        match part {
            Part::Reference(Reference::Each(name)) => {
                let node = value(name)?;
                if let Some(text) = template(&node.value) {
                    parts.extend(text.parts);
                } else {
                    let message = format!("`{name}` of a case is {}", node.value.describe());
                    let hint = "it can only stand alone: `\"${each.NAME}\"`";
                    let mistake = Mistake::new(message).at(&node.at).hint(hint);
                    section.reader.report(mistake);
                }
            }
            part => parts.push(part.clone()),
        }
    }
    let plain = |part: &Part| match part {
        Part::Text(text) => Some(text.clone()),
        Part::Secret(_) | Part::Reference(_) => None,
    };
    let text: Option<String> = parts.iter().map(plain).collect();
    Ok(text.map_or_else(|| Value::Template(Template { parts }), Value::Text))
}

fn references(template: &Template) -> impl Iterator<Item = &String> {
    template
        .references()
        .filter_map(|reference| match reference {
            Reference::Each(name) => Some(name),
            _ => None,
        })
}

/// Reports values of a case where there is none.
fn no_case(section: &Section<'_>) {
    let mut open = vec![section.node];
    while let Some(node) = open.pop() {
        match &node.value {
            Value::List(items) => open.extend(items),
            Value::Table(table) => open.extend(table.values()),
            Value::Template(template) => {
                if let Some(name) = references(template).next() {
                    let message = format!("`${{each.{name}}}` stands in a check without `each`");
                    section.reader.report(Mistake::new(message).at(&node.at));
                }
            }
            _ => {}
        }
    }
}
