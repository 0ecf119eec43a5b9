//! One HTTP client for readiness and for smoke checks. Every attempt is a connection of its own,
//! so no answer comes over one that an earlier process left behind.

use std::error::Error as _;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};

use super::{Attempt, InvalidRequest, Request};

/// The longest body that is read.
pub const BODY_LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// The longest that one look at readiness may take.
const LOOK: Duration = Duration::from_secs(5);

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error(transparent)]
    Invalid(#[from] InvalidRequest),
    #[error("connection refused")]
    Refused,
    #[error("connection reset")]
    Reset,
    #[error("no answer within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    #[error("the body is longer than {} MiB", BODY_LIMIT_BYTES / 1024 / 1024)]
    TooLong,
    /// Everything else that happens to a connection; the text is the innermost cause.
    #[error("{0}")]
    Broken(String),
}

impl HttpError {
    /// Returns whether another attempt may end differently.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused | Self::Reset | Self::TimedOut(_) | Self::Broken(_) => true,
            Self::Invalid(_) | Self::TooLong => false,
        }
    }

    fn of(error: &reqwest::Error, timeout: Duration) -> Self {
        if error.is_timeout() {
            return Self::TimedOut(timeout);
        }
        let mut innermost = String::from("the connection broke");
        let mut cause = error.source();
        while let Some(inner) = cause {
            match inner
                .downcast_ref::<std::io::Error>()
                .map(std::io::Error::kind)
            {
                Some(ErrorKind::ConnectionRefused) => return Self::Refused,
                Some(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => return Self::Reset,
                Some(_) | None => {}
            }
            innermost = inner.to_string();
            cause = inner.source();
        }
        Self::Broken(innermost)
    }
}

/// An answer, read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// From the connection's start to the body's end.
    pub elapsed: Duration,
}

impl Response {
    /// Returns the status with its usual words: `404 Not Found`.
    pub fn status_line(&self) -> String {
        status_line(self.status)
    }
}

/// A client that goes straight to its target: no proxy, no redirect, no kept connection.
#[derive(Clone, Debug)]
pub struct Http(Client);

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    /// Returns a client; clones share it.
    pub fn new() -> Self {
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .pool_max_idle_per_host(0)
            .user_agent(concat!("envctl/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("a client without TLS and proxies needs nothing of the system");
        Self(client)
    }

    /// Sends one request and reads its whole answer, whatever its status is.
    pub async fn send(&self, request: &Request, timeout: Duration) -> Result<Response, HttpError> {
        let started = Instant::now();
        let mut outgoing = request.for_client();
        *outgoing.timeout_mut() = Some(timeout);
        let failed = |error: reqwest::Error| HttpError::of(&error, timeout);
        let mut response = self.0.execute(outgoing).await.map_err(failed)?;
        let status = response.status().as_u16();
        let header =
            |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            };
        let headers = response.headers().iter().map(header).collect();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > BODY_LIMIT_BYTES {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status,
            headers,
            body,
            elapsed: started.elapsed(),
        })
    }

    /// Looks once whether `url` answers below 400, for readiness; the body is not read.
    pub async fn get_status(&self, url: &str) -> Attempt<u16, HttpError> {
        let Ok(request) = self.0.get(url).timeout(LOOK).build() else {
            return Attempt::Hopeless(InvalidRequest::Url.into());
        };
        match self.0.execute(request).await {
            Ok(response) if response.status().as_u16() < 400 => {
                Attempt::Done(response.status().as_u16())
            }
            Ok(response) => Attempt::NotYet(format!(
                "answered {}",
                status_line(response.status().as_u16())
            )),
            Err(error) if error.is_builder() => Attempt::Hopeless(InvalidRequest::Url.into()),
            Err(error) => Attempt::NotYet(HttpError::of(&error, LOOK).to_string()),
        }
    }
}

/// Returns a status with its usual words: `404 Not Found`.
pub fn status_line(status: u16) -> String {
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
        assert_eq!(closed, "connection closed before message completed");
        let nonsense = http.get_status("nonsense").await;
        assert!(matches!(nonsense, Attempt::Hopeless(_)), "{nonsense:?}");
    }

    #[tokio::test]
    async fn an_answer_is_read_whole_and_bounded() {
        let http = Http::new();
        let within = Duration::from_secs(5);
        let base = serve(answer("200 OK\r\nX-Kind: a", "hello")).await;
        let request = Request::new("GET", &base, "/").unwrap();
        let response = http.send(&request, within).await.unwrap();
        assert_eq!(response.body, b"hello");
        assert_eq!(response.status_line(), "200 OK");
        assert!(
            response
                .headers
                .contains(&("x-kind".to_owned(), "a".to_owned()))
        );

        let base = serve(answer("200 OK", &"x".repeat(BODY_LIMIT_BYTES + 1))).await;
        let request = Request::new("GET", &base, "/").unwrap();
        let error = http.send(&request, within).await.unwrap_err();
        assert_eq!(error.to_string(), "the body is longer than 8 MiB");
        assert!(!error.is_transient());
    }

    #[tokio::test]
    async fn a_slow_answer_ends_at_its_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let request = Request::new("GET", &base, "/").unwrap();
        let error = Http::new()
            .send(&request, Duration::from_millis(30))
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "no answer within 30ms");
    }
}
