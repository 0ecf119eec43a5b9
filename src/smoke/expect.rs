//! Holds an answer against everything that a check expects of it. Pure.

use std::borrow::Cow;

use serde_json::Value;

use super::Failure;
use super::check::JsonExpectation;
use super::mask::Mask;
use super::matcher::{self, Subject};
use crate::config::model::{HttpCheck, Matcher, SqlCheck, StatusMatch};
use crate::postgres::Rows;
use crate::probe::Response;

/// The longest piece of a body in a failure.
const BODY_LIMIT_BYTES: usize = 160;

/// Returns whether the status is one that the check wants.
pub(super) fn status_holds(check: &HttpCheck, status: u16) -> bool {
    let wanted = |wanted: &StatusMatch| match wanted {
        StatusMatch::Code(code) => status == *code,
        StatusMatch::Class(class) => status / 100 == *class,
    };
    if check.status.is_empty() {
        return status / 100 == 2;
    }
    check.status.iter().any(wanted)
}

/// Returns what is wrong with an HTTP answer. A wrong status hides the rest, which would only
/// say that an error page is not the expected document.
pub(super) fn http(
    check: &HttpCheck,
    json: &[JsonExpectation<'_>],
    response: &Response,
    mask: &Mask,
) -> Vec<Failure> {
    let body = String::from_utf8_lossy(&response.body);
    if !status_holds(check, response.status) {
        return vec![wrong_status(check, response, &body, mask)];
    }
    let mut failures = headers(check, response, mask);
    failures.extend(documents(json, &body, mask));
    if !check.text.is_empty() {
        let text = Value::from(body.as_ref());
        failures.extend(all("text", Some(&text), "", &check.text, mask));
    }
    if let Some(limit) = check.max_time.filter(|limit| response.elapsed > *limit) {
        failures.push(Failure {
            what: "time".to_owned(),
            expected: format!("at most {}", humantime::format_duration(limit)),
            actual: format!("{} ms", response.elapsed.as_millis()),
        });
    }
    failures
}

/// Returns what is wrong with the rows of a query.
pub(super) fn sql(check: &SqlCheck, rows: &Rows, mask: &Mask) -> Vec<Failure> {
    table(check, rows.json(), mask)
}

fn table(check: &SqlCheck, values: Vec<Vec<Value>>, mask: &Mask) -> Vec<Failure> {
    let first = values.first().and_then(|row| row.first());
    let mut failures = all("value", first, "no row", &check.value, mask);
    let count = Value::from(values.len());
    failures.extend(all("count", Some(&count), "", &check.count, mask));
    if let Some(expected) = &check.rows {
        let expected: Value = expected.iter().cloned().collect();
        let actual: Value = values.into_iter().collect();
        failures.extend(all(
            "rows",
            Some(&actual),
            "",
            &[Matcher::Equal(expected)],
            mask,
        ));
    }
    failures
}

fn all(
    what: &str,
    value: Option<&Value>,
    absent: &str,
    matchers: &[Matcher],
    mask: &Mask,
) -> Vec<Failure> {
    let subject = Subject {
        what,
        value,
        absent,
    };
    matchers
        .iter()
        .filter_map(|matcher| matcher::check(subject, matcher, mask))
        .collect()
}

fn wrong_status(check: &HttpCheck, response: &Response, body: &str, mask: &Mask) -> Failure {
    let wanted: Vec<String> = check
        .status
        .iter()
        .map(|wanted| match wanted {
            StatusMatch::Code(code) => code.to_string(),
            StatusMatch::Class(class) => format!("{class}xx"),
        })
        .collect();
    let mut actual = response.status_line();
    if !body.trim().is_empty() {
        actual.push_str(": ");
        actual.push_str(&on_one_line(body, mask));
    }
    Failure {
        what: "status".to_owned(),
        expected: if wanted.is_empty() {
            "2xx".to_owned()
        } else {
            wanted.join(" or ")
        },
        actual,
    }
}

fn headers(check: &HttpCheck, response: &Response, mask: &Mask) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (name, matchers) in &check.expect_headers {
        let values: Vec<&str> = response
            .headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        let text = (!values.is_empty()).then(|| values.join(", "));
        let what = format!("header {name}");
        for matcher in matchers {
            let value = text.as_deref().map(|text| header_value(text, matcher));
            let subject = Subject {
                what: &what,
                value: value.as_ref(),
                absent: "no such header",
            };
            failures.extend(matcher::check(subject, matcher, mask));
        }
    }
    failures
}

/// Returns a header as what the matcher compares: headers are texts, numbers too.
fn header_value(text: &str, matcher: &Matcher) -> Value {
    let numeric = match matcher {
        Matcher::Equal(value) | Matcher::Not(value) => value.is_number(),
        Matcher::Approx { .. }
        | Matcher::Less(_)
        | Matcher::LessOrEqual(_)
        | Matcher::Greater(_)
        | Matcher::GreaterOrEqual(_) => true,
        Matcher::Length(_) | Matcher::Type(_) | Matcher::Contains(_) | Matcher::Exists(_) => false,
    };
    let number = numeric
        .then(|| text.trim().parse::<serde_json::Number>().ok())
        .flatten();
    number.map_or_else(|| Value::from(text), Value::Number)
}

fn documents(json: &[JsonExpectation<'_>], body: &str, mask: &Mask) -> Vec<Failure> {
    if json.is_empty() {
        return Vec::new();
    }
    let document: Value = match serde_json::from_str(body) {
        Ok(document) => document,
        Err(_) if body.trim().is_empty() => {
            return vec![not_json("an empty body".to_owned())];
        }
        Err(error) => {
            return vec![not_json(format!("{} ({error})", on_one_line(body, mask)))];
        }
    };
    let mut failures = Vec::new();
    for (selector, matchers) in json {
        let value = selector.value(&document);
        for matcher in *matchers {
            let presence = matches!(matcher, Matcher::Exists(_)) && !selector.selects(&document);
            let subject = Subject {
                what: selector.text(),
                value: value.as_ref().map(Cow::as_ref).filter(|_| !presence),
                absent: "the path selects nothing",
            };
            failures.extend(matcher::check(subject, matcher, mask));
        }
    }
    failures
}

fn not_json(actual: String) -> Failure {
    Failure {
        what: "body".to_owned(),
        expected: "JSON".to_owned(),
        actual,
    }
}

fn on_one_line(body: &str, mask: &Mask) -> String {
    let masked = mask.excerpt(body.trim(), BODY_LIMIT_BYTES);
    masked.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::config::model::{Secret, ValueType};
    use crate::smoke::check::tests::http_check;
    use crate::smoke::json_path::Selector;

    fn response(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("content-length".to_owned(), "17".to_owned()),
                ("vary".to_owned(), "accept".to_owned()),
                ("vary".to_owned(), "origin".to_owned()),
            ],
            body: body.as_bytes().to_vec(),
            elapsed: Duration::from_millis(250),
        }
    }

    fn verify(check: &HttpCheck, response: &Response, expect: &[&str]) {
        let json: Vec<JsonExpectation<'_>> = check
            .json
            .iter()
            .map(|(path, matchers)| (Selector::parse(path).unwrap(), matchers.as_slice()))
            .collect();
        let mask = Mask::new(&[Secret::new("hunter2")]);
        let failures = http(check, &json, response, &mask);
        let texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expect);
    }

    #[test]
    fn statuses() {
        let mut check = http_check("/");
        verify(&check, &response(204, ""), &[]);
        verify(
            &check,
            &response(302, " "),
            &["status: expected 2xx, got 302 Found"],
        );
        check.status = vec![StatusMatch::Code(200), StatusMatch::Class(4)];
        verify(&check, &response(404, ""), &[]);
        check
            .json
            .insert("$.a".to_owned(), vec![Matcher::Equal(json!(1))]);
        verify(
            &check,
            &response(503, "{\"reason\":\n  \"no database for hunter2\"}"),
            &["status: expected 200 or 4xx, got 503 Service Unavailable: \
                 {\"reason\": \"no database for ***\"}"],
        );
    }

    #[test]
    fn header_expectations() {
        let mut check = http_check("/");
        let mut expect = |name: &str, matchers| {
            check.expect_headers.insert(name.to_owned(), matchers);
        };
        expect("content-type", vec![Matcher::Contains(json!("json"))]);
        expect(
            "content-length",
            vec![Matcher::Equal(json!(17)), Matcher::Less(10.0)],
        );
        expect("vary", vec![Matcher::Equal(json!("accept, origin"))]);
        expect("server", vec![Matcher::Exists(false)]);
        expect("x-trace", vec![Matcher::Exists(true)]);
        verify(
            &check,
            &response(200, ""),
            &[
                "header content-length: expected < 10, got 17",
                "header x-trace: expected something, got nothing (no such header)",
            ],
        );
    }

    #[test]
    fn documents_texts_and_times() {
        let mut check = http_check("/");
        check.max_time = Some(Duration::from_millis(200));
        check.text = vec![Matcher::Contains(json!("Tallinn"))];
        let paths = [
            ("$.rates[0].day", Matcher::Equal(json!("2021-01-31"))),
            ("$.rates", Matcher::Length(31)),
            ("$.rates[*].count", Matcher::Equal(json!([3, 4]))),
            ("$.rates[?@.count > 9]", Matcher::Exists(false)),
            ("$.rates[?@.count > 8]", Matcher::Length(0)),
            ("$.rates[0].price", Matcher::Type(ValueType::Null)),
            ("$.rates[1].price", Matcher::Exists(false)),
            ("$.rates[1].note", Matcher::Equal(json!(null))),
        ];
        for (path, matcher) in paths {
            check.json.insert(path.to_owned(), vec![matcher]);
        }
        let body = r#"{"rates":[{"day":"2021-01-30","count":3,"price":null},{"count":3}]}"#;
        verify(
            &check,
            &response(200, body),
            &[
                r#"$.rates[0].day: expected "2021-01-31", got "2021-01-30""#,
                "$.rates: expected length 31, got length 2: \
                 [{\"day\":\"2021-01-30\",\"count\":3,\"price\":null},{\"count\":3}]",
                "$.rates[*].count[1]: expected 4, got 3",
                "$.rates[1].note: expected null, got nothing (the path selects nothing)",
                "text: expected something that contains \"Tallinn\", got \
                 \"{\\\"rates\\\":[{\\\"day\\\":\\\"2021-01-30\\\",\\\"count\\\":3,\
                 \\\"price\\\":null},{\\\"count\\\":3}]}\"",
                "time: expected at most 200ms, got 250 ms",
            ],
        );
    }

    #[test]
    fn what_is_not_json_says_so() {
        let mut check = http_check("/");
        check
            .json
            .insert("$.a".to_owned(), vec![Matcher::Exists(false)]);
        verify(
            &check,
            &response(200, "<p>hunter2\n</p>"),
            &["body: expected JSON, got <p>*** </p> (expected value at line 1 column 1)"],
        );
        verify(
            &check,
            &response(200, ""),
            &["body: expected JSON, got an empty body"],
        );
    }

    #[test]
    fn rows_values_and_counts() {
        let mut check = SqlCheck {
            service: "db".to_owned(),
            database: None,
            query: "SELECT …".to_owned(),
            rows: Some(vec![
                vec![json!("EETLL"), json!(3)],
                vec![json!("CNGGZ"), json!(null)],
            ]),
            value: vec![Matcher::Equal(json!("EETLL"))],
            count: vec![Matcher::GreaterOrEqual(2.0)],
        };
        let verify = |check: &SqlCheck, values, expect: &[&str]| {
            let failures = table(check, values, &Mask::default());
            let texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
            assert_eq!(texts, expect);
        };
        let row = |code: &str, count: Value| vec![json!(code), count];
        let good = vec![row("EETLL", json!(3.0)), row("CNGGZ", json!(null))];
        verify(&check, good, &[]);
        verify(
            &check,
            vec![row("EETLL", json!(4))],
            &[
                "count: expected >= 2, got 1",
                "rows[0][1]: expected 3, got 4",
            ],
        );
        check.rows = None;
        check.count = vec![Matcher::Equal(json!(0))];
        verify(
            &check,
            Vec::new(),
            &[r#"value: expected "EETLL", got nothing (no row)"#],
        );
    }
}
