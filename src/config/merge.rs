//! Lays one layer over another: tables merge, everything else replaces and remembers what it
//! replaced. Knows no files.

use super::conform;
use super::schema::{Fields, Shape};
use super::source::{Origin, Writer};
use super::trail::Trail;
use super::tree::{Node, Past, Table, Value, toml_key};

/// What merging has to tell besides its result.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Tables that `NAME = false` removed, by path.
    pub removed: Vec<(String, Origin)>,
    pub warnings: Vec<String>,
}

/// Lays `over` on `base`; both are in the long form.
pub(crate) fn merge(base: &mut Node, over: Node, shape: Shape, path: Trail<'_>, log: &mut Log) {
    match (shape, &mut base.value, over.value) {
        (Shape::Table(fields), Value::Table(low), Value::Table(high)) => {
            drop_choices(low, &high, fields, log, path);
            for (key, child) in high {
                if let Some(shape) = fields.shape(&key) {
                    put(low, key, child, (shape, path), log);
                }
            }
        }
        (Shape::Named(named), Value::Table(low), Value::Table(high)) => {
            for (key, child) in high {
                put(low, key, child, (named.each, path), log);
            }
        }
        (shape, _, value) => {
            if let Shape::Value(want) = shape {
                conform::read_raw(base, want);
            }
            let last = Past {
                value: shown(&path.to_string(), &base.value),
                at: base.at.clone(),
            };
            let mut node = Node::new(value, over.at, over.key);
            node.lay_on(base, last);
            *base = node;
        }
    }
}

fn put(
    low: &mut Table,
    key: String,
    mut child: Node,
    (shape, path): (Shape, Trail<'_>),
    log: &mut Log,
) {
    let path = path.key(&key);
    if removes(&child, shape) {
        let was_there = low.shift_remove(&key).is_some();
        log.remove(path, child.at, was_there);
        return;
    }
    log.declare(path);
    if let Some(present) = low.get_mut(&key) {
        merge(present, child, shape, path, log);
    } else {
        settle(&mut child, shape, path, log);
        low.insert(key, child);
    }
}

fn removes(node: &Node, shape: Shape) -> bool {
    matches!(shape, Shape::Table(_)) && node.value.removes()
}

/// Takes the removals out of what is new: they have nothing to remove, but must not stay as values.
fn settle(node: &mut Node, shape: Shape, path: Trail<'_>, log: &mut Log) {
    let Some(table) = node.table_mut() else {
        return;
    };
    table.retain(|key, child| {
        let shape = match shape {
            // It is one value, whatever is in it.
            Shape::Value(_) => return true,
            Shape::Table(fields) => fields.shape(key),
            Shape::Named(named) => Some(named.each),
        };
        let Some(shape) = shape else {
            return false;
        };
        let path = path.key(key);
        if removes(child, shape) {
            log.remove(path, child.at.clone(), false);
            return false;
        }
        log.declare(path);
        settle(child, shape, path, log);
        true
    });
}

impl Log {
    /// Notes a removal; one of a file of one environment should have something to remove.
    fn remove(&mut self, path: Trail<'_>, at: Origin, was_there: bool) {
        if !was_there && !is_shared(&at) {
            let end = path.last().map(toml_key).unwrap_or_default();
            let warning = format!("{at}: `{end} = false` removes nothing: there is no `{path}`");
            self.warnings.push(warning);
        }
        self.declare(path);
        self.removed.push((path.to_string(), at));
    }

    /// Forgets that a lower layer removed what is declared again.
    fn declare(&mut self, path: Trail<'_>) {
        if !self.removed.is_empty() {
            let path = path.to_string();
            self.removed.retain(|(removed, _)| *removed != path);
        }
    }
}

/// Takes away what lower layers said with other keys of the choices that a layer makes.
fn drop_choices(low: &mut Table, high: &Table, fields: &Fields, log: &mut Log, path: Trail<'_>) {
    for key in fields.keys {
        if key.choice.is_none() || !low.contains_key(key.name) {
            continue;
        }
        let mut chosen = fields
            .keys
            .iter()
            .filter(|other| other.choice == key.choice && high.contains_key(other.name))
            .peekable();
        let Some(reason) = chosen.peek().and_then(|other| high.get(other.name)) else {
            continue;
        };
        let reason = reason.at.clone();
        if chosen.all(|other| other.leader() != key.leader()) {
            low.shift_remove(key.name);
            log.removed.push((path.key(key.name).to_string(), reason));
        }
    }
}

/// A shared file may remove what only some environments declare.
fn is_shared(at: &Origin) -> bool {
    matches!(at.source.writer, Writer::File { shared: true, .. })
}

/// Writes a value as it may be shown; passwords are masked.
pub(crate) fn shown(path: &str, value: &Value) -> String {
    match value {
        // Only a text can hold a password, and one that is a reference gives nothing away.
        Value::Text(text) if is_password(path) && text.contains("${") => value_text(text),
        Value::Text(_) | Value::Raw(_) | Value::Template(_) if is_password(path) => {
            "\"***\"".to_owned()
        }
        Value::Text(text) => value_text(text),
        other => other.to_toml(),
    }
}

/// Writes a text as it stands in the file, where `${` is not escaped.
fn value_text(text: &str) -> String {
    super::tree::quoted(text)
}

/// Whether the value at `path` is never shown.
pub(crate) fn is_password(path: &str) -> bool {
    path.ends_with(".password")
}
