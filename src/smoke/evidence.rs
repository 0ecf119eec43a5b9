//! What an action gave, before it is held against anything. Knows no expectation.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use super::{Excerpt, Unmet};
use crate::tell::Mask;

/// The longest excerpt of an answer.
const EXCERPT_BYTES: usize = 2048;

/// Everything that came back from one action.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    pub(super) status: AnswerStatus,
    /// Names in lower case, in the order they came.
    pub(super) headers: Vec<(String, String)>,
    /// A body, what was received, what a command printed.
    pub(super) body: Vec<u8>,
    /// What a command printed to its standard error.
    pub(super) stderr: Vec<u8>,
    /// Rows, a Redis answer, messages; what has none is read from the body.
    pub(super) document: Option<Value>,
    pub(super) elapsed: Duration,
    /// What the action itself found wrong.
    pub(super) failures: Vec<Unmet>,
    /// What the body says as JSON, once it was asked for.
    pub(super) read: OnceLock<Result<Value, NoDocument>>,
}

/// The one word of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum AnswerStatus {
    /// The HTTP status.
    Http(u16),
    /// How a command exited.
    Exit(i64),
    /// The kind of a Redis answer.
    Answer(&'static str),
    /// Anything else, for people: `3 rows`.
    Plain(String),
    #[default]
    None,
}

/// Why a body is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoDocument {
    /// It is not UTF-8; holds the first byte that is not.
    NotText(usize),
    Empty,
    NotJson(String),
}

impl Evidence {
    /// Returns the body as a text; the error is the first byte that is no UTF-8.
    pub(super) fn text(&self) -> Result<&str, usize> {
        std::str::from_utf8(&self.body).map_err(|error| error.valid_up_to())
    }

    /// Returns the document that JSON paths look into; a body is read once.
    pub(super) fn document(&self) -> Result<&Value, &NoDocument> {
        match &self.document {
            Some(document) => Ok(document),
            None => self.read.get_or_init(|| self.read_body()).as_ref(),
        }
    }

    fn read_body(&self) -> Result<Value, NoDocument> {
        let text = self.text().map_err(NoDocument::NotText)?;
        if text.trim().is_empty() {
            return Err(NoDocument::Empty);
        }
        serde_json::from_str(text).map_err(|error| NoDocument::NotJson(error.to_string()))
    }

    /// Returns a header's values, joined as RFC 9110 has it.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let mut values = self
            .headers
            .iter()
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str());
        let first = values.next()?.to_owned();
        Some(values.fold(first, |all, value| all + ", " + value))
    }

    /// Returns a short view for people.
    pub(super) fn reply(&self, mask: &Mask) -> Excerpt {
        let body = String::from_utf8_lossy(&self.body);
        let text = match (&self.document, body.is_empty()) {
            (Some(document), true) => Cow::Owned(document.to_string()),
            _ => body,
        };
        let mut excerpt = mask.excerpt(&text, EXCERPT_BYTES);
        if !self.stderr.is_empty() {
            let stderr = String::from_utf8_lossy(&self.stderr);
            excerpt.push_str("\nstandard error:\n");
            excerpt.push_str(&mask.excerpt(&stderr, EXCERPT_BYTES));
        }
        Excerpt {
            status: self.status.to_string(),
            excerpt,
        }
    }
}

impl std::fmt::Display for NoDocument {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotText(byte) => {
                write!(formatter, "bytes that are no UTF-8 (from byte {byte} on)")
            }
            Self::Empty => formatter.write_str("an empty body"),
            Self::NotJson(error) => write!(formatter, "no JSON ({error})"),
        }
    }
}

impl std::fmt::Display for AnswerStatus {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(status) => formatter.write_str(&crate::probe::status_line(*status)),
            Self::Exit(code) => write!(formatter, "exit code {code}"),
            Self::Answer(kind) => formatter.write_str(kind),
            Self::Plain(text) => formatter.write_str(text),
            Self::None => formatter.write_str("done"),
        }
    }
}
