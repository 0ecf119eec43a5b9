//! Checks that every value is what its key wants, and reads texts from variables as that. Knows
//! nothing of what values mean beside each other.

use super::merge::is_password;
use super::mistake::Mistake;
use super::parse;
use super::schema::{Form, Shape, Want};
use super::source::Origin;
use super::trail::Trail;
use super::tree::{Node, Value, float};
use super::wrong;

/// Checks everything at `path`. What has another type than its key wants becomes unusable; what has
/// the type and is wrong stays, since who reads it may know what was meant.
pub(crate) fn check(node: &mut Node, shape: Shape, path: Trail<'_>, mistakes: &mut Vec<Mistake>) {
    match shape {
        Shape::Value(want) => {
            read_raw(node, want);
            if let Err(mistake) = fits(node, want.form(), (path, false)) {
                mistakes.push(mistake);
                node.value = Value::Unusable;
            } else {
                wrong::value(node, want, path, mistakes);
            }
        }
        Shape::Table(fields) => {
            for (key, child) in node.table_mut().into_iter().flatten() {
                if let Some(shape) = fields.shape(key) {
                    check(child, shape, path.key(key), mistakes);
                }
            }
        }
        Shape::Named(named) => {
            for (key, child) in node.table_mut().into_iter().flatten() {
                mistakes.extend(wrong::name(key, child, named.names));
                check(child, named.each, path.key(key), mistakes);
            }
        }
    }
}

/// Gives a text from a variable the type that is wanted, where it can be read so.
pub(crate) fn read_raw(node: &mut Node, want: Want) {
    read_form(node, want.form());
}

fn read_form(node: &mut Node, form: Form) {
    match &mut node.value {
        Value::List(items) => {
            for item in items {
                read_form(item, each(form));
            }
            return;
        }
        Value::Table(table) if form == Form::Any => {
            table.values_mut().for_each(|item| read_form(item, form));
            return;
        }
        _ => {}
    }
    let Value::Raw(text) = &node.value else {
        return;
    };
    let text = text.trim();
    let read = match form {
        // A variable keeps it open: the key that refers to it decides.
        Form::Scalar => return,
        Form::Integer | Form::IntegerOrText => text.parse().ok().map(Value::Integer),
        Form::Number => text.parse().ok().map(Value::Float),
        Form::Boolean => text.parse().ok().map(Value::Boolean),
        Form::Texts if text.starts_with('[') => parse::alone(text, node),
        Form::Text | Form::Texts => None,
        Form::Any => parse::alone(text, node),
    };
    let as_text = matches!(
        form,
        Form::Text | Form::Texts | Form::IntegerOrText | Form::Any
    );
    match (read, &node.value) {
        (Some(value), _) => node.value = value,
        (None, Value::Raw(text)) if as_text => node.value = Value::Text(text.clone()),
        (None, _) => {}
    }
}

fn each(form: Form) -> Form {
    match form {
        Form::Texts => Form::Text,
        other => other,
    }
}

/// Whether a value is what is wanted at a place, or in a list that is there.
fn fits(node: &Node, want: Form, (path, in_list): (Trail<'_>, bool)) -> Result<(), Mistake> {
    use Value::{Boolean, Float, Integer, List, Raw, Template, Text, Unusable};
    let wanted = match (want, &node.value) {
        (_, Unusable)
        | (Form::Any, _)
        | (Form::Text | Form::Texts | Form::Scalar | Form::IntegerOrText, Text(_) | Template(_))
        | (Form::Scalar, Raw(_) | Integer(_) | Float(_) | Boolean(_))
        | (Form::Integer | Form::IntegerOrText | Form::Number, Integer(_))
        | (Form::Number, Float(_))
        | (Form::Boolean, Boolean(_)) => return Ok(()),
        (Form::Texts, List(items)) => {
            let wrong = items
                .iter()
                .find_map(|item| fits(item, Form::Text, (path, true)).err());
            return wrong.map_or(Ok(()), Err);
        }
        (Form::Text, _) => "a text",
        (Form::Texts, _) => "a text or a list of texts",
        (Form::Scalar, _) => "a text, a number or a boolean",
        (Form::IntegerOrText, _) => "an integer or a text",
        (Form::Integer, _) => "an integer",
        (Form::Number, _) => "a number",
        (Form::Boolean, _) => "`true` or `false`",
    };
    let found = match &node.value {
        Raw(text) => format!("the text `{text}`"),
        other => other.describe().to_owned(),
    };
    let what = if in_list {
        format!("an item of `{path}`")
    } else {
        format!("`{path}`")
    };
    let message = format!("{what} must be {wanted}, not {found}");
    let hint = if !in_list && is_password(&path.to_string()) {
        Some("write it as a text: `\"***\"`".to_owned())
    } else {
        quotes_hint(want, &node.value, &node.at)
    };
    Err(Mistake::new(message).at(&node.at).maybe_hint(hint))
}

/// Shows how the value is written with quotes, or without.
fn quotes_hint(want: Form, value: &Value, at: &Origin) -> Option<String> {
    if let Value::Text(text) = value {
        let fits = match want {
            Form::Integer => text.parse::<i64>().is_ok(),
            Form::Number => text.parse::<f64>().is_ok_and(f64::is_finite),
            Form::Boolean => text.parse::<bool>().is_ok(),
            _ => false,
        };
        return fits.then(|| format!("write `{text}`, without quotes"));
    }
    if !matches!(want, Form::Text | Form::Texts) {
        return None;
    }
    let text = match value {
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => {
            let written = at.source.text.get(at.span());
            written.map_or_else(|| float(*number), str::to_owned)
        }
        Value::Boolean(boolean) => boolean.to_string(),
        _ => return None,
    };
    Some(format!("write `\"{text}\"`"))
}
