//! From TOML text to a tree of values with places. Knows no keys.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Mistake;
use super::source::{Origin, Source};
use super::tree::{Node, Table, Value};

/// Reads a whole source; with mistakes, the tree holds what could be read.
pub(crate) fn document(source: &Arc<Source>) -> (Node, Vec<Mistake>) {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let mut mistakes: Vec<_> = errors
        .iter()
        .map(|error| {
            let span = error.span().unwrap_or(0..0);
            let message = match (error.message(), source.text.get(span.clone())) {
                ("duplicate key", Some(key)) => format!("`{key}` is there twice"),
                (message, _) => fragment(message),
            };
            Mistake::new(message).at(&Origin::new(source, span))
        })
        .collect();
    let start = Origin::new(source, 0..0);
    let root = Value::Table(entries(table.get_ref(), source, &mut mistakes));
    (Node::new(root, start.clone(), start), mistakes)
}

/// Turns a sentence of the parser into a fragment like all the others.
fn fragment(message: &str) -> String {
    let mut chars = message.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

/// Reads a value that stands alone, such as one from a variable; every part is at `node`'s place.
pub(crate) fn alone(text: &str, node: &Node) -> Option<Value> {
    let value = DeValue::parse(text).ok()?;
    let mut mistakes = Vec::new();
    let mut value = convert(value.get_ref(), &node.at.source, 0..0, &mut mistakes);
    if !mistakes.is_empty() {
        return None;
    }
    place(&mut value, node);
    Some(value.value)
}

fn place(node: &mut Node, like: &Node) {
    node.at = like.at.clone();
    node.key = like.key.clone();
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| place(item, like)),
        Value::Table(table) => table.values_mut().for_each(|item| place(item, like)),
        _ => {}
    }
}

fn entries(table: &DeTable<'_>, source: &Arc<Source>, mistakes: &mut Vec<Mistake>) -> Table {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let mut node = convert(value.get_ref(), source, value.span(), mistakes);
        node.key = Origin::new(source, key.span());
        let name: &std::borrow::Cow<'_, str> = key.get_ref();
        (name.to_string(), node)
    };
    table.iter().map(entry).collect()
}

fn convert(
    value: &DeValue<'_>,
    source: &Arc<Source>,
    span: Range<usize>,
    mistakes: &mut Vec<Mistake>,
) -> Node {
    let at = Origin::new(source, span);
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            let read = i64::from_str_radix(number.as_str(), number.radix());
            if read.is_err() {
                mistakes.push(Mistake::new("the number is too large").at(&at));
            }
            read.map_or(Value::Unusable, Value::Integer)
        }
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .map_or(Value::Unusable, Value::Float),
        DeValue::Boolean(boolean) => Value::Boolean(*boolean),
        // No key wants a date, but an expected JSON value may be one, and there it is a text.
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(items) => Value::List(
            items
                .iter()
                .map(|item| convert(item.get_ref(), source, item.span(), mistakes))
                .collect(),
        ),
        DeValue::Table(table) => Value::Table(entries(table, source, mistakes)),
    };
    Node::new(value, at.clone(), at)
}
