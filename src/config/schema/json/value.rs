//! The schemas of values. A text may hold `${…}` where the reader fills it in.

use serde_json::{Value, json};

use super::{Keywords, keywords};
use crate::config::schema::expectation::{OPERATORS, Operand, TYPES};
use crate::config::schema::text::IMAGE_REFERENCE;
use crate::config::schema::{Form, Want};

/// A reference that is filled in before anything runs.
const KNOWN: &str = r"(^|[^$])\$\{(vars\.|env:|each\.|instance\}|workspace\})";
/// One that stands alone, whose value keeps its type.
const KNOWN_ALONE: &str = r"^\$\{(vars\.|env:|each\.)[^}]*\}$";
/// A reference that is filled in while the environment runs.
const LATER: &str = r"(^|[^$])\$\{(secret:|services\.|images\.|capture\.)";
/// One of any sort that stands alone.
const ALONE: &str = r"^\$\{[^}]*\}$";

/// Returns the schemas that values refer to.
pub(super) fn definitions() -> Vec<(String, Value)> {
    let later = json!({ "type": "string", "pattern": LATER });
    let definitions = [
        ("known", json!({ "not": later })),
        ("expectation", expectation()),
        ("message", message()),
    ];
    let named = definitions.map(|(name, schema)| (name.to_owned(), schema));
    named.into()
}

/// Returns the schema of what a key wants.
pub(super) fn schema(want: Want) -> Keywords {
    let schema = match want {
        Want::OneOf(words) => {
            let more = words.more.map(|more| format!("{}|", more.pattern));
            let pattern = more.unwrap_or_default() + KNOWN;
            json!({ "type": "string", "anyOf": [{ "enum": words.all }, { "pattern": pattern }] })
        }
        Want::Image => json!({
            "type": "string",
            "pattern": format!("{}|{KNOWN}|^\\$\\{{images\\.[^}}]*\\}}$", IMAGE_REFERENCE.pattern),
        }),
        Want::Target => json!({ "type": "string", "pattern": r"^/|^\$\{" }),
        Want::Size => json!({
            "type": ["integer", "string"],
            "minimum": 1,
            "pattern": pattern(want),
        }),
        Want::Whole(range) => json!({
            "type": ["integer", "string"],
            "minimum": range.from,
            "maximum": range.to,
            "pattern": KNOWN_ALONE,
        }),
        Want::HostPort(range) => json!({
            "type": ["integer", "string"],
            "minimum": range.from,
            "maximum": range.to,
            "pattern": format!("^any$|{KNOWN_ALONE}"),
        }),
        Want::Number(range) => json!({
            "type": ["number", "string"],
            "exclusiveMinimum": range.from,
            "maximum": range.to,
            "pattern": KNOWN_ALONE,
        }),
        Want::Boolean => json!({ "type": ["boolean", "string"], "pattern": KNOWN_ALONE }),
        Want::Json => anything(),
        Want::Expectation => json!({ "$ref": "#/$defs/expectation" }),
        Want::Statuses => one_or_several(&json!({
            "type": ["integer", "string"],
            "minimum": 100,
            "maximum": 599,
            "pattern": format!("^[1-5]xx$|{ALONE}"),
        })),
        Want::ExitCodes => one_or_several(&json!({
            "type": ["integer", "string"],
            "minimum": 0,
            "maximum": 255,
            "pattern": ALONE,
        })),
        Want::Rows => {
            let mut cell = anything();
            cell["type"] = json!(["string", "number", "boolean", "object"]);
            list(&json!({ "type": "array", "items": cell }))
        }
        Want::Messages => list(&json!({ "$ref": "#/$defs/message" })),
        Want::Cases => {
            let mut cases = list(&anything());
            cases["minItems"] = json!(1);
            cases
        }
        _ => return plain(want),
    };
    keywords(schema)
}

/// Returns the schema of a value that stands for a whole table.
pub(super) fn short(want: Want) -> Keywords {
    match want {
        // It stands beside a table, which is no word.
        Want::OneOf(words) => keywords(json!({
            "type": "string",
            "pattern": format!("^({})$|{KNOWN}", words.all.join("|")),
        })),
        want => schema(want),
    }
}

/// Returns the schema of texts, lists of them, and scalars.
fn plain(want: Want) -> Keywords {
    let types: &[&str] = match want.form() {
        Form::Scalar => &["string", "number", "boolean"],
        Form::Texts => &["string", "array"],
        _ => &["string"],
    };
    let mut text = keywords(json!({ "type": "string" }));
    if want.grammar().is_some() {
        text.insert("pattern".to_owned(), json!(pattern(want)));
    } else if !want.is_open() {
        text.insert("allOf".to_owned(), json!([{ "$ref": "#/$defs/known" }]));
    }
    let item = Value::Object(text.clone());
    text.insert(
        "type".to_owned(),
        match types {
            [one] => json!(one),
            several => json!(several),
        },
    );
    if want.form() == Form::Texts {
        text.insert("items".to_owned(), item);
    }
    text
}

/// Returns what a text looks like that is known before anything runs.
fn pattern(want: Want) -> String {
    let grammar = want.grammar().map_or("", |grammar| grammar.pattern);
    format!("{grammar}|{KNOWN}")
}

/// Whatever there is; some editors take a table for closed that does not say so.
fn anything() -> Value {
    json!({ "additionalProperties": true })
}

/// A list, or a reference to one.
fn list(item: &Value) -> Value {
    json!({ "type": ["array", "string"], "items": item, "pattern": ALONE })
}

fn one_or_several(one: &Value) -> Value {
    let mut schema = one.clone();
    schema["type"] = json!(["integer", "string", "array"]);
    schema["items"] = one.clone();
    schema["minItems"] = json!(1);
    schema
}

/// A value to compare with, or a table of operators.
fn expectation() -> Value {
    let number = json!({ "type": ["number", "string"], "pattern": ALONE });
    let operand = |operand: Operand| match operand {
        Operand::Json => anything(),
        Operand::Number => number.clone(),
        Operand::Tolerance => {
            json!({ "type": ["number", "string"], "minimum": 0, "pattern": ALONE })
        }
        Operand::Length => json!({
            "$ref": "#/$defs/expectation",
            "type": ["integer", "string", "object"],
            "minimum": 0,
            "pattern": ALONE,
        }),
        Operand::Type => json!({ "anyOf": [{ "enum": TYPES.all }, { "pattern": KNOWN_ALONE }] }),
        Operand::Pattern => json!({ "type": "string" }),
        Operand::Boolean => json!({ "type": ["boolean", "string"], "pattern": KNOWN_ALONE }),
        Operand::Expectation => json!({ "$ref": "#/$defs/expectation" }),
    };
    let operators = OPERATORS.iter().map(|operator| {
        let mut schema = keywords(json!({ "description": operator.about }));
        schema.extend(keywords(operand(operator.operand)));
        (operator.name.to_owned(), Value::Object(schema))
    });
    let operators: Keywords = operators.collect();
    json!({
        "description": "A value to compare with, or a table of operators that must all hold",
        "properties": operators,
        "additionalProperties": false,
        "minProperties": 1,
        "dependentRequired": { "within": ["approx"] },
    })
}

/// An expectation on the text of a message, or a table.
fn message() -> Value {
    json!({
        "description": "An expectation on the text of a message, or a table",
        "properties": {
            "text": {
                "description": "The text of the message",
                "$ref": "#/$defs/expectation",
            },
            "json": {
                "description": "JSONPaths and what is expected of each",
                "type": "object",
                "additionalProperties": { "$ref": "#/$defs/expectation" },
            },
        },
        "additionalProperties": false,
        "minProperties": 1,
    })
}
