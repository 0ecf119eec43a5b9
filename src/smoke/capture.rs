//! What is kept of an answer for later checks.

use std::borrow::Cow;

use serde_json::Value;

use super::Unmet;
use super::evidence::Evidence;
use super::json_path::Selector;
use crate::model::{Capture, CaptureFrom};

/// Returns the value to keep; the failure says that there is none.
pub(super) fn capture(name: &str, capture: &Capture, evidence: &Evidence) -> Result<Value, Unmet> {
    let missing = |expected: String, actual: &str| Unmet {
        what: format!("capture {name}"),
        expected,
        actual: actual.to_owned(),
        difference: None,
    };
    let value = match &capture.from {
        CaptureFrom::Json(path) => match evidence.document() {
            Ok(document) => {
                let value = Selector::parse(path).ok().and_then(|path| {
                    let value = path.value(document);
                    let value = value.filter(|_| path.selects(document));
                    value.map(Cow::into_owned)
                });
                value.ok_or_else(|| missing(format!("a value at {path}"), "nothing"))?
            }
            Err(why) => return Err(missing(format!("a value at {path}"), &why.to_string())),
        },
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
        Value::String(text) => Cow::Borrowed(text.as_str()),
        value => Cow::Owned(value.to_string()),
    };
    let found = pattern.regex().captures(&text).and_then(|groups| {
        let group = groups.get(1).or_else(|| groups.get(0))?;
        Some(Value::from(group.as_str()))
    });
    found.ok_or_else(|| missing(format!("a match of /{}/", pattern.text()), "none"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Pattern;

    #[track_caller]
    fn check(from: CaptureFrom, pattern: Option<&str>, expect: Result<Value, &str>) {
        let declared = Capture {
            from,
            pattern: pattern.map(|pattern| Pattern::new(pattern).unwrap()),
            secret: false,
        };
        let evidence = Evidence {
            headers: vec![("location".to_owned(), "/orders/17".to_owned())],
            body: br#"{"id": 17, "note": null, "tags": ["a", "b"]}"#.to_vec(),
            ..Evidence::default()
        };
        let found = capture("order", &declared, &evidence);
        assert_eq!(
            found.map_err(|failure| failure.to_string()),
            expect.map_err(str::to_owned)
        );
    }

    #[test]
    fn values_keep_their_type_and_patterns_give_texts() {
        let json = |path: &str| CaptureFrom::Json(path.to_owned());
        let location = || CaptureFrom::Header("location".to_owned());
        check(json("$.id"), None, Ok(json!(17)));
        check(json("$.note"), None, Ok(json!(null)));
        check(json("$.tags[*]"), None, Ok(json!(["a", "b"])));
        check(json("$.id"), Some("^1"), Ok(json!("1")));
        check(location(), Some(r"/orders/(\d+)$"), Ok(json!("17")));
        check(location(), None, Ok(json!("/orders/17")));
        check(CaptureFrom::Text, Some("\"id\": (1)(7)"), Ok(json!("1")));
    }

    #[test]
    fn what_is_not_there_says_so() {
        let json = |path: &str| CaptureFrom::Json(path.to_owned());
        check(
            json("$.key"),
            None,
            Err("capture order: expected a value at $.key, got nothing"),
        );
        check(
            json("$.tags[?@ == 'c']"),
            None,
            Err("capture order: expected a value at $.tags[?@ == 'c'], got nothing"),
        );
        check(
            CaptureFrom::Header("etag".to_owned()),
            None,
            Err("capture order: expected a header etag, got no such header"),
        );
        check(
            json("$.id"),
            Some("^7"),
            Err("capture order: expected a match of /^7/, got none"),
        );
    }

    #[test]
    fn what_is_no_document_or_no_text_has_nothing_to_keep() {
        let capture_of = |from, body: &[u8]| {
            let declared = Capture {
                from,
                pattern: None,
                secret: false,
            };
            let evidence = Evidence {
                body: body.to_vec(),
                ..Evidence::default()
            };
            capture("a", &declared, &evidence).unwrap_err().to_string()
        };
        assert_eq!(
            capture_of(CaptureFrom::Json("$".to_owned()), b"<p>"),
            "capture a: expected a value at $, got no JSON (expected value at line 1 column 1)"
        );
        assert_eq!(
            capture_of(CaptureFrom::Text, b"a\xff"),
            "capture a: expected a text, got bytes that are no UTF-8"
        );
    }
}
