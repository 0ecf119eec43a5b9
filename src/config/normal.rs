//! Brings one layer into the long form: short forms expanded, unknown keys reported, so that
//! merging only ever sees tables over tables. Knows no other layer.

use super::mistake::{MISTAKES_MAX, Mistake};
use super::parse;
use super::schema::{Fields, ListForm, Named, Shape};
use super::suggest;
use super::trail::Trail;
use super::tree::{Node, Table, Value};
use crate::kinds;

/// Expands a whole layer, or the part of it at `path`.
pub(crate) fn expand(node: &mut Node, shape: Shape, path: Trail<'_>, mistakes: &mut Vec<Mistake>) {
    match shape {
        Shape::Value(_) => {}
        Shape::Table(fields) => {
            if let (Some(key), true) = (fields.negative, node.value.removes()) {
                let value = node.beside(Value::Boolean(true));
                node.value = Value::Table(Table::from_iter([(key.to_owned(), value)]));
            }
            if !node.value.removes() {
                long_form(node, fields, path, mistakes);
                known_keys(node, fields, path, mistakes);
            }
        }
        Shape::Named(named) => {
            listed(node, named, path, mistakes);
            for (name, child) in node.table_mut().into_iter().flatten() {
                expand(child, named.each, path.key(name), mistakes);
            }
        }
    }
}

/// Turns a value into the table that it is short for.
fn long_form(node: &mut Node, fields: &Fields, path: Trail<'_>, mistakes: &mut Vec<Mistake>) {
    raw_table(node);
    let is_value = !matches!(
        node.value,
        Value::Table(_) | Value::Unusable | Value::Boolean(_)
    );
    if let (Some(key), true) = (fields.short, is_value) {
        let value = node.beside(node.value.clone());
        node.value = Value::Table(Table::from_iter([(key.to_owned(), value)]));
    }
    want_table(node, path, None, mistakes);
}

fn known_keys(node: &mut Node, fields: &Fields, path: Trail<'_>, mistakes: &mut Vec<Mistake>) {
    let Some(table) = node.table_mut() else {
        return;
    };
    let mut meant = Table::default();
    table.retain(|key, child| {
        if let Some(shape) = fields.shape(key) {
            expand(child, shape, path.key(key), mistakes);
            return true;
        }
        if mistakes.len() > MISTAKES_MAX {
            return false;
        }
        let foreign = fields.foreign.iter().find(|foreign| foreign.key == key);
        let (near, hint) = match foreign {
            Some(foreign) => (foreign.meant, Some(foreign.hint.to_owned())),
            None => (
                suggest::nearest(key, fields.names()),
                suggest::did_you_mean(key, fields.names()),
            ),
        };
        if let Some(near) = near {
            // What was meant is there, so that its absence is no second mistake.
            let stands_for = stand_in(child, fields.shape(near), path.key(near));
            meant.insert(near.to_owned(), stands_for);
        }
        let what = format!("unknown key `{}`", path.key(key));
        mistakes.push(Mistake::new(what).at(&child.key).maybe_hint(hint));
        false
    });
    for (key, child) in meant {
        table.entry(key).or_insert(child);
    }
}

/// Returns what counts for the key that was meant: a table that can be one there, so that what
/// refers to its names is no second mistake, and else something that is merely there.
fn stand_in(child: &Node, shape: Option<Shape>, path: Trail<'_>) -> Node {
    if let Some(shape @ (Shape::Table(_) | Shape::Named(_))) = shape
        && matches!(child.value, Value::Table(_))
    {
        let (mut node, mut mistakes) = (child.clone(), Vec::new());
        expand(&mut node, shape, path, &mut mistakes);
        if mistakes.is_empty() {
            return node;
        }
    }
    child.beside(Value::Unusable)
}

/// Turns a list into the table that it is short for.
fn listed(node: &mut Node, named: &Named, path: Trail<'_>, mistakes: &mut Vec<Mistake>) {
    raw_table(node);
    if named.list != ListForm::None
        && let Value::List(items) = &node.value
    {
        let mut table = Table::default();
        for item in items {
            if let Some((name, value)) = entry(item, named.list, path, mistakes) {
                table.insert(name, item.beside(value));
            }
        }
        node.value = Value::Table(table);
    }
    let hint = match named.list {
        ListForm::None if path.last() == Some("ports") => {
            unnamed_ports(node, path, mistakes);
            return;
        }
        ListForm::None => None,
        ListForm::Names(_) => Some("write `[\"NAME\"]` or `{ NAME = \"started\" }`".to_owned()),
        ListForm::Assignments => {
            Some("write `{ NAME = \"value\" }` or `[\"NAME=value\"]`".to_owned())
        }
    };
    want_table(node, path, hint, mistakes);
}

/// Reports ports without names, and takes the first one for the rest, so that who refers to a port
/// is no second mistake.
fn unnamed_ports(node: &mut Node, path: Trail<'_>, mistakes: &mut Vec<Mistake>) {
    let (host, container) = first_port(node).unwrap_or((Some(3000), 3000));
    let name = kinds::listening_on(container).map_or("http", |kind| kind.name);
    let written = match host {
        Some(host) => format!("{{ container = {container}, host = {host} }}"),
        None => container.to_string(),
    };
    let hint = format!("name each port: `ports = {{ {name} = {written} }}`");
    want_table(node, path, Some(hint), mistakes);
    if matches!(node.value, Value::Unusable) {
        let port = node.beside(Value::Integer(container));
        node.value = Value::Table(Table::from_iter([(name.to_owned(), port)]));
    }
}

/// Returns the first port of Compose's own form on the host and in the container.
fn first_port(node: &Node) -> Option<(Option<i64>, i64)> {
    let first = match &node.value {
        Value::List(items) => items.first()?,
        _ => node,
    };
    if let Value::Integer(container) = first.value {
        return Some((None, container));
    }
    let number = |text: &str| text.parse::<u16>().ok().map(i64::from);
    match first.text()?.split_once(':') {
        Some((host, container)) => Some((Some(number(host)?), number(container)?)),
        None => Some((None, number(first.text()?)?)),
    }
}

fn entry(
    item: &Node,
    form: ListForm,
    path: Trail<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<(String, Value)> {
    let text = item.text();
    let found = match form {
        ListForm::None => None,
        ListForm::Names(value) => text.map(|name| (name.to_owned(), Value::Text(value.to_owned()))),
        ListForm::Assignments => text
            .and_then(|text| text.split_once('='))
            .map(|(name, value)| (name.to_owned(), Value::Text(value.to_owned()))),
    };
    if found.is_none() && !matches!(item.value, Value::Unusable) {
        let wanted = match form {
            ListForm::Assignments => "`NAME=value`",
            ListForm::None | ListForm::Names(_) => "a name",
        };
        let hint = match (form, text) {
            (ListForm::Assignments, Some(name)) => Some(format!(
                "to hand on a variable of your shell, write `{name}=${{env:{name}}}`"
            )),
            _ => None,
        };
        let message = format!("an item of `{path}` must be {wanted}");
        mistakes.push(Mistake::new(message).at(&item.at).maybe_hint(hint));
    }
    found
}

/// Reads a table or list that came as a text, from a variable or `--set`.
fn raw_table(node: &mut Node) {
    if let Value::Raw(text) = &node.value
        && text.trim_start().starts_with(['{', '['])
        && let Some(value) = parse::alone(text, node)
    {
        node.value = value;
    }
}

fn want_table(node: &mut Node, path: Trail<'_>, hint: Option<String>, mistakes: &mut Vec<Mistake>) {
    if !matches!(node.value, Value::Table(_) | Value::Unusable) {
        let what = format!("`{path}` must be a table, not {}", node.value.describe());
        mistakes.push(Mistake::new(what).at(&node.at).maybe_hint(hint));
        node.value = Value::Unusable;
    }
}
