//! Smoke checks as they were declared.

use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use super::Template;

/// One smoke test.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub kind: CheckKind,
    /// How long it is tried again.
    pub timeout: Duration,
    /// Whether a wrong answer, too, is tried again until the timeout.
    pub eventually: bool,
}

/// What a check does.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckKind {
    Http(Box<HttpCheck>),
    Sql(SqlCheck),
}

/// A request and what its answer must be.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpCheck {
    pub service: String,
    /// The port's name; the service's only port, or `http`, unless set.
    pub port: String,
    /// In capitals: `GET`.
    pub method: String,
    /// Starts with `/`; may hold a query.
    pub path: Template,
    /// Added to the path's query, percent-encoded.
    pub query: IndexMap<String, Template>,
    pub headers: IndexMap<String, Template>,
    pub body: Option<Body>,
    /// Any one of these must match; empty means 200 to 299.
    pub status: Vec<StatusMatch>,
    /// Header name (in lower case) to matchers, all of which must hold.
    pub expect_headers: IndexMap<String, Vec<Matcher>>,
    /// JSONPath (RFC 9535) to matchers.
    pub json: IndexMap<String, Vec<Matcher>>,
    /// Matchers on the body's text.
    pub text: Vec<Matcher>,
    /// The longest that the answer may take.
    pub max_time: Option<Duration>,
}

/// A request's body.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Sent as it is.
    Text(Template),
    /// Sent as JSON, with that content type unless a header says otherwise.
    Json(Value),
}

/// A query on a `postgres` service and what it must return.
#[derive(Clone, Debug, PartialEq)]
pub struct SqlCheck {
    pub service: String,
    pub database: Option<String>,
    pub query: String,
    /// The rows, in order: numbers, texts, booleans, null.
    pub rows: Option<Vec<Vec<Value>>>,
    /// Matchers on the first column of the first row.
    pub value: Vec<Matcher>,
    /// Matchers on the number of rows.
    pub count: Vec<Matcher>,
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
    Equal(Value),
    Not(Value),
    /// Within `within` of `value`, relative; 1e-6 unless set.
    Approx {
        value: f64,
        within: f64,
    },
    /// `"<"`, `"<="`, `">"`, `">="` as keys.
    Less(f64),
    LessOrEqual(f64),
    Greater(f64),
    GreaterOrEqual(f64),
    /// Elements of an array, keys of an object, characters of a text.
    Length(u64),
    Type(ValueType),
    /// A substring of a text, or an element of an array.
    Contains(Value),
    /// Whether the path selects anything.
    Exists(bool),
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
