//! How much room images take. Each layer counts once, as the daemon counts it: images share layers, so
//! that the sum of their sizes says nothing. Asked by hand, since the client library knows only what the
//! newest daemons call it.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::client::Client;

/// How long the daemon may count; an old one measures every volume, too.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How long it is left alone while it counts for somebody else.
const PAUSE: Duration = Duration::from_millis(250);

/// The longest answer.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Returns the bytes of all layers; `None` where the daemon does not say.
pub(super) async fn layers(client: &Client) -> Option<u64> {
    let asking = async {
        loop {
            let answer = ask(client.socket()).await.ok()?;
            if !is_busy(&answer) {
                return read(&answer);
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(TIMEOUT, asking).await.ok()?
}

/// Whether the daemon refuses since it is counting for somebody else: it counts once at a time.
fn is_busy(answer: &[u8]) -> bool {
    let status = answer.split(|byte| *byte == b' ').nth(1);
    status == Some(b"500")
}

async fn ask(socket: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket).await?;
    // To HTTP/1.0 it answers in one piece and closes the connection.
    let request = b"GET /system/df?type=image HTTP/1.0\r\nHost: docker\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut answer)
        .await?;
    Ok(answer)
}

fn read(answer: &[u8]) -> Option<u64> {
    let body = answer.windows(4).position(|it| it == b"\r\n\r\n")?;
    let answer: Value = serde_json::from_slice(&answer[body + 4..]).ok()?;
    let old = answer.get("LayersSize");
    let new = || answer.get("ImageUsage")?.get("TotalSize");
    old.or_else(new)?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let answer = |body: &str| read(format!("HTTP/1.0 200 OK\r\n\r\n{body}").as_bytes());
        assert_eq!(answer(r#"{"LayersSize":7,"Images":[]}"#), Some(7));
        assert_eq!(answer(r#"{"ImageUsage":{"TotalSize":8}}"#), Some(8));
        assert_eq!(answer(r#"{"message":"no"}"#), None);
        assert_eq!(read(b"no"), None);
        assert!(is_busy(b"HTTP/1.0 500 Internal Server Error\r\n\r\n{}"));
        assert!(!is_busy(b"HTTP/1.0 200 OK\r\n\r\n{}"));
    }
}
