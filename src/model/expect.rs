//! What must come of a smoke check, as it was declared.

use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use super::{Json, Pattern};

/// What an answer must be. Every action gives what it has: a status, headers, a text, a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Any one of these must match; empty means 200 to 299.
    pub status: Vec<StatusMatch>,
    /// Any one of these must match; empty means 0.
    pub exit_code: Vec<i64>,
    /// Header name (in lower case) to matchers, all of which must hold.
    pub headers: IndexMap<String, Vec<Matcher>>,
    /// JSONPath (RFC 9535) to matchers on the document: a body, rows, a Redis answer, the
    /// messages of a WebSocket, what a command printed.
    pub json: IndexMap<String, Vec<Matcher>>,
    /// A file with a JSON Schema that the document must follow.
    pub json_schema: Option<DeclaredFile>,
    /// Matchers on the text: a body, what was received, what a command printed.
    pub text: Vec<Matcher>,
    /// Matchers on what a command printed to its standard error.
    pub stderr: Vec<Matcher>,
    /// The digest of the body's bytes, in lower-case hex.
    pub sha256: Option<String>,
    pub snapshot: Option<Snapshot>,
    /// The longest that the answer may take.
    pub max_time: Option<Duration>,
    /// All rows of a query, in order: numbers, texts, booleans, null.
    pub rows: Option<Json>,
    /// Matchers on the first column of the first row, or on the answer of a Redis command.
    pub value: Vec<Matcher>,
    /// Matchers on the number of rows.
    pub count: Vec<Matcher>,
    /// The messages that a WebSocket must receive, in this order; others may come between them.
    pub messages: Vec<MessageMatch>,
}

/// One message that must come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageMatch {
    pub text: Vec<Matcher>,
    /// JSONPath to matchers on the message as JSON.
    pub json: IndexMap<String, Vec<Matcher>>,
}

/// A file, and how it is called in what the user reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredFile {
    pub path: PathBuf,
    /// As it was declared: `schemas/rate.json`.
    pub name: String,
}

/// A file that holds what was once answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub file: DeclaredFile,
    pub masks: Vec<SnapshotMask>,
}

/// What is left out of a snapshot because it differs each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotMask {
    /// All that a JSONPath selects.
    Path(String),
    /// All that a regular expression matches.
    Pattern(Pattern),
}

/// An expected HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusMatch {
    Code(u16),
    /// `"2xx"` is 2.
    Class(u16),
}

/// One expectation on one value.
#[derive(Clone, Debug, PartialEq)]
pub enum Matcher {
    /// A plain value, or `equal = …`.
    Equal(Json),
    Not(Json),
    /// Within `within` of `value`, relative; 1e-6 unless set.
    Approx {
        value: Json,
        within: f64,
    },
    /// `"<"`, `"<="`, `">"`, `">="` as keys; the operand is a number.
    Compare(Comparison, Json),
    /// Matchers on the number of elements of an array, keys of an object, characters of a text.
    Length(Vec<Matcher>),
    Type(ValueType),
    /// A substring of a text, an element of an array, or a key of an object.
    Contains(Json),
    /// A regular expression that a text must match somewhere.
    Matches(Pattern),
    /// Whether the path selects anything.
    Exists(bool),
    /// At least one element of an array, for which all of these hold.
    Any(Vec<Matcher>),
    /// Every element of an array, for which all of these hold.
    All(Vec<Matcher>),
}

impl Matcher {
    /// Returns whether something in it is known only while an instance runs.
    pub fn has_holes(&self) -> bool {
        match self {
            Self::Equal(value)
            | Self::Not(value)
            | Self::Approx { value, .. }
            | Self::Compare(_, value)
            | Self::Contains(value) => !value.holes.is_empty(),
            Self::Length(matchers) | Self::Any(matchers) | Self::All(matchers) => {
                matchers.iter().any(Self::has_holes)
            }
            Self::Type(_) | Self::Matches(_) | Self::Exists(_) => false,
        }
    }

    /// Returns it with every hole filled by `fill`.
    pub fn filled<E>(&self, fill: &mut dyn FnMut(&Json) -> Result<Value, E>) -> Result<Self, E> {
        let mut value = |json: &Json| fill(json).map(Json::from);
        Ok(match self {
            Self::Equal(json) => Self::Equal(value(json)?),
            Self::Not(json) => Self::Not(value(json)?),
            Self::Approx {
                value: json,
                within,
            } => Self::Approx {
                value: value(json)?,
                within: *within,
            },
            Self::Compare(comparison, json) => Self::Compare(*comparison, value(json)?),
            Self::Contains(json) => Self::Contains(value(json)?),
            Self::Length(matchers) => Self::Length(Self::all_filled(matchers, fill)?),
            Self::Any(matchers) => Self::Any(Self::all_filled(matchers, fill)?),
            Self::All(matchers) => Self::All(Self::all_filled(matchers, fill)?),
            Self::Type(_) | Self::Matches(_) | Self::Exists(_) => self.clone(),
        })
    }

    fn all_filled<E>(
        matchers: &[Self],
        fill: &mut dyn FnMut(&Json) -> Result<Value, E>,
    ) -> Result<Vec<Self>, E> {
        matchers
            .iter()
            .map(|matcher| matcher.filled(fill))
            .collect()
    }
}

/// How two numbers stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A type of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    Null,
    Boolean,
    Number,
    Integer,
    String,
    Array,
    Object,
}
