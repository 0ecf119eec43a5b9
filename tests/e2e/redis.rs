//! A Redis server: ready when it answers, reached with its password, its data there after a restart.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::{Engine, Need, Scenario, on_each_engine, succeeds};

on_each_engine! {
    a_redis_server_keeps_its_data_and_asks_for_its_password on "redis",
}

/// Returns an environment with a server from our own image, whose base is that of `rates`.
fn environment(rates: &str, persistence: &str) -> String {
    let end = rates.find("[images.postgres]").expect("its images");
    let base = &rates[..end];
    let cache = r#"
[images.redis.build]
context = "../../fixtures/images/redis"
args    = { BASE = "${images.debian}" }

[services.cache]
kind     = "redis"
image    = "redis"
password = "s3cret!"
"#;
    format!("{base}{cache}persistence = \"{persistence}\"\n")
}

/// Returns what the server says to inline commands: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.
fn ask(scenario: &Scenario, commands: &[&str]) -> String {
    let address = scenario.address("cache");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    for command in commands.iter().chain(&["QUIT"]) {
        write!(stream, "{command}\r\n").expect("a request");
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.replace("\r\n", " ")
}

fn a_redis_server_keeps_its_data_and_asks_for_its_password(scenario: &Scenario) {
    let installed = || succeeds(Command::new("redis-server").arg("--version"));
    if scenario.engine == Engine::Process && !installed() {
        let missing = "no Redis server program (apt-get install redis-server)";
        return Need {
            name: "redis",
            missing,
        }
        .skip();
    }
    let rates = scenario.read("envs/rates/env.toml");
    for (persistence, kept) in [("rdb", true), ("aof", true), ("none", false)] {
        scenario.declare(&environment(&rates, persistence));
        scenario.run(&["up", "rates"]).exits(0);
        let denied = ask(scenario, &["GET a"]);
        assert!(denied.starts_with("-NOAUTH"), "{denied}");
        let set = ask(scenario, &["AUTH s3cret!", "SET a one"]);
        assert_eq!(set, "+OK +OK +OK ");
        let begun = Instant::now();
        scenario.run(&["down", "rates"]).exits(0);
        assert!(begun.elapsed() < Duration::from_secs(5), "it stops at once");
        scenario.run(&["up", "rates"]).exits(0);
        let read = ask(scenario, &["AUTH s3cret!", "GET a"]);
        let expected = if kept { "$3 one" } else { "$-1" };
        assert_eq!(read, format!("+OK {expected} +OK "), "{persistence}");
        scenario.take_away();
    }
}
