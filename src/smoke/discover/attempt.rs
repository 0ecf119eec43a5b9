//! A proposed request, made once: what comes back is what the check will expect.

use std::time::Duration;

use serde_json::Value as Json;

use super::document::{DocumentedAnswer, Location, Operation};
use super::values::ParameterValue;
use crate::model::percent_encoded;
use crate::probe::{Caller, Delivery, HttpError, HttpRequest, Response, status_line};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The most keys of a document whose types are expected.
const MOST_KEYS: usize = 10;

/// A request with its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FilledCall {
    /// Percent-encoded where values stand in it.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
}

/// What an answer is like, without anything that may be another one tomorrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AnswerShape {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    /// A JSON path each, what is there, and whether it is a list with elements.
    pub(super) json: Vec<(String, &'static str, bool)>,
}

/// Why an answer makes no check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoCheck {
    pub(super) because: String,
    /// Whether other values may get another answer.
    pub(super) is_of_values: bool,
}

impl FilledCall {
    pub(super) fn new(operation: &Operation, values: &[ParameterValue]) -> Self {
        let mut call = Self {
            path: operation.path.clone(),
            ..Self::default()
        };
        for value in values {
            let pair = (value.name.clone(), value.text.clone());
            match value.location {
                Location::Path => {
                    let hole = format!("{{{}}}", value.name);
                    call.path = call.path.replace(&hole, &encoded(&value.text));
                }
                Location::Query => call.query.push(pair),
                Location::Header => call.headers.push(pair),
                Location::Cookie => call
                    .headers
                    .push(("cookie".to_owned(), format!("{}={}", pair.0, pair.1))),
            }
        }
        call
    }
}

/// Sends a GET as a check does.
pub(super) async fn send(
    caller: &Caller,
    base: &str,
    call: &FilledCall,
) -> Result<Response, HttpError> {
    let mut request = HttpRequest::new("GET", base, &call.path)?;
    for (name, value) in &call.query {
        request.query(name, value);
    }
    for (name, value) in &call.headers {
        request.header(name, value)?;
    }
    caller.send(&request, &Delivery::within(TIMEOUT)).await
}

/// Returns what a check can expect of an answer, or why it can expect nothing.
pub(super) fn judge(operation: &Operation, response: &Response) -> Result<AnswerShape, NoCheck> {
    let status = response.status;
    let unfit = |because: String| NoCheck {
        because,
        is_of_values: matches!(status, 400 | 404 | 409 | 410 | 422),
    };
    if !(200..400).contains(&status) {
        return Err(unfit(format!("answered {}", status_line(status))));
    }
    let foreseen = foreseen(operation, status).ok_or_else(|| {
        let line = status_line(status);
        unfit(format!(
            "answered {line}, which the document does not foresee"
        ))
    })?;
    let header = response
        .headers
        .iter()
        .find(|(name, _)| name == "content-type");
    let content_type = header.map(|(_, value)| {
        let end = value.find(';').unwrap_or(value.len());
        value[..end].trim().to_owned()
    });
    let content_type = content_type.filter(|content_type| !content_type.is_empty());
    if let (Some(came), false) = (&content_type, foreseen.content.is_empty())
        && !foreseen.content.iter().any(|wanted| is_media(wanted, came))
    {
        let wanted = foreseen.content.join(" or ");
        return Err(unfit(format!(
            "answered {came}, where the document says {wanted}"
        )));
    }
    let is_json = content_type.as_deref().is_some_and(|it| {
        let it = it.to_ascii_lowercase();
        it == "application/json" || it.ends_with("+json")
    });
    let json = if is_json && !response.body.is_empty() {
        let document = serde_json::from_slice(&response.body);
        let broken = |error| unfit(format!("answered JSON that is none: {error}"));
        shape(&document.map_err(broken)?)
    } else {
        Vec::new()
    };
    Ok(AnswerShape {
        status,
        content_type,
        json,
    })
}

/// Returns the answer of a document that a status belongs to.
fn foreseen(operation: &Operation, status: u16) -> Option<&DocumentedAnswer> {
    let class = format!("{}XX", status / 100);
    let names = [status.to_string(), class, "DEFAULT".to_owned()];
    let find = |name: &String| {
        let mut responses = operation.responses.iter();
        responses.find(|it| it.status.to_ascii_uppercase() == *name)
    };
    names.iter().find_map(find)
}

/// Returns whether a media type is the one that is wanted: `application/*` wants many.
fn is_media(wanted: &str, came: &str) -> bool {
    let wanted = wanted.split(';').next().unwrap_or_default().trim();
    match wanted.strip_suffix('*') {
        Some("*/") => true,
        Some(start) => came
            .to_ascii_lowercase()
            .starts_with(&start.to_ascii_lowercase()),
        None => wanted.eq_ignore_ascii_case(came),
    }
}

fn shape(document: &Json) -> Vec<(String, &'static str, bool)> {
    let mut shape = vec![("$".to_owned(), type_of(document), has_elements(document))];
    if let Json::Object(fields) = document {
        let named = fields.iter().filter_map(|(key, value)| {
            // What is null today may be something tomorrow.
            let path = path_of(key).filter(|_| !value.is_null())?;
            Some((path, type_of(value), has_elements(value)))
        });
        shape.extend(named.take(MOST_KEYS));
    }
    shape
}

/// Returns the JSONPath of a key (RFC 9535); `None` for one that is not worth its quoting.
fn path_of(key: &str) -> Option<String> {
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    let is_plain = |sign: char| is_name(sign) || matches!(sign, '-' | '.' | ' ' | '/' | ':' | '@');
    let starts = key.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_');
    if starts && key.chars().all(is_name) {
        Some(format!("$.{key}"))
    } else {
        key.chars().all(is_plain).then(|| format!("$['{key}']"))
    }
}

fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn has_elements(value: &Json) -> bool {
    value
        .as_array()
        .is_some_and(|elements| !elements.is_empty())
}

/// Writes a value as a part of a path.
fn encoded(text: &str) -> String {
    percent_encoded(text, "-._~:@,")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::document::Document;
    use super::*;

    fn operation(responses: &Json) -> Operation {
        let root = json!({
            "openapi": "3.0.0",
            "paths": {"/ports/{code}/{day}": {"get": {"responses": responses}}},
        });
        let document = Document::read(root.to_string().as_bytes(), "/openapi.json").unwrap();
        document.operations().remove(0)
    }

    fn answer(status: u16, content_type: &str, body: &str) -> Response {
        Response {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.as_bytes().to_vec(),
            elapsed: Duration::ZERO,
        }
    }

    #[test]
    fn values_are_put_where_they_belong() {
        let value = |name: &str, location, text: &str| ParameterValue {
            name: name.to_owned(),
            location,
            text: text.to_owned(),
            from: String::new(),
        };
        let operation = operation(&json!({}));
        let values = [
            value("code", Location::Path, "a/ä ?"),
            value("day", Location::Path, "2021-01-31"),
            value("q", Location::Query, "a b"),
            value("x-tenant", Location::Header, "one"),
            value("session", Location::Cookie, "1"),
        ];
        let call = FilledCall::new(&operation, &values);
        assert_eq!(call.path, "/ports/a%2F%C3%A4%20%3F/2021-01-31");
        assert_eq!(call.query, [("q".to_owned(), "a b".to_owned())]);
        let cookie = ("cookie".to_owned(), "session=1".to_owned());
        assert_eq!(
            call.headers,
            [("x-tenant".to_owned(), "one".to_owned()), cookie]
        );
    }

    #[test]
    fn the_shape_holds_nothing_that_changes() {
        let operation = operation(&json!({"200": {"content": {"application/json": {}}}}));
        let body = r#"{"rates": [{"day": 1}], "empty": [], "at": "2021", "next": null,
                       "odd key": 1.5, "${x}": 1, "ok": true}"#;
        let json = "application/json; charset=utf-8";
        let shape = judge(&operation, &answer(200, json, body)).unwrap();
        assert_eq!(shape.content_type.as_deref(), Some("application/json"));
        let entry = |path: &str, kind, elements| (path.to_owned(), kind, elements);
        let expected = vec![
            entry("$", "object", false),
            entry("$.rates", "array", true),
            entry("$.empty", "array", false),
            entry("$.at", "string", false),
            entry("$['odd key']", "number", false),
            entry("$.ok", "boolean", false),
        ];
        assert_eq!(shape.json, expected);
        let list = judge(&operation, &answer(200, json, "[1]")).unwrap();
        assert_eq!(list.json, [entry("$", "array", true)]);
        let many: Vec<String> = (0..30).map(|n| format!("\"k{n}\": 1")).collect();
        let many = format!("{{{}}}", many.join(", "));
        let shape = judge(&operation, &answer(200, json, &many)).unwrap();
        assert_eq!(shape.json.len(), 1 + MOST_KEYS);
    }

    #[test]
    fn an_answer_that_is_not_foreseen_makes_no_check() {
        let check = |responses: Json, response: Response, expected: &str| {
            let seen = match judge(&operation(&responses), &response) {
                Ok(shape) => format!("{} {:?}", shape.status, shape.json),
                Err(unfit) if unfit.is_of_values => format!("{}; of values", unfit.because),
                Err(unfit) => unfit.because,
            };
            assert_eq!(seen, expected);
        };
        let json = || json!({"200": {"content": {"application/json": {}}}, "404": {}});
        let missing = answer(404, "application/json", "{}");
        check(json(), missing, "answered 404 Not Found; of values");
        let broken = answer(500, "application/json", "{}");
        check(json(), broken, "answered 500 Internal Server Error");
        check(
            json(),
            answer(202, "application/json", "{}"),
            "answered 202 Accepted, which the document does not foresee",
        );
        check(
            json(),
            answer(200, "text/html", "<html>"),
            "answered text/html, where the document says application/json",
        );
        check(
            json(),
            answer(200, "application/json", "<html>"),
            "answered JSON that is none: expected value at line 1 column 1",
        );
        let any = || json!({"2XX": {"content": {"text/*": {}}}});
        check(any(), answer(204, "text/csv", ""), "204 []");
        check(json!({"default": {}}), answer(302, "", ""), "302 []");
    }
}
