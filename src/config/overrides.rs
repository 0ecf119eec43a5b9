//! The layers that are in no file: `ENVCTL__A__B=value` and `--set a.b=value`.

use std::sync::Arc;

use super::key;
use super::mistake::Mistake;
use super::schema::{Named, ROOT, Shape};
use super::source::{Origin, Source, Writer};
use super::suggest;
use super::tree::{Node, Table, Value, dotted};
use crate::model::Variables;

/// What variables for configuration start with.
const PREFIX: &str = "ENVCTL__";

/// A name on the way to a value, and where it was typed.
type Segment = (String, Origin);

/// Makes one layer of each variable that starts with `ENVCTL__`; `base` tells which names there
/// are.
pub(crate) fn from_variables(
    variables: &Variables,
    base: &Node,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Node> {
    let mut layers = Vec::new();
    let mut taken: Vec<(String, String)> = Vec::new();
    for (name, value) in variables {
        let Some(path) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let source = variable_source(name, value);
        let segments = variable_segments(path, &source);
        let resolved = match NameMatching::of_variable().resolve(&segments, base) {
            Ok(resolved) => resolved,
            Err(mistake) => {
                mistakes.push(mistake);
                continue;
            }
        };
        let path = path_of(&resolved);
        if let Some((_, other)) = taken.iter().find(|(known, _)| *known == path) {
            let origin = Origin::new(&source, 0..name.len());
            let message = format!("the variables `{other}` and `{name}` both set `{path}`");
            mistakes.push(Mistake::new(message).at(&origin));
            continue;
        }
        taken.push((path, name.clone()));
        let at = Origin::new(&source, name.len() + 1..source.text.len());
        layers.push(nest(resolved, Value::Raw(value.clone()), &at));
    }
    layers
}

/// Makes one layer of a `--set`.
pub(crate) fn from_set(set: &str, base: &Node) -> Result<Node, Mistake> {
    let typed = Source::new(Writer::Set, set.to_owned());
    let (segments, equals) = set_segments(set, &typed)?;
    let value = set[equals + 1..].to_owned();
    let resolved = NameMatching::of_set().resolve(&segments, base)?;
    let secret = resolved.last().is_some_and(|(name, _)| name == "password");
    let source = if secret {
        Source::new(Writer::Set, format!("{}=***", &set[..equals]))
    } else {
        typed
    };
    let resolved = resolved
        .into_iter()
        .map(|(name, at)| (name, Origin::new(&source, at.span())))
        .collect();
    let at = Origin::new(&source, equals + 1..source.text.len());
    Ok(nest(resolved, Value::Raw(value), &at))
}

fn variable_source(name: &str, value: &str) -> Arc<Source> {
    let secret = name.to_ascii_uppercase().ends_with("__PASSWORD");
    let text = format!("{name}={}", if secret { "***" } else { value });
    Source::new(Writer::Variable(name.to_owned()), text)
}

fn variable_segments(path: &str, source: &Arc<Source>) -> Vec<Segment> {
    let mut start = PREFIX.len();
    let mut segments = Vec::new();
    for segment in path.split("__") {
        let at = Origin::new(source, start..start + segment.len());
        segments.push((segment.to_owned(), at));
        start += segment.len() + "__".len();
    }
    segments
}

/// Reads the dotted key before the first `=` outside quotes, as TOML does.
fn set_segments(set: &str, source: &Arc<Source>) -> Result<(Vec<Segment>, usize), Mistake> {
    let whole = Origin::new(source, 0..set.len());
    let wrong = || {
        Mistake::new("`--set` wants `KEY=value`")
            .at(&whole)
            .hint("for example `--set services.api.ports.http.host=3001`")
    };
    let equals = unquoted_equals(set).ok_or_else(wrong)?;
    let names = key::split(&set[..equals]).ok_or_else(wrong)?;
    let segments = names
        .into_iter()
        .map(|(name, span)| (name, Origin::new(source, span)))
        .collect();
    Ok((segments, equals))
}

fn unquoted_equals(set: &str) -> Option<usize> {
    let mut quote = None;
    for (index, c) in set.char_indices() {
        match (quote, c) {
            (None, '=') => return Some(index),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn path_of(segments: &[Segment]) -> String {
    let join = |path: String, (name, _): &Segment| dotted(&path, name);
    segments.iter().fold(String::new(), join)
}

fn nest(segments: Vec<Segment>, value: Value, at: &Origin) -> Node {
    let leaf = Node::new(value, at.clone(), at.clone());
    segments
        .into_iter()
        .rev()
        .fold(leaf, |mut inner, (name, key)| {
            inner.key = key;
            let table = Table::from_iter([(name, inner)]);
            Node::new(Value::Table(table), at.clone(), at.clone())
        })
}

/// How typed names find the names that are meant.
struct NameMatching {
    /// Whether capitals do not matter, and `_` also means `-`.
    loose: bool,
}

impl NameMatching {
    fn of_variable() -> Self {
        Self { loose: true }
    }

    fn of_set() -> Self {
        Self { loose: false }
    }

    fn same(&self, typed: &str, name: &str) -> bool {
        let fold = |text: &str| text.to_lowercase().replace('-', "_");
        typed == name || (self.loose && fold(typed) == fold(name))
    }

    /// Replaces each typed name by the key or declared name that it means.
    fn resolve(&self, segments: &[Segment], base: &Node) -> Result<Vec<Segment>, Mistake> {
        let mut shape = Shape::Table(&ROOT);
        let mut node = Some(base);
        let mut path = String::new();
        let mut resolved = Vec::new();
        for (typed, at) in segments {
            let (name, next) = match shape {
                Shape::Value(_) => {
                    return Err(Mistake::new(format!("`{path}` has no keys")).at(at));
                }
                Shape::Table(fields) => {
                    let known = fields.keys.iter().filter(|key| key.place.is_none());
                    let known: Vec<_> = known.map(|key| key.name).collect();
                    let name = self.pick(typed, &known, at)?.ok_or_else(|| {
                        let message = format!("unknown key `{}`", dotted(&path, typed));
                        let hint = suggest::did_you_mean(typed, known);
                        Mistake::new(message).at(at).maybe_hint(hint)
                    })?;
                    let next = fields.shape(&name);
                    (name, next.expect("the name was picked from the known keys"))
                }
                Shape::Named(named) => (self.name(typed, at, (named, node), &path)?, named.each),
            };
            node = node.and_then(|node| node.get(&name));
            path = dotted(&path, &name);
            resolved.push((name, at.clone()));
            shape = next;
        }
        Ok(resolved)
    }

    fn name(
        &self,
        typed: &str,
        at: &Origin,
        (named, node): (&Named, Option<&Node>),
        path: &str,
    ) -> Result<String, Mistake> {
        let table = node.and_then(Node::table);
        let known: Vec<&str> =
            table.map_or_else(Vec::new, |table| table.keys().map(String::as_str).collect());
        if let Some(name) = self.pick(typed, &known, at)? {
            return Ok(name);
        }
        if typed.is_empty() {
            return Err(Mistake::new(format!("an empty name in `{path}`")).at(at));
        }
        if named.declared {
            let message = format!("there is no `{}`", dotted(path, typed));
            let hint = suggest::did_you_mean(typed, known);
            return Err(Mistake::new(message).at(at).maybe_hint(hint));
        }
        Ok(if self.loose && !named.capitals {
            typed.to_lowercase()
        } else {
            typed.to_owned()
        })
    }

    /// Returns the one known name that is meant; two are a mistake.
    fn pick(&self, typed: &str, known: &[&str], at: &Origin) -> Result<Option<String>, Mistake> {
        let meant: Vec<_> = known
            .iter()
            .filter(|name| self.same(typed, name))
            .copied()
            .collect();
        match meant.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some((*one).to_owned())),
            several => {
                let message = format!("`{typed}` is ambiguous: {}", suggest::list(several));
                Err(Mistake::new(message)
                    .at(at)
                    .hint("`--set` takes names exactly as they were declared"))
            }
        }
    }
}
