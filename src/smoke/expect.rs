//! Holds what an action gave against everything that a check expects. Knows no protocol.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Failure;
use super::evidence::{Evidence, NoDocument, Status};
use super::json_path::Selector;
use super::mask::Mask;
use super::matcher::{self, Subject};
use super::schema::Schemas;
use super::scope::Scope;
use super::snapshot;
use crate::config::model::{Comparison, Expect, Matcher, MessageMatch, StatusMatch};

/// The longest piece of a body in a failure.
const BODY_LIMIT_BYTES: usize = 160;

/// By what a check is judged, beside its own expectations.
pub(super) struct Terms<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) schemas: &'a Schemas,
    /// Whether a snapshot is written instead of compared.
    pub(super) update_snapshots: bool,
}

impl Terms<'_> {
    fn mask(&self) -> &Mask {
        &self.scope.mask
    }
}

/// Returns whether the status is one that the check wants.
pub(super) fn status_holds(expect: &Expect, status: &Status) -> bool {
    match status {
        Status::Http(status) if expect.status.is_empty() => status / 100 == 2,
        Status::Http(status) => expect.status.iter().any(|wanted| match wanted {
            StatusMatch::Code(code) => status == code,
            StatusMatch::Class(class) => status / 100 == *class,
        }),
        Status::Exit(code) if expect.exit_code.is_empty() => *code == 0,
        Status::Exit(code) => expect.exit_code.contains(code),
        Status::Answer(_) | Status::Plain(_) | Status::None => true,
    }
}

/// Returns what is wrong. A wrong status hides the rest, which would only say that an error page
/// is not the expected document. The error is an expectation that cannot be looked up.
pub(super) fn verify(
    expect: &Expect,
    evidence: &Evidence,
    terms: &Terms<'_>,
) -> Result<Vec<Failure>, String> {
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
    if let Some(snapshot) = &expect.snapshot {
        failures.extend(snapshot::check(snapshot, evidence, terms));
    }
    if let Some(limit) = expect.max_time.filter(|limit| evidence.elapsed > *limit) {
        failures.push(Failure {
            what: "time".to_owned(),
            expected: format!("at most {}", humantime::format_duration(limit)),
            actual: format!("{} ms", evidence.elapsed.as_millis()),
            difference: None,
        });
    }
    Ok(failures)
}

/// Returns what is wrong with one value.
fn all(
    subject: Subject<'_>,
    matchers: &[Matcher],
    terms: &Terms<'_>,
) -> Result<Vec<Failure>, String> {
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
) -> Result<Vec<Failure>, String> {
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
) -> Result<Vec<Failure>, String> {
    if expect.json.is_empty() && expect.json_schema.is_none() {
        return Ok(Vec::new());
    }
    let document = match evidence.document() {
        Ok(document) => document,
        Err(why) => return Ok(vec![no_document(&why, evidence, terms.mask())]),
    };
    let mut failures = paths(&expect.json, &document, terms)?;
    if let Some(file) = &expect.json_schema {
        failures.extend(terms.schemas.check(file, &document, terms.mask()));
    }
    Ok(failures)
}

fn no_document(why: &NoDocument, evidence: &Evidence, mask: &Mask) -> Failure {
    let mut actual = match why {
        NoDocument::NotText(byte) => format!("bytes that are no UTF-8 (from byte {byte} on)"),
        NoDocument::Empty => "an empty body".to_owned(),
        NoDocument::NotJson(error) => {
            let body = String::from_utf8_lossy(&evidence.body);
            format!("{} ({error})", on_one_line(&body, mask))
        }
    };
    if let Some(kind) = evidence.header("content-type")
        && !kind.contains("json")
    {
        actual = format!("{actual}, of type {}", mask.apply(&kind));
    }
    Failure {
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
) -> Result<Vec<Failure>, String> {
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
        Err(error) => Ok(vec![Failure {
            what: what.to_owned(),
            expected: "UTF-8".to_owned(),
            actual: format!("a byte that is none, at {}", error.valid_up_to()),
            difference: None,
        }]),
    }
}

/// Holds rows, or the answer of a Redis command, against what is expected of them.
fn table(expect: &Expect, evidence: &Evidence, terms: &Terms<'_>) -> Result<Vec<Failure>, String> {
    let rows = evidence.document.as_ref();
    let first = match rows {
        Some(Value::Array(rows)) if matches!(evidence.status, Status::Plain(_)) => {
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
        let expected = [Matcher::Equal(expected.clone())];
        failures.extend(all(subject("rows", Some(rows), ""), &expected, terms)?);
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

fn digest(expect: &Expect, evidence: &Evidence) -> Option<Failure> {
    let expected = expect.sha256.as_ref()?;
    let digest = Sha256::digest(&evidence.body);
    let actual: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    (actual != *expected).then(|| Failure {
        what: "sha256".to_owned(),
        expected: expected.clone(),
        actual: format!("{actual} of {} bytes", evidence.body.len()),
        difference: None,
    })
}

fn wrong_status(expect: &Expect, evidence: &Evidence, mask: &Mask) -> Failure {
    let (what, wanted, usual): (_, Vec<String>, _) = match evidence.status {
        Status::Exit(_) => {
            let codes = expect.exit_code.iter();
            ("exit code", codes.map(ToString::to_string).collect(), "0")
        }
        _ => {
            let wanted = expect.status.iter().map(|wanted| match wanted {
                StatusMatch::Code(code) => code.to_string(),
                StatusMatch::Class(class) => format!("{class}xx"),
            });
            ("status", wanted.collect(), "2xx")
        }
    };
    let mut actual = match evidence.status {
        Status::Exit(code) => code.to_string(),
        _ => evidence.status.to_string(),
    };
    let said = [&evidence.stderr, &evidence.body];
    if let Some(said) = said.into_iter().find(|said| !said.trim_ascii().is_empty()) {
        actual.push_str(": ");
        actual.push_str(&on_one_line(&String::from_utf8_lossy(said), mask));
    }
    Failure {
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
) -> Result<Vec<Failure>, String> {
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
        Matcher::Approx { .. }
        | Matcher::Compare(
            Comparison::Less
            | Comparison::LessOrEqual
            | Comparison::Greater
            | Comparison::GreaterOrEqual,
            _,
        ) => true,
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
