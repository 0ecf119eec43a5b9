//! `messages` under faults: what was taken is stored once, and reaches every listener once and in
//! order, whatever dies in between.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{
    Engine, Need, PROJECT, Scenario, eventually, finish, free_port, get, on_each_engine, succeeds,
};

on_each_engine! {
    in "messages";
    the_four_commands_end_green on "four",
    nothing_is_lost_whatever_dies on "default",
    a_rolling_restart_loses_no_request on "rolling",
    what_cannot_be_stored_can_be_tried_again on "dead",
    the_monitoring_follows_the_replicas on "monitoring",
    idle_consumers_are_shown_and_stopped_ones_are_not on "idle",
}

const LISTENERS: usize = 10;

fn the_four_commands_end_green(scenario: &Scenario) {
    scenario.run(&["up", "messages"]).exits(0);
    let again = scenario.run(&["up", "messages", "--output", "json"]);
    assert_eq!(again.exits(0).answer()["changed"], 0);
    let again = scenario.run(&["seed", "messages", "--output", "json"]);
    assert_eq!(again.exits(0).answer()["changed"], 0);
    let status = scenario.run(&["status", "messages", "--output", "json"]);
    let first = &status.exits(0).answer()["services"][0];
    assert_eq!(
        first["service"], "lb",
        "who uses it looks for this one first"
    );
    // What the checks send stays, so the second time they run on other data.
    for _ in 0..2 {
        scenario.run(&["smoke-test", "messages"]).exits(0);
    }
    let seeded = "select count(*) from messages where body->>'seed' is not null";
    assert_eq!(scenario.value(seeded), "2000");
    scenario.take_away();
}

/// Everything dies once, and at last all of it at a time, while messages are sent and listened to.
fn nothing_is_lost_whatever_dies(scenario: &Scenario) {
    // Who listens knows one address, and a default instance keeps it when its load balancer dies.
    let any = |service| format!("[services.{service}.ports.http]\nhost = \"any\"\n");
    let own = format!("[services.lb.ports.http]\nhost = {}\n", free_port());
    scenario.local(&[own, any("monitor"), any("adminer")].concat());
    scenario.run(&["up", "messages", "--no-seed"]).exits(0);
    let count = match scenario.engine {
        Engine::Process => 100_000,
        Engine::Docker => 20_000,
    };
    let listeners = Listeners::start(scenario, LISTENERS, count);
    let mut sender = send(scenario, count);
    let part = |number| count * number / 7;
    let up = || drop(scenario.run(&["up", "messages", "--no-seed"]).exits(0));
    until_taken(scenario, part(1));
    scenario.kill_service("consumer");
    until_taken(scenario, part(2));
    up();
    scenario.kill_service("queue");
    up();
    until_taken(scenario, part(3));
    scenario.run(&["restart", "-e", "messages", "db"]).exits(0);
    until_taken(scenario, part(4));
    scenario.kill_service("api-2");
    up();
    until_taken(scenario, part(5));
    scenario.run(&["restart", "-e", "messages", "api"]).exits(0);
    for service in ["lb", "monitor", "cache"] {
        scenario.kill_service(service);
    }
    up();
    until_taken(scenario, part(6));
    scenario.kill_services();
    up();
    let sent = sender.wait().expect("it ends");
    assert!(sent.success(), "the sender gave up");
    listeners.heard(count);
    stored_once(scenario, count);
}

/// Replicas come, go and are restarted under load; no request fails, and listeners miss nothing.
fn a_rolling_restart_loses_no_request(scenario: &Scenario) {
    scenario.run(&["up", "messages", "--no-seed"]).exits(0);
    let count = 6000;
    let listeners = Listeners::start(scenario, LISTENERS, count);
    // Without a second try, every request that fails shows.
    let rate = ["--rate", "300", "--patience", "0"];
    let mut sender = client(scenario, &["send", "--count", "6000"])
        .args(rate)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    until_taken(scenario, 300);
    let restart = ["restart", "-e", "messages", "--rolling", "api"];
    scenario.run(&restart).exits(0);
    for replicas in ["3", "2"] {
        let set = format!("services.api.replicas={replicas}");
        let up = ["up", "messages", "--no-seed", "--set", &set];
        scenario.run(&up).exits(0);
        scenario
            .run(&["plan", "messages", "--no-seed", "--set", &set])
            .exits(0);
    }
    let sent = sender.wait().expect("it ends");
    assert!(sent.success(), "a request was lost");
    listeners.heard(count);
    stored_once(scenario, count);
}

fn what_cannot_be_stored_can_be_tried_again(scenario: &Scenario) {
    // Little memory, and one of each: what is not named there is as it was.
    scenario
        .run(&["up", "messages", "--no-seed", "-p", "small"])
        .exits(0);
    let check = "alter table messages add constraint fine check (body->>'wrong' is null)";
    scenario
        .run(&["psql", "-e", "messages", "-c", check])
        .exits(0);
    let folder = scenario.path("tmp/lines.jsonl");
    fs_err::write(&folder, "{\"a\":1}\n{\"wrong\":1}\n{\"a\":2}\n").expect("it is written");
    let file = folder.display().to_string();
    finish(&mut client(scenario, &["send", &file])).exits(0);
    fs_err::remove_file(&folder).expect("it goes");
    let stored = || scenario.value("select count(*) from messages");
    eventually("the others are stored", || {
        let found = stored();
        (found == "2").then_some(()).ok_or(found)
    });
    let monitor = scenario.address("monitor");
    let state = || -> Value { serde_json::from_str(&get(&monitor, "/state")).expect("JSON") };
    eventually("the failure is shown", || {
        let state = state();
        let reason = state["failures"][0]["reason"].as_str().unwrap_or_default();
        reason
            .contains("fine")
            .then_some(())
            .ok_or(state.to_string())
    });
    let failure = state()["failures"][0].clone();
    let id = failure["id"].as_str().expect("an id");
    let balancer = scenario.address("lb");
    assert_eq!(status_of(&balancer, "GET", &format!("/messages/{id}")), 410);
    let drop_check = "alter table messages drop constraint fine";
    scenario
        .run(&["psql", "-e", "messages", "-c", drop_check])
        .exits(0);
    let dead = failure["dead_id"].as_str().expect("an id");
    let retry = format!("/failures/{dead}/retry");
    assert_eq!(status_of(&monitor, "POST", &retry), 202);
    assert_eq!(
        status_of(&monitor, "POST", &retry),
        404,
        "it is gone by now"
    );
    eventually("it is stored", || {
        let found = stored();
        (found == "3").then_some(()).ok_or(found)
    });
    assert_eq!(status_of(&balancer, "GET", &format!("/messages/{id}")), 200);
}

/// Prometheus is told of replicas as the load balancer is, and every rule has something to watch.
/// Nothing is sent for longer than a consumer is taken for one that has ended.
fn idle_consumers_are_shown_and_stopped_ones_are_not(scenario: &Scenario) {
    scenario.run(&["up", "messages", "--no-seed"]).exits(0);
    let monitor = scenario.address("monitor");
    let shown = || {
        let state: Value = serde_json::from_str(&get(&monitor, "/state")).expect("JSON");
        state["consumers"].as_array().map_or(0, Vec::len)
    };
    let are = |count: usize| {
        eventually("the monitor shows who works", || {
            let shown = shown();
            (shown == count).then_some(()).ok_or(shown.to_string())
        });
    };
    are(2);
    let quiet = Instant::now() + Duration::from_secs(15);
    while Instant::now() < quiet {
        assert_eq!(shown(), 2);
        std::thread::sleep(Duration::from_millis(500));
    }
    scenario.kill_service("consumer-2");
    are(1);
    scenario.take_away();
}

fn the_monitoring_follows_the_replicas(scenario: &Scenario) {
    if scenario.engine == Engine::Process && !succeeds(Command::new("promtool").arg("--version")) {
        let missing = "no Prometheus (apt-get install prometheus)";
        let name = "prometheus";
        Need { name, missing }.skip();
        return;
    }
    let run = |args: &[&str]| {
        scenario
            .run(&[args, &["-p", "monitoring"]].concat())
            .exits(0)
    };
    run(&["up", "messages"]);
    run(&["smoke-test", "messages"]);
    let prometheus = scenario.address("prometheus");
    let scraped = |api: usize| {
        eventually("every replica is scraped", || {
            let targets = get(&prometheus, "/api/v1/targets?state=active");
            let targets: Value = serde_json::from_str(&targets).expect("JSON");
            let all = targets["data"]["activeTargets"]
                .as_array()
                .expect("targets");
            let up = all
                .iter()
                .filter(|it| it["labels"]["job"] == "api" && it["health"] == "up");
            let found = up.count();
            (found == api).then_some(()).ok_or(targets.to_string())
        });
    };
    scraped(2);
    run(&["up", "messages", "--set", "services.api.replicas=3"]);
    scraped(3);
}

/// Returns the program `messages`, as the user of the scenario's load balancer.
pub(crate) fn client(scenario: &Scenario, args: &[&str]) -> Command {
    let program = Path::new(PROJECT).join("target/images/messages/messages");
    let mut command = Command::new(program);
    let url = format!("http://{}", scenario.address("lb"));
    command
        .args(args)
        .env("MESSAGES_URL", url)
        .stdin(Stdio::null());
    command
}

fn send(scenario: &Scenario, count: usize) -> Child {
    let count = count.to_string();
    let mut sender = client(scenario, &["send", "--count", &count]);
    sender.stdout(Stdio::null()).spawn().expect("it starts")
}

/// Clients that hold a WebSocket each.
struct Listeners(Child);

impl Listeners {
    /// Starts some that want so many messages each, and returns when all listen.
    fn start(scenario: &Scenario, clients: usize, count: usize) -> Self {
        let (clients, count) = (clients.to_string(), count.to_string());
        let args = ["listen", "--clients", &clients, "--count", &count];
        let mut child = client(scenario, &args)
            .args(["--timeout", "240", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let listening = lines.any(|line| line.expect("a line") == "listening");
        assert!(listening, "they never listened");
        Self(child)
    }

    /// Fails the test unless each has got every message once and in order.
    #[track_caller]
    fn heard(mut self, count: usize) {
        let ended = self.0.wait().expect("it ends");
        let mut text = String::new();
        let stdout = self.0.stdout.as_mut().expect("a pipe");
        stdout.read_to_string(&mut text).expect("a summary");
        let summary: Value = serde_json::from_str(&text).expect("JSON");
        for most in ["received_min", "received_max"] {
            assert_eq!(summary[most], count, "{summary}");
        }
        for none in ["out_of_order", "duplicates"] {
            assert_eq!(summary[none], 0, "{summary}");
        }
        assert!(ended.success(), "{summary}");
    }
}

/// Waits until the queue has taken so many messages.
#[track_caller]
fn until_taken(scenario: &Scenario, count: usize) {
    eventually("messages are taken", || {
        let metrics = get(&scenario.address("monitor"), "/metrics");
        let mut lines = metrics.lines();
        let taken = lines.find_map(|line| line.strip_prefix("messages_accepted_total "));
        let taken: usize = taken.and_then(|it| it.parse().ok()).unwrap_or_default();
        let enough = taken >= count;
        enough.then_some(()).ok_or(format!("{taken} of {count}"))
    });
}

/// Fails unless every message that was sent is in the database once, and nothing waits.
#[track_caller]
fn stored_once(scenario: &Scenario, count: usize) {
    let monitor = scenario.address("monitor");
    eventually("all are stored", || {
        let state: Value = serde_json::from_str(&get(&monitor, "/state")).expect("JSON");
        let queue = &state["queue"];
        let is_empty = queue["waiting"] == 0 && queue["retrying"] == 0 && queue["dead"] == 0;
        is_empty.then_some(()).ok_or(state.to_string())
    });
    let counts = "select count(*) || ' ' || count(distinct (body->>'number')::int) || ' ' || \
                  coalesce(max((body->>'number')::int), 0) - coalesce(min((body->>'number')::int), 0) from messages";
    let expect = format!("{count} {count} {}", count - 1);
    eventually("the database has them", || {
        let found = scenario.value(counts);
        (found == expect).then_some(()).ok_or(found)
    });
}

/// Returns the status of an answer.
fn status_of(address: &str, method: &str, path: &str) -> u16 {
    use std::io::Write as _;
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    let limit = Some(Duration::from_secs(10));
    stream.set_read_timeout(limit).expect("a timeout");
    let head = "connection: close\r\ncontent-length: 0\r\n\r\n";
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\n{head}"
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("{answer}"))
}
