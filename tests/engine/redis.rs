//! Redis servers.

use std::time::{Duration, Instant};

use envctl::engine::{Program, ServerChoice, ServerSpec};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fixture::{Fixture, exited, until};
use crate::inside;
use crate::server::Server;

async fn declared<'a>(fixture: &'a Fixture, settings: &[&str]) -> Server<'a> {
    let choice = ServerChoice::default();
    let place = (6379, "/data");
    let program = Program::Redis(choice);
    let mut server = Server::new(fixture, ServerSpec::Redis, place, program).await;
    let words = [&["redis-server"], settings, &["--requirepass", "s3cret!"]].concat();
    server.command(&words);
    server
}

/// Returns what the server says to inline commands:
/// <https://redis.io/docs/latest/develop/reference/protocol-spec/>.
async fn try_ask(server: &Server<'_>, commands: &[&str]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(server.address().await).await?;
    for command in commands.iter().chain(&["QUIT"]) {
        stream
            .write_all(format!("{command}\r\n").as_bytes())
            .await?;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.replace("\r\n", " "))
}

async fn ask(server: &Server<'_>, command: &str) -> String {
    let answer = try_ask(server, &["AUTH s3cret!", command]).await.unwrap();
    let answer = answer.strip_prefix("+OK ").unwrap_or(&answer);
    answer.strip_suffix(" +OK ").unwrap_or(answer).to_owned()
}

async fn until_ready(server: &Server<'_>) {
    until("the server answers", async || {
        let answer = try_ask(server, &["AUTH s3cret!", "PING"]).await;
        answer.is_ok_and(|answer| answer.contains("+PONG"))
    })
    .await;
}

pub(crate) async fn a_redis_server_asks_for_its_password(fixture: &Fixture) {
    let server = declared(fixture, &[]).await;
    server.start().await;
    until_ready(&server).await;
    let denied = try_ask(&server, &["GET a"]).await.unwrap();
    assert!(denied.starts_with("-NOAUTH"), "{denied}");
    let wrong = try_ask(&server, &["AUTH wrong"]).await.unwrap();
    assert!(wrong.starts_with("-WRONGPASS"), "{wrong}");
    assert_eq!(ask(&server, "SET a one").await, "+OK");
    let begun = Instant::now();
    server.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert_eq!(fixture.state("db").await, Some(exited(0)));
}

async fn after_a_stop_and_a_recreation(fixture: &Fixture, settings: &[&str]) -> [String; 2] {
    let server = declared(fixture, settings).await;
    server.start().await;
    until_ready(&server).await;
    assert_eq!(ask(&server, "SET a one").await, "+OK");
    server.stop().await;
    server.start_again().await;
    until_ready(&server).await;
    let stopped = ask(&server, "GET a").await;
    server.start().await;
    until_ready(&server).await;
    [stopped, ask(&server, "GET a").await]
}

pub(crate) async fn persistence_none_keeps_nothing(fixture: &Fixture) {
    let settings = ["--save", "", "--appendonly", "no"];
    let read = after_a_stop_and_a_recreation(fixture, &settings).await;
    assert_eq!(read, ["$-1", "$-1"]);
}

pub(crate) async fn persistence_rdb_keeps_what_was_there_at_the_stop(fixture: &Fixture) {
    let settings = ["--save", "3600", "1", "--appendonly", "no"];
    let read = after_a_stop_and_a_recreation(fixture, &settings).await;
    assert_eq!(read, ["$3 one", "$3 one"]);
}

pub(crate) async fn persistence_aof_outlives_a_kill(fixture: &Fixture) {
    let server = declared(fixture, &["--appendonly", "yes"]).await;
    server.start().await;
    until_ready(&server).await;
    assert_eq!(ask(&server, "SET a one").await, "+OK");
    inside::kill_main_process(fixture, "db").await;
    fixture.ended_with("db", 137).await;
    server.start_again().await;
    until_ready(&server).await;
    assert_eq!(ask(&server, "GET a").await, "$3 one");
}
