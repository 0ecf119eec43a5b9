//! Where two JSON values differ first. Numbers compare by their value: 1154 is 1154.0.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// A place where two values differ; `None` is where one of them has nothing.
#[derive(Debug, PartialEq)]
pub(super) struct Difference<'a> {
    /// From the values' root: `.rates[0].day`.
    pub(super) path: String,
    pub(super) expected: Option<&'a Value>,
    pub(super) actual: Option<&'a Value>,
}

/// Returns the first place, in the order of `expected`, where the values differ.
pub(super) fn first<'a>(expected: &'a Value, actual: &'a Value) -> Option<Difference<'a>> {
    let mut found = descend(expected, actual)?;
    found.way.reverse();
    let path = found.way.iter().map(|step| match step {
        WayStep::Index(index) => format!("[{index}]"),
        WayStep::Key(key) => segment(key),
    });
    Some(Difference {
        path: path.collect(),
        expected: found.expected,
        actual: found.actual,
    })
}

/// Returns whether the values are the same.
pub(super) fn equal(expected: &Value, actual: &Value) -> bool {
    descend(expected, actual).is_none()
}

/// Returns how two numbers stand to each other; whole ones exactly, however large.
pub(super) fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// Writes a key as a part of a JSONPath: `.day`, `['a-b']`.
pub(super) fn segment(key: &str) -> String {
    let plain = key
        .chars()
        .all(|char| char.is_alphanumeric() || char == '_')
        && key.starts_with(|char: char| !char.is_numeric());
    if plain {
        format!(".{key}")
    } else {
        format!("['{}']", key.replace('\\', r"\\").replace('\'', r"\'"))
    }
}

/// A place where two values differ, and the way to it from its end.
struct Mismatch<'a> {
    way: Vec<WayStep<'a>>,
    expected: Option<&'a Value>,
    actual: Option<&'a Value>,
}

enum WayStep<'a> {
    Index(usize),
    Key(&'a str),
}

/// Allocates nothing for values that are the same.
fn descend<'a>(expected: &'a Value, actual: &'a Value) -> Option<Mismatch<'a>> {
    match (expected, actual) {
        (Value::Number(left), Value::Number(right))
            if compare(left, right) == Some(Ordering::Equal) =>
        {
            None
        }
        (Value::Array(left), Value::Array(right)) => {
            let longest = left.len().max(right.len());
            (0..longest)
                .find_map(|index| step(left.get(index), right.get(index), WayStep::Index(index)))
        }
        (Value::Object(left), Value::Object(right)) => {
            let more = right.keys().filter(|key| !left.contains_key(*key));
            left.keys()
                .chain(more)
                .find_map(|key| step(left.get(key), right.get(key), WayStep::Key(key)))
        }
        _ => (expected != actual).then_some(Mismatch {
            way: Vec::new(),
            expected: Some(expected),
            actual: Some(actual),
        }),
    }
}

fn step<'a>(
    expected: Option<&'a Value>,
    actual: Option<&'a Value>,
    step: WayStep<'a>,
) -> Option<Mismatch<'a>> {
    let mut found = match (expected, actual) {
        (Some(expected), Some(actual)) => descend(expected, actual)?,
        (expected, actual) => Mismatch {
            way: Vec::new(),
            expected,
            actual,
        },
    };
    found.way.push(step);
    Some(found)
}

fn integer(number: &Number) -> Option<i128> {
    let written = number.as_i64().map(i128::from);
    written
        .or_else(|| number.as_u64().map(i128::from))
        .or_else(|| whole(number.as_f64()?))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "it is whole, and small enough"
)]
fn whole(number: f64) -> Option<i128> {
    (number.fract() == 0.0 && number.abs() < 1e38).then_some(number as i128)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(expected: &Value, actual: &Value, expect: Option<&str>) {
        let show = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
        let found = first(expected, actual).map(|found| {
            format!(
                "{} {} {}",
                found.path,
                show(found.expected),
                show(found.actual)
            )
        });
        assert_eq!(found.as_deref(), expect, "{expected} {actual}");
    }

    #[test]
    fn numbers_compare_by_value() {
        check(&json!(1154), &json!(1154.0), None);
        check(&json!(0.0), &json!(-0.0), None);
        check(&json!(u64::MAX), &json!(u64::MAX), None);
        check(
            &json!(9_007_199_254_740_993_i64),
            &json!(9_007_199_254_740_992_i64),
            Some(" 9007199254740993 9007199254740992"),
        );
        check(
            &json!(9_007_199_254_740_993_i64),
            &json!(9_007_199_254_740_992.0),
            Some(" 9007199254740993 9007199254740992.0"),
        );
        check(&json!(1), &json!("1"), Some(r#" 1 "1""#));
        check(&json!([{"a": 1}]), &json!([{"a": 1.0}]), None);
    }

    #[test]
    fn the_first_difference_has_its_path() {
        let expected = json!({"rates": [{"day": 1, "a-b": null}, {"day": 2}]});
        check(&expected, &expected.clone(), None);
        check(
            &expected,
            &json!({}),
            Some(r#".rates [{"day":1,"a-b":null},{"day":2}] nothing"#),
        );
        check(
            &expected,
            &json!({"rates": [{"day": 1, "a-b": 5}, {"day": 3}]}),
            Some(".rates[0]['a-b'] null 5"),
        );
        check(&json!([1, 2]), &json!([1]), Some("[1] 2 nothing"));
        check(&json!([1]), &json!([1, 2]), Some("[1] nothing 2"));
        check(
            &json!({"a": 1}),
            &json!({"a": 1, "b": 2}),
            Some(".b nothing 2"),
        );
        check(&json!({"a": 1, "b": 2}), &json!({"b": 2, "a": 1}), None);
        check(&json!(null), &json!(false), Some(" null false"));
    }
}
