//! Sockets of a real server, which tells every listener what is posted to it.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::smoke::Verdict;
use crate::smoke::testing::run_toml;

/// Starts the server: `/feed` listens, `/mute` answers nothing, `/close` hangs up, and what is
/// posted anywhere goes to all who listen, with a number.
async fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (posted, _) = broadcast::channel(100);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, posted.clone()));
        }
    });
    address
}

async fn converse(mut stream: TcpStream, posted: broadcast::Sender<String>) {
    let mut head = [0; 1024];
    let length = stream.peek(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    if head.starts_with("POST") {
        let mut request = [0; 1024];
        let length = stream.read(&mut request).await.unwrap();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        let body = request.split("\r\n\r\n").nth(1).unwrap_or_default();
        let message = format!("{{\"id\":7,\"said\":{body}}}");
        let _ = posted.send(message);
        let answer =
            "HTTP/1.1 202 Accepted\r\ncontent-length: 8\r\nconnection: close\r\n\r\n{\"id\":7}";
        stream.write_all(answer.as_bytes()).await.unwrap();
        return;
    }
    if head.starts_with("GET /none") {
        let answer = "HTTP/1.1 404 Not Found\r\ncontent-length: 7\r\n\r\nno feed";
        stream.write_all(answer.as_bytes()).await.unwrap();
        return;
    }
    let mut listening = posted.subscribe();
    let mut socket = accept_async(stream).await.unwrap();
    if head.starts_with("GET /close") {
        socket.close(None).await.unwrap();
        return;
    }
    loop {
        tokio::select! {
            message = listening.recv() => {
                socket.send(Message::text(message.unwrap())).await.unwrap();
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) if head.starts_with("GET /feed") => {
                    socket.send(Message::text("noise")).await.unwrap();
                    socket.send(Message::text(format!("you said {text}"))).await.unwrap();
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            }
        }
    }
}

async fn check(toml: &str, expect: &str) {
    let address = serve().await;
    let started = tokio::time::Instant::now();
    let ran = run_toml(address, &format!("[smoke.a]\nservice = 'api'\n{toml}")).await;
    let told = ran.told().join("\n");
    assert_eq!(told, expect);
    assert!(started.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn what_is_said_is_answered() {
    let toml = "websocket = '/feed'\nsend = ['hello', { n = 1 }]\n\
        messages = ['you said hello', { text = { contains = '{\"n\":1}' } }]\n\
        json = { '$' = { length = 4 } }\n";
    check(toml, "a Passed").await;
}

#[tokio::test]
async fn what_is_posted_meanwhile_is_pushed() {
    let toml = "websocket = '/feed'\nmeanwhile = 'post'\n\
        messages = [{ json = { '$.id' = '${capture.id}', '$.said.x' = 1 } }]\n\
        capture = { said = '$[0].said' }\n\
        [smoke.post]\nservice = 'api'\npost = '/'\njson_body = { x = 1 }\nstatus = 202\n\
        capture = { id = '$.id' }\n\
        [smoke.b]\nservice = 'api'\npost = '/'\njson_body = '${capture.said}'\nstatus = 202\n\
        depends_on = ['a']\n";
    check(toml, "a Passed\nb Passed").await;
}

#[tokio::test]
async fn what_does_not_come_is_told() {
    check(
        "websocket = '/feed'\nsend = 'hello'\nmessages = ['bye']\ntimeout = '300ms'\n",
        "a Failed messages[0]: expected a message: \"bye\", \
         got 2 messages, none of which is it, the last: you said hello (no message within the time)",
    )
    .await;
    check(
        "websocket = '/mute'\nsend = 'x'\nmessages = [{ json = { '$.id' = 1 } }]\ntimeout = '200ms'\n",
        "a Failed messages[0]: expected a message: $.id 1, \
         got no message (no message within the time)",
    )
    .await;
    check(
        "websocket = '/close'\nmessages = ['x']\n",
        "a Failed messages[0]: expected a message: \"x\", \
         got no message (the server closed the connection)",
    )
    .await;
}

#[tokio::test]
async fn what_fails_meanwhile_fails_the_check() {
    let toml = "websocket = '/feed'\nmeanwhile = 'post'\nmessages = ['x']\n\
        [smoke.post]\nservice = 'api'\npost = '/'\nstatus = 200\n";
    let expect = "a Failed meanwhile post: status: expected 200, got 202 Accepted: {\"id\":7}";
    check(toml, expect).await;
}

#[tokio::test]
async fn a_refusal_says_why() {
    check(
        "websocket = '/none'\nmessages = ['x']\n",
        "a Failed answer: expected one within 10s, \
         got the server refused the WebSocket with 404 Not Found: no feed",
    )
    .await;
    let ran = run_toml(
        serve().await,
        "[smoke.a]\nservice = 'api'\nwebsocket = '/feed'\n",
    )
    .await;
    assert_eq!(ran.results[0].verdict, Verdict::Passed);
}
