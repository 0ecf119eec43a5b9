//! Whether one value is what a check expects, and the words for it when it is not. Pure.

use regex::Regex;
use serde_json::Value;

use super::Failure;
use super::difference;
use super::mask::Mask;
use crate::config::model::{Comparison, Matcher, ValueType};

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
        difference: None,
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
        return difference::first(&expected.value, value).map(|found| Failure {
            what: mask.apply(&format!("{}{}", subject.what, found.path)),
            expected: show_or_nothing(found.expected, mask),
            actual: show_or_nothing(found.actual, mask),
            difference: None,
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

/// Returns whether a value is what is expected.
pub(super) fn holds(matcher: &Matcher, value: &Value) -> bool {
    match matcher {
        Matcher::Equal(expected) => difference::equal(&expected.value, value),
        Matcher::Not(unwanted) => !difference::equal(&unwanted.value, value),
        Matcher::Approx {
            value: expected,
            within,
        } => numbers(value, &expected.value).is_some_and(|(actual, expected)| {
            // Nothing is relative to zero, so there the distance itself counts.
            let scale = if expected == 0.0 { 1.0 } else { expected.abs() };
            (actual - expected).abs() <= within * scale
        }),
        Matcher::Compare(comparison, limit) => {
            numbers(value, &limit.value).is_some_and(|(actual, limit)| match comparison {
                Comparison::Less => actual < limit,
                Comparison::LessOrEqual => actual <= limit,
                Comparison::Greater => actual > limit,
                Comparison::GreaterOrEqual => actual >= limit,
            })
        }
        Matcher::Length(matchers) => length(value)
            .is_some_and(|length| matchers.iter().all(|it| holds(it, &Value::from(length)))),
        Matcher::Type(expected) => is_of_type(*expected, value),
        Matcher::Contains(part) => contains(value, &part.value),
        Matcher::Matches(pattern) => value
            .as_str()
            .is_some_and(|text| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))),
        Matcher::Exists(expected) => *expected,
        Matcher::Any(matchers) => elements(value).is_some_and(|elements| {
            let mut elements = elements.iter();
            elements.any(|element| matchers.iter().all(|it| holds(it, element)))
        }),
        Matcher::All(matchers) => elements(value).is_some_and(|elements| {
            let mut elements = elements.iter();
            elements.all(|element| matchers.iter().all(|it| holds(it, element)))
        }),
    }
}

fn elements(value: &Value) -> Option<&Vec<Value>> {
    value.as_array()
}

fn numbers(left: &Value, right: &Value) -> Option<(f64, f64)> {
    Some((left.as_f64()?, right.as_f64()?))
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
        (Value::Object(entries), Value::String(key)) => entries.contains_key(key),
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
        Matcher::Equal(json) => show(&json.value, mask),
        Matcher::Not(json) => format!("not {}", show(&json.value, mask)),
        Matcher::Approx { value, within } => {
            format!("about {} (relative {within:e})", show(&value.value, mask))
        }
        Matcher::Compare(comparison, limit) => {
            let sign = match comparison {
                Comparison::Less => "<",
                Comparison::LessOrEqual => "<=",
                Comparison::Greater => ">",
                Comparison::GreaterOrEqual => ">=",
            };
            format!("{sign} {}", show(&limit.value, mask))
        }
        Matcher::Length(matchers) => format!("length {}", all_of(matchers, mask)),
        Matcher::Type(ValueType::Integer) => "an integer".to_owned(),
        Matcher::Type(expected) => type_name(*expected).to_owned(),
        Matcher::Contains(part) => {
            format!("something that contains {}", show(&part.value, mask))
        }
        Matcher::Matches(pattern) => format!("a match of /{}/", mask.apply(pattern)),
        Matcher::Exists(true) => "something".to_owned(),
        Matcher::Exists(false) => "nothing".to_owned(),
        Matcher::Any(matchers) => format!("any element: {}", all_of(matchers, mask)),
        Matcher::All(matchers) => format!("all elements: {}", all_of(matchers, mask)),
    }
}

/// Describes all that is expected of one value.
pub(super) fn all_of(matchers: &[Matcher], mask: &Mask) -> String {
    let texts: Vec<String> = matchers.iter().map(|it| expectation(it, mask)).collect();
    texts.join(" and ")
}

fn seen(matcher: &Matcher, value: &Value, mask: &Mask) -> String {
    let shown = show(value, mask);
    let named = || match value {
        Value::Null => shown.clone(),
        _ => format!("{shown}, {}", type_name(type_of(value))),
    };
    match matcher {
        Matcher::Approx { .. } | Matcher::Compare(..) if !value.is_number() => named(),
        Matcher::Any(_) | Matcher::All(_) if !value.is_array() => named(),
        Matcher::Matches(_) if !value.is_string() => named(),
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
        let equal = |value: Value| Matcher::Equal(value.into());
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
        verify(Matcher::Not(json!(1).into()), Some(json!(2)), "");
        verify(
            Matcher::Not(json!(1).into()),
            Some(json!(1.0)),
            "$.a: expected not 1, got 1.0",
        );
        verify(
            Matcher::Not(json!(1).into()),
            None,
            "$.a: expected not 1, got nothing (the path selects nothing)",
        );
    }

    #[test]
    fn numbers() {
        let about = |value: f64| Matcher::Approx {
            value: json!(value).into(),
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
        verify(
            Matcher::Compare(Comparison::Less, json!(5).into()),
            Some(json!(4)),
            "",
        );
        verify(
            Matcher::Compare(Comparison::Less, json!(5).into()),
            Some(json!(5)),
            "$.a: expected < 5, got 5",
        );
        verify(
            Matcher::Compare(Comparison::LessOrEqual, json!(5).into()),
            Some(json!(5)),
            "",
        );
        verify(
            Matcher::Compare(Comparison::LessOrEqual, json!(5).into()),
            Some(json!(6)),
            "$.a: expected <= 5, got 6",
        );
        verify(
            Matcher::Compare(Comparison::Greater, json!(5).into()),
            Some(json!(5.5)),
            "",
        );
        verify(
            Matcher::Compare(Comparison::Greater, json!(5).into()),
            Some(json!(5)),
            "$.a: expected > 5, got 5",
        );
        verify(
            Matcher::Compare(Comparison::GreaterOrEqual, json!(5).into()),
            Some(json!(5)),
            "",
        );
        verify(
            Matcher::Compare(Comparison::GreaterOrEqual, json!(5).into()),
            Some(json!(null)),
            "$.a: expected >= 5, got null",
        );
    }

    #[test]
    fn lengths_and_types() {
        verify(
            Matcher::Length(vec![Matcher::Equal(json!(2).into())]),
            Some(json!([1, 2])),
            "",
        );
        verify(
            Matcher::Length(vec![Matcher::Equal(json!(1).into())]),
            Some(json!({"a": 1})),
            "",
        );
        verify(
            Matcher::Length(vec![Matcher::Equal(json!(5).into())]),
            Some(json!("Häfen")),
            "",
        );
        verify(
            Matcher::Length(vec![Matcher::Equal(json!(31).into())]),
            Some(json!([1])),
            "$.a: expected length 31, got length 1: [1]",
        );
        verify(
            Matcher::Length(vec![Matcher::Equal(json!(2).into())]),
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
        verify(
            Matcher::Contains(json!("or").into()),
            Some(json!("ports")),
            "",
        );
        verify(
            Matcher::Contains(json!(2).into()),
            Some(json!([1, 2.0])),
            "",
        );
        verify(
            Matcher::Contains(json!("x").into()),
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
        let failure = check(
            subject,
            &Matcher::Contains(json!("x").into()),
            &Mask::default(),
        )
        .unwrap();
        assert!(failure.actual.len() < 200, "{}", failure.actual);
        assert!(
            failure.actual.ends_with("… (1002 bytes in all)"),
            "{}",
            failure.actual
        );
    }
}
