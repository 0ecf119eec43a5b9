//! Asking a Redis server one thing, over a connection of its own. Knows no check: what an answer
//! means is its caller's matter.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Attempt;
use super::resp::{ANSWER_LIMIT_BYTES, Reply, ReplyReader, command};

/// How long a server may take to answer a ping.
const ANSWER: Duration = Duration::from_secs(2);

/// Where a server is, and how to get in.
#[derive(Clone, Copy, Debug)]
pub struct RedisAccess<'a> {
    pub address: SocketAddr,
    pub password: Option<&'a str>,
    /// The number of its database; 0 is where everybody begins.
    pub database: u32,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The server's own words: `WRONGTYPE Operation against a key holding …`.
    #[error("{0}")]
    Refused(String),
    #[error("connection refused")]
    NobodyThere,
    #[error("connection reset")]
    Reset,
    #[error("the connection was closed")]
    Closed,
    #[error("no answer within {}", humantime::format_duration(*.0))]
    TimedOut(Duration),
    #[error("the answer is longer than {} MiB", ANSWER_LIMIT_BYTES / 1024 / 1024)]
    TooLong,
    /// Holds what came instead, escaped.
    #[error("this is no Redis server: it answers `{0}`")]
    NotRedis(String),
    #[error("there is nothing to ask")]
    NoWords,
    #[error("{0}")]
    Broken(String),
}

impl RedisError {
    /// Returns whether another attempt may end differently.
    pub fn is_transient(&self) -> bool {
        match self {
            // It loads its data, or a replica waits for its master.
            Self::Refused(text) => ["LOADING", "MASTERDOWN", "TRYAGAIN"]
                .iter()
                .any(|word| text.split(' ').next() == Some(word)),
            Self::NobodyThere
            | Self::Reset
            | Self::Closed
            | Self::TimedOut(_)
            | Self::Broken(_) => true,
            Self::TooLong | Self::NotRedis(_) | Self::NoWords => false,
        }
    }
}

impl From<io::Error> for RedisError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::NobodyThere,
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Self::Reset,
            _ => Self::Broken(error.to_string()),
        }
    }
}

/// Asks once; with a password it logs in first. A server that loads its data is not ready yet.
pub async fn ping(address: SocketAddr, password: Option<&str>) -> Attempt<(), Infallible> {
    let server = RedisAccess {
        address,
        password,
        database: 0,
    };
    match ask(&server, &["PING"], ANSWER).await {
        Ok(Value::String(answer)) if answer == "PONG" => Attempt::Done(()),
        Ok(other) => Attempt::NotYet(format!("answered {other} to a ping")),
        Err(error) => Attempt::NotYet(error.to_string()),
    }
}

/// Sends the words of a command and returns its answer. An error within an array is a text.
pub async fn ask<W: AsRef<[u8]>>(
    server: &RedisAccess<'_>,
    words: &[W],
    within: Duration,
) -> Result<Value, RedisError> {
    if words.is_empty() {
        return Err(RedisError::NoWords);
    }
    let mut request = Vec::new();
    let mut greetings = 0;
    if let Some(password) = server.password {
        request.extend(command(&["AUTH", password]));
        greetings += 1;
    }
    if server.database != 0 {
        request.extend(command(&["SELECT", &server.database.to_string()]));
        greetings += 1;
    }
    request.extend(command(words));
    let answer = Box::pin(last_answer(server.address, request, greetings));
    timeout(within, answer)
        .await
        .unwrap_or(Err(RedisError::TimedOut(within)))
}

async fn last_answer(
    address: SocketAddr,
    request: Vec<u8>,
    greetings: usize,
) -> Result<Value, RedisError> {
    let mut stream = TcpStream::connect(address).await?;
    let (incoming, mut outgoing) = stream.split();
    let mut reader = ReplyReader::new(BufReader::new(incoming));
    let read = async {
        for _ in 0..greetings {
            value(reader.reply().await?)?;
        }
        value(reader.reply().await?)
    };
    let write = async {
        outgoing.write_all(&request).await?;
        std::future::pending::<Result<Value, RedisError>>().await
    };
    // A server that refuses may answer before it has heard everything.
    tokio::select! {
        biased;
        answer = read => answer,
        failed = write => failed,
    }
}

fn value(reply: Reply) -> Result<Value, RedisError> {
    match reply {
        Reply::Value(value) => Ok(value),
        Reply::Error(text) => Err(RedisError::Refused(text)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::AsyncReadExt as _;

    use super::super::testing::{listen, refusing};
    use super::*;

    const WITHIN: Duration = Duration::from_secs(20);

    /// Expects `asked`, then says `words`.
    async fn server(asked: &'static str, words: &'static str) -> RedisAccess<'static> {
        let (address, _) = listen(move |mut stream| async move {
            let mut bytes = vec![0; asked.len()];
            stream.read_exact(&mut bytes).await.unwrap();
            assert_eq!(String::from_utf8(bytes).unwrap(), asked);
            stream.write_all(words.as_bytes()).await.unwrap();
        })
        .await;
        RedisAccess {
            address: address.parse().unwrap(),
            password: None,
            database: 0,
        }
    }

    const GET: &str = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";

    #[tokio::test]
    async fn a_question_is_answered() {
        let asked = server(GET, "$1\r\n1\r\n").await;
        assert_eq!(
            ask(&asked, &["GET", "a"], WITHIN).await.unwrap(),
            json!("1")
        );
        let hello = "*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n\
                     *2\r\n$3\r\nGET\r\n$1\r\na\r\n";
        let mut asked = server(hello, "+OK\r\n+OK\r\n$-1\r\n").await;
        asked.password = Some("pw");
        asked.database = 3;
        assert_eq!(
            ask(&asked, &["GET", "a"], WITHIN).await.unwrap(),
            json!(null)
        );
    }

    #[tokio::test]
    async fn a_refusal_has_the_servers_words() {
        for (words, transient) in [
            ("-NOAUTH Authentication required.\r\n", false),
            ("-LOADING Redis is loading the dataset in memory\r\n", true),
        ] {
            let asked = server(GET, words).await;
            let error = ask(&asked, &["GET", "a"], WITHIN).await.unwrap_err();
            assert_eq!(format!("-{error}\r\n"), words);
            assert_eq!(error.is_transient(), transient);
        }
        // One that refuses the login does not answer the rest.
        let mut asked = server("*2\r\n$4\r\nAUTH\r\n", "-WRONGPASS invalid\r\n").await;
        asked.password = Some("pw");
        let error = ask(&asked, &["GET", "a"], WITHIN).await.unwrap_err();
        assert_eq!(error.to_string(), "WRONGPASS invalid");
    }

    #[tokio::test]
    async fn silence_and_absence_are_told() {
        let silent = server(&GET[..4], "").await;
        let error = ask(&silent, &["GET", "a"], WITHIN).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        let (address, _) = listen(|mut stream| async move {
            let mut asked = Vec::new();
            let _ = stream.read_to_end(&mut asked).await;
        })
        .await;
        let hanging = RedisAccess {
            address: address.parse().unwrap(),
            ..silent
        };
        let error = ask(&hanging, &["GET", "a"], Duration::from_millis(50)).await;
        assert_eq!(error.unwrap_err().to_string(), "no answer within 50ms");
        let (_socket, address) = refusing();
        let nobody = address.parse().unwrap();
        let Attempt::NotYet(seen) = ping(nobody, None).await else {
            panic!("nobody is there");
        };
        assert_eq!(seen, "connection refused");
    }

    #[tokio::test]
    async fn a_ping_wants_its_pong() {
        let ping_words = "*1\r\n$4\r\nPING\r\n";
        let ready = server(ping_words, "+PONG\r\n").await;
        assert!(matches!(ping(ready.address, None).await, Attempt::Done(())));
        let other = server(ping_words, ":1\r\n").await;
        let Attempt::NotYet(seen) = ping(other.address, None).await else {
            panic!("that was no pong");
        };
        assert_eq!(seen, "answered 1 to a ping");
    }
}
