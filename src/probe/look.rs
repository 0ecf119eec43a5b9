//! The look at an HTTP server that readiness takes. Every look is a connection of its own, so no
//! answer comes over one that an earlier process left behind.

use std::error::Error as _;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;

use super::http::status_line;
use super::{Attempt, HttpError, InvalidRequest};

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

    /// Looks once whether `url` answers below 400; the body is not read.
    pub async fn get_status(&self, url: &str) -> Attempt<u16, HttpError> {
        let Ok(request) = self.0.get(url).timeout(LOOK).build() else {
            return Attempt::Hopeless(InvalidRequest::Url.into());
        };
        match self.0.execute(request).await {
            Ok(answer) if answer.status().as_u16() < 400 => Attempt::Done(answer.status().as_u16()),
            Ok(answer) => Attempt::NotYet(format!(
                "answered {}",
                status_line(answer.status().as_u16())
            )),
            Err(error) if error.is_builder() => Attempt::Hopeless(InvalidRequest::Url.into()),
            Err(error) => Attempt::NotYet(why(&error).to_string()),
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
