//! What HTTP answers, and how it fails; and the look at a server that readiness takes. Every look
//! is a connection of its own, so no answer comes over one that an earlier process left behind.

use std::error::Error as _;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use hyper::StatusCode;
use tokio::time::timeout;

use super::connection::Connection;
use super::hop::Hop;
use super::{Attempt, InvalidRequest, Request, Tls, TlsError};

/// The longest body that is read.
pub const BODY_LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// The longest that one look at readiness may take.
const LOOK: Duration = Duration::from_secs(5);

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
    #[error("connection closed {}", Progress { got: *got, announced: *announced })]
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
    /// Holds what came instead, escaped.
    #[error("the answer is not HTTP: it begins with `{0}`")]
    NotHttp(String),
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
            | Self::NotHttp(_)
            | Self::Secure
            | Self::TooManyRedirects { .. }
            | Self::Redirect(_) => false,
        }
    }

    pub(super) fn of(error: &hyper::Error) -> Self {
        if error.is_parse_too_large() {
            return Self::HeadTooLong;
        }
        if error.is_parse() {
            return Self::NotHttp(String::new());
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

struct Progress {
    got: usize,
    announced: Option<u64>,
}

impl fmt::Display for Progress {
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

impl Response {
    /// Returns the status with its usual words: `404 Not Found`.
    pub fn status_line(&self) -> String {
        status_line(self.status)
    }
}

/// Looks at servers, each time over a new connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Http;

impl Http {
    /// Returns one; it holds nothing.
    pub fn new() -> Self {
        Self
    }

    /// Looks once whether `url` answers below 400, for readiness; the body is not read.
    pub async fn get_status(&self, url: &str) -> Attempt<u16, HttpError> {
        match timeout(LOOK, Box::pin(status(url))).await {
            Ok(Ok(status)) if status < 400 => Attempt::Done(status),
            Ok(Ok(status)) => Attempt::NotYet(format!("answered {}", status_line(status))),
            Ok(Err(error @ HttpError::Invalid(_))) => Attempt::Hopeless(error),
            Ok(Err(error)) => Attempt::NotYet(error.to_string()),
            Err(_) => Attempt::NotYet(HttpError::TimedOut(LOOK).to_string()),
        }
    }
}

async fn status(url: &str) -> Result<u16, HttpError> {
    let request = Request::at("GET", url)?;
    let hop = Hop::of(&request, None);
    let place = hop.place()?;
    let config = place.tls.as_ref().map(Tls::config).transpose()?;
    let mut connection = Connection::open(&place, config).await?;
    let answer = connection.head(hop.message(None).await?).await?;
    Ok(answer.status().as_u16())
}

/// Returns a status with its usual words.
pub(super) fn status_line(status: u16) -> String {
    let words = StatusCode::from_u16(status)
        .ok()
        .and_then(|code| code.canonical_reason());
    words.map_or_else(|| status.to_string(), |words| format!("{status} {words}"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// Answers every connection with `answer`, then closes it; returns its base URL.
    async fn serve(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&answer).await;
            }
        });
        base
    }

    fn answer(head: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
    }

    /// Returns a port that is taken but refuses connections for as long as the socket lives.
    fn refusing() -> (TcpSocket, String) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let base = format!("http://{}", socket.local_addr().unwrap());
        (socket, base)
    }

    #[tokio::test]
    async fn readiness_is_a_status_below_400() {
        let http = Http::new();
        for (head, expect) in [
            ("200 OK", "done 200"),
            ("302 Found\r\nlocation: /login", "done 302"),
            ("404 Not Found", "answered 404 Not Found"),
            (
                "503 Service Unavailable",
                "answered 503 Service Unavailable",
            ),
        ] {
            let base = serve(answer(head, "")).await;
            let seen = match http.get_status(&base).await {
                Attempt::Done(status) => format!("done {status}"),
                Attempt::NotYet(observation) => observation,
                Attempt::Hopeless(error) => format!("hopeless: {error}"),
            };
            assert_eq!(seen, expect, "{head}");
        }
    }

    #[tokio::test]
    async fn nobody_there_and_a_closed_connection_are_not_ready_yet() {
        let http = Http::new();
        let (_socket, nobody) = refusing();
        let Attempt::NotYet(refused) = http.get_status(&nobody).await else {
            panic!("refused must be tried again");
        };
        assert_eq!(refused, "connection refused");
        let Attempt::NotYet(closed) = http.get_status(&serve(Vec::new()).await).await else {
            panic!("closed must be tried again");
        };
        assert_eq!(closed, "connection closed before an answer");
        let nonsense = http.get_status("nonsense").await;
        assert!(matches!(nonsense, Attempt::Hopeless(_)), "{nonsense:?}");
    }
}
