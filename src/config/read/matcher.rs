//! Expectations: a plain value, or a table of operators.

use serde_json::Value as Json;

use super::section::Section;
use crate::config::mistake::Mistake;
use crate::config::model::{Matcher, StatusMatch, ValueType};
use crate::config::suggest;
use crate::config::tree::{Node, Table, Value};

/// How far apart two numbers may be, relative to the expected one, unless `within` says.
const WITHIN: f64 = 1e-6;

const OPERATORS: [&str; 12] = [
    "equal", "not", "approx", "within", "<", "<=", ">", ">=", "length", "type", "contains",
    "exists",
];

/// Reads the expectations on one value, all of which must hold.
pub(super) fn read(section: &Section<'_>, node: &Node) -> Vec<Matcher> {
    if let Value::Table(table) = &node.value {
        return operators(section, node, table);
    }
    let value = json(section, node);
    value.into_iter().map(Matcher::Equal).collect()
}

/// Reads the expectations under `key`.
pub(super) fn under(section: &Section<'_>, key: &str) -> Vec<Matcher> {
    let node = section.get(key);
    node.map_or_else(Vec::new, |node| read(section, node))
}

fn operators(section: &Section<'_>, node: &Node, table: &Table) -> Vec<Matcher> {
    if table.is_empty() {
        let message = "the expectation has no operator";
        let hint = "an empty object is `{ equal = {} }`";
        let mistake = Mistake::new(message).at(&node.at).hint(hint);
        section.reader.report(mistake);
    }
    if let (Some(within), None) = (table.get("within"), table.get("approx")) {
        let mistake = Mistake::new("`within` belongs to `approx`").at(&within.key);
        section.reader.report(mistake);
    }
    let mut matchers = Vec::new();
    for (operator, operand) in table {
        matchers.extend(one(section, operator, operand, table));
    }
    matchers
}

fn one(section: &Section<'_>, operator: &str, operand: &Node, all: &Table) -> Option<Matcher> {
    let wrong = |wanted: &str| {
        let message = format!(
            "`{operator}` wants {wanted}, not {}",
            operand.value.to_toml()
        );
        section.reader.report(Mistake::new(message).at(&operand.at));
        None
    };
    let number = || number(&operand.value).or_else(|| wrong("a number"));
    Some(match operator {
        "equal" => Matcher::Equal(json(section, operand)?),
        "not" => Matcher::Not(json(section, operand)?),
        "contains" => Matcher::Contains(json(section, operand)?),
        "<" => Matcher::Less(number()?),
        "<=" => Matcher::LessOrEqual(number()?),
        ">" => Matcher::Greater(number()?),
        ">=" => Matcher::GreaterOrEqual(number()?),
        "approx" => Matcher::Approx {
            value: number()?,
            within: within(section, all)?,
        },
        "within" => return None,
        "length" => match operand.value {
            Value::Integer(length) if length >= 0 => Matcher::Length(length.unsigned_abs()),
            _ => return wrong("a number of elements").and(None),
        },
        "exists" => match operand.value {
            Value::Boolean(exists) => Matcher::Exists(exists),
            _ => return wrong("`true` or `false`").and(None),
        },
        "type" => Matcher::Type(value_type(section, operand)?),
        _ => {
            let message = format!("there is no operator `{operator}`");
            let hint = match suggest::nearest(operator, OPERATORS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "an object to compare with is `{{ equal = {{ … }} }}`; the operators are {}",
                    suggest::list(&OPERATORS)
                ),
            };
            let mistake = Mistake::new(message).at(&operand.key).hint(hint);
            section.reader.report(mistake);
            return None;
        }
    })
}

fn within(section: &Section<'_>, all: &Table) -> Option<f64> {
    let Some(node) = all.get("within") else {
        return Some(WITHIN);
    };
    let within = number(&node.value).filter(|within| *within >= 0.0);
    if within.is_none() {
        let message = "`within` wants a number that is not negative";
        section.reader.report(Mistake::new(message).at(&node.at));
    }
    within
}

fn value_type(section: &Section<'_>, operand: &Node) -> Option<ValueType> {
    const TYPES: [(&str, ValueType); 7] = [
        ("null", ValueType::Null),
        ("boolean", ValueType::Boolean),
        ("number", ValueType::Number),
        ("integer", ValueType::Integer),
        ("string", ValueType::String),
        ("array", ValueType::Array),
        ("object", ValueType::Object),
    ];
    let name = operand.text().unwrap_or_default();
    let found = TYPES.iter().find(|(known, _)| *known == name);
    if found.is_none() {
        let message = format!("there is no type {}", operand.value.to_toml());
        let hint = suggest::did_you_mean(name, TYPES.iter().map(|(known, _)| *known));
        let mistake = Mistake::new(message).at(&operand.at).maybe_hint(hint);
        section.reader.report(mistake);
    }
    found.map(|(_, value_type)| *value_type)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a matcher compares as JSON numbers do"
)]
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) if number.is_finite() => Some(*number),
        _ => None,
    }
}

/// Reads a value as JSON; secrets, addresses and endless numbers have none.
pub(super) fn json(section: &Section<'_>, node: &Node) -> Option<Json> {
    let wrong = |what: &str| {
        let message = format!("{what} cannot stand in JSON");
        section.reader.report(Mistake::new(message).at(&node.at));
        None
    };
    match &node.value {
        Value::Template(_) => wrong("a secret or an address"),
        Value::Float(number) if !number.is_finite() => wrong("a number without an end"),
        Value::List(items) => items.iter().map(|item| json(section, item)).collect(),
        Value::Table(table) => {
            let pair = |(key, node): (&String, &Node)| Some((key.clone(), json(section, node)?));
            let object: Option<_> = table.iter().map(pair).collect();
            Some(Json::Object(object?))
        }
        Value::Unusable => None,
        plain => Some(plain.to_json()),
    }
}

/// Reads `status`: `200`, `"2xx"`, or a list of them.
pub(super) fn status(section: &Section<'_>) -> Vec<StatusMatch> {
    let Some(node) = section.get("status") else {
        return Vec::new();
    };
    let items = match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    items
        .into_iter()
        .filter_map(|item| {
            let status = one_status(&item.value);
            if status.is_none() {
                let message = format!("{} is no HTTP status", item.value.to_toml());
                let hint = "write `200`, `\"2xx\"` or `[200, 404]`";
                let mistake = Mistake::new(message).at(&item.at).hint(hint);
                section.reader.report(mistake);
            }
            status
        })
        .collect()
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
