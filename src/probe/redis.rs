//! One look at a Redis server: `PING`, over RESP
//! (<https://redis.io/docs/latest/develop/reference/protocol-spec/>).

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Attempt;

/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// Longer answers than this are none to a PING.
const ANSWER_BYTES_MAX: usize = 1024;

/// Asks once; with a password it logs in first. A server that loads its data is not ready yet.
pub async fn ping(address: SocketAddr, password: Option<&str>) -> Attempt<(), Infallible> {
    let observation = match timeout(ANSWER, ask(address, password)).await {
        Ok(Ok(answer)) if answer == "+PONG" => return Attempt::Done(()),
        Ok(Ok(answer)) => answer.trim_start_matches('-').to_owned(),
        Ok(Err(error)) => match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            _ => error.to_string(),
        },
        Err(_) => format!("no answer within {} s", ANSWER.as_secs()),
    };
    Attempt::NotYet(observation)
}

/// Returns the last line that answers; the first where that is an error.
async fn ask(address: SocketAddr, password: Option<&str>) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let mut request = Vec::new();
    let mut answers = 1;
    if let Some(password) = password {
        request.extend(command(&["AUTH", password]));
        answers += 1;
    }
    request.extend(command(&["PING"]));
    stream.write_all(&request).await?;
    let mut text = Vec::new();
    let mut piece = [0; 256];
    loop {
        let got = stream.read(&mut piece).await?;
        text.extend_from_slice(&piece[..got]);
        let whole = text.split(|byte| *byte == b'\n').count() - 1;
        if text.first() == Some(&b'-') && whole > 0 || whole >= answers {
            break;
        }
        if got == 0 {
            return Ok("the connection was closed".to_owned());
        }
        if text.len() > ANSWER_BYTES_MAX {
            return Ok("this is no Redis server".to_owned());
        }
    }
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines();
    let line = if text.starts_with('-') {
        lines.next()
    } else {
        lines.last()
    };
    Ok(line.unwrap_or_default().to_owned())
}

/// Writes a command as an array of bulk strings.
fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n{word}\r\n", word.len()).into_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_an_array_of_bulk_strings() {
        assert_eq!(command(&["PING"]), b"*1\r\n$4\r\nPING\r\n");
    }
}
