//! Lays one layer over another: tables merge, everything else replaces and remembers what it
//! replaced. Knows no files.

use super::conform;
use super::schema::{Fields, Shape};
use super::source::{Origin, Writer};
use super::tree::{Node, Past, Table, Value, bare, dotted};

/// What merging has to tell besides its result.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Tables that `NAME = false` removed, by path.
    pub removed: Vec<(String, Origin)>,
    pub warnings: Vec<String>,
}

/// Lays `over` on `base`; both are in the long form.
pub(crate) fn merge(base: &mut Node, over: Node, shape: Shape, path: &str, log: &mut Log) {
    match (shape, &mut base.value, over.value) {
        (Shape::Table(fields), Value::Table(low), Value::Table(high)) => {
            drop_alternatives(low, &high, fields, log, path);
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
            let mut below = std::mem::take(&mut base.below);
            below.push(Past {
                value: shown(path, &base.value),
                at: base.at.clone(),
            });
            *base = Node {
                value,
                below,
                ..Node::new(Value::Unusable, over.at, over.key)
            };
        }
    }
}

fn put(low: &mut Table, key: String, child: Node, (shape, path): (Shape, &str), log: &mut Log) {
    let path = dotted(path, &key);
    if matches!(shape, Shape::Table(_)) && child.value.removes() {
        let was_there = low.shift_remove(&key).is_some();
        if !was_there && !is_shared(&child.at) {
            let (at, end) = (&child.at, bare(&key));
            let warning = format!("{at}: `{end} = false` removes nothing: there is no `{path}`");
            log.warnings.push(warning);
        }
        log.removed.retain(|(removed, _)| *removed != path);
        log.removed.push((path, child.at));
        return;
    }
    log.removed.retain(|(removed, _)| *removed != path);
    if let Some(present) = low.get_mut(&key) {
        merge(present, child, shape, &path, log);
    } else {
        // Removals inside a new table have nothing to remove, but must not stay as values.
        let empty = match (shape, &child.value) {
            (Shape::Table(_) | Shape::Named(_), Value::Table(_)) => Some(Table::new()),
            _ => None,
        };
        if let Some(empty) = empty {
            let mut fresh = child.beside(Value::Table(empty));
            merge(&mut fresh, child, shape, &path, log);
            low.insert(key, fresh);
        } else {
            low.insert(key, child);
        }
    }
}

fn drop_alternatives(low: &mut Table, high: &Table, fields: &Fields, log: &mut Log, path: &str) {
    for group in fields.alternatives {
        let is_set = |set: &&[&str]| set.iter().any(|key| high.contains_key(*key));
        let mut keys = group.iter().copied().flatten();
        let Some(reason) = keys.find_map(|key| high.get(*key)) else {
            continue;
        };
        for key in group.iter().filter(|set| !is_set(set)).copied().flatten() {
            if low.shift_remove(*key).is_some() {
                log.removed.push((dotted(path, key), reason.at.clone()));
            }
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
