//! `symbols` under faults: what was answered is counted exactly once, and both dashboards agree.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Scenario, eventually, get, on_each_engine};

on_each_engine! {
    in "symbols";
    the_four_commands_and_the_users_end_green on "four",
    a_server_killed_amid_batches_keeps_what_it_answered on "killed",
    a_restarted_database_loses_nothing_under_load on "restarted",
    a_lost_redis_is_filled_anew on "redis",
    every_event_counts_and_nothing_else_does on "counting",
    a_reset_begins_a_new_log on "reset",
    two_servers_write_one_log on "two",
}

/// How many clients send side by side.
const CLIENTS: u64 = 16;

const EVERYTHING: &str = "/dashboard/range/0001-01-01/9999-12-31";

fn the_four_commands_and_the_users_end_green(scenario: &Scenario) {
    scenario.run(&["up", "symbols", "--no-migrate"]).exits(0);
    let early = Client::of(scenario).initial(1, 'a');
    let expect = r#"{"error":"the database has no tables yet"}"#;
    assert_eq!(early, Some((503, expect.to_owned())));
    scenario.run(&["migrate", "symbols"]).exits(0);
    scenario.run(&["up", "symbols"]).exits(0);
    let again = scenario.run(&["up", "symbols", "--output", "json"]);
    assert_eq!(again.exits(0).answer()["changed"], 0);
    scenario.run(&["smoke-test", "symbols"]).exits(0);
    let counted = || {
        let sums = "select sum(count) || ' ' || sum(followups) from hours";
        let sums = scenario.value(sums);
        let (count, followups) = sums.split_once(' ').expect("two numbers");
        let number = |text: &str| text.parse::<u64>().expect("a number");
        (number(count), number(followups))
    };
    // The same users come again, and all they do counts again.
    let before = counted();
    let mut sums = Vec::new();
    for _ in 0..2 {
        let ran = scenario.run(&["run", "-e", "symbols", "simulate-users"]);
        ran.exits(0);
        sums.push(counted());
    }
    let (count, followups) = (sums[0].0 - before.0, sums[0].1 - before.1);
    assert_eq!(count, 800);
    assert!(followups > 100, "{followups}");
    assert_eq!(sums[1], (sums[0].0 + count, sums[0].1 + followups));
    agree(scenario);
    scenario.take_away();
}

fn a_server_killed_amid_batches_keeps_what_it_answered(scenario: &Scenario) {
    scenario.run(&["up", "symbols"]).exits(0);
    let sent = Sent::default();
    for round in 1..=3 {
        under_load(&sent, &Client::of(scenario), || {
            sent.until_answered(round * 500);
            scenario.kill_service("api");
        });
        scenario.run(&["up", "symbols"]).exits(0);
        agree(scenario);
        counted_once(scenario, &sent);
    }
}

fn a_restarted_database_loses_nothing_under_load(scenario: &Scenario) {
    scenario.run(&["up", "symbols"]).exits(0);
    let sent = Sent::default();
    under_load(&sent, &Client::of(scenario), || {
        sent.until_answered(500);
        scenario.run(&["restart", "-e", "symbols", "db"]).exits(0);
        sent.until_answered(sent.answered.load(Ordering::Relaxed) + 500);
        scenario.kill_service("db");
        scenario.run(&["up", "symbols"]).exits(0);
        sent.until_answered(sent.answered.load(Ordering::Relaxed) + 500);
    });
    agree(scenario);
    counted_once(scenario, &sent);
}

fn a_lost_redis_is_filled_anew(scenario: &Scenario) {
    scenario.run(&["up", "symbols"]).exits(0);
    scenario
        .run(&["run", "-e", "symbols", "simulate-users"])
        .exits(0);
    agree(scenario);
    let address = scenario.address("api");
    let whole = get(&address, "/dashboard/symbol/e");
    let flushed = || redis(scenario, "FLUSHALL");
    let other = || redis(scenario, "HSET symbols identity another e:count 1");
    let behind = || redis(scenario, "HSET symbols position 1 e:count 1");
    let ahead = || redis(scenario, "HSET symbols position 99999999 e:count 99999999");
    let lose: [&dyn Fn(); 4] = [&flushed, &other, &behind, &ahead];
    for lose in lose {
        lose();
        eventually("Redis is filled", || {
            let found = get(&address, "/dashboard/symbol/e");
            (found == whole).then_some(()).ok_or(found)
        });
        agree(scenario);
    }
    let sent = Sent::default();
    under_load(&sent, &Client::of(scenario), || {
        sent.until_answered(200);
        redis(scenario, "FLUSHALL");
        sent.until_answered(sent.answered.load(Ordering::Relaxed) + 200);
        scenario
            .run(&["restart", "-e", "symbols", "cache"])
            .exits(0);
        sent.until_answered(sent.answered.load(Ordering::Relaxed) + 200);
    });
    let refused = sent.refused.load(Ordering::Relaxed);
    assert_eq!(refused, 0, "events need no Redis");
    agree(scenario);
    counted_once(scenario, &sent);
}

fn every_event_counts_and_nothing_else_does(scenario: &Scenario) {
    scenario.run(&["up", "symbols"]).exits(0);
    let address = scenario.address("api");
    let mut client = Client::at(address.clone());
    // A follow-up before its initial is one of an unknown uuid.
    assert_eq!(client.followup(1), Some((204, String::new())));
    for _ in 0..3 {
        let guess = r#"{"vowel":false}"#.to_owned();
        assert_eq!(client.initial(1, 'm'), Some((200, guess)));
    }
    let guess = r#"{"vowel":true}"#.to_owned();
    assert_eq!(client.initial(1, 'u'), Some((200, guess)));
    for uuid in [1, 1, 2] {
        assert_eq!(client.followup(uuid), Some((204, String::new())));
    }
    // It takes a hundredth of that; a busy machine may need longer.
    let deadline = Instant::now() + Duration::from_secs(1);
    eventually("events are shown", || {
        let is_late = Instant::now() > deadline;
        let found = symbol(&address, 'u');
        let is_shown = found["followups"] == 2;
        assert!(is_shown || !is_late, "{found}");
        is_shown.then_some(()).ok_or(found.to_string())
    });
    agree(scenario);
    assert_eq!(symbol(&address, 'm')["count"], 3);
    assert_eq!(symbol(&address, 'm')["followups"], 0);
    assert_eq!(symbol(&address, 'u')["count"], 1);
    assert_eq!(symbol(&address, 'u')["followups"], 2);

    let uuid = uuid(3);
    let whole = format!(r#"{{"uuid":"{uuid}","symbol":"m"}}"#);
    for number in 0..1000 {
        let body = match number % 4 {
            // Cut off at every length, and in between wrong in one sign.
            0 => whole[..number % whole.len()].to_owned(),
            1 => whole.replace("\"m\"", &format!("\"{}\"", number % 10)),
            2 => whole.replace(&uuid, &format!("{number}")),
            _ => format!("{}{whole}", "[".repeat(number)),
        };
        let path = ["/initial", "/followup"][usize::from(number % 3 == 2 && number % 4 != 1)];
        let (status, answer) = client.post(path, &body).expect("an answer");
        assert_eq!(status, 400, "{path} {body}: {answer}");
        assert!(answer.starts_with(r#"{"error":"#), "{answer}");
    }
    assert_eq!(scenario.value("select count(*) from events"), "8");
    let unknown = "select count(*) from events where followup and symbol is null";
    assert_eq!(scenario.value(unknown), "2");
    let order = "select string_agg(coalesce(symbol::text, '-') || followup::int, ' ' order by position) from events";
    assert_eq!(scenario.value(order), "-1 m0 m0 m0 u0 u1 u1 -1");
    agree(scenario);
}

fn a_reset_begins_a_new_log(scenario: &Scenario) {
    scenario.run(&["up", "symbols"]).exits(0);
    let identity = || scenario.value("select identity from log_position()");
    let mut identities = vec![identity()];
    for uuid in 0..20 {
        // The new log comes to the same position with other symbols.
        let letter = if identities.len() == 1 { 'a' } else { 'b' };
        Client::of(scenario)
            .initial(uuid, letter)
            .expect("an answer");
        if uuid % 10 == 9 {
            agree(scenario);
            let reset = ["seed", "symbols", "--reset", "--yes"];
            scenario.run(&reset).exits(0);
            // It was started again, and Docker gives it another free port.
            let address = scenario.address("api");
            eventually("the old log is gone", || {
                let found = symbol(&address, letter);
                (found["count"] == 0).then_some(()).ok_or(found.to_string())
            });
            identities.push(identity());
        }
    }
    identities.sort();
    identities.dedup();
    assert_eq!(identities.len(), 3);
    agree(scenario);
    scenario.run(&["smoke-test", "symbols"]).exits(0);
}

fn two_servers_write_one_log(scenario: &Scenario) {
    scenario.local("[services.api]\nreplicas = 2\nports.http.host = \"any\"\n");
    scenario.run(&["up", "symbols"]).exits(0);
    let clients = ["api", "api-2"].map(|name| Client::at(scenario.address(name)));
    let sent = Sent::default();
    std::thread::scope(|scope| {
        for (index, client) in (0..).zip(&clients) {
            let sent = &sent;
            scope.spawn(move || send(sent, client, index, 500));
        }
    });
    assert_eq!(sent.answered.load(Ordering::Relaxed), 2 * 2 * 500);
    agree(scenario);
    counted_once(scenario, &sent);
}

/// What clients sent: for each uuid, whether its initial and its follow-up were answered.
#[derive(Default)]
struct Sent {
    uuids: Mutex<BTreeMap<String, [Option<bool>; 2]>>,
    answered: AtomicU64,
    refused: AtomicU64,
}

impl Sent {
    fn note(&self, number: u64, followup: bool, answer: Option<&(u16, String)>) {
        let is_kept = answer.is_some_and(|(status, _)| *status < 300);
        let counter = match answer {
            Some(_) if !is_kept => &self.refused,
            _ => &self.answered,
        };
        if answer.is_some() {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let mut uuids = self.uuids.lock().expect("no client has failed");
        uuids.entry(uuid(number)).or_default()[usize::from(followup)] = Some(is_kept);
    }

    #[track_caller]
    fn until_answered(&self, count: u64) {
        eventually("events are answered", || {
            let answered = self.answered.load(Ordering::Relaxed);
            let enough = answered >= count;
            enough.then_some(()).ok_or(format!("{answered} of {count}"))
        });
    }
}

/// Has clients send until `act` is done; each stops early when its connection is lost.
fn under_load(sent: &Sent, client: &Client, act: impl FnOnce()) {
    static CLIENT: AtomicU64 = AtomicU64::new(100);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let is_over = &is_over;
            scope.spawn(move || {
                let number = CLIENT.fetch_add(1, Ordering::Relaxed);
                let mut client = Client::at(client.address.clone());
                let mut round = 0;
                while !is_over.load(Ordering::Relaxed) && one(sent, &mut client, number, round) {
                    round += 1;
                }
            });
        }
        // Also where it fails: the clients must not send for ever.
        let acted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        is_over.store(true, Ordering::Relaxed);
        if let Err(failure) = acted {
            std::panic::resume_unwind(failure);
        }
    });
}

fn send(sent: &Sent, client: &Client, number: u64, rounds: u64) {
    let mut client = Client::at(client.address.clone());
    for round in 0..rounds {
        assert!(one(sent, &mut client, number, round));
    }
}

/// Sends an initial and its follow-up; says whether both were answered.
fn one(sent: &Sent, client: &mut Client, number: u64, round: u64) -> bool {
    let uuid = number * 1_000_000 + round;
    let letter = u8::try_from(round % 26).expect("it is small");
    let answer = client.initial(uuid, char::from(b'a' + letter));
    sent.note(uuid, false, answer.as_ref());
    if answer.is_none() {
        return false;
    }
    let answer = client.followup(uuid);
    sent.note(uuid, true, answer.as_ref());
    answer.is_some()
}

/// Fails unless what was answered is there once, and what was not at most once.
#[track_caller]
fn counted_once(scenario: &Scenario, sent: &Sent) {
    let rows = "select coalesce(string_agg(uuid || ' ' || followup::int, ',' order by position), '') \
                from events where uuid::text like '00000000-0000-4000-8000-%'";
    let mut kept: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for row in scenario.value(rows).split(',') {
        let (uuid, followup) = row.split_once(' ').expect("two values");
        kept.entry(uuid.to_owned()).or_default()[usize::from(followup == "1")] += 1;
    }
    let uuids = sent.uuids.lock().expect("no client has failed");
    assert!(kept.keys().all(|uuid| uuids.contains_key(uuid)));
    for (uuid, answers) in &*uuids {
        let kept = kept.get(uuid).copied().unwrap_or_default();
        for (answer, kept) in answers.iter().zip(kept) {
            let is_right = match answer {
                None => kept == 0,
                Some(true) => kept == 1,
                Some(false) => kept <= 1,
            };
            assert!(is_right, "{uuid}: {answers:?}, but kept {kept:?}");
        }
    }
    let gaps = "select (select count(*) from events) || ' ' || (select max(position) from events) \
                || ' ' || position from log";
    let numbers = scenario.value(gaps);
    let numbers: Vec<&str> = numbers.split(' ').collect();
    assert!(
        numbers.iter().all(|number| *number == numbers[0]),
        "{numbers:?}"
    );
}

/// Fails unless raw events and both dashboards tell the same.
#[track_caller]
fn agree(scenario: &Scenario) {
    let raw = "select coalesce(json_agg(t order by t.symbol), '[]') from (select symbol::text, \
               count(*) filter (where not followup), \
               to_char(min(initial_at), 'YYYY-MM-DD HH24:MI:SS.US') as earliest, \
               to_char(max(initial_at), 'YYYY-MM-DD HH24:MI:SS.US') as latest, \
               count(*) filter (where followup) as followups \
               from events where symbol is not null group by symbol) as t";
    eventually("raw events and dashboards agree", || {
        let raw: Value = serde_json::from_str(&scenario.value(raw)).expect("JSON");
        let address = scenario.address("api");
        let range: Value = serde_json::from_str(&get(&address, EVERYTHING)).expect("JSON");
        let range = range.as_array().expect("symbols");
        let letters: Vec<&str> = range
            .iter()
            .filter_map(|one| one["symbol"].as_str())
            .collect();
        assert_eq!(letters.concat(), ('a'..='z').collect::<String>());
        let counted: Vec<Value> = ('a'..='z').map(|letter| symbol(&address, letter)).collect();
        if &counted != range {
            return Err(format!("Redis has {counted:?}, Postgres {range:?}"));
        }
        let seen = range.iter().filter(|one| one["count"] != 0);
        let seen: Vec<Value> = seen.cloned().collect();
        let is_raw = raw.as_array().is_some_and(|raw| *raw == seen);
        is_raw.then_some(()).ok_or(format!("{raw} but {range:?}"))
    });
}

fn symbol(address: &str, letter: char) -> Value {
    let path = format!("/dashboard/symbol/{letter}");
    serde_json::from_str(&get(address, &path)).expect("JSON")
}

/// Sends an inline command: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.
fn redis(scenario: &Scenario, command: &str) {
    let mut stream = TcpStream::connect(scenario.address("cache")).expect("the server listens");
    write!(stream, "{command}\r\nQUIT\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(!answer.starts_with('-'), "{answer}");
}

fn uuid(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// A kept connection to the service.
struct Client {
    address: String,
    stream: Option<TcpStream>,
}

impl Client {
    fn of(scenario: &Scenario) -> Self {
        Self::at(scenario.address("api"))
    }

    fn at(address: String) -> Self {
        Self {
            address,
            stream: None,
        }
    }

    fn initial(&mut self, number: u64, symbol: char) -> Option<(u16, String)> {
        let uuid = uuid(number);
        self.post(
            "/initial",
            &format!(r#"{{"uuid":"{uuid}","symbol":"{symbol}"}}"#),
        )
    }

    fn followup(&mut self, number: u64) -> Option<(u16, String)> {
        let uuid = uuid(number);
        self.post("/followup", &format!(r#"{{"uuid":"{uuid}"}}"#))
    }

    /// Returns the status and the body; nothing where the connection is lost first.
    fn post(&mut self, path: &str, body: &str) -> Option<(u16, String)> {
        let mut request = String::new();
        let (address, length) = (&self.address, body.len());
        write!(
            request,
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
        .expect("a text takes it");
        if self.stream.is_none() {
            self.stream = TcpStream::connect(&self.address).ok();
        }
        let stream = self.stream.as_mut()?;
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).expect("a limit");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        let mut piece = [0; 1024];
        loop {
            let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
            answer.extend(&piece[..read]);
            let text = String::from_utf8_lossy(&answer);
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let status = head.split(' ').nth(1)?.parse().ok()?;
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(Some(0), |length| length.parse().ok())?;
            if body.len() >= length {
                return Some((status, body.to_owned()));
            }
        }
    }
}
