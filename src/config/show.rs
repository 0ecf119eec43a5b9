//! What the configuration came to: the whole as TOML, or one key with its history.

use std::fmt;

use super::key;
use super::merge::{is_password, shown};
use super::mistake::Mistake;
use super::schema::{ROOT, Shape};
use super::source::Origin;
use super::suggest;
use super::tree::{Node, Value, dotted, toml_key};
use crate::model::Template;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json};

/// The layers over each other, every value with its place; secrets are masked wherever it shows.
#[derive(Clone, Debug)]
pub struct Merged {
    pub(crate) root: Node,
    /// What `NAME = false` removed.
    pub(crate) removed: Vec<(String, Origin)>,
    pub(crate) environment: String,
    pub(crate) profiles: Vec<String>,
}

/// Where a value came from and what it overrode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The key's dotted path.
    pub key: String,
    /// The value as TOML; none when it was removed.
    pub value: Option<String>,
    /// The text as it was written, where `${…}` changed it.
    pub written: Option<String>,
    /// `envs/rates/env.toml:12`, `variable NAME`, `--set` or `default`.
    pub origin: String,
    /// What lower layers said, the nearest first.
    pub overridden: Vec<Overridden>,
    /// Of a table, every value in it.
    pub parts: Vec<ExplainedPart>,
}

/// A value inside a table that is explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedPart {
    /// The rest of the dotted path.
    pub key: String,
    /// The value as TOML.
    pub value: String,
    pub origin: String,
}

/// A value that another layer replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overridden {
    /// The value as TOML.
    pub value: String,
    pub origin: String,
}

impl Merged {
    /// Writes the resolved configuration as TOML, each value with its place behind it.
    pub fn show(&self) -> String {
        let mut blocks = Vec::new();
        block(&self.root, Shape::Table(&ROOT), "", &mut blocks);
        blocks.join("\n")
    }

    /// Tells where the value of a dotted key came from.
    pub fn explain(&self, key: &str) -> Result<Explained, Mistake> {
        let names = split_key(key)?;
        if names.is_empty() {
            return Err(no_key(key));
        }
        let path = names
            .iter()
            .fold(String::new(), |path, name| dotted(&path, name));
        let mut node = &self.root;
        let mut walked = String::new();
        for name in &names {
            let next = node.get(name);
            let Some(next) = next else {
                return self.absent(&path, &walked, name, node);
            };
            walked = dotted(&walked, name);
            node = next;
        }
        let masked = |text: &str| shown(&path, &Value::Text(text.to_owned()));
        Ok(Explained {
            value: Some(rendered(&path, &node.value)),
            written: node.written().map(masked),
            origin: place_of(node).to_string(),
            overridden: node.below().iter().rev().map(overridden).collect(),
            parts: parts(&path, node),
            key: path,
        })
    }

    fn absent(
        &self,
        path: &str,
        walked: &str,
        name: &str,
        node: &Node,
    ) -> Result<Explained, Mistake> {
        let gone = dotted(walked, name);
        if let Some((_, at)) = self.removed.iter().find(|(removed, _)| *removed == gone) {
            return Ok(Explained {
                key: path.to_owned(),
                value: None,
                written: None,
                origin: at.to_string(),
                overridden: Vec::new(),
                parts: Vec::new(),
            });
        }
        let set = node.table().into_iter().flat_map(|table| table.keys());
        let set: Vec<&str> = set.map(String::as_str).collect();
        let fields = match shape_at(walked) {
            Some(Shape::Table(fields)) => Some(fields),
            _ => None,
        };
        if let Some(key) = fields.and_then(|fields| fields.key(name)) {
            let what = match key.place {
                Some(_) => "is about files, and no value of an environment",
                None => "is not set, and has no default",
            };
            return Err(Mistake::new(format!("`{gone}` {what}")));
        }
        let possible: Vec<&str> = fields.map_or_else(Vec::new, |it| it.names().collect());
        let message = format!("there is no `{gone}`");
        let known = if possible.is_empty() { set } else { possible };
        let hint = suggest::did_you_mean(name, known);
        Err(Mistake::new(message).maybe_hint(hint))
    }
}

/// Returns the shape of the table at a path that exists.
fn shape_at(path: &str) -> Option<Shape> {
    let mut shape = Shape::Table(&ROOT);
    for name in split_key(path).ok()? {
        shape = match shape {
            Shape::Table(fields) => fields.shape(&name)?,
            Shape::Named(named) => named.each,
            Shape::Value(_) => return None,
        };
    }
    Some(shape)
}

fn split_key(key: &str) -> Result<Vec<String>, Mistake> {
    if key.is_empty() {
        return Ok(Vec::new());
    }
    let names = key::split(key).ok_or_else(|| no_key(key))?;
    Ok(names.into_iter().map(|(name, _)| name).collect())
}

fn no_key(key: &str) -> Mistake {
    let hint = "for example `services.api.ports.http.host`";
    Mistake::new(format!("`{key}` is no key")).hint(hint)
}

/// A table is where its name is; a value is where it stands.
fn place_of(node: &Node) -> &Origin {
    match node.value {
        Value::Table(_) => &node.key,
        _ => &node.at,
    }
}

fn overridden(past: &super::tree::Past) -> Overridden {
    Overridden {
        value: past.value.clone(),
        origin: past.at.to_string(),
    }
}

/// Lists every value in a table, with its place.
fn parts(path: &str, node: &Node) -> Vec<ExplainedPart> {
    let mut parts = Vec::new();
    collect_parts(path, "", node, &mut parts);
    parts
}

fn collect_parts(path: &str, inside: &str, node: &Node, parts: &mut Vec<ExplainedPart>) {
    for (name, child) in node.table().into_iter().flatten() {
        let (path, key) = (dotted(path, name), dotted(inside, name));
        if child.table().is_some_and(|table| !table.is_empty()) {
            collect_parts(&path, &key, child, parts);
        } else {
            let value = rendered(&path, &child.value);
            let origin = child.at.to_string();
            parts.push(ExplainedPart { key, value, origin });
        }
    }
}

/// Writes a value as TOML, passwords inside of it masked, too.
fn rendered(path: &str, value: &Value) -> String {
    match value {
        Value::Table(table) if !table.is_empty() => {
            let pair = |(name, node): (&String, &Node)| {
                let value = rendered(&dotted(path, name), &node.value);
                format!("{} = {value}", toml_key(name))
            };
            let pairs: Vec<_> = table.iter().map(pair).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Template(template) if is_unread(template) => value.to_toml(),
        _ if is_password(path) => "\"***\"".to_owned(),
        value => value.to_toml(),
    }
}

/// Whether a value is a secret whose command was not run, and nothing else.
fn is_unread(template: &Template) -> bool {
    template.is_unread() && template.parts.len() == 1
}

/// Whether a table is written as a block of its own.
fn is_block(node: &Node, shape: Option<Shape>) -> bool {
    matches!(node.value, Value::Table(_)) && !matches!(shape, None | Some(Shape::Value(_)))
}

fn block(node: &Node, shape: Shape, path: &str, blocks: &mut Vec<String>) {
    let Some(table) = node.table() else {
        return;
    };
    let shape_of = |name: &str| match shape {
        Shape::Table(fields) => fields.shape(name),
        Shape::Named(named) => Some(named.each),
        Shape::Value(_) => None,
    };
    let mut lines = Vec::new();
    for (name, child) in table {
        if !is_block(child, shape_of(name)) {
            let value = rendered(&dotted(path, name), &child.value);
            lines.push(format!("{} = {value}  # {}\n", toml_key(name), child.at));
        }
    }
    let named = matches!(shape, Shape::Named(_));
    if !lines.is_empty() || (table.is_empty() && !named && !path.is_empty()) {
        let head = match path {
            "" => String::new(),
            path => format!("[{path}]\n"),
        };
        blocks.push(head + &lines.concat());
    }
    for (name, child) in table {
        if let Some(shape) = shape_of(name).filter(|_| is_block(child, shape_of(name))) {
            block(child, shape, &dotted(path, name), blocks);
        }
    }
}

impl fmt::Display for Explained {
    /// Writes `key = value`, where it comes from, and what it overrode; of a table its values.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(_) if !self.parts.is_empty() => writeln!(formatter, "{}", self.key)?,
            Some(value) => writeln!(formatter, "{} = {value}", self.key)?,
            None => writeln!(formatter, "{} was removed", self.key)?,
        }
        let from = if self.value.is_some() { "from" } else { "by" };
        write!(formatter, "  {from} {}", self.origin)?;
        if let Some(written) = &self.written {
            write!(formatter, ", written as {written}")?;
        }
        for past in &self.overridden {
            let (value, origin) = (&past.value, &past.origin);
            write!(formatter, "\n  overrides {value} from {origin}")?;
        }
        for part in &self.parts {
            let (key, value, origin) = (&part.key, &part.value, &part.origin);
            write!(formatter, "\n  {key} = {value}  # {origin}")?;
        }
        Ok(())
    }
}

impl Serialize for Merged {
    /// Gives the values as an object, and the place of each by its dotted key.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut origins = Map::new();
        collect_origins(&self.root, "", &mut origins);
        let mut out = serializer.serialize_struct("Merged", 4)?;
        out.serialize_field("environment", &self.environment)?;
        out.serialize_field("profiles", &self.profiles)?;
        out.serialize_field("values", &masked_json("", &self.root.value))?;
        out.serialize_field("origins", &origins)?;
        out.end()
    }
}

fn masked_json(path: &str, value: &Value) -> Json {
    match value {
        Value::Table(table) => {
            let pair = |(name, node): (&String, &Node)| {
                let value = masked_json(&dotted(path, name), &node.value);
                (name.clone(), value)
            };
            Json::Object(table.iter().map(pair).collect())
        }
        Value::Template(template) if is_unread(template) => value.to_json(),
        _ if is_password(path) => Json::from("***"),
        value => value.to_json(),
    }
}

fn collect_origins(node: &Node, path: &str, origins: &mut Map<String, Json>) {
    match node.table() {
        Some(table) => {
            for (name, child) in table {
                collect_origins(child, &dotted(path, name), origins);
            }
        }
        None => {
            origins.insert(path.to_owned(), Json::from(node.at.to_string()));
        }
    }
}
