//! The look at an HTTP server that readiness takes. Every look is a connection of its own, so no
//! answer comes over one that an earlier process left behind.

use std::error::Error as _;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use super::{HttpError, InvalidRequest};

/// The longest that one look may take.
const LOOK: Duration = Duration::from_secs(5);

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

    /// Looks once what `url` answers; the body is not read.
    pub async fn status(&self, url: &str) -> Result<u16, HttpError> {
        let Ok(request) = self.0.get(url).timeout(LOOK).build() else {
            return Err(InvalidRequest::Url.into());
        };
        match self.0.execute(request).await {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) if error.is_builder() => Err(InvalidRequest::Url.into()),
            Err(error) => Err(why(&error)),
        }
    }
}

/// Finds the cause that says most.
fn why(error: &reqwest::Error) -> HttpError {
    if error.is_timeout() {
        return HttpError::TimedOut(LOOK);
    }
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(inner) = inner.downcast_ref::<hyper::Error>() {
            return HttpError::of(inner);
        }
        if let Some(inner) = inner.downcast_ref::<std::io::Error>() {
            return HttpError::of_io(inner);
        }
        cause = inner.source();
    }
    HttpError::Broken(error.to_string())
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
    async fn every_status_is_an_answer_and_no_redirect_is_followed() {
        let http = Http::new();
        for (head, expect) in [
            ("200 OK", 200),
            ("302 Found\r\nlocation: /login", 302),
            ("404 Not Found", 404),
            ("503 Service Unavailable", 503),
        ] {
            let base = serve(answer(head, "")).await;
            assert_eq!(http.status(&base).await.unwrap(), expect, "{head}");
        }
    }

    #[tokio::test]
    async fn nobody_there_and_a_closed_connection_are_no_answer() {
        let http = Http::new();
        let (_socket, nobody) = refusing();
        let refused = http.status(&nobody).await.unwrap_err();
        assert_eq!(refused.to_string(), "connection refused");
        let closed = http.status(&serve(Vec::new()).await).await.unwrap_err();
        assert_eq!(closed.to_string(), "connection closed before an answer");
        let nonsense = http.status("nonsense").await;
        assert!(
            matches!(nonsense, Err(HttpError::Invalid(_))),
            "{nonsense:?}"
        );
    }
}
