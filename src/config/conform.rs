//! Checks that every value has the type that its key wants, and reads texts from variables as
//! that type. Knows nothing of what the values mean.

use super::merge::is_password;
use super::mistake::Mistake;
use super::parse;
use super::schema::{Shape, Want};
use super::source::Origin;
use super::trail::Trail;
use super::tree::{Node, Value, float};

/// Checks everything at `path`; what is wrong becomes unusable.
pub(crate) fn check(node: &mut Node, shape: Shape, path: Trail<'_>, mistakes: &mut Vec<Mistake>) {
    match shape {
        Shape::Value(want) => {
            read_raw(node, want);
            if let Err(mistake) = fits(node, want, (path, false)) {
                mistakes.push(mistake);
                node.value = Value::Unusable;
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
                check(child, named.each, path.key(key), mistakes);
            }
        }
    }
}

/// Gives a text from a variable the type that is wanted, where it can be read so.
pub(crate) fn read_raw(node: &mut Node, want: Want) {
    match &mut node.value {
        Value::List(items) => {
            for item in items {
                read_raw(item, each(want));
            }
            return;
        }
        Value::Table(table) if want == Want::Any => {
            table.values_mut().for_each(|item| read_raw(item, want));
            return;
        }
        _ => {}
    }
    let Value::Raw(text) = &node.value else {
        return;
    };
    let text = text.trim();
    let read = match want {
        // A variable keeps it open: the key that refers to it decides.
        Want::Scalar => return,
        Want::Integer | Want::IntegerOrText => text.parse().ok().map(Value::Integer),
        Want::Number => text.parse().ok().map(Value::Float),
        Want::Boolean => text.parse().ok().map(Value::Boolean),
        Want::Texts | Want::HostTexts if text.starts_with('[') => parse::alone(text, node),
        Want::Text | Want::Texts | Want::HostTexts => None,
        Want::Any => parse::alone(text, node),
    };
    let as_text = matches!(
        want,
        Want::Text | Want::Texts | Want::HostTexts | Want::IntegerOrText | Want::Any
    );
    match (read, &node.value) {
        (Some(value), _) => node.value = value,
        (None, Value::Raw(text)) if as_text => node.value = Value::Text(text.clone()),
        (None, _) => {}
    }
}

fn each(want: Want) -> Want {
    match want {
        Want::Texts | Want::HostTexts => Want::Text,
        other => other,
    }
}

/// Whether a value is what is wanted at a place, or in a list that is there.
fn fits(node: &Node, want: Want, (path, in_list): (Trail<'_>, bool)) -> Result<(), Mistake> {
    use Value::{Boolean, Float, Integer, List, Raw, Template, Text, Unusable};
    let wanted = match (want, &node.value) {
        (_, Unusable)
        | (Want::Any, _)
        | (
            Want::Text | Want::Texts | Want::HostTexts | Want::Scalar | Want::IntegerOrText,
            Text(_) | Template(_),
        )
        | (Want::Scalar, Raw(_) | Integer(_) | Float(_) | Boolean(_))
        | (Want::Integer | Want::IntegerOrText | Want::Number, Integer(_))
        | (Want::Number, Float(_))
        | (Want::Boolean, Boolean(_)) => return Ok(()),
        (Want::Texts | Want::HostTexts, List(items)) => {
            let wrong = items
                .iter()
                .find_map(|item| fits(item, Want::Text, (path, true)).err());
            return wrong.map_or(Ok(()), Err);
        }
        (Want::Text, _) => "a text",
        (Want::Texts | Want::HostTexts, _) => "a text or a list of texts",
        (Want::Scalar, _) => "a text, a number or a boolean",
        (Want::IntegerOrText, _) => "an integer or a text",
        (Want::Integer, _) => "an integer",
        (Want::Number, _) => "a number",
        (Want::Boolean, _) => "`true` or `false`",
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
fn quotes_hint(want: Want, value: &Value, at: &Origin) -> Option<String> {
    if let Value::Text(text) = value {
        let fits = match want {
            Want::Integer => text.parse::<i64>().is_ok(),
            Want::Number => text.parse::<f64>().is_ok_and(f64::is_finite),
            Want::Boolean => text.parse::<bool>().is_ok(),
            _ => false,
        };
        return fits.then(|| format!("write `{text}`, without quotes"));
    }
    if !matches!(want, Want::Text | Want::Texts) {
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
