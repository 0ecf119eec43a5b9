//! The schema as a JSON Schema for editors. What a table or a value may also be, such as a short
//! form or `false`, is said beside it and not in branches of an `anyOf`: so an editor underlines
//! the key that is wrong, and not the table around it.

mod value;

use serde_json::{Map, Value, json};

use super::tables::{DEPENDS_ON, PREPARE, PROCESS};
use super::{
    ENVIRONMENT, Fields, Key, ListForm, Literal, NameRule, Named, PLAIN_ENVIRONMENT, ROOT, SCALARS,
    Shape, Sort, Want,
};
use crate::config::units::NAME_MAX;

/// The keywords of a schema.
type Keywords = Map<String, Value>;

/// Tables that stand at several places.
static SHARED: [(&str, Shape); 6] = [
    ("command", Shape::Table(&PREPARE)),
    ("process", Shape::Table(&PROCESS)),
    ("depends_on", Shape::Named(&DEPENDS_ON)),
    ("scalars", Shape::Named(&SCALARS)),
    ("environment", Shape::Named(&ENVIRONMENT)),
    ("plain_environment", Shape::Named(&PLAIN_ENVIRONMENT)),
];

/// Returns the JSON Schema of every file of a configuration.
pub fn json_schema() -> Value {
    let mut schema = keywords(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "envctl",
        "description": "A file of environments: envs/ENV/env.toml, local.toml, a profile, or \
                        envs/envctl.toml. No key is needed in one file, since another one may set it.",
    }));
    schema.extend(table(&ROOT));
    let tables = SHARED.iter().map(|(name, shape)| {
        let body = Value::Object(body(*shape));
        ((*name).to_owned(), body)
    });
    schema.insert(
        "$defs".to_owned(),
        tables.chain(value::definitions()).collect(),
    );
    Value::Object(schema)
}

fn keywords(value: Value) -> Keywords {
    match value {
        Value::Object(keywords) => keywords,
        _ => Keywords::new(),
    }
}

/// Returns the schema of a key, with its description before.
fn property(key: &Key) -> Value {
    let mut about = match key.place {
        Some(place) => format!("{} (only {place})", key.about),
        None if key.docker => format!("{} (on Docker only)", key.about),
        None => key.about.to_owned(),
    };
    if let Shape::Value(want) = key.shape
        && let Some(hint) = want.grammar().and_then(|grammar| grammar.hint)
    {
        about = format!("{about}; {hint}");
    }
    let mut schema = keywords(json!({ "description": about }));
    let default = key.default.map(|default| match default {
        Literal::Text(text) => json!(text),
        Literal::Integer(number) => json!(number),
        Literal::Boolean(boolean) => json!(boolean),
    });
    schema.extend(default.map(|default| ("default".to_owned(), default)));
    schema.extend(place(key.shape));
    Value::Object(schema)
}

/// Returns the schema of what stands at a place.
fn place(shape: Shape) -> Keywords {
    let shared = SHARED.iter().find(|(_, shared)| same(*shared, shape));
    match shared {
        Some((name, _)) => keywords(json!({ "$ref": format!("#/$defs/{name}") })),
        None => body(shape),
    }
}

fn same(one: Shape, other: Shape) -> bool {
    match (one, other) {
        (Shape::Table(one), Shape::Table(other)) => std::ptr::eq(one, other),
        (Shape::Named(one), Shape::Named(other)) => std::ptr::eq(one, other),
        _ => false,
    }
}

fn body(shape: Shape) -> Keywords {
    match shape {
        Shape::Value(want) => value::schema(want),
        Shape::Named(named) => names(named),
        Shape::Table(fields) => {
            let mut schema = table(fields);
            let short = fields.short.and_then(|key| fields.shape(key));
            if let Some(Shape::Value(want)) = short {
                also(&mut schema, value::short(want));
            }
            also(&mut schema, removal());
            schema
        }
    }
}

/// `false`, which removes a table.
fn removal() -> Keywords {
    keywords(json!({ "type": "boolean", "allOf": [{ "not": { "const": true } }] }))
}

/// Lets a schema take values of another type as well.
fn also(schema: &mut Keywords, other: Keywords) {
    for (keyword, value) in other {
        let Some(both) = schema.get_mut(&keyword) else {
            schema.insert(keyword, value);
            continue;
        };
        let mut items = several(both.take());
        items.extend(several(value));
        items.dedup();
        *both = Value::Array(items);
    }
}

fn several(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        one => vec![one],
    }
}

fn names(named: &Named) -> Keywords {
    let mut schema = keywords(json!({ "type": "object" }));
    let rule = match named.names {
        NameRule::Free => None,
        NameRule::Plain => {
            Some(json!({ "pattern": "^[a-z0-9][a-z0-9_-]*$", "maxLength": NAME_MAX }))
        }
        NameRule::Variables => Some(json!({ "pattern": "^[^= ]+$" })),
    };
    schema.extend(rule.map(|rule| ("propertyNames".to_owned(), rule)));
    let each = Value::Object(place(named.each));
    schema.insert("additionalProperties".to_owned(), each);
    let item = match named.list {
        ListForm::None => return schema,
        ListForm::Names(_) => json!({ "type": "string" }),
        ListForm::Assignments => json!({ "type": "string", "pattern": "^[^= ]+=" }),
    };
    also(
        &mut schema,
        keywords(json!({ "type": "array", "items": item })),
    );
    schema
}

fn table(fields: &'static Fields) -> Keywords {
    let properties: Keywords = fields
        .keys
        .iter()
        .map(|key| (key.name.to_owned(), property(key)))
        .collect();
    let mut schema = keywords(json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    }));
    let rules: Vec<Value> = sorts(fields).into_iter().chain(choices(fields)).collect();
    if !rules.is_empty() {
        schema.insert("allOf".to_owned(), Value::Array(rules));
    }
    schema
}

/// Says which keys each sort of a table does not have.
fn sorts(fields: &'static Fields) -> Vec<Value> {
    let by_word = |key: &'static str, word: &str| {
        let is = json!({ "properties": { key: { "const": word } }, "required": [key] });
        rule(&is, &others(fields, word))
    };
    match fields.sort {
        Sort::One | Sort::Around => Vec::new(),
        Sort::Word(name) => match fields.shape(name) {
            Some(Shape::Value(Want::OneOf(words))) => {
                let words = words.all.iter();
                words.filter_map(|word| by_word(name, word)).collect()
            }
            _ => Vec::new(),
        },
        Sort::Maker => {
            let mut makers: Vec<(&str, Vec<Value>)> = Vec::new();
            for key in fields.makers() {
                let sort = key.makes.unwrap_or_default();
                let has = json!({ "required": [key.name] });
                match makers.iter_mut().find(|(known, _)| *known == sort) {
                    Some((_, keys)) => keys.push(has),
                    None => makers.push((sort, vec![has])),
                }
            }
            let rules = makers.into_iter().filter_map(|(sort, has)| {
                let is = json!({ "anyOf": has });
                rule(&is, &others(fields, sort))
            });
            rules.collect()
        }
    }
}

fn rule(is: &Value, refused: &Keywords) -> Option<Value> {
    (!refused.is_empty()).then(|| json!({ "if": is, "then": { "properties": refused } }))
}

/// Returns the keys that a table of a sort does not have, each with `false`, and tables in it that
/// have other keys then.
fn others(fields: &'static Fields, sort: &str) -> Keywords {
    let mut refused = Keywords::new();
    for key in fields.keys {
        let is_other = key.makes.is_some_and(|makes| makes != sort);
        if is_other || !key.is_of(sort) {
            refused.insert(key.name.to_owned(), Value::Bool(false));
        } else if let Shape::Table(inner) = key.shape
            && inner.sort == Sort::Around
        {
            let inside = others(inner, sort);
            let is_table = inner.short.is_some_and(|key| inside.contains_key(key));
            let mut table = keywords(json!({ "properties": inside }));
            if is_table {
                table.insert("type".to_owned(), json!(["object", "boolean"]));
            }
            refused.insert(key.name.to_owned(), Value::Object(table));
        }
    }
    refused
}

/// Says which keys cannot stand beside each other.
fn choices(fields: &'static Fields) -> Vec<Value> {
    let rules = fields.keys.iter().filter_map(|key| {
        let excluded = fields.keys.iter().filter(|other| {
            let differs = other.leader() != key.leader();
            // What a table of another sort has is refused already.
            let other_sort =
                other.makes.is_some() && key.makes.is_some() && other.makes != key.makes;
            other.choice == key.choice && differs && !other_sort
        });
        let excluded: Keywords = excluded
            .filter(|_| key.choice.is_some())
            .map(|other| (other.name.to_owned(), Value::Bool(false)))
            .collect();
        rule(&json!({ "required": [key.name] }), &excluded)
    });
    rules.collect()
}
