//! Starting a command on a connection of its own, whose bytes are then the terminal's. The client
//! library takes a piece of output that begins with a zero byte for a header, and waits for ever.

use std::io;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::client::{CALL_TIMEOUT, Client, Fault};

/// The longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The longest text of a refusal.
const REFUSAL_BYTES_MAX: usize = 8 * 1024;

/// Starts a command that has a terminal; what is read and written after is its own.
pub(super) async fn start_exec(client: &Client, id: &str) -> Result<UnixStream, Fault> {
    match tokio::time::timeout(CALL_TIMEOUT, start(client.socket(), id)).await {
        Ok(answer) => answer,
        Err(_) => Err(Fault::Late(CALL_TIMEOUT)),
    }
}

async fn start(socket: &str, id: &str) -> Result<UnixStream, Fault> {
    let connected = UnixStream::connect(socket).await;
    let mut stream = connected.map_err(|error| Fault::Gone(error.to_string()))?;
    let broken = |error: io::Error| Fault::Broken(error.to_string());
    let body = json!({ "Detach": false, "Tty": true }).to_string();
    let request = format!(
        "POST /exec/{id}/start HTTP/1.1\r\nHost: docker\r\nContent-Type: application/json\r\n\
         Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.map_err(broken)?;
    let head = head(&mut stream).await.map_err(broken)?;
    match status(&head) {
        Some(101 | 200) => Ok(stream),
        Some(status) => {
            let mut text = vec![0; REFUSAL_BYTES_MAX];
            let count = stream.read(&mut text).await.map_err(broken)?;
            Err(Fault::Refused {
                status,
                message: message(&text[..count]),
            })
        }
        None => Err(Fault::Broken("it is no HTTP".to_owned())),
    }
}

/// Reads the head and not a byte more, since what follows is the command's.
async fn head(stream: &mut UnixStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_BYTES_MAX {
            return Err(io::Error::other("its head does not end"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn status(head: &str) -> Option<u16> {
    head.strip_prefix("HTTP/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()
}

fn message(body: &[u8]) -> String {
    let said = serde_json::from_slice::<Value>(body).ok();
    let said = said.and_then(|said| Some(said.get("message")?.as_str()?.to_owned()));
    said.unwrap_or_else(|| String::from_utf8_lossy(body).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        assert_eq!(status("HTTP/1.1 101 UPGRADED\r\n\r\n"), Some(101));
        assert_eq!(status("HTTP/1.0 409 Conflict\r\n\r\n"), Some(409));
        assert_eq!(status("SSH-2.0\r\n\r\n"), None);
        assert_eq!(
            message(br#"{"message":"it is not running"}"#),
            "it is not running"
        );
        assert_eq!(message(b"no\n"), "no");
    }
}
