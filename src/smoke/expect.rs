//! Holds what an action gave against everything that a check expects. Knows no protocol.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::Value;

use super::evidence::{AnswerStatus, Evidence, NoDocument};
use super::json_path::Selector;
use super::matcher::{self, Subject};
use super::schema::Schemas;
use super::scope::Scope;
use super::snapshot::Snapshots;
use super::{Unmet, difference};
use crate::model::{Digest, Expect, Matcher, MessageMatch, StatusMatch};
use crate::tell::Mask;

/// The longest piece of a body in a failure.
const BODY_LIMIT_BYTES: usize = 160;

/// By what a check is judged, beside its own expectations.
pub(super) struct Terms<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) schemas: &'a Schemas,
    pub(super) snapshots: &'a Snapshots,
}

impl Terms<'_> {
    fn mask(&self) -> &Mask {
        &self.scope.mask
    }
}

/// Returns whether the status is one that the check wants.
pub(super) fn status_holds(expect: &Expect, status: &AnswerStatus) -> bool {
    match status {
        AnswerStatus::Http(status) if expect.status.is_empty() => status / 100 == 2,
        AnswerStatus::Http(status) => expect.status.iter().any(|wanted| match wanted {
            StatusMatch::Code(code) => status == code,
            StatusMatch::Class(class) => status / 100 == *class,
        }),
        AnswerStatus::Exit(code) if expect.exit_code.is_empty() => *code == 0,
        AnswerStatus::Exit(code) => expect.exit_code.contains(code),
        AnswerStatus::Answer(_) | AnswerStatus::Plain(_) | AnswerStatus::None => true,
    }
}

/// Returns what is wrong. A wrong status hides the rest, which would only say that an error page
/// is not the expected document. The error is an expectation that cannot be looked up.
pub(super) fn verify(
    expect: &Expect,
    evidence: &Evidence,
    terms: &Terms<'_>,
) -> Result<Vec<Unmet>, String> {
    if !status_holds(expect, &evidence.status) {
        return Ok(vec![wrong_status(expect, evidence, terms.mask())]);
    }
    let mut failures = evidence.failures.clone();
    failures.extend(headers(&expect.headers, evidence, terms)?);
    failures.extend(documents(expect, evidence, terms)?);
    failures.extend(text("text", &expect.text, &evidence.body, terms)?);
    failures.extend(text("stderr", &expect.stderr, &evidence.stderr, terms)?);
    failures.extend(table(expect, evidence, terms)?);
    failures.extend(digest(expect, evidence));
    if let Some(limit) = expect.max_time.filter(|limit| evidence.elapsed > *limit) {
        failures.push(Unmet {
            what: "time".to_owned(),
            expected: format!("at most {}", humantime::format_duration(limit)),
            actual: format!("{} ms", evidence.elapsed.as_millis()),
            difference: None,
        });
    }
    if let Some(snapshot) = &expect.snapshot {
        let right = failures.is_empty();
        let found = terms
            .snapshots
            .check(snapshot, evidence, right, terms.mask());
        failures.extend(found);
    }
    Ok(failures)
}

/// Returns what is wrong with one value.
fn all(
    subject: Subject<'_>,
    matchers: &[Matcher],
    terms: &Terms<'_>,
) -> Result<Vec<Unmet>, String> {
    let matchers = terms.scope.matchers(matchers)?;
    let failures = matchers
        .iter()
        .filter_map(|matcher| matcher::check(subject, matcher, terms.mask()));
    Ok(failures.collect())
}

/// Returns what is wrong with the values that JSON paths select in a document.
pub(super) fn paths(
    json: &IndexMap<String, Vec<Matcher>>,
    document: &Value,
    terms: &Terms<'_>,
) -> Result<Vec<Unmet>, String> {
    let mut failures = Vec::new();
    for (path, matchers) in json {
        let selector = Selector::parse(path)?;
        let matchers = terms.scope.matchers(matchers)?;
        let value = selector.value(document);
        for matcher in matchers.iter() {
            let presence = matches!(matcher, Matcher::Exists(_)) && !selector.selects(document);
            let subject = Subject {
                what: path,
                value: value.as_ref().map(Cow::as_ref).filter(|_| !presence),
                absent: "the path selects nothing",
            };
            failures.extend(matcher::check(subject, matcher, terms.mask()));
        }
    }
    Ok(failures)
}

fn documents(
    expect: &Expect,
    evidence: &Evidence,
    terms: &Terms<'_>,
) -> Result<Vec<Unmet>, String> {
    if expect.json.is_empty() && expect.json_schema.is_none() {
        return Ok(Vec::new());
    }
    let document = match evidence.document() {
        Ok(document) => document,
        Err(why) => return Ok(vec![no_document(why, evidence, terms.mask())]),
    };
    let mut failures = paths(&expect.json, document, terms)?;
    if let Some(file) = &expect.json_schema {
        failures.extend(terms.schemas.check(file, document, terms.mask()));
    }
    Ok(failures)
}

fn no_document(why: &NoDocument, evidence: &Evidence, mask: &Mask) -> Unmet {
    let mut actual = match why {
        NoDocument::NotJson(error) => {
            let body = String::from_utf8_lossy(&evidence.body);
            format!("{} ({error})", on_one_line(&body, mask))
        }
        why => why.to_string(),
    };
    if let Some(kind) = evidence.header("content-type")
        && !kind.contains("json")
    {
        actual = format!("{actual}, of type {}", mask.apply(&kind));
    }
    if let Some(coding) = evidence.header("content-encoding") {
        actual = format!("{actual}, encoded as {}", mask.apply(&coding));
    }
    Unmet {
        what: "body".to_owned(),
        expected: "JSON".to_owned(),
        actual,
        difference: None,
    }
}

fn text(
    what: &str,
    matchers: &[Matcher],
    bytes: &[u8],
    terms: &Terms<'_>,
) -> Result<Vec<Unmet>, String> {
    if matchers.is_empty() {
        return Ok(Vec::new());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let value = Value::from(text);
            let subject = Subject {
                what,
                value: Some(&value),
                absent: "",
            };
            all(subject, matchers, terms)
        }
        Err(error) => Ok(vec![Unmet {
            what: what.to_owned(),
            expected: "UTF-8".to_owned(),
            actual: format!("a byte that is none, at {}", error.valid_up_to()),
            difference: None,
        }]),
    }
}

/// Holds rows, or the answer of a Redis command, against what is expected of them.
fn table(expect: &Expect, evidence: &Evidence, terms: &Terms<'_>) -> Result<Vec<Unmet>, String> {
    let rows = evidence.document.as_ref();
    let first = match rows {
        Some(Value::Array(rows)) if matches!(evidence.status, AnswerStatus::Plain(_)) => {
            rows.first().and_then(|row| row.get(0))
        }
        answer => answer,
    };
    let subject = |what, value, absent| Subject {
        what,
        value,
        absent,
    };
    let mut failures = all(subject("value", first, "no row"), &expect.value, terms)?;
    let count = Value::from(rows.and_then(Value::as_array).map_or(0, Vec::len));
    failures.extend(all(
        subject("count", Some(&count), ""),
        &expect.count,
        terms,
    )?);
    if let (Some(expected), Some(rows)) = (&expect.rows, rows) {
        let expected = terms.scope.json(expected)?;
        if !difference::equal(&expected, rows) {
            failures.push(matcher::unequal("rows", &expected, rows, terms.mask()));
        }
    }
    Ok(failures)
}

/// Returns whether a text is what is expected, in words that are filled already.
pub(super) fn text_holds(wanted: &[Matcher], bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let value = Value::from(text);
    wanted.iter().all(|matcher| matcher::holds(matcher, &value))
}

/// Returns whether a message is the one that is waited for.
pub(super) fn message_holds(
    wanted: &MessageMatch,
    message: &str,
    terms: &Terms<'_>,
) -> Result<bool, String> {
    let value = Value::from(message);
    let texts = terms.scope.matchers(&wanted.text)?;
    if !texts.iter().all(|matcher| matcher::holds(matcher, &value)) {
        return Ok(false);
    }
    if wanted.json.is_empty() {
        return Ok(true);
    }
    match serde_json::from_str(message) {
        Ok(document) => Ok(paths(&wanted.json, &document, terms)?.is_empty()),
        Err(_) => Ok(false),
    }
}

/// Describes a message that did not come.
pub(super) fn missing_message(wanted: &MessageMatch, terms: &Terms<'_>) -> Result<String, String> {
    let mut texts = Vec::new();
    if !wanted.text.is_empty() {
        let matchers = terms.scope.matchers(&wanted.text)?;
        texts.push(matcher::all_of(&matchers, terms.mask()));
    }
    for (path, matchers) in &wanted.json {
        let matchers = terms.scope.matchers(matchers)?;
        texts.push(format!(
            "{path} {}",
            matcher::all_of(&matchers, terms.mask())
        ));
    }
    Ok(format!("a message: {}", texts.join(", ")))
}

fn digest(expect: &Expect, evidence: &Evidence) -> Option<Unmet> {
    let expected = expect.sha256.as_ref()?;
    let actual = Digest::of(&evidence.body);
    (actual != *expected).then(|| Unmet {
        what: "sha256".to_owned(),
        expected: expected.clone(),
        actual: format!("{actual} of {} bytes", evidence.body.len()),
        difference: None,
    })
}

fn wrong_status(expect: &Expect, evidence: &Evidence, mask: &Mask) -> Unmet {
    let (what, wanted, usual, mut actual) = if let AnswerStatus::Exit(code) = evidence.status {
        let codes = expect.exit_code.iter().map(ToString::to_string);
        ("exit code", codes.collect(), "0", code.to_string())
    } else {
        let wanted = expect.status.iter().map(|wanted| match wanted {
            StatusMatch::Code(code) => code.to_string(),
            StatusMatch::Class(class) => format!("{class}xx"),
        });
        let wanted: Vec<String> = wanted.collect();
        ("status", wanted, "2xx", evidence.status.to_string())
    };
    let said = [&evidence.stderr, &evidence.body];
    if let Some(said) = said.into_iter().find(|said| !said.trim_ascii().is_empty()) {
        actual.push_str(": ");
        actual.push_str(&on_one_line(&String::from_utf8_lossy(said), mask));
    }
    Unmet {
        what: what.to_owned(),
        expected: if wanted.is_empty() {
            usual.to_owned()
        } else {
            wanted.join(" or ")
        },
        actual,
        difference: None,
    }
}

fn headers(
    expected: &IndexMap<String, Vec<Matcher>>,
    evidence: &Evidence,
    terms: &Terms<'_>,
) -> Result<Vec<Unmet>, String> {
    let mut failures = Vec::new();
    for (name, matchers) in expected {
        let text = evidence.header(name);
        let what = format!("header {name}");
        for matcher in terms.scope.matchers(matchers)?.iter() {
            let value = text.as_deref().map(|text| header_value(text, matcher));
            let subject = Subject {
                what: &what,
                value: value.as_ref(),
                absent: "no such header",
            };
            failures.extend(matcher::check(subject, matcher, terms.mask()));
        }
    }
    Ok(failures)
}

/// Returns a header as what the matcher compares: headers are texts, numbers too.
fn header_value(text: &str, matcher: &Matcher) -> Value {
    let numeric = match matcher {
        Matcher::Equal(json) | Matcher::Not(json) => json.value.is_number(),
        Matcher::Approx { .. } | Matcher::Compare(..) => true,
        _ => false,
    };
    let number = numeric
        .then(|| text.trim().parse::<serde_json::Number>().ok())
        .flatten();
    number.map_or_else(|| Value::from(text), Value::Number)
}

pub(super) fn on_one_line(body: &str, mask: &Mask) -> String {
    let masked = mask.excerpt(body.trim(), BODY_LIMIT_BYTES);
    masked.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::engine::Identity;
    use crate::engine::process::ProcessEngine;
    use crate::host::Home;
    use crate::model::{
        Comparison, DeclaredFile, Hole, InstanceId, Json, Part, Pattern, Reference, Snapshot,
        Template, ValueType, Variables,
    };
    use crate::probe::Jar;
    use crate::smoke::scope::Places;

    /// Looks up captures only; nothing runs.
    fn failures(expect: &Expect, evidence: &Evidence) -> Result<Vec<Unmet>, String> {
        let engine = ProcessEngine::new(
            Identity {
                id: InstanceId::new("rates", "default", Path::new("/nowhere")),
                workspace: PathBuf::from("/nowhere"),
                profiles: Vec::new(),
                sets: Vec::new(),
            },
            Home {
                state: PathBuf::from("/nowhere"),
                cache: PathBuf::from("/nowhere"),
            },
            Variables::new(),
            PathBuf::new(),
        );
        let scope = Scope {
            places: Places {
                reference: &|_| Err("it is not running".to_owned()),
                address: &|_| Err("it is not running".to_owned()),
                database: &|_| Err("it is not running".to_owned()),
                redis: &|_| Err("it is not running".to_owned()),
                by_hand: &|_| Vec::new(),
                engine: &engine,
            },
            captured: BTreeMap::from([
                ("count".to_owned(), json!(3)),
                ("digits".to_owned(), json!("3")),
                ("word".to_owned(), json!("three")),
            ]),
            cookies: Jar::default(),
            mask: Arc::new(Mask::new(["hunter2"])),
        };
        let terms = Terms {
            scope: &scope,
            schemas: &Schemas::default(),
            snapshots: &Snapshots::new(false, std::path::Path::new("/")),
        };
        verify(expect, evidence, &terms)
    }

    #[track_caller]
    fn check(expect: &Expect, evidence: &Evidence, expected: &[&str]) {
        let failures = failures(expect, evidence).unwrap();
        let texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
        assert_eq!(texts, expected);
    }

    fn response(status: u16, body: impl AsRef<[u8]>) -> Evidence {
        let headers = [
            ("content-type", "application/json"),
            ("content-length", "17"),
            ("vary", "accept"),
            ("vary", "origin"),
        ];
        Evidence {
            status: AnswerStatus::Http(status),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            body: body.as_ref().to_vec(),
            elapsed: Duration::from_millis(250),
            ..Evidence::default()
        }
    }

    fn equal(value: Value) -> Matcher {
        Matcher::Equal(value.into())
    }

    fn capture(name: &str) -> Json {
        Json {
            value: Value::Null,
            holes: vec![Hole {
                pointer: String::new(),
                template: Template {
                    parts: vec![Part::Reference(Reference::Capture(name.to_owned()))],
                },
            }],
        }
    }

    fn json_expected(paths: impl IntoIterator<Item = (&'static str, Matcher)>) -> Expect {
        let paths = paths.into_iter();
        Expect {
            json: paths
                .map(|(path, matcher)| (path.to_owned(), vec![matcher]))
                .collect(),
            ..Expect::default()
        }
    }

    #[test]
    fn statuses() {
        let mut expect = Expect::default();
        check(&expect, &response(204, ""), &[]);
        check(
            &expect,
            &response(302, " "),
            &["status: expected 2xx, got 302 Found"],
        );
        expect.status = vec![StatusMatch::Code(200), StatusMatch::Class(4)];
        check(&expect, &response(404, ""), &[]);
        expect.json.insert("$.a".to_owned(), vec![equal(json!(1))]);
        check(
            &expect,
            &response(503, "{\"reason\":\n  \"no database for hunter2\"}"),
            &["status: expected 200 or 4xx, got 503 Service Unavailable: \
                 {\"reason\": \"no database for ***\"}"],
        );
    }

    #[test]
    fn exit_codes() {
        let exited = |code| Evidence {
            status: AnswerStatus::Exit(code),
            body: b"out".to_vec(),
            stderr: b"no hunter2\nthere".to_vec(),
            ..Evidence::default()
        };
        let mut expect = Expect::default();
        check(&expect, &exited(0), &[]);
        check(
            &expect,
            &exited(2),
            &["exit code: expected 0, got 2: no *** there"],
        );
        expect.exit_code = vec![1, 2];
        expect.stderr = vec![Matcher::Contains(json!("nobody").into())];
        check(
            &expect,
            &exited(2),
            &[r#"stderr: expected something that contains "nobody", got "no ***\nthere""#],
        );
        check(
            &expect,
            &exited(0),
            &["exit code: expected 1 or 2, got 0: no *** there"],
        );
    }

    #[test]
    fn header_expectations() {
        let mut expect = Expect::default();
        let less = |limit: i64| Matcher::Compare(Comparison::Less, json!(limit).into());
        let mut header = |name: &str, matchers| {
            expect.headers.insert(name.to_owned(), matchers);
        };
        header(
            "content-type",
            vec![Matcher::Contains(json!("json").into())],
        );
        header("content-length", vec![equal(json!(17)), less(10)]);
        header("vary", vec![equal(json!("accept, origin"))]);
        header("server", vec![Matcher::Exists(false)]);
        header("x-trace", vec![Matcher::Exists(true)]);
        check(
            &expect,
            &response(200, ""),
            &[
                "header content-length: expected < 10, got 17",
                "header x-trace: expected something, got nothing (no such header)",
            ],
        );
    }

    #[test]
    fn documents_texts_and_times() {
        let length = |length: i64| Matcher::Length(vec![equal(json!(length))]);
        let mut expect = json_expected([
            ("$.rates[0].day", equal(json!("2021-01-31"))),
            ("$.rates", length(31)),
            ("$.rates[*].count", equal(json!([3, 4]))),
            ("$.rates[?@.count > 9]", Matcher::Exists(false)),
            ("$.rates[?@.count > 8]", length(0)),
            ("$.rates[0].price", Matcher::Type(ValueType::Null)),
            ("$.rates[1].price", Matcher::Exists(false)),
            ("$.rates[1].note", equal(json!(null))),
        ]);
        expect.max_time = Some(Duration::from_millis(200));
        expect.text = vec![Matcher::Contains(json!("Tallinn").into())];
        expect.sha256 = Some("0".repeat(64));
        let body = r#"{"rates":[{"day":"2021-01-30","count":3,"price":null},{"count":3}]}"#;
        check(
            &expect,
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
                "sha256: expected 0000000000000000000000000000000000000000000000000000000000000000, \
                 got 1cb93e49a9e1b6fef09c743bad6532ed422f73e4f85d307134493809b8b23206 of 67 bytes",
                "time: expected at most 200ms, got 250 ms",
            ],
        );
    }

    #[test]
    fn what_is_no_document_says_so() {
        let expect = json_expected([("$.a", Matcher::Exists(false))]);
        let mut html = response(200, "<p>hunter2\n</p>");
        check(
            &expect,
            &html,
            &["body: expected JSON, got <p>*** </p> (expected value at line 1 column 1)"],
        );
        html.headers[0].1 = "text/html".to_owned();
        check(
            &expect,
            &html,
            &[
                "body: expected JSON, got <p>*** </p> (expected value at line 1 column 1), \
                 of type text/html",
            ],
        );
        let mut gzip = response(200, b"\x1f\x8b");
        gzip.headers = vec![("content-encoding".to_owned(), "gzip".to_owned())];
        let actual = "bytes that are no UTF-8 (from byte 1 on), encoded as gzip";
        check(
            &expect,
            &gzip,
            &[&format!("body: expected JSON, got {actual}")],
        );
        for (body, actual) in [
            (b"".as_slice(), "an empty body"),
            (b" \r\n", "an empty body"),
            (
                b"{\"a\":\"\xff\"}",
                "bytes that are no UTF-8 (from byte 6 on)",
            ),
            (
                b"{\"a\":1",
                "{\"a\":1 (EOF while parsing an object at line 1 column 6)",
            ),
            (b"{} {}", "{} {} (trailing characters at line 1 column 4)"),
            (b"NaN", "NaN (expected value at line 1 column 1)"),
            (b"1e999", "1e999 (number out of range at line 1 column 5)"),
        ] {
            check(
                &expect,
                &response(200, body),
                &[&format!("body: expected JSON, got {actual}")],
            );
        }
    }

    #[test]
    fn a_deep_document_is_refused_not_crashed_on() {
        let depth = 100_000;
        let body = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let found = failures(
            &json_expected([("$", Matcher::Exists(true))]),
            &response(200, body),
        );
        let texts: Vec<String> = found.unwrap().iter().map(ToString::to_string).collect();
        assert!(
            texts[0].ends_with("(recursion limit exceeded at line 1 column 128)"),
            "{texts:?}"
        );
    }

    #[test]
    fn large_numbers_and_keys_that_come_twice() {
        let more = |limit: u64| Matcher::Compare(Comparison::Greater, json!(limit).into());
        let body = r#"{"a":9007199254740993,"b":18446744073709551616,"c":1,"c":2}"#;
        check(
            &json_expected([
                ("$.a", equal(json!(9_007_199_254_740_993_u64))),
                ("$['a']", more(9_007_199_254_740_992)),
                ("$.b", more(u64::MAX - 5000)),
                // The last one counts, as in a browser.
                ("$.c", equal(json!(2))),
            ]),
            &response(200, body),
            &[],
        );
    }

    #[test]
    fn texts_must_be_texts() {
        let expect = Expect {
            text: vec![Matcher::Matches(Pattern::new("^a").unwrap())],
            ..Expect::default()
        };
        check(&expect, &response(200, "abc"), &[]);
        check(
            &expect,
            &response(200, "bc"),
            &[r#"text: expected a match of /^a/, got "bc""#],
        );
        check(
            &expect,
            &response(200, b"ab\xff"),
            &["text: expected UTF-8, got a byte that is none, at 2"],
        );
        check(
            &Expect {
                sha256: Some(
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned(),
                ),
                ..Expect::default()
            },
            &response(200, "abc"),
            &[],
        );
    }

    #[test]
    fn what_earlier_checks_kept_is_compared_by_its_type() {
        let body = r#"{"id":3,"name":"3","list":[1,2,3]}"#;
        let less = |name| Matcher::Compare(Comparison::LessOrEqual, capture(name));
        check(
            &json_expected([
                ("$.id", Matcher::Equal(capture("count"))),
                ("$.name", Matcher::Equal(capture("digits"))),
                ("$['id']", less("digits")),
                (
                    "$.list",
                    Matcher::Length(vec![Matcher::Equal(capture("digits"))]),
                ),
                (
                    "$['list']",
                    Matcher::Any(vec![Matcher::Equal(capture("count"))]),
                ),
            ]),
            &response(200, body),
            &[],
        );
        check(
            &json_expected([
                ("$.id", less("word")),
                (
                    "$.list",
                    Matcher::Length(vec![Matcher::Equal(capture("word"))]),
                ),
            ]),
            &response(200, body),
            &[
                r#"$.id: expected <= "three", got 3; "three" is no number to compare with"#,
                "$.list: expected length \"three\", got length 3: [1,2,3]; \
                 \"three\" is no number to compare with",
            ],
        );
        let unknown = json_expected([("$.id", Matcher::Equal(capture("none")))]);
        assert_eq!(
            failures(&unknown, &response(200, body)),
            Err("no check before it has kept `none`".to_owned())
        );
    }

    #[test]
    fn rows_values_and_counts() {
        let mut expect = Expect {
            rows: Some(json!([["EETLL", 3], ["CNGGZ", null]]).into()),
            value: vec![equal(json!("EETLL"))],
            count: vec![Matcher::Compare(
                Comparison::GreaterOrEqual,
                json!(2).into(),
            )],
            ..Expect::default()
        };
        let rows = |rows: Value| Evidence {
            status: AnswerStatus::Plain("rows".to_owned()),
            document: Some(rows),
            ..Evidence::default()
        };
        check(
            &expect,
            &rows(json!([["EETLL", 3.0], ["CNGGZ", null]])),
            &[],
        );
        let wrong = rows(json!([["EETLL", 4]]));
        check(
            &expect,
            &wrong,
            &[
                "count: expected >= 2, got 1",
                "rows[0][1]: expected 3, got 4",
            ],
        );
        expect_test::expect![[r#"
            @@ -1,4 +1,3 @@
             [
            -  ["EETLL", 3],
            -  ["CNGGZ", null],
            +  ["EETLL", 4],
             ]
        "#]]
        .assert_eq(
            failures(&expect, &wrong).unwrap()[1]
                .difference
                .as_deref()
                .unwrap(),
        );
        expect.rows = None;
        expect.count = vec![equal(json!(0))];
        check(
            &expect,
            &rows(json!([])),
            &[r#"value: expected "EETLL", got nothing (no row)"#],
        );
    }

    #[test]
    fn schemas_and_snapshots_are_held_against_the_same_document() {
        let folder = TempDir::new().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs_err::write(&path, text).unwrap();
            DeclaredFile {
                path,
                name: name.to_owned(),
            }
        };
        let expect = Expect {
            json_schema: Some(file("s.json", r#"{"properties":{"a":{"type":"number"}}}"#)),
            snapshot: Some(Snapshot {
                file: file("kept.json", "{\n  \"a\": 1\n}\n"),
                masks: Vec::new(),
            }),
            ..json_expected([("$.a", equal(json!(1)))])
        };
        check(&expect, &response(200, r#"{"a":1}"#), &[]);
        check(
            &expect,
            &response(200, r#"{"a":"1"}"#),
            &[
                r#"$.a: expected 1, got "1""#,
                r#"$.a: expected a number (s.json), got "1", a text"#,
                "snapshot: expected what kept.json holds, got something else; \
                 `envctl smoke-test --update` writes it if it is right",
            ],
        );
        check(
            &expect,
            &response(200, "<p>"),
            &[
                "body: expected JSON, got <p> (expected value at line 1 column 1)",
                "snapshot: expected what kept.json holds, got something else; \
                 `envctl smoke-test --update` writes it if it is right",
            ],
        );
    }
}
