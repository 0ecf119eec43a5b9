//! One table of the tree with readers for its keys. Mistakes are collected; a reader that finds
//! one returns nothing and reading goes on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;

use super::reader::Reader;
use crate::config::mistake::Mistake;
use crate::config::paths;
use crate::config::schema::{Fields, Shape, Want};
use crate::config::shell;
use crate::config::tree::{Node, Value, dotted, float};
use crate::config::units;
use crate::model::{Part, Template};

/// One table with its dotted path.
#[derive(Clone)]
pub(super) struct Section<'a> {
    pub reader: &'a Reader<'a>,
    pub path: String,
    pub node: &'a Node,
    /// What it may hold.
    pub shape: Shape,
}

impl<'a> Section<'a> {
    pub(super) fn path_of(&self, key: &str) -> String {
        dotted(&self.path, key)
    }

    /// Returns the value of a key; one that was wrong counts as there, see [`Self::has`].
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        let node = self.node.get(key)?;
        (!matches!(node.value, Value::Unusable)).then_some(node)
    }

    /// Whether the key was set, rightly or wrongly.
    pub(super) fn has(&self, key: &str) -> bool {
        self.node.get(key).is_some()
    }

    /// Counts so many bytes that the value of `key` makes; false is that they are too many, which
    /// is reported.
    pub(super) fn has_room(&self, key: &str, bytes: usize) -> bool {
        let at = self.node.get(key).map_or(&self.node.key, |node| &node.at);
        match self.reader.bounds.borrow_mut().check(0, bytes, at) {
            Ok(()) => true,
            Err(mistake) => {
                if let Some(mistake) = mistake {
                    self.reader.report(mistake);
                }
                false
            }
        }
    }

    /// Reports a mistake in the value of `key`, or in this table when it is absent.
    pub(super) fn wrong(&self, key: &str, message: impl Into<String>) {
        self.wrong_with(key, message, None);
    }

    pub(super) fn wrong_with(&self, key: &str, message: impl Into<String>, hint: Option<String>) {
        let at = self.node.get(key).map_or(&self.node.key, |node| &node.at);
        self.reader
            .report(Mistake::new(message).at(at).maybe_hint(hint));
    }

    /// Reports that a key is missing, unless it is there and was wrong.
    pub(super) fn missing(&self, key: &str, hint: &str) {
        if !self.has(key) {
            let message = format!("`{}` is missing `{key}`", self.path);
            let mistake = Mistake::new(message).at(&self.node.key);
            let hint = (!hint.is_empty()).then(|| hint.to_owned());
            self.reader.report(mistake.maybe_hint(hint));
        }
    }

    /// Returns the keys that it may have; of a table with names there are none.
    pub(super) fn fields(&self) -> Option<&'static Fields> {
        match self.shape {
            Shape::Table(fields) => Some(fields),
            Shape::Named(_) | Shape::Value(_) => None,
        }
    }

    /// Returns what the value of a key must be.
    fn want(&self, key: &str) -> Option<Want> {
        match self.fields()?.shape(key)? {
            Shape::Value(want) => Some(want),
            Shape::Table(_) | Shape::Named(_) => None,
        }
    }

    /// Returns the keys of a choice that were set.
    pub(super) fn chosen(&self, choice: &str) -> Vec<&'static str> {
        let keys = self.fields().into_iter().flat_map(|fields| fields.keys);
        let of_choice = keys.filter(|key| key.choice == Some(choice) && key.with.is_none());
        of_choice
            .map(|key| key.name)
            .filter(|key| self.has(key))
            .collect()
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        debug_assert!(self.want(key).is_some_and(|want| !want.is_open()), "{key}");
        self.plain(key, self.get(key)?)
    }

    /// Reads a text that must be there; its absence is a mistake.
    pub(super) fn needed(&self, key: &str, hint: &str) -> Option<String> {
        self.missing(key, hint);
        self.text(key)
    }

    pub(super) fn template(&self, key: &str) -> Option<Template> {
        template(&self.get(key)?.value)
    }

    /// Reads a whole number; one that is out of its range is reported already, and the nearest
    /// in it stands for it.
    pub(super) fn integer(&self, key: &str) -> Option<i64> {
        match (&self.get(key)?.value, self.want(key)) {
            (Value::Integer(number), Some(Want::Whole(range) | Want::HostPort(range))) => {
                Some((*number).clamp(range.from, range.to))
            }
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 processors")]
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        match self.get(key)?.value {
            Value::Integer(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn boolean(&self, key: &str) -> bool {
        let value = self.get(key).map(|node| &node.value);
        matches!(value, Some(Value::Boolean(true)))
    }

    /// Reads a list of texts, or one text, each with its place.
    pub(super) fn texts(&self, key: &str) -> Vec<(String, &'a Node)> {
        debug_assert!(self.want(key).is_some_and(|want| !want.is_open()), "{key}");
        self.items(key)
            .into_iter()
            .filter_map(|node| Some((self.plain(key, node)?, node)))
            .collect()
    }

    fn items(&self, key: &str) -> Vec<&'a Node> {
        match self.get(key).map(|node| (node, &node.value)) {
            Some((_, Value::List(items))) => items.iter().collect(),
            Some((node, _)) => vec![node],
            None => Vec::new(),
        }
    }

    /// Reads a command: a list, or a text with shell quoting and no other sign of a shell.
    pub(super) fn command(&self, key: &str) -> Option<Vec<Template>> {
        let node = self.get(key)?;
        if let Some(template) = template(&node.value) {
            let text = units::with_holes(&template);
            if let Some(mistake) = shell::refuse(&self.path_of(key), &text, node) {
                self.reader.report(mistake);
                return None;
            }
        }
        self.words(key)
    }

    /// Reads a list, or a text with shell quoting.
    pub(super) fn words(&self, key: &str) -> Option<Vec<Template>> {
        let node = self.get(key)?;
        let words = match &node.value {
            Value::List(items) => items
                .iter()
                .filter_map(|item| template(&item.value))
                .collect(),
            value => match units::shell_words(&template(value)?) {
                Ok(words) => words,
                Err(why) => {
                    self.wrong(key, format!("`{}` {why}", self.path_of(key)));
                    return None;
                }
            },
        };
        if words.is_empty() && key != "entrypoint" {
            self.wrong(key, format!("`{}` is empty", self.path_of(key)));
        }
        Some(words)
    }

    /// Reads a command without secrets and references.
    pub(super) fn plain_command(&self, key: &str) -> Option<Vec<String>> {
        let node = self.get(key)?;
        let words = self.command(key)?;
        words
            .into_iter()
            .map(|word| self.known_now(key, node, &word))
            .collect()
    }

    /// Reads a table of texts, numbers and booleans as texts.
    pub(super) fn templates(&self, key: &str) -> IndexMap<String, Template> {
        let table = self.get(key).and_then(Node::table);
        let entry = |(name, node): (&String, &Node)| {
            let text = template(&node.value)?;
            Some((name.clone(), text))
        };
        table.map_or_else(IndexMap::new, |table| {
            table.iter().filter_map(entry).collect()
        })
    }

    /// The same without secrets and references.
    pub(super) fn plain_texts(&self, key: &str) -> IndexMap<String, String> {
        let table = self.get(key).and_then(Node::table);
        let entry = |(name, node): (&String, &Node)| {
            let table = Self {
                path: self.path_of(key),
                ..self.clone()
            };
            Some((name.clone(), table.plain(name, node)?))
        };
        table.map_or_else(IndexMap::new, |table| {
            table.iter().filter_map(entry).collect()
        })
    }

    /// Reads a duration.
    pub(super) fn duration(&self, key: &str) -> Option<Duration> {
        units::duration(&self.text(key)?)
    }

    /// Reads a size: a number of bytes, or a text such as `512m`.
    pub(super) fn bytes(&self, key: &str) -> Option<u64> {
        match &self.get(key)?.value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            _ => units::bytes(&self.text(key)?),
        }
    }

    /// Reads a path of the host; a relative one starts at the folder of the file that wrote it.
    pub(super) fn host_path(&self, key: &str) -> Option<PathBuf> {
        let (node, text) = (self.get(key)?, self.text(key)?);
        let path = self.path_in(None, &text, node);
        self.claim(key, &path, node);
        Some(path)
    }

    /// Reads a list of paths of the host, or one; relative ones start at a folder, or at that of
    /// the file that wrote them.
    pub(super) fn host_paths(&self, key: &str, from: Option<&Path>) -> Vec<PathBuf> {
        let texts = self.texts(key).into_iter();
        texts
            .map(|(text, node)| {
                let path = self.path_in(from, &text, node);
                self.claim(key, &path, node);
                path
            })
            .collect()
    }

    fn path_in(&self, from: Option<&Path>, text: &str, node: &Node) -> PathBuf {
        let folder = from.or_else(|| node.at.folder());
        paths::join(folder.unwrap_or(self.reader.workspace), text)
    }

    fn claim(&self, key: &str, path: &Path, node: &Node) {
        if let Some(claimed) = self.want(key).and_then(Want::claimed) {
            self.reader.claim(path, claimed, node);
        }
    }

    /// Reads the table `key`.
    pub(super) fn section(&self, key: &str) -> Option<Section<'a>> {
        let node = self.get(key)?;
        node.table()?;
        Some(Section {
            reader: self.reader,
            path: self.path_of(key),
            node,
            shape: self.shape_of(key)?,
        })
    }

    fn shape_of(&self, name: &str) -> Option<Shape> {
        match self.shape {
            Shape::Table(fields) => fields.shape(name),
            Shape::Named(named) => Some(named.each),
            Shape::Value(_) => None,
        }
    }

    /// Reads the tables in the table `key`.
    pub(super) fn sections(&self, key: &str) -> Vec<(String, Section<'a>)> {
        let table = self.get(key).and_then(Node::table);
        let Some((table, path)) = table.map(|table| (table, self.path_of(key))) else {
            return Vec::new();
        };
        let Some(Shape::Named(named)) = self.shape_of(key) else {
            return Vec::new();
        };
        let section = |(name, node): (&String, &'a Node)| {
            node.table()?;
            let section = Section {
                reader: self.reader,
                path: dotted(&path, name),
                node,
                shape: named.each,
            };
            Some((name.clone(), section))
        };
        table.iter().filter_map(section).collect()
    }

    /// Reads the table `name` in the table `key`.
    pub(super) fn named(&self, key: &str, name: &str) -> Option<Section<'a>> {
        self.section(key)?.section(name)
    }

    /// Returns a text that is known before anything runs.
    fn plain(&self, key: &str, node: &Node) -> Option<String> {
        if let Value::Text(text) | Value::Raw(text) = &node.value {
            return Some(text.clone());
        }
        self.known_now(key, node, &template(&node.value)?)
    }

    fn known_now(&self, key: &str, node: &Node, template: &Template) -> Option<String> {
        let mut text = String::new();
        for part in &template.parts {
            let why = match part {
                Part::Text(piece) => {
                    text.push_str(piece);
                    continue;
                }
                Part::Secret(_) => "a secret".to_owned(),
                Part::Reference(reference) => {
                    format!("`{reference}`, which is known only while the environment runs,")
                }
            };
            let message = format!("{why} cannot stand in `{}`", self.path_of(key));
            self.reader.report(Mistake::new(message).at(&node.at));
            return None;
        }
        Some(text)
    }
}

/// Returns a value as a text with holes; lists and tables are none.
pub(super) fn template(value: &Value) -> Option<Template> {
    Some(match value {
        Value::Text(text) | Value::Raw(text) => Template::text(text.clone()),
        Value::Integer(number) => Template::text(number.to_string()),
        Value::Float(number) => Template::text(float(*number)),
        Value::Boolean(boolean) => Template::text(boolean.to_string()),
        Value::Template(template) => template.clone(),
        Value::List(_) | Value::Table(_) | Value::Unusable => return None,
    })
}
