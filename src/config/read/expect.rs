//! What must come of a check.

use indexmap::IndexMap;
use serde_json::Value as Plain;

use super::check::check_path;
use super::section::Section;
use super::{json, matcher};
use crate::config::mistake::Mistake;
use crate::config::tree::{Node, Table, Value};
use crate::model::{
    DeclaredFile, Expect, Json, Matcher, MessageMatch, Snapshot, SnapshotMask, StatusMatch,
};

/// Reads every expectation of a check.
pub(super) fn read(section: &Section<'_>) -> Expect {
    Expect {
        status: status(section),
        exit_code: exit_codes(section),
        headers: paths(section, "expect_headers", str::to_lowercase),
        json: json_paths(section, section.get("json")),
        json_schema: json_schema(section),
        text: matcher::under(section, "text"),
        stderr: matcher::under(section, "stderr"),
        sha256: section.text("sha256").map(|digest| digest.to_lowercase()),
        snapshot: snapshot(section),
        max_time: section.duration("max_time"),
        rows: section.get("rows").and_then(|node| rows(section, node)),
        value: matcher::under(section, "value"),
        count: matcher::under(section, "count"),
        messages: messages(section),
    }
}

/// Reads `status`: `200`, `"2xx"`, or a list of them.
fn status(section: &Section<'_>) -> Vec<StatusMatch> {
    let hint = "write `200`, `\"2xx\"` or `[200, 404]`";
    one_or_several(section, "status", one_status, ("no HTTP status", hint))
}

fn one_status(value: &Value) -> Option<StatusMatch> {
    match value {
        Value::Integer(code) => {
            let code = u16::try_from(*code).ok()?;
            (100..=599)
                .contains(&code)
                .then_some(StatusMatch::Code(code))
        }
        Value::Text(text) => {
            let class = text.strip_suffix("xx")?.parse().ok()?;
            (1..=5)
                .contains(&class)
                .then_some(StatusMatch::Class(class))
        }
        _ => None,
    }
}

fn exit_codes(section: &Section<'_>) -> Vec<i64> {
    let one = |value: &Value| match value {
        Value::Integer(code) if (0..=255).contains(code) => Some(*code),
        _ => None,
    };
    let hint = "write `0` or `[0, 1]`";
    one_or_several(section, "exit_code", one, ("no exit code", hint))
}

fn one_or_several<T>(
    section: &Section<'_>,
    key: &str,
    one: impl Fn(&Value) -> Option<T>,
    (wrong, hint): (&str, &str),
) -> Vec<T> {
    let items = match section.get(key) {
        None => return Vec::new(),
        Some(node) => match &node.value {
            Value::List(items) => items.iter().collect(),
            _ => vec![node],
        },
    };
    if items.is_empty() {
        let message = format!("`{}` is empty", section.path_of(key));
        section.wrong_with(key, message, Some(hint.to_owned()));
    }
    items
        .into_iter()
        .filter_map(|item| {
            let read = one(&item.value);
            if read.is_none() {
                let message = format!("{} is {wrong}", item.value.to_toml());
                let mistake = Mistake::new(message).at(&item.at).hint(hint);
                section.reader.report(mistake);
            }
            read
        })
        .collect()
}

fn paths(
    section: &Section<'_>,
    key: &str,
    name_of: fn(&str) -> String,
) -> IndexMap<String, Vec<Matcher>> {
    let table = section.get(key).and_then(Node::table).into_iter().flatten();
    table
        .filter(|(_, node)| !matches!(node.value, Value::Unusable))
        .map(|(name, node)| (name_of(name), matcher::read(section, node)))
        .collect()
}

fn json_paths(section: &Section<'_>, table: Option<&Node>) -> IndexMap<String, Vec<Matcher>> {
    let table = table.and_then(Node::table).into_iter().flatten();
    table
        .filter(|(_, node)| !matches!(node.value, Value::Unusable))
        .map(|(path, node)| {
            check_path(section, &key_of(node), path);
            (path.clone(), matcher::read(section, node))
        })
        .collect()
}

/// Returns a node whose place is that of its key.
fn key_of(node: &Node) -> Node {
    Node::new(Value::Unusable, node.key.clone(), node.key.clone())
}

fn json_schema(section: &Section<'_>) -> Option<DeclaredFile> {
    Some(DeclaredFile {
        path: section.host_path("json_schema")?,
        name: section.text("json_schema")?,
    })
}

/// Reads a snapshot's file, which may be missing until `--update` writes it, and its masks.
fn snapshot(section: &Section<'_>) -> Option<Snapshot> {
    if let (Some(node), false) = (section.get("masks"), section.has("snapshot")) {
        let mistake = Mistake::new("`masks` belongs to `snapshot`").at(&node.key);
        section.reader.report(mistake);
    }
    let mask = |(text, node): (String, &Node)| {
        if text.starts_with('$') {
            check_path(section, node, &text);
            Some(SnapshotMask::Path(text))
        } else {
            matcher::pattern(section, node, &text).map(SnapshotMask::Pattern)
        }
    };
    Some(Snapshot {
        file: DeclaredFile {
            path: section.host_path("snapshot")?,
            name: section.text("snapshot")?,
        },
        masks: section
            .texts("masks")
            .into_iter()
            .filter_map(mask)
            .collect(),
    })
}

fn rows(section: &Section<'_>, node: &Node) -> Option<Json> {
    let mut rows = json::read(section, node)?;
    let null = serde_json::json!({ "type": "null" });
    let row = |row: &mut Plain| match row {
        Plain::Array(row) if row.iter().all(|value| !value.is_array()) => {
            // TOML has no null.
            let nulls = row.iter_mut().filter(|value| **value == null);
            nulls.for_each(|value| *value = Plain::Null);
            true
        }
        _ => false,
    };
    let is_table = rows
        .value
        .as_array_mut()
        .is_some_and(|rows| rows.iter_mut().all(row));
    if !is_table {
        let message = "`rows` wants a list of rows, each a list of values";
        let hint = "for example `rows = [[1, \"one\"], [2, \"two\"]]`";
        section.wrong_with("rows", message, Some(hint.to_owned()));
    }
    is_table.then_some(rows)
}

/// Reads the messages that must come: a text, or a table with `text` and `json`.
fn messages(section: &Section<'_>) -> Vec<MessageMatch> {
    let Some(node) = section.get("messages") else {
        return Vec::new();
    };
    let Value::List(items) = &node.value else {
        let message = "`messages` wants a list of expectations, one for each message";
        let hint = "for example `messages = [\"hello\", { json = { \"$.id\" = 1 } }]`";
        section.wrong_with("messages", message, Some(hint.to_owned()));
        return Vec::new();
    };
    items.iter().map(|item| message(section, item)).collect()
}

fn message(section: &Section<'_>, node: &Node) -> MessageMatch {
    let Some(table) = node.table() else {
        return MessageMatch {
            text: matcher::read(section, node),
            ..MessageMatch::default()
        };
    };
    check_message_keys(section, node, table);
    let text = table.get("text");
    MessageMatch {
        text: text.map_or_else(Vec::new, |text| matcher::read(section, text)),
        json: json_paths(section, table.get("json")),
    }
}

fn check_message_keys(section: &Section<'_>, node: &Node, table: &Table) {
    if table.is_empty() {
        let mistake = Mistake::new("the message has no expectation").at(&node.at);
        let hint = "`{ text = … }` or `{ json = { \"$.id\" = … } }`";
        section.reader.report(mistake.hint(hint));
    }
    for (key, child) in table {
        let wrong = match key.as_str() {
            "text" => false,
            "json" => child.table().is_none(),
            _ => true,
        };
        if wrong {
            let message = format!("`{key}` is nothing that a message is held against");
            let hint = "there are `text`, and `json` with JSONPaths";
            let mistake = Mistake::new(message).at(&child.key).hint(hint);
            section.reader.report(mistake);
        }
    }
}
