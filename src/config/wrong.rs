//! What is wrong with a value that has the right type, and with a name, as the schema tells it.

use super::mistake::Mistake;
use super::schema::{Form, Grammar, NameRule, Range, Want};
use super::trail::Trail;
use super::tree::{Node, Value};
use super::units;
use crate::model::{Part, Template};

/// Reports a value, or items of a list, that are not what is wanted.
pub(crate) fn value(node: &Node, want: Want, path: Trail<'_>, mistakes: &mut Vec<Mistake>) {
    if let (Form::Texts, Value::List(items)) = (want.form(), &node.value) {
        for item in items {
            value(item, want, path, mistakes);
        }
        return;
    }
    let Some(Wrong { message, hint }) = wrong(want, &node.value) else {
        return;
    };
    let table = match path {
        Trail::Key(table, _) => table.to_string(),
        Trail::Root => String::new(),
    };
    let message = message
        .replace("{path}", &path.to_string())
        .replace("{key}", path.last().unwrap_or_default())
        .replace("{value}", &written(&node.value));
    let hint = hint.map(|hint| hint.replace("{table}", &table));
    mistakes.push(Mistake::new(message).at(&node.at).maybe_hint(hint));
}

/// Returns what is wrong with a name of the user's.
pub(crate) fn name(name: &str, node: &Node, names: NameRule) -> Option<Mistake> {
    let message = match names {
        NameRule::Free => None,
        NameRule::Plain => node.table().and_then(|_| units::name_mistake(name)),
        NameRule::Variables => {
            let wrong = name.is_empty() || name.contains(['=', '\0', ' ']);
            wrong.then(|| format!("`{name}` is no name of a variable"))
        }
    };
    message.map(|message| Mistake::new(message).at(&node.key))
}

/// What is said, with `{…}` for what its place is.
struct Wrong {
    message: String,
    hint: Option<String>,
}

impl Wrong {
    fn new(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            hint: None,
        }
    }
}

fn wrong(want: Want, value: &Value) -> Option<Wrong> {
    match (want, value) {
        (Want::OneOf(words), Value::Text(text)) => (!words.has(text)).then(|| Wrong {
            hint: Some(words.instead_of(text)),
            ..Wrong::new(words.wrong)
        }),
        (Want::Whole(range) | Want::HostPort(range), Value::Integer(number)) => {
            outside(range, *number)
        }
        (Want::HostPort(_), Value::Text(text)) if text != "any" => {
            Some(Wrong::new("`{path}` must be a port or \"any\""))
        }
        (Want::Number(range), Value::Integer(number))
            if *number <= range.from || !range.has(*number) =>
        {
            Some(Wrong::new(range.wrong))
        }
        (Want::Number(range), Value::Float(number)) if !range.has_fraction(*number) => {
            Some(Wrong::new(range.wrong))
        }
        (Want::Size, Value::Integer(number)) if *number > 0 => None,
        (Want::Size, Value::Text(text)) if units::bytes(text).is_some_and(|it| it > 0) => None,
        (Want::Size, Value::Integer(_) | Value::Text(_)) => unlike(want.grammar()?),
        (Want::Duration | Want::TimeLimit, Value::Text(text)) => match units::duration(text) {
            None => unlike(want.grammar()?),
            Some(time) if time.is_zero() && matches!(want, Want::TimeLimit) => {
                Some(Wrong::new("`{path}` must be more than 0"))
            }
            Some(_) => None,
        },
        (Want::Target, Value::Template(template)) => {
            let grammar = want.grammar()?;
            if is_target(template, grammar) {
                None
            } else {
                unlike(grammar)
            }
        }
        (_, Value::Text(text)) => {
            let grammar = want.grammar()?;
            if grammar.has(text) {
                None
            } else {
                unlike(grammar)
            }
        }
        _ => None,
    }
}

fn unlike(grammar: &Grammar) -> Option<Wrong> {
    Some(Wrong {
        hint: grammar.hint.map(str::to_owned),
        ..Wrong::new(grammar.wrong?)
    })
}

fn outside(range: &Range, number: i64) -> Option<Wrong> {
    (!range.has(number)).then(|| {
        let message = range.wrong.replace("{from}", &range.from.to_string());
        Wrong {
            message: message.replace("{to}", &range.to.to_string()),
            hint: range.zero.filter(|_| number == 0).map(str::to_owned),
        }
    })
}

/// Whether a text with holes may be the path of a URL: what a case or an earlier check gives is
/// looked at when it is there.
fn is_target(template: &Template, grammar: &Grammar) -> bool {
    match template.parts.first() {
        Some(Part::Text(text)) => grammar.has(text),
        Some(Part::Reference(_)) => true,
        Some(Part::Secret(_)) | None => false,
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Template(template) => template.to_string(),
        Value::Float(number) => number.to_string(),
        other => other.to_toml(),
    }
}
