//! Whether one value is what a check expects, and the words for it when it is not. Pure.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::Unmet;
use super::{contrast, difference};
use crate::model::{Comparison, Matcher, ValueType};
use crate::tell::Mask;

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
pub(super) fn check(subject: Subject<'_>, matcher: &Matcher, mask: &Mask) -> Option<Unmet> {
    let Some(value) = subject.value else {
        return (*matcher != Matcher::Exists(false)).then(|| Unmet {
            what: mask.apply(subject.what),
            expected: expectation(matcher, mask),
            actual: format!("nothing ({})", subject.absent),
            difference: None,
        });
    };
    if holds(matcher, value) {
        return None;
    }
    Some(match matcher {
        Matcher::Equal(expected) => unequal(subject.what, &expected.value, value, mask),
        Matcher::All(matchers) => {
            in_elements(subject, matchers, mask).unwrap_or_else(|| plain(subject, matcher, mask))
        }
        _ => plain(subject, matcher, mask),
    })
}

/// Returns a value as JSON, masked and cut.
pub(super) fn show(value: &Value, mask: &Mask) -> String {
    mask.excerpt(&value.to_string(), VALUE_LIMIT_BYTES)
}

/// Returns a value with its type, masked and cut.
pub(super) fn show_typed(value: &Value, mask: &Mask) -> String {
    let shown = show(value, mask);
    match value {
        Value::Null => shown,
        _ => format!("{shown}, {}", type_name(type_of(value))),
    }
}

/// Says what differs first, and shows the whole beside it.
pub(super) fn unequal(what: &str, expected: &Value, actual: &Value, mask: &Mask) -> Unmet {
    let first = difference::first(expected, actual);
    let (path, wanted, seen) = match &first {
        Some(first) => (first.path.as_str(), first.expected, first.actual),
        None => ("", Some(expected), Some(actual)),
    };
    let or_nothing =
        |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), |it| show(it, mask));
    Unmet {
        what: mask.apply(&format!("{what}{path}")),
        expected: or_nothing(wanted),
        actual: or_nothing(seen),
        difference: contrast::values(expected, actual, mask),
    }
}

/// Returns the failure of the first element for which something does not hold.
fn in_elements(subject: Subject<'_>, matchers: &[Matcher], mask: &Mask) -> Option<Unmet> {
    let elements = subject.value?.as_array()?;
    elements.iter().enumerate().find_map(|(index, element)| {
        let wrong = matchers.iter().find(|matcher| !holds(matcher, element))?;
        let what = format!("{}[{index}]", subject.what);
        let subject = Subject {
            what: &what,
            value: Some(element),
            absent: "",
        };
        check(subject, wrong, mask)
    })
}

fn plain(subject: Subject<'_>, matcher: &Matcher, mask: &Mask) -> Unmet {
    let value = subject.value.unwrap_or(&Value::Null);
    Unmet {
        what: mask.apply(subject.what),
        expected: expectation(matcher, mask),
        actual: seen(matcher, value, mask),
        difference: None,
    }
}

/// Returns whether a value is what is expected.
pub(super) fn holds(matcher: &Matcher, value: &Value) -> bool {
    match matcher {
        Matcher::Equal(expected) => difference::equal(&expected.value, value),
        Matcher::Not(unwanted) => !difference::equal(&unwanted.value, value),
        Matcher::Approx {
            value: expected,
            within,
        } => value
            .as_f64()
            .zip(operand(&expected.value))
            .is_some_and(|(actual, expected)| {
                let expected = expected.as_f64().unwrap_or(f64::NAN);
                // Nothing is relative to zero, so there the distance itself counts.
                let scale = if expected == 0.0 { 1.0 } else { expected.abs() };
                (actual - expected).abs() <= within * scale
            }),
        Matcher::Compare(comparison, limit) => match (value, operand(&limit.value)) {
            (Value::Number(actual), Some(limit)) => difference::compare(actual, &limit)
                .is_some_and(|order| in_order(*comparison, order)),
            _ => false,
        },
        Matcher::Length(matchers) => length(value).is_some_and(|length| {
            let length = Value::from(length);
            matchers
                .iter()
                .all(|matcher| length_holds(matcher, &length))
        }),
        Matcher::Type(expected) => is_of_type(*expected, value),
        Matcher::Contains(part) => contains(value, &part.value),
        Matcher::Matches(pattern) => value
            .as_str()
            .is_some_and(|text| pattern.regex().is_match(text)),
        Matcher::Exists(expected) => *expected,
        Matcher::Any(matchers) => value.as_array().is_some_and(|elements| {
            let mut elements = elements.iter();
            elements.any(|element| matchers.iter().all(|it| holds(it, element)))
        }),
        Matcher::All(matchers) => value.as_array().is_some_and(|elements| {
            let mut elements = elements.iter();
            elements.all(|element| matchers.iter().all(|it| holds(it, element)))
        }),
    }
}

/// Like [`holds`], but what fills `length = "${capture.count}"` may be a text.
fn length_holds(matcher: &Matcher, length: &Value) -> bool {
    let same = |expected: &Value| {
        operand(expected)
            .is_some_and(|expected| difference::equal(&Value::Number(expected), length))
    };
    match matcher {
        Matcher::Equal(expected) => same(&expected.value),
        Matcher::Not(unwanted) => operand(&unwanted.value).is_some() && !same(&unwanted.value),
        matcher => holds(matcher, length),
    }
}

/// Returns the number that an operand is, or that its text says: what fills a hole is a text.
fn operand(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn in_order(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
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
        Matcher::Matches(pattern) => format!("a match of /{}/", mask.apply(pattern.text())),
        Matcher::Exists(true) => "something".to_owned(),
        Matcher::Exists(false) => "nothing".to_owned(),
        Matcher::Any(matchers) => format!("any element {}", all_of(matchers, mask)),
        Matcher::All(matchers) => format!("all elements {}", all_of(matchers, mask)),
    }
}

/// Describes all that is expected of one value.
pub(super) fn all_of(matchers: &[Matcher], mask: &Mask) -> String {
    let texts: Vec<String> = matchers.iter().map(|it| expectation(it, mask)).collect();
    texts.join(" and ")
}

fn seen(matcher: &Matcher, value: &Value, mask: &Mask) -> String {
    match matcher {
        Matcher::Approx {
            value: expected, ..
        } => compared(&[&expected.value], value, mask),
        Matcher::Compare(_, limit) => compared(&[&limit.value], value, mask),
        Matcher::Any(_) => match value {
            Value::Array(elements) if elements.is_empty() => "no element at all".to_owned(),
            Value::Array(elements) => {
                format!("none of {}: {}", elements.len(), show(value, mask))
            }
            _ => show_typed(value, mask),
        },
        Matcher::Length(matchers) => match length(value) {
            Some(length) => {
                let operands: Vec<&Value> = matchers.iter().filter_map(number_operand).collect();
                let shown = format!("length {length}: {}", show(value, mask));
                no_number(&operands, mask).map_or(shown.clone(), |why| format!("{shown}; {why}"))
            }
            None => show_typed(value, mask),
        },
        Matcher::All(_) | Matcher::Type(_) => show_typed(value, mask),
        Matcher::Matches(_) if !value.is_string() => show_typed(value, mask),
        Matcher::Contains(part) if !may_contain(value, &part.value) => show_typed(value, mask),
        _ => show(value, mask),
    }
}

fn compared(operands: &[&Value], value: &Value, mask: &Mask) -> String {
    let shown = if value.is_number() {
        show(value, mask)
    } else {
        show_typed(value, mask)
    };
    no_number(operands, mask).map_or(shown.clone(), |why| format!("{shown}; {why}"))
}

/// Names the first operand that is no number, which only one that is filled later can be.
fn no_number(operands: &[&Value], mask: &Mask) -> Option<String> {
    let wrong = operands.iter().find(|value| operand(value).is_none())?;
    Some(format!(
        "{} is no number to compare with",
        show(wrong, mask)
    ))
}

fn number_operand(matcher: &Matcher) -> Option<&Value> {
    match matcher {
        Matcher::Equal(json)
        | Matcher::Not(json)
        | Matcher::Approx { value: json, .. }
        | Matcher::Compare(_, json) => Some(&json.value),
        _ => None,
    }
}

fn may_contain(value: &Value, part: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::String(_) | Value::Object(_) => part.is_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
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
    use crate::model::Pattern;

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
            "$.a: expected about 0.0 (relative 1e-6), got 0.1",
        );
        verify(
            about(1.0),
            Some(json!("1")),
            r#"$.a: expected about 1.0 (relative 1e-6), got "1", a text"#,
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
    fn large_whole_numbers_compare_exactly() {
        let more = |limit: u64| Matcher::Compare(Comparison::Greater, json!(limit).into());
        verify(
            more(9_007_199_254_740_992),
            Some(json!(9_007_199_254_740_993_u64)),
            "",
        );
        verify(
            more(u64::MAX),
            Some(json!(u64::MAX)),
            "$.a: expected > 18446744073709551615, got 18446744073709551615",
        );
    }

    #[test]
    fn lengths_hold_against_operators() {
        let length = |matcher| Matcher::Length(vec![matcher]);
        let more = |limit: i64| Matcher::Compare(Comparison::Greater, json!(limit).into());
        verify(length(more(1)), Some(json!([1, 2])), "");
        verify(length(Matcher::Not(json!(0).into())), Some(json!("a")), "");
        verify(
            Matcher::Length(vec![more(1), Matcher::Not(json!(3).into())]),
            Some(json!({"a": 1, "b": 2, "c": 3})),
            r#"$.a: expected length > 1 and not 3, got length 3: {"a":1,"b":2,"c":3}"#,
        );
        for value in [json!(null), json!(true), json!(5)] {
            let shown = show_typed(&value, &Mask::default());
            let expect = format!("$.a: expected length > 1, got {shown}");
            verify(length(more(1)), Some(value), &expect);
        }
        verify(
            length(more(1)),
            None,
            "$.a: expected length > 1, got nothing (the path selects nothing)",
        );
    }

    #[test]
    fn operands_may_be_texts_that_say_numbers() {
        let less = |limit: &str| Matcher::Compare(Comparison::Less, json!(limit).into());
        let about = |value: &str| Matcher::Approx {
            value: json!(value).into(),
            within: 0.1,
        };
        verify(less(" 5.5"), Some(json!(5)), "");
        verify(less("5"), Some(json!(5)), r#"$.a: expected < "5", got 5"#);
        verify(about("100"), Some(json!(109)), "");
        verify(
            less("five"),
            Some(json!(5)),
            r#"$.a: expected < "five", got 5; "five" is no number to compare with"#,
        );
        verify(
            about("five"),
            Some(json!("x")),
            r#"$.a: expected about "five" (relative 1e-1), got "x", a text; "five" is no number to compare with"#,
        );
        let not = Matcher::Length(vec![Matcher::Not(json!("five").into())]);
        verify(
            not,
            Some(json!([])),
            r#"$.a: expected length not "five", got length 0: []; "five" is no number to compare with"#,
        );
    }

    #[test]
    fn patterns() {
        let matches = |pattern: &str| Matcher::Matches(Pattern::new(pattern).unwrap());
        verify(matches("^[A-Z]{5}$"), Some(json!("EETLL")), "");
        verify(matches("b"), Some(json!("abc")), "");
        verify(
            matches("^b"),
            Some(json!("abc")),
            r#"$.a: expected a match of /^b/, got "abc""#,
        );
        verify(
            matches("5"),
            Some(json!(5)),
            "$.a: expected a match of /5/, got 5, a number",
        );
        verify(
            matches(""),
            Some(json!(null)),
            "$.a: expected a match of //, got null",
        );
    }

    #[test]
    fn parts_of_what_has_none() {
        let part = |part: Value| Matcher::Contains(part.into());
        verify(part(json!("key")), Some(json!({"key": null})), "");
        verify(part(json!({"a": 1})), Some(json!([{"a": 1.0}])), "");
        verify(part(json!("")), Some(json!("")), "");
        for (value, matcher, expect) in [
            (
                json!({"a": "key"}),
                json!("key"),
                r#""key", got {"a":"key"}"#,
            ),
            (json!({"1": 1}), json!(1), r#"1, got {"1":1}, an object"#),
            (json!("a1"), json!(1), r#"1, got "a1", a text"#),
            (json!(5), json!("5"), r#""5", got 5, a number"#),
            (json!(null), json!("a"), r#""a", got null"#),
            (json!([]), json!(null), "null, got []"),
        ] {
            let expect = format!("$.a: expected something that contains {expect}");
            verify(part(matcher), Some(value), &expect);
        }
        verify(
            part(json!("a")),
            None,
            r#"$.a: expected something that contains "a", got nothing (the path selects nothing)"#,
        );
    }

    #[test]
    fn some_element_or_every_one() {
        let more = |limit: i64| Matcher::Compare(Comparison::Greater, json!(limit).into());
        let any = |matcher| Matcher::Any(vec![matcher]);
        let all = |matcher| Matcher::All(vec![matcher]);
        verify(any(more(2)), Some(json!([1, 2, 3])), "");
        verify(all(more(0)), Some(json!([1, 2, 3])), "");
        verify(all(more(0)), Some(json!([])), "");
        verify(
            any(more(3)),
            Some(json!([1, 2, 3])),
            "$.a: expected any element > 3, got none of 3: [1,2,3]",
        );
        verify(
            Matcher::Any(vec![more(1), Matcher::Not(json!(2).into())]),
            Some(json!([1, 2])),
            "$.a: expected any element > 1 and not 2, got none of 2: [1,2]",
        );
        verify(
            any(Matcher::Exists(true)),
            Some(json!([])),
            "$.a: expected any element something, got no element at all",
        );
        verify(
            all(more(1)),
            Some(json!([2, 1, 0])),
            "$.a[1]: expected > 1, got 1",
        );
        verify(
            all(Matcher::Equal(json!({"b": {"c": 1}}).into())),
            Some(json!([{"b": {"c": 1.0}}, {"b": {"c": 2}}])),
            "$.a[1].b.c: expected 1, got 2",
        );
        verify(
            all(all(Matcher::Type(ValueType::Integer))),
            Some(json!([[1], [2, "3"]])),
            r#"$.a[1][1]: expected an integer, got "3", a text"#,
        );
        for (matcher, word) in [
            (any(more(1)), "any element"),
            (all(more(1)), "all elements"),
        ] {
            verify(
                matcher.clone(),
                Some(json!({"a": 2})),
                &format!("$.a: expected {word} > 1, got {{\"a\":2}}, an object"),
            );
            verify(
                matcher.clone(),
                Some(json!(null)),
                &format!("$.a: expected {word} > 1, got null"),
            );
            verify(
                matcher,
                None,
                &format!("$.a: expected {word} > 1, got nothing (the path selects nothing)"),
            );
        }
    }

    #[test]
    fn only_structures_and_long_texts_show_a_difference() {
        let difference = |expected: Value, actual: Value| {
            let subject = Subject {
                what: "$",
                value: Some(&actual),
                absent: "",
            };
            let matcher = Matcher::Equal(expected.into());
            let failure = check(subject, &matcher, &Mask::default()).unwrap();
            failure.difference
        };
        assert_eq!(difference(json!(1), json!(2)), None);
        let found = difference(json!({"a": 1, "b": 2}), json!({"b": 2.0, "a": 3})).unwrap();
        assert_eq!(
            found,
            "@@ -1,4 +1,4 @@\n {\n-  \"a\": 1,\n+  \"a\": 3,\n   \"b\": 2,\n }\n"
        );
        let found = difference(json!("a\nb\n"), json!("a\nc\n")).unwrap();
        assert_eq!(found, "@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
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
