//! What is kept of an answer for later checks.

use regex::Regex;
use serde_json::Value;

use super::Failure;
use super::evidence::Evidence;
use super::json_path::Selector;
use crate::config::model::{Capture, CaptureFrom};

/// Returns the value to keep; the failure says that there is none.
pub(super) fn capture(
    name: &str,
    capture: &Capture,
    evidence: &Evidence,
) -> Result<Value, Failure> {
    let missing = |expected: String, actual: &str| Failure {
        what: format!("capture {name}"),
        expected,
        actual: actual.to_owned(),
        difference: None,
    };
    let value = match &capture.from {
        CaptureFrom::Json(path) => {
            let document = evidence.document().ok();
            let selector = Selector::parse(path).ok();
            let value = selector
                .zip(document.as_deref())
                .and_then(|(path, document)| {
                    let selects = path.selects(document);
                    path.value(document)
                        .filter(|_| selects)
                        .map(std::borrow::Cow::into_owned)
                });
            value.ok_or_else(|| missing(format!("a value at {path}"), "nothing"))?
        }
        CaptureFrom::Header(header) => {
            let value = evidence.header(header).map(Value::from);
            value.ok_or_else(|| missing(format!("a header {header}"), "no such header"))?
        }
        CaptureFrom::Text => match evidence.text() {
            Ok(text) => Value::from(text),
            Err(_) => return Err(missing("a text".to_owned(), "bytes that are no UTF-8")),
        },
    };
    let Some(pattern) = &capture.pattern else {
        return Ok(value);
    };
    let text = match &value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let found = Regex::new(pattern).ok().and_then(|pattern| {
        let groups = pattern.captures(&text)?;
        let group = groups.get(1).or_else(|| groups.get(0))?;
        Some(group.as_str().to_owned())
    });
    found
        .map(Value::from)
        .ok_or_else(|| missing(format!("a match of /{pattern}/"), "none"))
}
