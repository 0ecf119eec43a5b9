//! Both ends of a connection with as little between them as HTTP/1.1 allows: the service that
//! every tool asks, and the client that is the lower bound for all of them.

use std::fmt::Display;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use anyhow::{Context as _, ensure};

/// The longest head of a request or an answer.
const LARGEST_HEAD: u64 = 16 << 10;

/// The threads hold a request's head and little else.
const STACK_BYTES: usize = 128 << 10;

/// Returns what the service answers on `/items/ID`.
pub(super) fn item(id: impl Display) -> String {
    format!(r#"{{"id":{id},"name":"item {id}","items":[1,2,3]}}"#)
}

/// Answers requests until it is ended; a thread for each connection.
pub(super) fn serve(port: u16) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn(move || {
                // A client that is gone ends its connection, and nothing else.
                let _ = answer_all(&stream);
            })?;
    }
    Ok(())
}

fn answer_all(mut stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let (mut line, mut keep) = (String::new(), true);
    while keep {
        let mut head = reader.by_ref().take(LARGEST_HEAD);
        line.clear();
        head.read_line(&mut line)?;
        let path = line.split(' ').nth(1).unwrap_or_default();
        let id = path
            .strip_prefix("/items/")
            .and_then(|id| id.parse::<usize>().ok());
        while line != "\r\n" {
            line.clear();
            if head.read_line(&mut line)? == 0 {
                return Ok(());
            }
            keep &= !line.eq_ignore_ascii_case("connection: close\r\n");
        }
        let body = item(id.unwrap_or(0));
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// Asks for `count` items one after another over one connection, and compares each.
pub(super) fn ask(port: u16, count: usize) -> anyhow::Result<()> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    for id in 1..=count {
        let request = format!("GET /items/{id} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n");
        (&stream).write_all(request.as_bytes())?;
        let mut length = None;
        reader.read_line(&mut line)?;
        ensure!(line.starts_with("HTTP/1.1 200 "), "the answer is {line}");
        while line != "\r\n" {
            line.clear();
            ensure!(reader.read_line(&mut line)? > 0, "the service is gone");
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = Some(text.trim().parse::<usize>()?);
            }
        }
        let mut body = vec![0; length.context("no content-length")?];
        reader.read_exact(&mut body)?;
        ensure!(body == item(id).as_bytes(), "item {id} is another one");
        line.clear();
    }
    Ok(())
}
