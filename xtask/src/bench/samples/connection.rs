//! A kept connection to the service, with no more of HTTP/1.1 than its answers need.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// Longer than the service lets any request take.
const PATIENCE: Duration = Duration::from_mins(1);

const LARGEST_BODY: usize = 4 << 20;

/// A connection that asks one thing after another.
pub(super) struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// Opens it.
    pub(super) fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address);
        let stream = stream.with_context(|| format!("cannot reach the API on {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let reader = BufReader::new(stream);
        Ok(Self { reader })
    }

    /// Returns the status and the JSON of an answer.
    pub(super) fn get(&mut self, path: &str) -> anyhow::Result<(u16, Value)> {
        let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
        self.reader.get_mut().write_all(head.as_bytes())?;
        self.answer()
    }

    /// Sends a body of messages; returns the status and the JSON of the answer.
    pub(super) fn post(&mut self, path: &str, body: &[u8]) -> anyhow::Result<(u16, Value)> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-protobuf\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        self.reader.get_mut().write_all(head.as_bytes())?;
        self.reader.get_mut().write_all(body)?;
        self.answer()
    }

    fn answer(&mut self) -> anyhow::Result<(u16, Value)> {
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.with_context(|| format!("`{line}` is no answer"))?;
        let mut length = None;
        while line != "\r\n" {
            line.clear();
            ensure!(self.reader.read_line(&mut line)? > 0, "the service is gone");
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = Some(text.trim().parse::<usize>()?);
            }
        }
        let length = length.context("no content-length")?;
        ensure!(length <= LARGEST_BODY, "an answer of {length} bytes");
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body)?;
        Ok((status, serde_json::from_slice(&body)?))
    }
}
