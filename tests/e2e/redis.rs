//! A Redis server: ready when it answers, reached with its password, its data there after a restart.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::{Engine, Need, Scenario, docker, on_each_engine, succeeds};

on_each_engine! {
    a_redis_server_keeps_its_data_and_asks_for_its_password on "redis",
    who_looks_at_a_redis_server_does_not_see_its_password on "redis-seen",
    a_server_is_reached_by_the_url_that_it_declares on "redis-url",
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

/// Whether there is no server program where the engine needs one.
fn is_missing(scenario: &Scenario) -> bool {
    let installed = || succeeds(Command::new("redis-server").arg("--version"));
    let is_missing = scenario.engine == Engine::Process && !installed();
    if is_missing {
        let missing = "no Redis server program (apt-get install redis-server)";
        Need {
            name: "redis",
            missing,
        }
        .skip();
    }
    is_missing
}

fn a_redis_server_keeps_its_data_and_asks_for_its_password(scenario: &Scenario) {
    if is_missing(scenario) {
        return;
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

fn container(scenario: &Scenario) -> String {
    format!("envctl-{}-cache", scenario.id())
}

/// Returns all that the machine, or the daemon, shows of the server to who may look.
fn seen(scenario: &Scenario) -> String {
    let id = container(scenario);
    match scenario.engine {
        Engine::Docker => {
            docker(&["inspect", &id]) + &docker(&["top", &id]) + &docker(&["ps", "--no-trunc"])
        }
        Engine::Process => {
            let listed = Command::new("ps").args(["-ww", "-eo", "args"]).output();
            String::from_utf8_lossy(&listed.expect("ps runs").stdout).into_owned()
        }
    }
}

fn who_looks_at_a_redis_server_does_not_see_its_password(scenario: &Scenario) {
    if is_missing(scenario) {
        return;
    }
    let declared = environment(&scenario.read("envs/rates/env.toml"), "none");
    // What would end a word of a command line or of a file is part of it.
    let quoted = declared.replace("s3cret!", "s3\\\"cr et#");
    let as_itself = declared + "user = \"redis\"\n";
    let declarations = [(quoted, "s3\"cr et#"), (as_itself, "s3cret!")];
    for (declaration, password) in &declarations {
        scenario.declare(declaration);
        let says = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
        assert!(!says.stdout.contains(password), "{}", says.stdout);
        let seen = seen(scenario);
        assert!(seen.contains("redis-server"), "{seen}");
        assert!(!seen.contains(password), "{seen}");
        assert!(ask(scenario, &["GET a"]).starts_with("-NOAUTH"));
        let word = format!("AUTH \"{}\"", password.replace('"', "\\\""));
        assert_eq!(ask(scenario, &[&word, "PING"]), "+OK +PONG +OK ");
        let again = scenario.run(&["up", "rates"]).exits(0);
        assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    }
    if scenario.engine == Engine::Docker {
        let id = container(scenario);
        let owner = ["stat", "-c", "%U %a", "/.envctl/redis.conf"];
        let stat = docker(&[&["exec", &id][..], &owner].concat());
        assert_eq!(stat.trim(), "redis 400");
        let other = [
            "exec",
            "--user",
            "nobody",
            &id,
            "cat",
            "/.envctl/redis.conf",
        ];
        assert!(
            !succeeds(Command::new("docker").args(other)),
            "others do not read it"
        );
    }
    // Another password makes another server.
    let (declaration, _) = &declarations[0];
    scenario.declare(&declaration.replace("cr et#", "cond"));
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(
        ask(scenario, &["AUTH \"s3\\\"cond\"", "PING"]),
        "+OK +PONG +OK "
    );
    scenario.take_away();
}

fn a_server_is_reached_by_the_url_that_it_declares(scenario: &Scenario) {
    if is_missing(scenario) {
        return;
    }
    let declared = environment(&scenario.read("envs/rates/env.toml"), "none")
        + "url = \"valkey://app:s3cret!@${services.cache.host}:${services.cache.port}/1\"\n\
           environment = { OWN = \"${services.cache.url}\" }\n";
    scenario.declare(&declared);
    scenario.run(&["up", "rates"]).exits(0);
    let outside = scenario.address("cache");
    let url = ["url", "-e", "rates", "cache"];
    let shown = scenario.run(&url).exits(0);
    assert_eq!(shown.stdout.trim(), format!("valkey://app@{outside}/1"));
    let whole = scenario.run(&[&url[..], &["--show-password"]].concat());
    let whole = whole.exits(0);
    let expect = format!("valkey://app:s3cret!@{outside}/1");
    assert_eq!(whole.stdout.trim(), expect);
    let inside = scenario.run(&["exec", "-e", "rates", "cache", "--", "printenv", "OWN"]);
    let expect = match scenario.engine {
        Engine::Docker => "valkey://app:s3cret!@cache:6379/1".to_owned(),
        Engine::Process => expect,
    };
    assert_eq!(inside.exits(0).stdout.trim(), expect);
    scenario.take_away();
}
