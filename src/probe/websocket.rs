//! A WebSocket, by RFC 6455, over the same connections as HTTP. Knows no check: it sends and
//! tells what comes.

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::Method;
use hyper::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Error};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::channel::{Channel, First};
use super::connection::not_http;
use super::hop::Hop;
use super::http::status_line;
use super::{BODY_LIMIT_BYTES, Delivery, HttpError, HttpRequest, InvalidRequest, Tls};

/// How much is read at once; a check keeps its sockets only for moments.
const READ_BYTES: usize = 16 * 1024;

/// How much of the body of a refusal is kept.
pub const REFUSAL_BYTES: usize = 2048;

/// What a server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Text(String),
    Binary(Vec<u8>),
    /// The server has ended it; without a code where it gave none.
    Closed {
        code: Option<u16>,
        reason: String,
    },
}

/// Why there is no socket, or no message on it.
#[derive(Debug, thiserror::Error)]
pub enum WebSocketError {
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The server answered as to any other request; `body` is what of it came with the head.
    #[error("the server refused the WebSocket with {}", status_line(*status))]
    Refused { status: u16, body: String },
    #[error("no message within the time")]
    Silent,
    #[error("the connection was closed without a closing message")]
    Lost,
    #[error("the message is longer than {} MiB", BODY_LIMIT_BYTES / 1024 / 1024)]
    TooLong,
    /// The server does not keep to the protocol.
    #[error("{0}")]
    Protocol(String),
}

impl WebSocketError {
    /// Returns whether another attempt may end differently.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Http(error) => error.is_transient(),
            Self::Refused { status, .. } => matches!(status, 502..=504),
            Self::Silent | Self::Lost => true,
            Self::TooLong | Self::Protocol(_) => false,
        }
    }

    fn of(error: Error) -> Self {
        match error {
            Error::Io(error) => HttpError::of_io(&error).into(),
            Error::Capacity(_) => Self::TooLong,
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Lost,
            Error::Protocol(error) => Self::Protocol(error.to_string()),
            other => Self::Protocol(other.to_string()),
        }
    }
}

impl From<InvalidRequest> for WebSocketError {
    fn from(error: InvalidRequest) -> Self {
        HttpError::from(error).into()
    }
}

/// An open socket. Pings are answered while a message is awaited.
#[derive(Debug)]
pub struct WebSocket {
    stream: WebSocketStream<Channel>,
    subprotocol: Option<String>,
}

impl WebSocket {
    /// Opens a socket at the request's URL, whose scheme may be `http` or `ws`, and `https` or
    /// `wss`, with its headers; redirects are not followed.
    pub async fn connect(
        request: &HttpRequest,
        subprotocols: &[String],
        delivery: &Delivery,
    ) -> Result<Self, WebSocketError> {
        if request.method() != Method::GET.as_str() {
            return Err(InvalidRequest::Method(request.method().to_owned()).into());
        }
        let opened = Box::pin(open(request, subprotocols, delivery));
        timeout_at(delivery.deadline(), opened)
            .await
            .unwrap_or(Err(HttpError::TimedOut(delivery.timeout).into()))
    }

    /// Returns the subprotocol that the server chose.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Sends a text.
    pub async fn send(&mut self, text: &str, deadline: Instant) -> Result<(), WebSocketError> {
        let sent = self.stream.send(tungstenite::Message::text(text));
        match timeout_at(deadline, sent).await {
            Ok(sent) => sent.map_err(WebSocketError::of),
            Err(_) => Err(WebSocketError::Silent),
        }
    }

    /// Waits for the next message; after one that closes comes none.
    pub async fn next(&mut self, deadline: Instant) -> Result<Message, WebSocketError> {
        loop {
            let next = timeout_at(deadline, self.stream.next()).await;
            let next = next.map_err(|_| WebSocketError::Silent)?;
            match next.unwrap_or(Err(Error::ConnectionClosed)) {
                Ok(tungstenite::Message::Text(text)) => {
                    return Ok(Message::Text(text.as_str().to_owned()));
                }
                Ok(tungstenite::Message::Binary(bytes)) => {
                    return Ok(Message::Binary(bytes.to_vec()));
                }
                Ok(tungstenite::Message::Close(frame)) => return Ok(closed(frame)),
                Ok(_) => {}
                Err(error) => return Err(WebSocketError::of(error)),
            }
        }
    }

    /// Says goodbye, which a server that does not listen any more need not hear.
    pub async fn close(mut self, deadline: Instant) {
        let _ = timeout_at(deadline, self.stream.close(None)).await;
    }
}

fn closed(frame: Option<tungstenite::protocol::CloseFrame>) -> Message {
    Message::Closed {
        code: frame.as_ref().map(|frame| frame.code.into()),
        reason: frame.map_or_else(String::new, |frame| frame.reason.as_str().to_owned()),
    }
}

async fn open(
    request: &HttpRequest,
    subprotocols: &[String],
    delivery: &Delivery,
) -> Result<WebSocket, WebSocketError> {
    let hop = Hop::of(request, delivery.tls.as_ref());
    let upgrade = upgrade(&hop, subprotocols, delivery)?;
    let place = hop.place()?;
    let config = place.tls.as_ref().map(Tls::config).transpose();
    let channel = place.connect(config.map_err(HttpError::from)?).await?;
    let (first, secure) = (channel.first(), place.tls.is_some());
    let limits = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .max_message_size(Some(BODY_LIMIT_BYTES))
        .max_frame_size(Some(BODY_LIMIT_BYTES));
    let (stream, answer) = client_async_with_config(upgrade, channel, Some(limits))
        .await
        .map_err(|error| refused(error, &first, secure))?;
    if let Some(jar) = &delivery.cookies {
        jar.keep(answer.headers(), hop.url());
    }
    let chosen = answer.headers().get(SEC_WEBSOCKET_PROTOCOL);
    Ok(WebSocket {
        stream,
        subprotocol: chosen.map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned()),
    })
}

fn upgrade(
    hop: &Hop<'_>,
    subprotocols: &[String],
    delivery: &Delivery,
) -> Result<tungstenite::http::Request<()>, InvalidRequest> {
    let mut upgrade = tungstenite::http::Request::new(());
    // Only its path is sent; the library wants to see a scheme, and TLS is below it.
    let target = format!("ws://{}{}", hop.authority()?, hop.target()?);
    *upgrade.uri_mut() = target.parse().map_err(|_| InvalidRequest::Url)?;
    let headers = upgrade.headers_mut();
    *headers = hop.headers(delivery.cookies.as_ref())?;
    let invalid = |name: HeaderName| InvalidRequest::HeaderValue(name.to_string());
    let key = HeaderValue::try_from(generate_key()).map_err(|_| invalid(SEC_WEBSOCKET_KEY))?;
    headers.insert(SEC_WEBSOCKET_KEY, key);
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    if !subprotocols.is_empty() {
        let names = HeaderValue::try_from(subprotocols.join(", "))
            .map_err(|_| invalid(SEC_WEBSOCKET_PROTOCOL))?;
        headers.insert(SEC_WEBSOCKET_PROTOCOL, names);
    }
    Ok(upgrade)
}

fn refused(error: Error, first: &First, secure: bool) -> WebSocketError {
    match error {
        Error::Http(answer) => {
            let body = answer.body().as_deref().unwrap_or_default();
            let start = &body[..body.len().min(REFUSAL_BYTES)];
            WebSocketError::Refused {
                status: answer.status().as_u16(),
                body: String::from_utf8_lossy(start).into_owned(),
            }
        }
        Error::Protocol(ProtocolError::HttparseError(_)) => not_http(first, secure).into(),
        Error::Protocol(ProtocolError::HandshakeIncomplete) => HttpError::Closed.into(),
        Error::AttackAttempt | Error::Capacity(_) => HttpError::HeadTooLong.into(),
        other => WebSocketError::of(other),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
    use tokio_tungstenite::accept_hdr_async;
    use tungstenite::handshake::server::{Request as Asked, Response as Upgraded};
    use tungstenite::protocol::CloseFrame;

    use super::super::testing::{Authority, listen, listen_tls, refusing, request};
    use super::*;

    const WITHIN: Delivery = Delivery::within(Duration::from_secs(20));

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    /// Says what was asked for, then does what each text tells it.
    async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send) {
        let mut said = String::new();
        let callback = |asked: &Asked, mut answer: Upgraded| {
            let header = |name: &str| {
                let value = asked.headers().get(name);
                value
                    .map_or("-", |value| value.to_str().unwrap())
                    .to_owned()
            };
            said = format!("{} {}", asked.uri(), header("authorization"));
            if let Some(name) = asked.headers().get(SEC_WEBSOCKET_PROTOCOL) {
                let last = name.to_str().unwrap().rsplit(", ").next().unwrap();
                let last = HeaderValue::from_str(last).unwrap();
                answer.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, last);
            }
            Ok(answer)
        };
        let mut socket = accept_hdr_async(stream, callback).await.unwrap();
        let text = |words: &str| tungstenite::Message::text(words);
        socket.send(text(&said)).await.unwrap();
        while let Some(Ok(told)) = socket.next().await {
            let tungstenite::Message::Text(told) = told else {
                continue;
            };
            match told.as_str() {
                "ping" => {
                    let ping = tungstenite::Message::Ping(b"a".as_slice().into());
                    socket.send(ping).await.unwrap();
                    let answer = socket.next().await.unwrap().unwrap();
                    let answer = format!("{answer:?}");
                    socket.send(text(&answer)).await.unwrap();
                }
                "bytes" => socket.send(vec![1_u8, 2].into()).await.unwrap(),
                "long" => socket
                    .send(vec![0; BODY_LIMIT_BYTES + 1].into())
                    .await
                    .unwrap(),
                "close" => {
                    let frame = CloseFrame {
                        code: 4001.into(),
                        reason: "enough".into(),
                    };
                    socket.close(Some(frame)).await.unwrap();
                }
                "leave" => break,
                _ => {}
            }
        }
    }

    async fn opened() -> WebSocket {
        let (address, _) = listen(serve).await;
        let asked = HttpRequest::new("GET", &format!("ws://{address}"), "/").unwrap();
        let mut socket = WebSocket::connect(&asked, &[], &WITHIN).await.unwrap();
        socket.next(soon()).await.unwrap();
        socket
    }

    #[tokio::test]
    async fn a_socket_is_opened_as_declared() {
        let (address, _) = listen(serve).await;
        let mut asked = HttpRequest::new("GET", &format!("http://{address}"), "/live?a=1").unwrap();
        asked.bearer("t0ken").unwrap();
        let names = ["one".to_owned(), "two".to_owned()];
        let mut socket = WebSocket::connect(&asked, &names, &WITHIN).await.unwrap();
        assert_eq!(socket.subprotocol(), Some("two"));
        let said = socket.next(soon()).await.unwrap();
        assert_eq!(said, Message::Text("/live?a=1 Bearer t0ken".to_owned()));
        socket.close(soon()).await;
    }

    #[tokio::test]
    async fn messages_of_every_kind_arrive() {
        let mut socket = opened().await;
        socket.send("ping", soon()).await.unwrap();
        let pong = socket.next(soon()).await.unwrap();
        assert_eq!(pong, Message::Text("Pong(b\"a\")".to_owned()));
        socket.send("bytes", soon()).await.unwrap();
        assert_eq!(
            socket.next(soon()).await.unwrap(),
            Message::Binary(vec![1, 2])
        );
        socket.send("close", soon()).await.unwrap();
        let closed = Message::Closed {
            code: Some(4001),
            reason: "enough".to_owned(),
        };
        assert_eq!(socket.next(soon()).await.unwrap(), closed);
        let error = socket.next(soon()).await.unwrap_err();
        assert!(matches!(error, WebSocketError::Lost), "{error}");
    }

    #[tokio::test]
    async fn waiting_and_length_are_bounded() {
        let mut socket = opened().await;
        let error = socket.next(Instant::now()).await.unwrap_err();
        assert!(matches!(error, WebSocketError::Silent), "{error}");
        socket.send("long", soon()).await.unwrap();
        let error = socket.next(soon()).await.unwrap_err();
        assert_eq!(error.to_string(), "the message is longer than 8 MiB");
        let mut socket = opened().await;
        socket.send("leave", soon()).await.unwrap();
        let error = socket.next(soon()).await.unwrap_err();
        assert!(matches!(error, WebSocketError::Lost), "{error}");
    }

    #[tokio::test]
    async fn tls_is_the_same_as_for_http() {
        let authority = Authority::new();
        let files = authority.sign(&["127.0.0.1"]);
        let (address, _) = listen_tls(authority.server(&files, false), serve).await;
        let asked = HttpRequest::new("GET", &format!("wss://{address}"), "/").unwrap();
        let error = WebSocket::connect(&asked, &[], &WITHIN).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "certificate not trusted: its issuer is unknown"
        );
        assert!(!error.is_transient());
        let mut delivery = WITHIN;
        delivery.tls = Some(Tls {
            ca: Some(authority.ca()),
            ..Tls::default()
        });
        let mut socket = WebSocket::connect(&asked, &[], &delivery).await.unwrap();
        let said = socket.next(soon()).await.unwrap();
        assert_eq!(said, Message::Text("/ -".to_owned()));
        let plain = HttpRequest::new("GET", &format!("ws://{address}"), "/").unwrap();
        let error = WebSocket::connect(&plain, &[], &WITHIN).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the server speaks TLS, and the URL says http"
        );
    }

    #[tokio::test]
    async fn a_refusal_says_why() {
        let refusal = async |words: &'static str| {
            let (address, _) = listen(move |mut stream| async move {
                request(&mut stream).await;
                stream.write_all(words.as_bytes()).await.unwrap();
            })
            .await;
            let asked = HttpRequest::new("GET", &format!("http://{address}"), "/").unwrap();
            WebSocket::connect(&asked, &[], &WITHIN).await.unwrap_err()
        };
        let error = refusal("HTTP/1.1 401 Unauthorized\r\ncontent-length: 8\r\n\r\nwho's it").await;
        let shown = "the server refused the WebSocket with 401 Unauthorized";
        assert_eq!(error.to_string(), shown);
        assert!(
            matches!(&error, WebSocketError::Refused { status: 401, body } if body == "who's it")
        );
        assert!(!error.is_transient());
        for (words, expect) in [
            (
                "hello\r\n\r\n",
                r"the answer is not HTTP: it begins with `hello\r\n\r\n`",
            ),
            ("", "connection closed before an answer"),
        ] {
            assert_eq!(refusal(words).await.to_string(), expect);
        }
        let (_socket, nobody) = refusing();
        let asked = HttpRequest::new("GET", &format!("http://{nobody}"), "/").unwrap();
        let error = WebSocket::connect(&asked, &[], &WITHIN).await.unwrap_err();
        assert_eq!(error.to_string(), "connection refused");
        let (address, _) = listen(|mut stream| async move {
            request(&mut stream).await;
            request(&mut stream).await;
        })
        .await;
        let asked = HttpRequest::new("GET", &format!("http://{address}"), "/").unwrap();
        let short = Delivery::within(Duration::from_millis(50));
        let error = WebSocket::connect(&asked, &[], &short).await.unwrap_err();
        assert_eq!(error.to_string(), "no answer within 50ms");
    }
}
