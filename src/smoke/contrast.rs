//! Expected against actual, line by line. Knows no expectation.

use std::cmp::Ordering;
use std::time::Duration;

use serde_json::{Map, Number, Value};
use similar::{ChangeTag, TextDiff};

use super::difference;
use crate::tell::Mask;

/// Longer texts are not compared line by line.
const LIMIT_BYTES: usize = 256 * 1024;
const LIMIT_LINES: usize = 5000;

/// How long a comparison may look for the shortest difference.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many lines of a difference are shown, and how much of each.
const SHOWN_LINES: usize = 80;
const SHOWN_LINE_BYTES: usize = 240;

/// How many equal lines are shown around a change.
const CONTEXT_LINES: usize = 3;

/// Texts of one line that are longer are shown from where they differ.
const LONG_TEXT_CHARS: usize = 100;

/// Lists of plain values up to this length stand on one line, as rows do.
const ROW_BYTES: usize = 80;

/// Returns how two values differ: structures as JSON, texts by their lines; nothing for values
/// that a failure shows whole.
pub(super) fn values(expected: &Value, actual: &Value, mask: &Mask) -> Option<String> {
    match (expected, actual) {
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
            let actual = ordered(expected, actual);
            lines(&mask.apply(&print(expected)), &mask.apply(&print(&actual)))
        }
        (Value::String(expected), Value::String(actual)) => {
            texts(&mask.apply(expected), &mask.apply(actual))
        }
        _ => None,
    }
}

/// Returns how two masked texts differ.
pub(super) fn texts(expected: &str, actual: &str) -> Option<String> {
    let several = |text: &str| text.trim_end_matches(['\r', '\n']).contains('\n');
    if several(expected) || several(actual) {
        return lines(expected, actual);
    }
    let long = |text: &str| text.chars().nth(LONG_TEXT_CHARS).is_some();
    (long(expected) || long(actual)).then(|| {
        let same = expected.chars().zip(actual.chars());
        let same = same.take_while(|(left, right)| left == right).count();
        format!("-{}\n+{}\n", around(expected, same), around(actual, same))
    })
}

/// Returns a piece of a line around one of its characters.
fn around(text: &str, place: usize) -> String {
    const BEFORE: usize = 40;
    let start = place.saturating_sub(BEFORE);
    let mut rest = text.chars().skip(start);
    let piece: String = rest.by_ref().take(BEFORE + LONG_TEXT_CHARS).collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if rest.next().is_some() { "…" } else { "" };
    format!("{before}{piece}{after}")
}

/// Returns the changed lines of two masked texts with some around them: `-` is expected, `+` is actual.
pub(super) fn lines(expected: &str, actual: &str) -> Option<String> {
    let bytes = expected.len().max(actual.len());
    if bytes > LIMIT_BYTES {
        let limit = LIMIT_BYTES / 1024;
        return Some(format!(
            "not compared line by line: {bytes} bytes are more than {limit} KiB\n"
        ));
    }
    let count = expected.lines().count().max(actual.lines().count());
    if count > LIMIT_LINES {
        return Some(format!(
            "not compared line by line: {count} lines are more than {LIMIT_LINES}\n"
        ));
    }
    let compared = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(expected, actual);
    let mut unified = compared.unified_diff();
    let mut shown = String::new();
    let mut count = 0;
    for hunk in unified.context_radius(CONTEXT_LINES).iter_hunks() {
        let changes = hunk.iter_changes().map(|change| {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            format!("{sign}{}\n", cut(change.value()))
        });
        for line in std::iter::once(format!("{}\n", hunk.header())).chain(changes) {
            count += 1;
            if count <= SHOWN_LINES {
                shown.push_str(&line);
            }
        }
    }
    if count > SHOWN_LINES {
        let more = count - SHOWN_LINES;
        shown.extend(["… ", &more.to_string(), " more lines\n"]);
    }
    (count > 0).then_some(shown)
}

fn cut(line: &str) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    // Nobody sees it, and it may be all that differs.
    let line = line.replace('\r', "\\r");
    Mask::default().excerpt(&line, SHOWN_LINE_BYTES)
}

/// Returns a value with its keys in the order of another one, as far as that has them.
fn ordered(order: &Value, value: &Value) -> Value {
    match (order, value) {
        (Value::Object(order), Value::Object(value)) => {
            let first = order.keys().filter_map(|key| value.get_key_value(key));
            let more = value.iter().filter(|(key, _)| !order.contains_key(*key));
            let entries = first.chain(more).map(|(key, value)| {
                let value = order
                    .get(key)
                    .map_or_else(|| value.clone(), |order| ordered(order, value));
                (key.clone(), value)
            });
            Value::Object(entries.collect::<Map<String, Value>>())
        }
        (Value::Array(order), Value::Array(value)) => {
            // The elements of a list are mostly alike, so the last one stands for those after it.
            let element = |(index, value)| match order.get(index).or(order.last()) {
                Some(order) => ordered(order, value),
                None => Value::clone(value),
            };
            value.iter().enumerate().map(element).collect()
        }
        _ => value.clone(),
    }
}

/// Writes a value over several lines, so that equal values give equal lines: each entry ends with
/// a comma, and a number is written by its value.
fn print(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, &mut text);
    text.push('\n');
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    let indent = |depth: usize, text: &mut String| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth));
    };
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            if let Some(row) = row(elements) {
                text.push_str(&row);
                return;
            }
            text.push('[');
            for element in elements {
                indent(depth + 1, text);
                write(element, depth + 1, text);
                text.push(',');
            }
            indent(depth, text);
            text.push(']');
        }
        Value::Object(entries) if !entries.is_empty() => {
            text.push('{');
            for (key, value) in entries {
                indent(depth + 1, text);
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push_str(": ");
                write(value, depth + 1, text);
                text.push(',');
            }
            indent(depth, text);
            text.push('}');
        }
        plain => text.push_str(&plain_text(plain)),
    }
}

fn row(elements: &[Value]) -> Option<String> {
    let plain = |value: &Value| !value.is_array() && !value.is_object();
    if !elements.iter().all(plain) {
        return None;
    }
    let mut row = String::from("[");
    for (index, element) in elements.iter().enumerate() {
        row.push_str(if index == 0 { "" } else { ", " });
        row.push_str(&plain_text(element));
        if row.len() > ROW_BYTES {
            return None;
        }
    }
    row.push(']');
    Some(row)
}

fn plain_text(value: &Value) -> String {
    match value {
        Value::Number(number) => number_text(number),
        value => value.to_string(),
    }
}

/// Writes 1.0 as 1.
fn number_text(number: &Number) -> String {
    let whole = number.is_f64().then(|| number.as_f64()).flatten();
    let whole = whole
        .filter(|number| number.fract() == 0.0)
        .and_then(|whole| {
            let text = format!("{whole:.0}");
            text.parse::<i64>()
                .map(Number::from)
                .or_else(|_| text.parse::<u64>().map(Number::from))
                .ok()
        });
    let same =
        whole.filter(|whole| difference::compare(whole, number).is_some_and(Ordering::is_eq));
    same.as_ref().unwrap_or(number).to_string()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "the cases below read better")]
    fn check(expected: Value, actual: Value, expect: Expect) {
        let mask = Mask::new(["hunter2"]);
        let found = values(&expected, &actual, &mask).unwrap_or_default();
        expect.assert_eq(&found);
    }

    #[test]
    fn structures_differ_line_by_line() {
        check(
            json!({"id": 1, "rates": [{"day": 1, "price": 5}, {"day": 2, "price": 7}]}),
            json!({"rates": [{"price": 5.0, "day": 1.0}, {"price": 8, "day": 2, "x": {}}], "id": 1}),
            expect![[r#"
                @@ -7,7 +7,8 @@
                     },
                     {
                       "day": 2,
                -      "price": 7,
                +      "price": 8,
                +      "x": {},
                     },
                   ],
                 }
            "#]],
        );
    }

    #[test]
    fn an_element_more_is_one_change_whatever_the_order_of_its_keys() {
        check(
            json!([{"a": 1, "b": 2}]),
            json!([{"b": 2, "a": 0}, {"b": 2.0, "a": 1}]),
            expect![[r#"
                @@ -1,5 +1,9 @@
                 [
                   {
                +    "a": 0,
                +    "b": 2,
                +  },
                +  {
                     "a": 1,
                     "b": 2,
                   },
            "#]],
        );
    }

    #[test]
    fn rows_stand_on_a_line_each() {
        check(
            json!([["EETLL", 3], ["CNGGZ", null]]),
            json!([["EETLL", 3.0], ["CNGGZ", 1.5]]),
            expect![[r#"
                @@ -1,4 +1,4 @@
                 [
                   ["EETLL", 3],
                -  ["CNGGZ", null],
                +  ["CNGGZ", 1.5],
                 ]
            "#]],
        );
    }

    #[test]
    fn texts_differ_by_lines_and_secrets_are_hidden_first() {
        check(
            json!("one\ntwo hunter2\nthree\n"),
            json!("one\ntwo hunter\nthree\r\n"),
            expect![[r"
                @@ -1,3 +1,3 @@
                 one
                -two ***
                -three
                +two hunter
                +three\r
            "]],
        );
    }

    #[test]
    fn a_long_line_is_shown_from_where_it_differs() {
        let same = "x".repeat(1000);
        check(
            json!(format!("{same}abc")),
            json!(format!("{same}abd{same}")),
            expect![[r"
                -…xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxabc
                +…xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxabdxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
            "]],
        );
    }

    #[test]
    fn what_a_failure_shows_whole_has_no_difference() {
        let mask = Mask::default();
        for (expected, actual) in [
            (json!(1), json!(2)),
            (json!("a"), json!("b")),
            (json!("a\n"), json!("b\n")),
            (json!({"a": 1}), json!(null)),
            (json!([]), json!({})),
        ] {
            assert_eq!(
                values(&expected, &actual, &mask),
                None,
                "{expected} {actual}"
            );
        }
    }

    #[test]
    fn equal_numbers_are_written_alike() {
        for (number, expect) in [
            (json!(1.0), "1"),
            (json!(-0.0), "0"),
            (json!(1.5), "1.5"),
            (json!(1e19), "10000000000000000000"),
            (json!(1e300), "1e+300"),
            (json!(u64::MAX), "18446744073709551615"),
        ] {
            assert_eq!(plain_text(&number), expect);
        }
    }

    #[test]
    fn a_difference_is_bounded() {
        let mask = Mask::default();
        let counted = |first: u32, last: u32| {
            let lines = (first..last).map(|line| format!("{line}\n"));
            Value::from(lines.collect::<String>())
        };
        let found = values(&counted(0, 100), &counted(100, 200), &mask).unwrap();
        assert_eq!(found.lines().count(), SHOWN_LINES + 1);
        assert!(found.ends_with("… 121 more lines\n"), "{found}");
        let found = values(&counted(0, 6000), &counted(1, 5), &mask).unwrap();
        assert_eq!(
            found,
            "not compared line by line: 6000 lines are more than 5000\n"
        );
        let large = Value::from("y\n".repeat(200_000));
        let found = values(&large, &counted(0, 2), &mask).unwrap();
        assert_eq!(
            found,
            "not compared line by line: 400000 bytes are more than 256 KiB\n"
        );
        let wide = format!("{}\nb", "w".repeat(5000));
        let found = values(&Value::from(wide), &counted(0, 2), &mask).unwrap();
        assert!(found.contains("w… (5000 bytes in all)\n"), "{found}");
    }
}
