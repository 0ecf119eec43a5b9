//! What clients do to the service for a while, and how long each of their requests took.
//! It does not know what the processes behind it take meanwhile.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use super::connection::Connection;
use crate::fixtures::append_location;

/// What a client waits after a refusal: what the service asks for with `Retry-After`.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);

/// How often a client asks for its job.
const PAUSE: Duration = Duration::from_millis(20);

const JOB_LIMIT: Duration = Duration::from_mins(3);

/// Whose pages are read.
const READ: &str = "load-0";

/// How many samples a batch has that fills the tables.
const FILLING: u64 = 10_000;

/// The samples that were made so far: each has another number, so each is stored.
static MADE: AtomicU64 = AtomicU64::new(0);

/// Who does what at the same time.
#[derive(Clone, Copy)]
pub(super) struct Load {
    pub(super) batch: u64,
    pub(super) senders: usize,
    pub(super) readers: usize,
    pub(super) time: Duration,
}

/// What requests of one sort took, the shortest first once [`Load::run`] is done.
#[derive(Default)]
pub(super) struct Taken {
    times: Vec<Duration>,
    pub(super) errors: usize,
}

/// What came of a load.
pub(super) struct Outcome {
    pub(super) sent: Taken,
    pub(super) pages: Taken,
    pub(super) elapsed: Duration,
}

impl Load {
    /// Sends and reads until the time is over and every answer is there.
    pub(super) fn run(self, address: &str) -> anyhow::Result<Outcome> {
        let begun = Instant::now();
        let end = begun + self.time;
        let all = |threads: Vec<thread::ScopedJoinHandle<'_, anyhow::Result<Taken>>>| {
            let mut all = Taken::default();
            for thread in threads {
                let taken = thread.join().expect("a client does not panic")?;
                all.times.extend(taken.times);
                all.errors += taken.errors;
            }
            all.times.sort_unstable();
            anyhow::Ok(all)
        };
        thread::scope(|scope| {
            let senders = (0..self.senders).map(|number| {
                let user = format!("load-{number}");
                scope.spawn(move || send(address, &user, self.batch, end))
            });
            let senders = senders.collect();
            let readers = (0..self.readers).map(|_| scope.spawn(|| read(address, end)));
            let readers = readers.collect();
            let (sent, pages) = (all(senders)?, all(readers)?);
            let elapsed = begun.elapsed();
            Ok(Outcome {
                sent,
                pages,
                elapsed,
            })
        })
    }
}

impl Taken {
    /// Returns how many requests were answered as they should be.
    pub(super) fn count(&self) -> usize {
        self.times.len()
    }

    /// Returns the time that so many percent of the requests did not exceed, in milliseconds.
    pub(super) fn percentile_ms(&self, percent: usize) -> f64 {
        let last = self.times.len().saturating_sub(1);
        let at = self.times.get((last * percent).div_ceil(100));
        at.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    /// Counts a request; says whether it went as it should.
    fn add(&mut self, right: bool, time: Duration) {
        if right {
            self.times.push(time);
        } else {
            self.errors += 1;
            thread::park_timeout(AFTER_REFUSAL);
        }
    }
}

/// Stores so many samples of the user whose pages are read.
pub(super) fn fill(address: &str, count: u64) -> anyhow::Result<()> {
    let mut connection = Connection::open(address)?;
    for _ in 0..count.div_ceil(FILLING) {
        let (status, json) = connection.post("/samples", &body(READ, FILLING))?;
        ensure!(status == 200, "a batch is answered with {status}: {json}");
    }
    Ok(())
}

/// Returns a body with so many samples that nobody sent before.
pub(super) fn body(user: &str, count: u64) -> Vec<u8> {
    let mut body = Vec::new();
    let first = MADE.fetch_add(count, Ordering::Relaxed);
    for number in first..first + count {
        // As scattered as the identities of real clients: what the index makes of it counts.
        let high = scatter(number);
        let id = u128::from(high) << 64 | u128::from(scatter(high));
        append_location(&mut body, id, user, number);
    }
    body
}

/// Returns another number for each number (the finalizer of `SplitMix64`).
fn scatter(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// Sends batches until the end; those whose samples are not all stored are errors.
fn send(address: &str, user: &str, batch: u64, end: Instant) -> anyhow::Result<Taken> {
    let mut taken = Taken::default();
    let mut connection = Connection::open(address)?;
    while Instant::now() < end {
        let body = body(user, batch);
        let begun = Instant::now();
        let answer = connection.post("/samples", &body);
        let time = begun.elapsed();
        let right = answer.as_ref();
        let right = right.is_ok_and(|(status, json)| *status == 200 && json["stored"] == batch);
        taken.add(right, time);
        if answer.is_err() {
            connection = Connection::open(address)?;
        }
    }
    Ok(taken)
}

/// Reads one user's samples page by page until the end, again and again.
fn read(address: &str, end: Instant) -> anyhow::Result<Taken> {
    let first = format!("/samples?user={READ}&limit=100");
    let mut taken = Taken::default();
    let mut connection = Connection::open(address)?;
    let mut path = first.clone();
    while Instant::now() < end {
        let begun = Instant::now();
        let (status, json) = connection.get(&path)?;
        let samples = json["samples"].as_array().map_or(0, Vec::len);
        taken.add(status == 200 && samples > 0, begun.elapsed());
        let next = json["next"].as_str();
        path = next.map_or_else(|| first.clone(), |next| format!("{first}&after={next}"));
    }
    Ok(taken)
}

/// Uploads bodies side by side until the jobs of all are done; returns how long the slowest took.
pub(super) fn upload(address: &str, bodies: &[Vec<u8>], samples: u64) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    thread::scope(|scope| {
        let clients = bodies
            .iter()
            .map(|body| scope.spawn(|| upload_one(address, body, samples)));
        for client in clients.collect::<Vec<_>>() {
            client.join().expect("a client does not panic")?;
        }
        Ok(begun.elapsed())
    })
}

fn upload_one(address: &str, body: &[u8], samples: u64) -> anyhow::Result<()> {
    let mut connection = Connection::open(address)?;
    let (status, accepted) = connection.post("/uploads", body)?;
    ensure!(
        status == 202,
        "an upload is answered with {status}: {accepted}"
    );
    let path = format!("/jobs/{}", accepted["id"].as_i64().context("no job")?);
    let deadline = Instant::now() + JOB_LIMIT;
    while Instant::now() < deadline {
        let (_, job) = connection.get(&path)?;
        match job["state"].as_str() {
            Some("done") => {
                ensure!(job["stored"] == samples, "not all is stored: {job}");
                return Ok(());
            }
            Some("queued" | "running") => thread::park_timeout(PAUSE),
            _ => bail!("the job failed: {job}"),
        }
    }
    bail!("{path} is not done after {} s", JOB_LIMIT.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Taken, body};

    #[test]
    fn percentiles_are_of_the_requests_that_went_well() {
        let mut taken = Taken::default();
        assert!(taken.percentile_ms(50).is_nan());
        taken.times = (1..=101).map(Duration::from_millis).collect();
        assert!((taken.percentile_ms(50) - 51.0).abs() < 1e-9);
        assert!((taken.percentile_ms(99) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn no_sample_is_made_twice() {
        assert_ne!(body("ada", 3), body("ada", 3));
    }
}
