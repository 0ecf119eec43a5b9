//! What a parameter may hold, as far as a value can be held against it. Knows no documents.

use regex::Regex;
use serde_json::Value as Json;

/// The kinds of values that parameters and columns are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    Integer,
    Number,
    Text,
    Uuid,
    Date,
    Time,
    Boolean,
    /// An object, or a file: nothing that a path or a query holds.
    Other,
}

/// The keywords of a JSON Schema that a plain text can be held against.
#[derive(Clone, Debug)]
pub(super) struct ValueSchema {
    pub(super) kind: ValueKind,
    /// Any value where it is empty.
    allowed: Vec<String>,
    pattern: Option<Regex>,
    least: Option<f64>,
    most: Option<f64>,
    shortest: u64,
    longest: u64,
}

impl ValueSchema {
    /// Reads a schema in which no reference is left.
    pub(super) fn read(schema: &Json) -> Self {
        let number = |key: &str| schema.get(key).and_then(Json::as_f64);
        let length = |key: &str| schema.get(key).and_then(Json::as_u64);
        let listed = schema.get("enum").and_then(Json::as_array);
        let constant = schema.get("const").into_iter();
        let listed = listed.into_iter().flatten().chain(constant);
        let pattern = schema.get("pattern").and_then(Json::as_str);
        Self {
            kind: kind(schema),
            allowed: listed.filter_map(plain).collect(),
            // What this library cannot read is not held against anything.
            pattern: pattern.and_then(|pattern| Regex::new(pattern).ok()),
            least: number("minimum").or_else(|| number("exclusiveMinimum")),
            most: number("maximum").or_else(|| number("exclusiveMaximum")),
            shortest: length("minLength").unwrap_or(0),
            longest: length("maxLength").unwrap_or(u64::MAX),
        }
    }

    /// Returns whether a value may be sent.
    pub(super) fn accepts(&self, text: &str) -> bool {
        let length = text.chars().count() as u64;
        let number: Option<f64> = text.parse().ok();
        let is_of_kind = match self.kind {
            ValueKind::Integer => text.parse::<i64>().is_ok(),
            ValueKind::Number => number.is_some_and(f64::is_finite),
            ValueKind::Text => (self.shortest..=self.longest).contains(&length),
            ValueKind::Uuid => is_uuid(text),
            ValueKind::Date => has_form(text, "dddd-dd-dd"),
            ValueKind::Time => text
                .get(..11)
                .is_some_and(|day| has_form(day, "dddd-dd-ddT")),
            ValueKind::Boolean => matches!(text, "true" | "false"),
            ValueKind::Other => false,
        };
        let is_number = matches!(self.kind, ValueKind::Integer | ValueKind::Number);
        let number = number.filter(|_| is_number).unwrap_or_default();
        is_of_kind
            && (!is_number || self.least.is_none_or(|least| number >= least))
            && (!is_number || self.most.is_none_or(|most| number <= most))
            && (self.allowed.is_empty() || self.allowed.iter().any(|it| it == text))
            && self.pattern.as_ref().is_none_or(|it| it.is_match(text))
    }

    /// Returns whether values of a column of that kind can be meant.
    pub(super) fn fits(&self, column: ValueKind) -> bool {
        use ValueKind::{Boolean, Date, Integer, Number, Other, Text, Time, Uuid};
        match self.kind {
            Integer => column == Integer,
            Number => matches!(column, Integer | Number),
            Text => matches!(column, Text | Uuid | Integer),
            Uuid => matches!(column, Uuid | Text),
            Date => matches!(column, Date | Text),
            Time => column == Time,
            Boolean | Other => false,
        }
    }
}

fn kind(schema: &Json) -> ValueKind {
    let is_type = |value: &&Json| value.as_str().is_some_and(|it| it != "null");
    let name = match schema.get("type") {
        Some(Json::Array(several)) => several.iter().find(is_type).and_then(Json::as_str),
        other => other.and_then(Json::as_str),
    };
    let format = schema.get("format").and_then(Json::as_str);
    match (name, format) {
        (Some("integer"), _) => ValueKind::Integer,
        (Some("number"), _) => ValueKind::Number,
        (Some("boolean"), _) => ValueKind::Boolean,
        (Some("string") | None, Some("uuid")) => ValueKind::Uuid,
        (Some("string") | None, Some("date")) => ValueKind::Date,
        (Some("string") | None, Some("date-time")) => ValueKind::Time,
        (Some("string"), Some("binary" | "byte")) => ValueKind::Other,
        (Some("string") | None, _) => ValueKind::Text,
        _ => ValueKind::Other,
    }
}

/// Returns a value as a path or a query holds it; objects and lists have no such form.
pub(super) fn plain(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(boolean) => Some(boolean.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

fn is_uuid(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.into_iter().all(digits)
}

/// Compares with a form in which `d` is a digit and everything else itself.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(byte, form): (u8, u8)| match form {
        b'd' => byte.is_ascii_digit(),
        form => byte == form,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_held_against_what_can_be_read() {
        let check = |schema: Json, right: &[&str], wrong: &[&str]| {
            let read = ValueSchema::read(&schema);
            for text in right {
                assert!(read.accepts(text), "{schema} {text}");
            }
            for text in wrong {
                assert!(!read.accepts(text), "{schema} {text}");
            }
        };
        let integer = json!({"type": "integer", "minimum": 1, "maximum": 9});
        check(integer, &["1", "9"], &["0", "10", "1.5", "x", ""]);
        check(json!({"type": ["null", "number"]}), &["1.5", "2"], &["NaN"]);
        let text = json!({"type": "string", "pattern": "^[A-Z]+$", "maxLength": 3});
        check(text, &["A", "ABC"], &["", "abc", "ABCD"]);
        check(json!({"enum": ["a", 1]}), &["a", "1"], &["b"]);
        check(json!({"const": "a"}), &["a"], &["b"]);
        let uuid = "0b0e8cb5-8b1c-4f0e-9f0a-1d2c3b4a5f60";
        check(
            json!({"type": "string", "format": "uuid"}),
            &[uuid],
            &["x", "1-2-3-4-5"],
        );
        let day = json!({"type": "string", "format": "date"});
        check(
            day,
            &["2021-01-31"],
            &["2021-1-31", "2021-01-31T00:00:00", "x"],
        );
        let time = json!({"type": "string", "format": "date-time"});
        check(time, &["2021-01-31T00:00:00Z"], &["2021-01-31", "ÄÄÄÄÄÄÄ"]);
        check(json!({"type": "object"}), &[], &["a"]);
        // A pattern that only other libraries read says nothing.
        check(json!({"pattern": "^(?!a)"}), &["a", "b"], &[]);
    }
}
