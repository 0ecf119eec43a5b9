//! What HTTP answers, and how it fails.

use std::error::Error as _;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use hyper::StatusCode;

use super::{InvalidRequest, TlsError};

/// The longest body that is read.
pub const BODY_LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error(transparent)]
    Invalid(#[from] InvalidRequest),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("there is no host `{0}`")]
    Unknown(String),
    #[error("connection refused")]
    Refused,
    #[error("connection reset")]
    Reset,
    #[error("connection closed before an answer")]
    Closed,
    /// The connection ended within an answer's body.
    #[error("connection closed {}", ReadSoFar { got: *got, announced: *announced })]
    Cut { got: usize, announced: Option<u64> },
    #[error("no answer within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    /// An answer began but did not end.
    #[error("no whole answer within {}: {got} bytes of its body came", humantime::format_duration(*within))]
    Unfinished { within: Duration, got: usize },
    #[error("the body is longer than {} MiB", BODY_LIMIT_BYTES / 1024 / 1024)]
    TooLong,
    #[error("the answer's headers are too many or too long")]
    HeadTooLong,
    /// Holds what came instead, escaped, and whether more did.
    #[error("the answer is not HTTP: it begins with `{0}`")]
    NotHttp(String, bool),
    /// It is HTTP up to a header; holds what is wrong with it.
    #[error("the answer's head breaks the rules of HTTP: {0}")]
    BadHead(String),
    #[error("the server speaks TLS, and the URL says http")]
    Secure,
    #[error("more than {limit} redirects, the last one to {last}")]
    TooManyRedirects { limit: u32, last: String },
    #[error("the redirect to `{0}` leads to no http URL")]
    Redirect(String),
    /// Everything else that happens to a connection; the text is the innermost cause.
    #[error("{0}")]
    Broken(String),
}

impl HttpError {
    /// Returns whether another attempt may end differently.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unknown(_)
            | Self::Refused
            | Self::Reset
            | Self::Closed
            | Self::Cut { .. }
            | Self::TimedOut(_)
            | Self::Unfinished { .. }
            | Self::Broken(_) => true,
            Self::Invalid(_)
            | Self::Tls(_)
            | Self::TooLong
            | Self::HeadTooLong
            | Self::NotHttp(..)
            | Self::BadHead(_)
            | Self::Secure
            | Self::TooManyRedirects { .. }
            | Self::Redirect(_) => false,
        }
    }

    /// Returns whether no server can have heard the request.
    pub fn is_unheard(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::Refused)
    }

    pub(super) fn of(error: &hyper::Error) -> Self {
        if error.is_parse_too_large() {
            return Self::HeadTooLong;
        }
        if error.is_parse() {
            return Self::NotHttp(String::new(), false);
        }
        if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
            return Self::Closed;
        }
        let mut innermost = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            if let Some(inner) = inner.downcast_ref::<io::Error>() {
                return Self::of_io(inner);
            }
            innermost = inner.to_string();
            cause = inner.source();
        }
        Self::Broken(innermost)
    }

    pub(super) fn of_io(error: &io::Error) -> Self {
        let inner = error.get_ref();
        if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return TlsError::from(error).into();
        }
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Self::Reset,
            ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Broken(error.to_string()),
        }
    }
}

struct ReadSoFar {
    got: usize,
    announced: Option<u64>,
}

impl fmt::Display for ReadSoFar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.announced {
            Some(all) => write!(formatter, "after {} of {all} bytes of the body", self.got),
            None => write!(formatter, "within the body, after {} bytes", self.got),
        }
    }
}

/// An answer, read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// From the connection's start to the body's end; redirects count.
    pub elapsed: Duration,
}

/// Returns a status with its usual words.
pub fn status_line(status: u16) -> String {
    let words = StatusCode::from_u16(status)
        .ok()
        .and_then(|code| code.canonical_reason());
    words.map_or_else(|| status.to_string(), |words| format!("{status} {words}"))
}
