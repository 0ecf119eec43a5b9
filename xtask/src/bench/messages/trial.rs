//! One rate for some seconds: clients listen, somebody sends, and it holds or it does not.
//! It does not know what the service does in between.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::instance::Instance;
use super::processor::{Moment, Usage};
use crate::program;

/// How many clients listen.
pub(super) const CLIENTS: u64 = 1000;

/// How long messages are sent.
const SECONDS: u64 = 5;

/// What 99 of 100 receipts must not exceed.
const P99_LIMIT_MS: f64 = 100.0;

/// How much longer than it should sending may take: who waits for answers sends less than the rate.
const SENDING_LIMIT: f64 = 1.05;

/// After this, nothing that comes is in time.
const LATE: Duration = Duration::from_secs(2);

/// When listeners end in any case, however long they took to connect.
const TIMEOUT_SECONDS: &str = "40";

const PAUSE: Duration = Duration::from_millis(10);

/// What came of a rate.
pub(super) struct Trial {
    pub(super) rate: u64,
    pub(super) holds: bool,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// Until a sender had its answer: where it is long, the disk or the machine was busy.
    pub(super) answer_p99_ms: f64,
    pub(super) received: u64,
    pub(super) usage: Usage,
}

/// The clients, ended when this is dropped.
struct Listeners(Child);

impl Trial {
    /// Tries a rate.
    pub(super) fn run(program: &Path, instance: &Instance, rate: u64) -> anyhow::Result<Self> {
        let count = (rate * SECONDS).to_string();
        let mut listeners = Listeners::start(program, &instance.url, &count)?;
        let pid = listeners.0.id();
        let now = || Moment::now(&instance.envctl_path(), instance.name, pid);
        let before = now()?;
        let mut sending = Command::new(program);
        sending.args(["send", "--count", &count, "--rate", &rate.to_string()]);
        sending.args(["--connections", "4", "--url", &instance.url]);
        let sent = answer(&program::read(&mut sending)?)?;
        let heard = listeners.end()?;
        let usage = now()?.since(&before)?;
        let ms = |summary: &Value, key| summary[key].as_f64().unwrap_or(f64::NAN);
        Ok(Self {
            rate,
            holds: has_held(&heard, rate) && was_sent_in_time(&sent),
            p50_ms: ms(&heard, "p50_ms"),
            p99_ms: ms(&heard, "p99_ms"),
            answer_p99_ms: ms(&sent, "p99_ms"),
            received: heard["received"].as_u64().unwrap_or_default(),
            usage,
        })
    }
}

/// Says whether every client has everything, once, in order and soon.
fn has_held(heard: &Value, rate: u64) -> bool {
    let is = |key, expect: u64| heard[key].as_u64() == Some(expect);
    let counts = [
        ("clients", CLIENTS),
        ("received_min", rate * SECONDS),
        ("received_max", rate * SECONDS),
        ("reconnects", 0),
        ("out_of_order", 0),
        ("duplicates", 0),
    ];
    let p99 = heard["p99_ms"].as_f64();
    counts.into_iter().all(|(key, expect)| is(key, expect))
        && p99.is_some_and(|p99| p99 < P99_LIMIT_MS)
}

fn was_sent_in_time(sent: &Value) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "it is a few seconds")]
    let limit = SECONDS as f64 * SENDING_LIMIT;
    sent["seconds"]
        .as_f64()
        .is_some_and(|seconds| seconds < limit)
}

fn answer(text: &str) -> anyhow::Result<Value> {
    serde_json::from_str(text).with_context(|| format!("`{text}` is no summary"))
}

impl Listeners {
    /// Returns them when all are connected.
    fn start(program: &Path, url: &str, count: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["listen", "--json", "--url", url, "--count", count]);
        command.args([
            "--clients",
            &CLIENTS.to_string(),
            "--timeout",
            TIMEOUT_SECONDS,
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut listeners = Self(command.spawn().context("cannot start the clients")?);
        let errors = listeners.0.stderr.as_mut().context("no standard error")?;
        let mut line = String::new();
        BufReader::new(errors).read_line(&mut line)?;
        if line != "listening\n" {
            bail!("the clients cannot listen: {line}");
        }
        Ok(listeners)
    }

    /// Waits until each has everything, or it is too late; returns their summary.
    fn end(&mut self) -> anyhow::Result<Value> {
        let deadline = Instant::now() + LATE;
        while self.0.try_wait()?.is_none() {
            if Instant::now() > deadline {
                kill(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGINT)?;
                break;
            }
            std::thread::park_timeout(PAUSE);
        }
        let mut text = String::new();
        let output = self.0.stdout.as_mut().context("no standard output")?;
        output.read_to_string(&mut text)?;
        self.0.wait()?;
        answer(&text)
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        // They may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{CLIENTS, SECONDS, has_held, was_sent_in_time};

    #[test]
    fn a_rate_holds_when_nobody_lacks_anything() {
        let good = json!({
            "clients": CLIENTS, "received_min": 7 * SECONDS, "received_max": 7 * SECONDS,
            "reconnects": 0, "out_of_order": 0, "duplicates": 0, "p99_ms": 99.9,
        });
        assert!(has_held(&good, 7));
        for (key, value) in [
            ("received_min", json!(7 * SECONDS - 1)),
            ("received_max", json!(7 * SECONDS + 1)),
            ("reconnects", json!(1)),
            ("out_of_order", json!(1)),
            ("duplicates", json!(1)),
            ("p99_ms", json!(100.0)),
            ("p99_ms", json!(null)),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            assert!(!has_held(&bad, 7), "{bad}");
        }
    }

    #[test]
    fn who_sends_too_slowly_does_not_try_the_rate() {
        assert!(was_sent_in_time(&json!({"seconds": 5.2})));
        assert!(!was_sent_in_time(&json!({"seconds": 5.3})));
    }
}
