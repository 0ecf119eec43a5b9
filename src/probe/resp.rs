//! Redis's protocol, version 2
//! (<https://redis.io/docs/latest/develop/reference/protocol-spec/>). Knows no commands.

use std::pin::Pin;

use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

use super::redis::RedisError;

/// The longest answer that is read, with everything in it.
pub(super) const ANSWER_LIMIT_BYTES: usize = 8 * 1024 * 1024;

/// How deep arrays may lie in arrays.
const DEPTH_MAX: usize = 32;

/// What an element of an array costs at least, so that millions of empty ones are no way around
/// the limit.
const ELEMENT_BYTES: usize = 64;

/// An answer.
#[derive(Debug, PartialEq)]
pub(super) enum Reply {
    Value(Value),
    /// The server refused the command.
    Error(String),
}

/// Writes a command as an array of bulk strings.
pub(super) fn command<W: AsRef<[u8]>>(words: &[W]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        let word = word.as_ref();
        bytes.extend(format!("${}\r\n", word.len()).into_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// Reads one answer after the other.
pub(super) struct ReplyReader<R> {
    source: R,
    left: usize,
}

impl<R: AsyncBufRead + Unpin + Send> ReplyReader<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            left: ANSWER_LIMIT_BYTES,
        }
    }

    /// Reads the next answer.
    pub(super) async fn reply(&mut self) -> Result<Reply, RedisError> {
        self.left = ANSWER_LIMIT_BYTES;
        self.element(0).await
    }

    fn element(
        &mut self,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, RedisError>> + Send + '_>> {
        Box::pin(async move {
            let line = self.line().await?;
            let not_redis = || RedisError::NotRedis(line.as_bytes().escape_ascii().to_string());
            let (kind, rest) = line.split_at_checked(1).ok_or_else(not_redis)?;
            let number = || rest.parse::<i64>().map_err(|_| not_redis());
            let value = match kind {
                "+" => Value::from(rest),
                "-" => return Ok(Reply::Error(rest.to_owned())),
                ":" => Value::from(number()?),
                "$" => match number()? {
                    -1 => Value::Null,
                    length => {
                        self.bulk(usize::try_from(length).map_err(|_| not_redis())?)
                            .await?
                    }
                },
                "*" => match number()? {
                    -1 => Value::Null,
                    _ if depth == DEPTH_MAX => return Err(RedisError::TooLong),
                    count => {
                        let count = usize::try_from(count).map_err(|_| not_redis())?;
                        self.array(count, depth).await?
                    }
                },
                _ => return Err(not_redis()),
            };
            Ok(Reply::Value(value))
        })
    }

    async fn array(&mut self, count: usize, depth: usize) -> Result<Value, RedisError> {
        self.spend(count.saturating_mul(ELEMENT_BYTES))?;
        let mut values = Vec::new();
        for _ in 0..count {
            values.push(match self.element(depth + 1).await? {
                Reply::Value(value) => value,
                Reply::Error(text) => Value::from(text),
            });
        }
        Ok(Value::Array(values))
    }

    async fn bulk(&mut self, length: usize) -> Result<Value, RedisError> {
        self.spend(length)?;
        let mut bytes = Vec::new();
        let mut limited = (&mut self.source).take(length as u64 + 2);
        limited.read_to_end(&mut bytes).await?;
        if bytes.len() < length + 2 {
            return Err(RedisError::Closed);
        }
        if !bytes.ends_with(b"\r\n") {
            return Err(RedisError::NotRedis("a text without its end".to_owned()));
        }
        bytes.truncate(length);
        Ok(Value::from(String::from_utf8_lossy(&bytes)))
    }

    async fn line(&mut self) -> Result<String, RedisError> {
        let mut bytes = Vec::new();
        let mut limited = (&mut self.source).take(self.left as u64);
        limited.read_until(b'\n', &mut bytes).await?;
        if bytes.len() == self.left {
            return Err(RedisError::TooLong);
        }
        self.spend(bytes.len())?;
        if !bytes.ends_with(b"\n") {
            return Err(RedisError::Closed);
        }
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), RedisError> {
        self.left = self.left.checked_sub(bytes).ok_or(RedisError::TooLong)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn read(bytes: &[u8]) -> Result<Reply, String> {
        let reply = ReplyReader::new(bytes).reply().await;
        reply.map_err(|error| error.to_string())
    }

    #[test]
    fn a_command_is_an_array_of_bulk_strings() {
        assert_eq!(command(&["PING"]), b"*1\r\n$4\r\nPING\r\n");
        assert_eq!(
            command(&["", "é"]),
            "*2\r\n$0\r\n\r\n$2\r\né\r\n".as_bytes()
        );
    }

    #[tokio::test]
    async fn every_kind_of_answer_is_read() {
        for (bytes, expect) in [
            ("+OK\r\n", json!("OK")),
            (":-42\r\n", json!(-42)),
            ("$5\r\na\r\nbc\r\n", json!("a\r\nbc")),
            ("$0\r\n\r\n", json!("")),
            ("$-1\r\n", json!(null)),
            ("*-1\r\n", json!(null)),
            ("*0\r\n", json!([])),
            (
                "*3\r\n:1\r\n*1\r\n$1\r\nx\r\n-ERR no\r\n",
                json!([1, ["x"], "ERR no"]),
            ),
        ] {
            assert_eq!(
                read(bytes.as_bytes()).await,
                Ok(Reply::Value(expect)),
                "{bytes}"
            );
        }
        let lossy = read(b"$2\r\n\xff!\r\n").await;
        assert_eq!(lossy, Ok(Reply::Value(json!("\u{fffd}!"))));
        let refused = read(b"-ERR unknown command\r\n").await;
        assert_eq!(refused, Ok(Reply::Error("ERR unknown command".to_owned())));
    }

    #[tokio::test]
    async fn what_is_no_answer_is_refused() {
        let deep = "*1\r\n".repeat(DEPTH_MAX + 1);
        let long = "+".repeat(ANSWER_LIMIT_BYTES + 1);
        let too_long = "the answer is longer than 8 MiB";
        for (bytes, expect) in [
            ("", "the connection was closed"),
            ("+OK", "the connection was closed"),
            ("$5\r\nab", "the connection was closed"),
            (
                "$1\r\nabc",
                "this is no Redis server: it answers `a text without its end`",
            ),
            (
                "HTTP/1.1 400\r\n",
                "this is no Redis server: it answers `HTTP/1.1 400`",
            ),
            (":x\r\n", "this is no Redis server: it answers `:x`"),
            ("\r\n", "this is no Redis server: it answers ``"),
            ("$-2\r\n", "this is no Redis server: it answers `$-2`"),
            ("é\r\n", r"this is no Redis server: it answers `\xc3\xa9`"),
            ("$8388608\r\n", too_long),
            ("*9223372036854775807\r\n", too_long),
            ("*200000\r\n", too_long),
            (&deep, too_long),
            (&long, too_long),
        ] {
            let shown = &bytes[..bytes.len().min(20)];
            assert_eq!(
                read(bytes.as_bytes()).await,
                Err(expect.to_owned()),
                "{shown}"
            );
        }
    }
}
