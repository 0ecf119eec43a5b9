//! Values as they were written, each with its place and with what it overrode.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::source::Origin;
use crate::model::{Part, Template};

/// A table's entries in declaration order. Every key of a file is hashed many times, and nobody
/// gains by choosing keys that collide in a file of their own.
pub(crate) type Table = IndexMap<String, Node, foldhash::fast::RandomState>;

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub value: Value,
    /// Where the value is.
    pub at: Origin,
    /// Where its key is.
    pub key: Origin,
    /// What it was before, which most values never were.
    history: Option<Box<History>>,
}

/// What a value was before.
#[derive(Clone, Debug, Default)]
struct History {
    /// What lower layers said, the lowest first.
    below: Vec<Past>,
    /// The text before `${…}` was expanded, where that changed it.
    written: Option<String>,
}

/// A value that was overridden.
#[derive(Clone, Debug)]
pub(crate) struct Past {
    pub value: String,
    pub at: Origin,
}

/// What was written.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    /// A text from a variable, `--set` or `${env:…}`: what its key wants decides its type.
    Raw(String),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// A text with secrets or references in it.
    Template(Template),
    List(Vec<Node>),
    Table(Table),
    /// It was wrong and is reported already.
    Unusable,
}

impl Node {
    pub(crate) fn new(value: Value, at: Origin, key: Origin) -> Self {
        Self {
            value,
            at,
            key,
            history: None,
        }
    }

    /// Returns what lower layers said, the lowest first.
    pub(crate) fn below(&self) -> &[Past] {
        self.history.as_ref().map_or(&[], |history| &history.below)
    }

    /// Takes over what lower layers said of another node, with that node's own value last.
    pub(crate) fn lay_on(&mut self, base: &mut Self, last: Past) {
        let mut below = base.history.take().map(|history| history.below);
        below.get_or_insert_default().push(last);
        self.history.get_or_insert_default().below = below.unwrap_or_default();
    }

    /// Forgets what lower layers said.
    pub(crate) fn forget(&mut self) {
        self.history = None;
    }

    /// Returns the text before `${…}` was expanded, where that changed it.
    pub(crate) fn written(&self) -> Option<&str> {
        self.history.as_ref()?.written.as_deref()
    }

    pub(crate) fn set_written(&mut self, text: String) {
        self.history.get_or_insert_default().written = Some(text);
    }

    /// Returns a node of another value at the same place.
    pub(crate) fn beside(&self, value: Value) -> Self {
        Self::new(value, self.at.clone(), self.key.clone())
    }

    pub(crate) fn table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn table_mut(&mut self) -> Option<&mut Table> {
        match &mut self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the entry `name` of a table.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.table()?.get(name)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Raw(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the names in the table `name`.
    pub(crate) fn names(&self, name: &str) -> Vec<&str> {
        let table = self.get(name).and_then(Self::table);
        table.map_or_else(Vec::new, |table| table.keys().map(String::as_str).collect())
    }
}

impl Value {
    /// Returns the kind with its article, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Raw(_) | Self::Template(_) => "a text",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a number with a fraction",
            Self::Boolean(_) => "a boolean",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Unusable => "nothing",
        }
    }

    /// Whether it removes the table that a lower layer declared.
    pub(crate) fn removes(&self) -> bool {
        match self {
            Self::Boolean(removed) => !removed,
            Self::Raw(text) => text == "false",
            _ => false,
        }
    }

    /// Writes it as TOML on one line, secrets masked.
    pub(crate) fn to_toml(&self) -> String {
        match self {
            Self::Text(text) => toml_text(text),
            Self::Raw(text) => quoted(text),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => float(*number),
            Self::Boolean(boolean) => boolean.to_string(),
            Self::Template(template) => quoted(&template_text(template)),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(|item| item.value.to_toml()).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Table(table) if table.is_empty() => "{}".to_owned(),
            Self::Table(table) => {
                let pair = |(key, node): (&String, &Node)| {
                    format!("{} = {}", toml_key(key), node.value.to_toml())
                };
                let pairs: Vec<_> = table.iter().map(pair).collect();
                format!("{{ {} }}", pairs.join(", "))
            }
            Self::Unusable => "\"?\"".to_owned(),
        }
    }

    /// Returns it as JSON, secrets masked.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Text(text) | Self::Raw(text) => Json::from(text.as_str()),
            Self::Integer(number) => Json::from(*number),
            Self::Float(number) => Json::from(*number),
            Self::Boolean(boolean) => Json::from(*boolean),
            Self::Template(template) => Json::from(template.to_string()),
            Self::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Table(table) => {
                let pair = |(key, node): (&String, &Node)| (key.clone(), node.value.to_json());
                Json::Object(table.iter().map(pair).collect())
            }
            Self::Unusable => Json::Null,
        }
    }
}

fn template_text(template: &Template) -> String {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Text(piece) => text.push_str(&piece.replace("${", "$${")),
            // Neither can fail: both write to a String.
            Part::Secret(secret) => _ = write!(text, "{secret}"),
            Part::Reference(reference) => _ = write!(text, "{reference}"),
        }
    }
    text
}

/// Writes a number so that it reads back as one with a fraction.
pub(crate) fn float(number: f64) -> String {
    format!("{number:?}").to_lowercase()
}

/// Writes a text as a TOML value that reads back as it is, also where it holds `${`.
pub fn toml_text(text: &str) -> String {
    quoted(&text.replace("${", "$${"))
}

/// Writes a TOML basic string.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing to a String cannot fail.
            c if c.is_control() => _ = write!(out, "\\u{:04X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Writes a TOML key, quoted where it must be.
pub fn toml_key(key: &str) -> String {
    if is_bare(key) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

fn is_bare(key: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !key.is_empty() && key.bytes().all(plain)
}

/// Writes the dotted path of `key` in the table `path`.
pub(crate) fn dotted(path: &str, key: &str) -> String {
    if path.is_empty() {
        toml_key(key)
    } else if is_bare(key) {
        [path, ".", key].concat()
    } else {
        [path, ".", &quoted(key)].concat()
    }
}
