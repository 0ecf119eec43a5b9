//! Expectations: a plain value, or a table of operators.

use super::json;
use super::section::Section;
use crate::config::mistake::Mistake;
use crate::config::schema::{OPERATORS, TYPES};
use crate::config::suggest;
use crate::config::tree::{Node, Table, Value};
use crate::model::{Comparison, Json, Matcher, Pattern, ValueType};

/// How far apart two numbers may be, relative to the expected one, unless `within` says.
const WITHIN: f64 = 1e-6;

/// Reads the expectations on one value, all of which must hold.
pub(super) fn read(section: &Section<'_>, node: &Node) -> Vec<Matcher> {
    if let Value::Table(table) = &node.value {
        return operators(section, node, table);
    }
    let value = json::read(section, node);
    value.into_iter().map(Matcher::Equal).collect()
}

/// Reads the expectations under `key`.
pub(super) fn under(section: &Section<'_>, key: &str) -> Vec<Matcher> {
    let node = section.get(key);
    node.map_or_else(Vec::new, |node| read(section, node))
}

/// Reads a regular expression; reports a text that is none.
pub(super) fn pattern(section: &Section<'_>, node: &Node, text: &str) -> Option<Pattern> {
    let pattern = Pattern::new(text);
    if let Err(why) = &pattern {
        let message = format!("`{text}` is no regular expression: {why}");
        section.reader.report(Mistake::new(message).at(&node.at));
    }
    pattern.ok()
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
    let number = || number(section, operator, operand);
    let compare = |comparison| Some(Matcher::Compare(comparison, number()?));
    Some(match operator {
        "equal" => Matcher::Equal(json::read(section, operand)?),
        "not" => Matcher::Not(json::read(section, operand)?),
        "contains" => Matcher::Contains(json::read(section, operand)?),
        "<" => compare(Comparison::Less)?,
        "<=" => compare(Comparison::LessOrEqual)?,
        ">" => compare(Comparison::Greater)?,
        ">=" => compare(Comparison::GreaterOrEqual)?,
        "approx" => Matcher::Approx {
            value: number()?,
            within: within(section, all)?,
        },
        "within" => return None,
        "length" => Matcher::Length(length(section, operand)?),
        "any" => Matcher::Any(read(section, operand)),
        "all" => Matcher::All(read(section, operand)),
        "matches" => {
            let Some(text) = operand.text() else {
                return wrong(section, operator, operand, "a regular expression");
            };
            Matcher::Matches(pattern(section, operand, text)?)
        }
        "exists" | "absent" => match operand.value {
            Value::Boolean(holds) => Matcher::Exists(holds == (operator == "exists")),
            _ => return wrong(section, operator, operand, "`true` or `false`"),
        },
        "type" => Matcher::Type(value_type(section, operand)?),
        _ => return unknown(section, operator, operand),
    })
}

fn wrong<T>(section: &Section<'_>, operator: &str, operand: &Node, wanted: &str) -> Option<T> {
    let message = format!(
        "`{operator}` wants {wanted}, not {}",
        operand.value.to_toml()
    );
    section.reader.report(Mistake::new(message).at(&operand.at));
    None
}

fn unknown(section: &Section<'_>, operator: &str, operand: &Node) -> Option<Matcher> {
    let message = format!("there is no operator `{operator}`");
    let names = OPERATORS.iter().map(|operator| operator.name);
    let hint = match suggest::nearest(operator, names.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "an object to compare with is `{{ equal = {{ … }} }}`; the operators are {}",
            suggest::list(&names.collect::<Vec<_>>())
        ),
    };
    let mistake = Mistake::new(message).at(&operand.key).hint(hint);
    section.reader.report(mistake);
    None
}

/// Reads a number of elements, or expectations on it.
fn length(section: &Section<'_>, operand: &Node) -> Option<Vec<Matcher>> {
    match operand.value {
        Value::Integer(length) if length < 0 => {
            wrong(section, "length", operand, "a number of elements")
        }
        Value::Integer(_) | Value::Template(_) | Value::Table(_) => Some(read(section, operand)),
        _ => wrong(section, "length", operand, "a number of elements"),
    }
}

fn within(section: &Section<'_>, all: &Table) -> Option<f64> {
    let Some(node) = all.get("within") else {
        return Some(WITHIN);
    };
    let number = number(section, "within", node)?;
    let within = number.value.as_f64().filter(|within| *within >= 0.0);
    if within.is_none() {
        let message = "`within` wants a number that is not negative";
        section.reader.report(Mistake::new(message).at(&node.at));
    }
    within
}

fn value_type(section: &Section<'_>, operand: &Node) -> Option<ValueType> {
    let name = operand.text().unwrap_or_default();
    Some(match name {
        "null" => ValueType::Null,
        "boolean" => ValueType::Boolean,
        "number" => ValueType::Number,
        "integer" => ValueType::Integer,
        "string" => ValueType::String,
        "array" => ValueType::Array,
        "object" => ValueType::Object,
        _ => {
            let message = TYPES.wrong.replace("{value}", &operand.value.to_toml());
            let mistake = Mistake::new(message).at(&operand.at);
            let hint = TYPES.instead_of(name);
            section.reader.report(mistake.hint(hint));
            return None;
        }
    })
}

fn number(section: &Section<'_>, operator: &str, operand: &Node) -> Option<Json> {
    match &operand.value {
        Value::Integer(_) | Value::Template(_) => json::read(section, operand),
        Value::Float(number) if number.is_finite() => json::read(section, operand),
        _ => wrong(section, operator, operand, "a number"),
    }
}
