//! Whether one value is what a check expects, and the words for it when it is not. Pure.

use serde_json::Value;

use super::Failure;
use super::difference;
use super::mask::Mask;
use crate::config::model::{Matcher, ValueType};

/// The longest value in a failure.
const VALUE_LIMIT_BYTES: usize = 160;

/// A value that a check looks at.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Its name in a failure: `$.rates[0].day`.
    pub(super) what: &'a str,
    pub(super) value: Option<&'a Value>,
    /// What it means that there is none: `the path selects nothing`.
    pub(super) absent: &'a str,
}

/// Returns what is wrong with the subject, if anything is. Where there is no value, only
/// `exists = false` holds.
pub(super) fn check(subject: Subject<'_>, matcher: &Matcher, mask: &Mask) -> Option<Failure> {
    let failure = |expected, actual| Failure {
        what: mask.apply(subject.what),
        expected,
        actual,
    };
    let Some(value) = subject.value else {
        return (*matcher != Matcher::Exists(false)).then(|| {
            failure(
                expectation(matcher, mask),
                format!("nothing ({})", subject.absent),
            )
        });
    };
    if let Matcher::Equal(expected) = matcher {
        return difference::first(expected, value).map(|found| Failure {
            what: mask.apply(&format!("{}{}", subject.what, found.path)),
            expected: show_or_nothing(found.expected, mask),
            actual: show_or_nothing(found.actual, mask),
        });
    }
    (!holds(matcher, value))
        .then(|| failure(expectation(matcher, mask), seen(matcher, value, mask)))
}

/// Returns a value as JSON, masked and cut.
pub(super) fn show(value: &Value, mask: &Mask) -> String {
    mask.excerpt(&value.to_string(), VALUE_LIMIT_BYTES)
}

fn show_or_nothing(value: Option<&Value>, mask: &Mask) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| show(value, mask))
}

fn holds(matcher: &Matcher, value: &Value) -> bool {
    let compares = |holds: &dyn Fn(f64) -> bool| value.as_f64().is_some_and(holds);
    match matcher {
        Matcher::Equal(expected) => difference::equal(expected, value),
        Matcher::Not(unwanted) => !difference::equal(unwanted, value),
        Matcher::Approx { value, within } => compares(&|actual| {
            // Nothing is relative to zero, so there the distance itself counts.
            let scale = if *value == 0.0 { 1.0 } else { value.abs() };
            (actual - value).abs() <= within * scale
        }),
        Matcher::Less(limit) => compares(&|actual| actual < *limit),
        Matcher::LessOrEqual(limit) => compares(&|actual| actual <= *limit),
        Matcher::Greater(limit) => compares(&|actual| actual > *limit),
        Matcher::GreaterOrEqual(limit) => compares(&|actual| actual >= *limit),
        Matcher::Length(expected) => length(value) == Some(*expected),
        Matcher::Type(expected) => is_of_type(*expected, value),
        Matcher::Contains(part) => contains(value, part),
        Matcher::Exists(expected) => *expected,
    }
}

fn length(value: &Value) -> Option<u64> {
    let length = match value {
        Value::Array(elements) => elements.len(),
        Value::Object(entries) => entries.len(),
        Value::String(text) => text.chars().count(),
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    u64::try_from(length).ok()
}

fn contains(value: &Value, part: &Value) -> bool {
    match (value, part) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(elements), part) => elements
            .iter()
            .any(|element| difference::equal(part, element)),
        _ => false,
    }
}

fn is_of_type(expected: ValueType, value: &Value) -> bool {
    match expected {
        ValueType::Null => value.is_null(),
        ValueType::Boolean => value.is_boolean(),
        ValueType::Number => value.is_number(),
        ValueType::Integer => is_integer(value),
        ValueType::String => value.is_string(),
        ValueType::Array => value.is_array(),
        ValueType::Object => value.is_object(),
    }
}

/// Returns whether a value is a number without a fraction; `3.0` is one.
fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn expectation(matcher: &Matcher, mask: &Mask) -> String {
    match matcher {
        Matcher::Equal(value) => show(value, mask),
        Matcher::Not(value) => format!("not {}", show(value, mask)),
        Matcher::Approx { value, within } => format!("about {value} (relative {within:e})"),
        Matcher::Less(limit) => format!("< {limit}"),
        Matcher::LessOrEqual(limit) => format!("<= {limit}"),
        Matcher::Greater(limit) => format!("> {limit}"),
        Matcher::GreaterOrEqual(limit) => format!(">= {limit}"),
        Matcher::Length(length) => format!("length {length}"),
        Matcher::Type(ValueType::Integer) => "an integer".to_owned(),
        Matcher::Type(expected) => type_name(*expected).to_owned(),
        Matcher::Contains(part) => format!("something that contains {}", show(part, mask)),
        Matcher::Exists(true) => "something".to_owned(),
        Matcher::Exists(false) => "nothing".to_owned(),
    }
}

fn seen(matcher: &Matcher, value: &Value, mask: &Mask) -> String {
    let shown = show(value, mask);
    let named = || match value {
        Value::Null => shown.clone(),
        _ => format!("{shown}, {}", type_name(type_of(value))),
    };
    match matcher {
        Matcher::Approx { .. }
        | Matcher::Less(_)
        | Matcher::LessOrEqual(_)
        | Matcher::Greater(_)
        | Matcher::GreaterOrEqual(_)
            if !value.is_number() =>
        {
            named()
        }
        Matcher::Length(_) => match length(value) {
            Some(length) => format!("length {length}: {shown}"),
            None => named(),
        },
        Matcher::Type(_) => named(),
        _ => shown,
    }
}

fn type_of(value: &Value) -> ValueType {
    match value {
        Value::Null => ValueType::Null,
        Value::Bool(_) => ValueType::Boolean,
        Value::Number(_) => ValueType::Number,
        Value::String(_) => ValueType::String,
        Value::Array(_) => ValueType::Array,
        Value::Object(_) => ValueType::Object,
    }
}

fn type_name(kind: ValueType) -> &'static str {
    match kind {
        ValueType::Null => "null",
        ValueType::Boolean => "a boolean",
        ValueType::Number => "a number",
        ValueType::Integer => "an integer",
        ValueType::String => "a text",
        ValueType::Array => "an array",
        ValueType::Object => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `expect` is empty where the matcher holds.
    #[expect(clippy::needless_pass_by_value, reason = "the cases below read better")]
    fn verify(matcher: Matcher, value: Option<Value>, expect: &str) {
        let subject = Subject {
            what: "$.a",
            value: value.as_ref(),
            absent: "the path selects nothing",
        };
        let failure = check(subject, &matcher, &Mask::default());
        let text = failure
            .map(|failure| failure.to_string())
            .unwrap_or_default();
        assert_eq!(text, expect, "{matcher:?} {value:?}");
    }

    #[test]
    fn equal_and_not() {
        let equal = |value| Matcher::Equal(value);
        verify(equal(json!(1154)), Some(json!(1154.0)), "");
        verify(equal(json!(null)), Some(json!(null)), "");
        verify(
            equal(json!("a")),
            Some(json!("b")),
            r#"$.a: expected "a", got "b""#,
        );
        verify(
            equal(json!(null)),
            None,
            "$.a: expected null, got nothing (the path selects nothing)",
        );
        verify(
            equal(json!([{"day": 1}])),
            Some(json!([{"day": 2}])),
            "$.a[0].day: expected 1, got 2",
        );
        verify(
            equal(json!([1])),
            Some(json!([1, 2])),
            "$.a[1]: expected nothing, got 2",
        );
        verify(Matcher::Not(json!(1)), Some(json!(2)), "");
        verify(
            Matcher::Not(json!(1)),
            Some(json!(1.0)),
            "$.a: expected not 1, got 1.0",
        );
        verify(
            Matcher::Not(json!(1)),
            None,
            "$.a: expected not 1, got nothing (the path selects nothing)",
        );
    }

    #[test]
    fn numbers() {
        let about = |value| Matcher::Approx {
            value,
            within: 1e-6,
        };
        verify(about(1154.333), Some(json!(1154.3333)), "");
        verify(
            about(1154.333),
            Some(json!(1154.34)),
            "$.a: expected about 1154.333 (relative 1e-6), got 1154.34",
        );
        verify(about(-10.0), Some(json!(-10.000_000_1)), "");
        verify(about(0.0), Some(json!(1e-7)), "");
        verify(
            about(0.0),
            Some(json!(0.1)),
            "$.a: expected about 0 (relative 1e-6), got 0.1",
        );
        verify(
            about(1.0),
            Some(json!("1")),
            r#"$.a: expected about 1 (relative 1e-6), got "1", a text"#,
        );
        verify(Matcher::Less(5.0), Some(json!(4)), "");
        verify(
            Matcher::Less(5.0),
            Some(json!(5)),
            "$.a: expected < 5, got 5",
        );
        verify(Matcher::LessOrEqual(5.0), Some(json!(5)), "");
        verify(
            Matcher::LessOrEqual(5.0),
            Some(json!(6)),
            "$.a: expected <= 5, got 6",
        );
        verify(Matcher::Greater(5.0), Some(json!(5.5)), "");
        verify(
            Matcher::Greater(5.0),
            Some(json!(5)),
            "$.a: expected > 5, got 5",
        );
        verify(Matcher::GreaterOrEqual(5.0), Some(json!(5)), "");
        verify(
            Matcher::GreaterOrEqual(5.0),
            Some(json!(null)),
            "$.a: expected >= 5, got null",
        );
    }

    #[test]
    fn lengths_and_types() {
        verify(Matcher::Length(2), Some(json!([1, 2])), "");
        verify(Matcher::Length(1), Some(json!({"a": 1})), "");
        verify(Matcher::Length(5), Some(json!("Häfen")), "");
        verify(
            Matcher::Length(31),
            Some(json!([1])),
            "$.a: expected length 31, got length 1: [1]",
        );
        verify(
            Matcher::Length(2),
            Some(json!(12)),
            "$.a: expected length 2, got 12, a number",
        );
        for (kind, value) in [
            (ValueType::Null, json!(null)),
            (ValueType::Boolean, json!(true)),
            (ValueType::Number, json!(1.5)),
            (ValueType::Integer, json!(3)),
            (ValueType::Integer, json!(3.0)),
            (ValueType::String, json!("")),
            (ValueType::Array, json!([])),
            (ValueType::Object, json!({})),
        ] {
            verify(Matcher::Type(kind), Some(value), "");
        }
        verify(
            Matcher::Type(ValueType::Integer),
            Some(json!(1.5)),
            "$.a: expected an integer, got 1.5, a number",
        );
        verify(
            Matcher::Type(ValueType::Null),
            None,
            "$.a: expected null, got nothing (the path selects nothing)",
        );
        verify(
            Matcher::Type(ValueType::String),
            Some(json!(null)),
            "$.a: expected a text, got null",
        );
    }

    #[test]
    fn parts_and_presence() {
        verify(Matcher::Contains(json!("or")), Some(json!("ports")), "");
        verify(Matcher::Contains(json!(2)), Some(json!([1, 2.0])), "");
        verify(
            Matcher::Contains(json!("x")),
            Some(json!(["y"])),
            r#"$.a: expected something that contains "x", got ["y"]"#,
        );
        verify(Matcher::Exists(true), Some(json!(null)), "");
        verify(Matcher::Exists(false), None, "");
        verify(
            Matcher::Exists(false),
            Some(json!(null)),
            "$.a: expected nothing, got null",
        );
        verify(
            Matcher::Exists(true),
            None,
            "$.a: expected something, got nothing (the path selects nothing)",
        );
    }

    #[test]
    fn a_large_value_is_cut() {
        let subject = Subject {
            what: "text",
            value: Some(&json!("y".repeat(1000))),
            absent: "",
        };
        let failure = check(subject, &Matcher::Contains(json!("x")), &Mask::default()).unwrap();
        assert!(failure.actual.len() < 200, "{}", failure.actual);
        assert!(
            failure.actual.ends_with("… (1002 bytes in all)"),
            "{}",
            failure.actual
        );
    }
}
