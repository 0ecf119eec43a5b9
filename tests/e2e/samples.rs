//! `samples` under faults: nothing is lost, nothing is stored twice, nothing half.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::ops::Range;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Engine, Need, Scenario, eventually, on_each_engine, succeeds};

on_each_engine! {
    in "samples";
    the_four_commands_and_the_client_end_green on "four",
    a_batch_sent_many_times_is_stored_once on "twice",
    a_thousand_malformed_bodies_store_nothing on "malformed",
    a_killed_server_leaves_no_half_batch on "killed",
    a_restarted_database_loses_nothing_under_load on "restarted",
    a_job_outlives_its_workers on "job",
    the_monitoring_sees_all_and_tells_a_rule_that_sees_nothing on "monitoring",
}

/// How many samples a batch of the load has.
const BATCH: u64 = 500;

fn the_four_commands_and_the_client_end_green(scenario: &Scenario) {
    scenario.run(&["up", "samples", "--no-migrate"]).exits(0);
    let early = post(&scenario.address("api"), "/samples", &batch(0..1));
    let expect = r#"{"error":"the database has no tables yet"}"#;
    assert_eq!(early, Some((503, expect.to_owned())));
    scenario.run(&["migrate", "samples"]).exits(0);
    scenario.run(&["up", "samples"]).exits(0);
    let again = scenario.run(&["up", "samples", "--output", "json"]);
    assert_eq!(again.exits(0).answer()["changed"], 0);
    scenario.run(&["smoke-test", "samples"]).exits(0);
    // What was sent by one run is nothing new in the next.
    for _ in 0..2 {
        let sent = scenario.run(&["run", "-e", "samples", "send-samples"]);
        sent.exits(0);
    }
    let users = "select count(distinct user_name) from location where user_name <> 'smoke'";
    assert_eq!(scenario.value(users), "3");
    let lines = "select (select count(*) from activity where user_name <> 'smoke') \
                 + (select count(*) from location where user_name <> 'smoke')";
    assert_eq!(scenario.value(lines), "40262");
    scenario.take_away();
}

fn a_batch_sent_many_times_is_stored_once(scenario: &Scenario) {
    scenario.run(&["up", "samples"]).exits(0);
    let address = scenario.address("api");
    // Each shares half of its samples with the next one, in the other order.
    let bodies = [batch(0..1000), batch(500..1500), batch(0..1500)];
    let stored: u64 = std::thread::scope(|scope| {
        let senders = bodies.iter().cycle().take(12);
        let senders: Vec<_> = senders
            .map(|body| scope.spawn(|| post(&address, "/samples", body)))
            .collect();
        let answers = senders.into_iter().map(|it| it.join().expect("it ends"));
        answers
            .map(|answer| stored(answer.expect("an answer")))
            .sum()
    });
    assert_eq!(stored, 1500);
    assert_eq!(scenario.value(COUNT), "1500");
}

fn a_thousand_malformed_bodies_store_nothing(scenario: &Scenario) {
    scenario.run(&["up", "samples"]).exits(0);
    let address = scenario.address("api");
    let one = batch(0..1).len();
    let right = batch(0..40);
    let cut = (1..right.len()).filter(|end| end % one != 0);
    let cut = cut.map(|end| right[..end].to_vec());
    let mut state = 0x9e37_79b9_u64;
    let random = std::iter::repeat_with(|| {
        let mut body = right.clone();
        for _ in 0..8 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            body.extend(state.to_le_bytes());
        }
        // A length that nothing follows.
        body.push(0x7f);
        body
    });
    for body in cut.take(600).chain(random.take(400)) {
        let (status, text) = post(&address, "/samples", &body).expect("an answer");
        assert_eq!(status, 400, "{text}");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        let error = answer["error"].as_str().expect("a reason");
        assert!(error.starts_with("message "), "{error}");
    }
    assert_eq!(scenario.value(COUNT), "0");
    let (status, _) = post(&address, "/samples", &right).expect("an answer");
    assert_eq!(status, 200);
}

fn a_killed_server_leaves_no_half_batch(scenario: &Scenario) {
    scenario.run(&["up", "samples"]).exits(0);
    let address = scenario.address("api");
    let load = Load::default();
    std::thread::scope(|scope| {
        for sender in 0..4 {
            let (load, address) = (&load, &address);
            scope.spawn(move || load.send_until_refused(address, sender));
        }
        load.until_answered(40);
        scenario.kill_service("api");
    });
    let half = format!("select count(*) from ({BY_BATCH}) batches where size <> {BATCH}");
    assert_eq!(scenario.value(&half), "0");
    let answered = load.answered.lock().expect("no sender failed").clone();
    let stored: usize = scenario.value(BATCHES).parse().expect("a number");
    assert!(stored >= answered.len(), "{stored} of {}", answered.len());

    scenario.run(&["up", "samples"]).exits(0);
    let address = scenario.address("api");
    let sent = load.sent.lock().expect("no sender failed").clone();
    assert!(sent.len() > answered.len(), "none was under way");
    for number in &sent {
        let (status, text) = post(&address, "/samples", &numbered(*number)).expect("an answer");
        assert_eq!(status, 200, "{text}");
        let is_new = stored_of(&text) > 0;
        assert!(!(is_new && answered.contains(number)), "{number} was lost");
    }
    let all = sent.len() as u64 * BATCH;
    let total = scenario.value(COUNT);
    assert_eq!(total, all.to_string());
}

fn a_restarted_database_loses_nothing_under_load(scenario: &Scenario) {
    scenario.run(&["up", "samples"]).exits(0);
    let address = scenario.address("api");
    let load = Load::default();
    std::thread::scope(|scope| {
        for sender in 0..4 {
            let (load, address) = (&load, &address);
            scope.spawn(move || load.send_until_stopped(address, sender));
        }
        load.until_answered(40);
        scenario.run(&["restart", "-e", "samples", "db"]).exits(0);
        let answered = load.answered.lock().expect("no sender failed").len();
        load.until_answered(answered + 40);
        load.stopped.store(true, Ordering::Relaxed);
    });
    let answered = load.answered.lock().expect("no sender failed").clone();
    assert_eq!(answered, *load.sent.lock().expect("no sender failed"));
    let total = (answered.len() as u64 * BATCH).to_string();
    assert_eq!(scenario.value(COUNT), total);
    // Without a database, nothing is taken, and the reason is told.
    scenario.kill_service("db");
    let refused = post(&address, "/samples", &numbered(9)).expect("an answer");
    assert_eq!(refused.0, 503, "{}", refused.1);
    assert!(refused.1.contains("the database"), "{}", refused.1);
    scenario.run(&["up", "samples"]).exits(0);
    scenario.run(&["smoke-test", "samples"]).exits(0);
    assert_eq!(scenario.value(COUNT), total);
}

fn a_job_outlives_its_workers(scenario: &Scenario) {
    const SAMPLES: u64 = 150_000;
    scenario.run(&["up", "samples"]).exits(0);
    let address = scenario.address("api");
    let job = |path: &str| -> Value {
        let (status, text) = exchange(&address, "GET", path, &[]).expect("an answer");
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).expect("JSON")
    };
    let (status, text) = post(&address, "/uploads", &batch(0..SAMPLES)).expect("an answer");
    assert_eq!(status, 202, "{text}");
    eventually("a worker has it", || match job("/jobs/1") {
        job if job["state"] == "running" => Ok(()),
        job => Err(job.to_string()),
    });
    scenario.kill_service("worker");
    scenario.kill_service("worker-2");
    assert_eq!(job("/jobs/1")["state"], "running", "it was done too soon");
    assert_eq!(scenario.value(COUNT), "0");

    scenario.run(&["up", "samples"]).exits(0);
    let address = scenario.address("api");
    eventually("another worker ends it", || {
        let (_, text) = exchange(&address, "GET", "/jobs/1", &[]).expect("an answer");
        let job: Value = serde_json::from_str(&text).expect("JSON");
        if job["state"] == "done" {
            assert_eq!(job["processed"], SAMPLES);
            assert_eq!(job["stored"], SAMPLES);
            return Ok(());
        }
        Err(text)
    });
    let total = scenario.value(COUNT);
    assert_eq!(total, SAMPLES.to_string());
    assert_eq!(scenario.value("select count(*) from job_chunk"), "0");
    assert_eq!(scenario.value("select attempt from job"), "2");
}

fn the_monitoring_sees_all_and_tells_a_rule_that_sees_nothing(scenario: &Scenario) {
    let programs = ["promtool", "prometheus-postgres-exporter"];
    let is_there = |program: &&str| succeeds(Command::new(program).arg("--version"));
    if scenario.engine == Engine::Process && !programs.iter().all(is_there) {
        let missing = "no Prometheus (apt-get install prometheus prometheus-postgres-exporter)";
        let name = "prometheus";
        Need { name, missing }.skip();
        return;
    }
    let profile = ["-p", "monitoring"];
    let run = |args: &[&str]| scenario.run(&[args, &profile].concat());
    run(&["up", "samples"]).exits(0);
    run(&["smoke-test", "samples"]).exits(0);

    let rules = "envs/samples/monitoring/rules.yml";
    let blind = "\n      - alert: Blind\n        expr: samples_misspelt > 0\n";
    scenario.write(rules, scenario.read(rules).trim_end().to_owned() + blind);
    let check = "rules-name-what-is-scraped";
    let soon = format!("smoke.{check}.timeout=2s");
    let told = run(&["smoke-test", "samples", "--filter", check, "--set", &soon]).exits(8);
    let told = format!("{}{}", told.stdout, told.stderr);
    assert!(told.contains("no scrape has: samples_misspelt"), "{told}");
}

/// The samples of a batch carry its number in their times.
const BY_BATCH: &str = "select extract(epoch from started)::bigint / 1000 as batch, \
                        count(*) as size from location where user_name = 'fault' group by 1";
const BATCHES: &str = "select count(distinct extract(epoch from started)::bigint / 1000) \
                       from location where user_name = 'fault'";
const COUNT: &str = "select count(*) from location where user_name = 'fault'";

/// Batches that several threads send.
#[derive(Default)]
struct Load {
    sent: Mutex<BTreeSet<u64>>,
    answered: Mutex<BTreeSet<u64>>,
    stopped: AtomicBool,
}

impl Load {
    /// Sends batches until one is not answered.
    fn send_until_refused(&self, address: &str, sender: u64) {
        for number in numbers(sender) {
            self.sent.lock().expect("no sender failed").insert(number);
            match post(address, "/samples", &numbered(number)) {
                Some((200, _)) => {}
                _ => return,
            }
            self.answer(number);
        }
    }

    /// Sends batches, each as often as it takes.
    fn send_until_stopped(&self, address: &str, sender: u64) {
        for number in numbers(sender) {
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            self.sent.lock().expect("no sender failed").insert(number);
            let body = numbered(number);
            eventually("the batch is taken", || {
                match post(address, "/samples", &body) {
                    Some((200, _)) => Ok(()),
                    // Only what may pass with time.
                    Some((503, text)) => Err(text),
                    Some((status, text)) => panic!("{status} {text}"),
                    None => Err("no answer".to_owned()),
                }
            });
            self.answer(number);
        }
    }

    fn answer(&self, number: u64) {
        let mut answered = self.answered.lock().expect("no sender failed");
        answered.insert(number);
    }

    fn until_answered(&self, count: usize) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.answered.lock().expect("no sender failed").len() < count {
            assert!(Instant::now() < deadline, "not {count} batches in a minute");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
}

/// The numbers of one sender's batches; bounded, should nobody stop it.
fn numbers(sender: u64) -> impl Iterator<Item = u64> {
    (0..5000).map(move |round| round * 4 + sender)
}

fn numbered(number: u64) -> Vec<u8> {
    let first = number * 1000;
    batch(first..first + BATCH)
}

/// Returns locations whose identities and times follow from their numbers, as the API's messages.
fn batch(numbers: Range<u64>) -> Vec<u8> {
    let mut body = Vec::new();
    for number in numbers {
        let mut place = vec![0x09];
        place.extend(59.437_f64.to_le_bytes());
        place.push(0x11);
        place.extend(24.7536_f64.to_le_bytes());
        let mut sample = vec![0x0a, 16];
        sample.extend(u128::from(number).to_be_bytes());
        sample.extend([0x12, 5]);
        sample.extend(b"fault");
        for field in [0x18, 0x20] {
            sample.push(field);
            // A varint of eight digits, padded: all samples are of one length.
            let us = (number + 1_000_000) * 1_000_000;
            let digit = |at: u32| u8::try_from(us >> (7 * at) & 0x7f).expect("seven bits");
            sample.extend((0..7).map(|at| digit(at) | 0x80));
            sample.push(digit(7));
        }
        sample.push(0x32);
        sample.push(u8::try_from(place.len()).expect("it is short"));
        sample.extend(place);
        body.push(u8::try_from(sample.len()).expect("it is short"));
        body.extend(sample);
    }
    body
}

fn stored((status, text): (u16, String)) -> u64 {
    assert_eq!(status, 200, "{text}");
    stored_of(&text)
}

fn stored_of(text: &str) -> u64 {
    let answer: Value = serde_json::from_str(text).expect("JSON");
    answer["stored"].as_u64().expect("a number")
}

fn post(address: &str, path: &str, body: &[u8]) -> Option<(u16, String)> {
    exchange(address, "POST", path, body)
}

/// Returns an answer's status and body; nothing when the server or the connection is gone.
fn exchange(address: &str, method: &str, path: &str, body: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let limit = Some(Duration::from_secs(40));
    stream.set_read_timeout(limit).ok()?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/x-protobuf\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}
