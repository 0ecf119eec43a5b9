//! What the trait does not show: the daemon's own view, asked over its socket, and daemons that
//! are not there.

use std::time::{Duration, Instant};

use envctl::engine::Error;
use envctl::engine::docker::{Daemon, Endpoint};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use crate::fixture::Fixture;
use crate::place::endpoint;

/// Makes a request of the daemon and returns the status and the body.
pub(crate) async fn request(method: &str, path: &str, body: &str) -> (u16, Vec<u8>) {
    let Endpoint::Unix(socket) = endpoint();
    let mut stream = UnixStream::connect(socket).await.unwrap();
    // HTTP/1.0: the daemon closes the connection at the end, and does not write in chunks.
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer.split_off(end + 4))
}

/// Returns the JSON that the daemon answers.
pub(crate) async fn get(path: &str) -> Value {
    let (status, body) = request("GET", path, "").await;
    assert!((200..300).contains(&status), "{path}: {status}");
    serde_json::from_slice(&body).unwrap()
}

/// Removes an image that a test made.
pub(crate) async fn remove_image(reference: &str) {
    request("DELETE", &format!("/images/{reference}?force=1"), "").await;
}

/// Returns how many images, named or not, came from the image of an environment.
pub(crate) async fn images_of(name: &str) -> usize {
    let filters = format!("%7B%22label%22%3A%5B%22envctl.image%3D{name}%22%5D%7D");
    let images = get(&format!("/images/json?filters={filters}")).await;
    images.as_array().unwrap().len()
}

pub(crate) async fn a_missing_socket_is_unreachable(fixture: &Fixture) {
    let missing = Endpoint::Unix(fixture.path("no.sock"));
    let error = Daemon::connect(&missing).await.err();
    let Some(Error::Unreachable {
        endpoint,
        source: Some(source),
        ..
    }) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(endpoint, missing.to_string());
    assert!(source.to_string().contains("no.sock"), "{source}");
}

pub(crate) async fn a_socket_that_says_nothing_is_unreachable(fixture: &Fixture) {
    let path = fixture.path("mute.sock");
    let _listener = UnixListener::bind(&path).unwrap();
    let start = Instant::now();
    let error = Daemon::connect(&Endpoint::Unix(path)).await;
    assert!(matches!(error, Err(Error::Unreachable { .. })));
    assert!(start.elapsed() < Duration::from_secs(10));
}
