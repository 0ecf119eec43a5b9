//! Makes the checks side by side, each again and again until its answer is final.

use std::pin::Pin;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use indexmap::IndexMap;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::attempt::{self, Seen};
use super::check::{self, Places, Prepared};
use super::mask::Mask;
use super::{Attempts, CheckResult, Failure, Reply};
use crate::config::model::{Check, Secret};
use crate::probe::{Attempt, Caller, Exhausted, Poll};
use crate::report::{Event, Events};

/// How many checks are made at the same time.
const SIDE_BY_SIDE: usize = 8;

/// How long the only attempt of a check with `timeout = 0` may take.
const ONLY_ATTEMPT: Duration = Duration::from_secs(30);

/// What to check, and where.
pub struct Run<'a> {
    pub checks: &'a IndexMap<String, Check>,
    /// The names of the wanted checks; all when empty.
    pub only: &'a [String],
    pub places: Places<'a>,
    /// What is shown as `***`, beside the secrets that stand in the checks themselves.
    pub secrets: &'a [Secret],
    pub events: &'a Events,
    pub cancel: &'a CancellationToken,
}

/// Makes the checks; the results come in the order of the declarations. A check that was
/// interrupted has failed and sends no event.
pub async fn run(run: Run<'_>) -> Vec<CheckResult> {
    let own = run.checks.values().flat_map(check::secrets);
    let session = Session {
        places: run.places,
        mask: Mask::new(run.secrets.iter().chain(own)),
        caller: Caller::new(),
        events: run.events,
        cancel: run.cancel,
        turns: Semaphore::new(SIDE_BY_SIDE),
    };
    let mut checks: Vec<Pin<Box<dyn Future<Output = CheckResult> + Send + '_>>> = Vec::new();
    for (name, check) in run.checks {
        if run.only.is_empty() || run.only.contains(name) {
            checks.push(Box::pin(session.check(name, check)));
        }
    }
    join_all(checks).await
}

/// What all checks of a run share.
struct Session<'a> {
    places: Places<'a>,
    mask: Mask,
    caller: Caller,
    events: &'a Events,
    cancel: &'a CancellationToken,
    turns: Semaphore,
}

/// What is known of a check so far.
#[derive(Default)]
struct Trail {
    attempts: Attempts,
    failures: Vec<Failure>,
    reply: Option<Reply>,
}

impl Session<'_> {
    async fn check(&self, name: &str, check: &Check) -> CheckResult {
        let _turn = self.turns.acquire().await.expect("nobody closes it");
        let started = Instant::now();
        let (trail, reproduce, interrupted) = match check::prepare(check, self.places, &self.mask) {
            Ok(prepared) => {
                let (trail, interrupted) = Box::pin(self.until_final(check, &prepared)).await;
                (trail, Some(prepared.reproduce), interrupted)
            }
            Err(failure) => (Trail::ended(failure), None, false),
        };
        let result = CheckResult {
            name: name.to_owned(),
            passed: trail.failures.is_empty(),
            attempts: trail.attempts,
            elapsed: started.elapsed(),
            failures: trail.failures,
            reproduce,
            reply: trail.reply,
        };
        if !interrupted {
            self.events.send(Event::CheckFinished {
                check: result.name.clone(),
                passed: result.passed,
                attempts: result.attempts.total(),
                elapsed: result.elapsed,
                failures: result.failures.iter().map(ToString::to_string).collect(),
            });
        }
        result
    }

    /// Tries until an answer is final, the check's time is over or the run is cancelled; the
    /// flag says that it was cancelled.
    async fn until_final(&self, check: &Check, prepared: &Prepared<'_>) -> (Trail, bool) {
        let once = check.timeout.is_zero();
        let timeout = if once { ONLY_ATTEMPT } else { check.timeout };
        let started = Instant::now();
        let mut trail = Trail::default();
        let mut turns = Poll::within(timeout).turns(self.cancel);
        let ended = loop {
            let attempt = async {
                let seen = self.attempt(&prepared.action, timeout).await;
                let again = !once && seen.may_change(check.eventually);
                let summary = seen.summary();
                trail.add(started.elapsed(), &summary, seen, timeout);
                match (trail.failures.is_empty(), again) {
                    (true, _) => Attempt::Done(()),
                    (false, true) => Attempt::NotYet(summary),
                    (false, false) => Attempt::Hopeless(()),
                }
            };
            if let Some(ended) = turns.take(attempt, |_| {}).await {
                break ended;
            }
        };
        match ended {
            Ok(_) | Err(Exhausted::Hopeless(())) => {}
            Err(Exhausted::TimedOut { last, attempts, .. }) => {
                // The attempt that was still running at the deadline has recorded nothing.
                if attempts > trail.attempts.total() {
                    trail.add_silence(started.elapsed(), last, timeout);
                }
            }
            Err(Exhausted::Cancelled) => {
                trail.failures = vec![Failure {
                    what: "check".to_owned(),
                    expected: "a final answer".to_owned(),
                    actual: "an interruption".to_owned(),
                }];
                return (trail, true);
            }
        }
        (trail, false)
    }

    async fn attempt(&self, action: &check::Action<'_>, timeout: Duration) -> Seen {
        match action {
            check::Action::Http(action) => {
                attempt::http(&self.caller, action, timeout, &self.mask).await
            }
            check::Action::Sql { declared, target } => {
                attempt::sql(declared, target, self.cancel, &self.mask).await
            }
        }
    }
}

impl Trail {
    /// Returns the trail of a check that could not be made.
    fn ended(failure: Failure) -> Self {
        Self {
            failures: vec![failure],
            ..Self::default()
        }
    }

    fn add(&mut self, at: Duration, summary: &str, seen: Seen, timeout: Duration) {
        self.attempts.record(at, summary);
        (self.reply, self.failures) = match seen {
            Seen::Answer {
                reply, failures, ..
            } => (Some(reply), failures),
            Seen::NoAnswer { reason, .. } => (None, vec![no_answer(reason, timeout)]),
        };
    }

    /// Adds an attempt that was still waiting when the time was over. A wrong answer that came
    /// before it explains more than that, so it stays.
    fn add_silence(&mut self, at: Duration, last: String, timeout: Duration) {
        self.attempts.record(at, "no answer");
        if self.reply.is_none() {
            self.failures = vec![no_answer(last, timeout)];
        }
    }
}

fn no_answer(actual: String, timeout: Duration) -> Failure {
    Failure {
        what: "answer".to_owned(),
        expected: format!("one within {}", humantime::format_duration(timeout)),
        actual,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::Receiver;

    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use tokio::sync::Barrier;

    use super::*;
    use crate::config::model::{CheckKind, HttpCheck, Matcher, Part, StatusMatch, Template};
    use crate::smoke::check::tests::http_check;

    /// What the server does with one connection.
    #[derive(Clone)]
    enum Act {
        Answer(u16, &'static str),
        /// Promises more than it sends, then waits.
        Stall,
        Hang,
        Close,
        /// Answers once all are there.
        Meet(Arc<Barrier>),
    }

    /// Acts on each connection as the script says; its last act repeats.
    async fn serve(script: Vec<Act>) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let turn = counter.fetch_add(1, Ordering::SeqCst);
                let act = script[turn.min(script.len() - 1)].clone();
                tokio::spawn(perform(stream, act));
            }
        });
        (base, count)
    }

    async fn perform(mut stream: TcpStream, act: Act) {
        let mut request = vec![0; 8192];
        let _ = stream.read(&mut request).await;
        let (status, body) = match act {
            Act::Answer(status, body) => (status, body),
            Act::Meet(barrier) => {
                barrier.wait().await;
                (200, "{}")
            }
            Act::Stall => {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")
                    .await;
                return std::future::pending().await;
            }
            Act::Hang => return std::future::pending().await,
            Act::Close => return,
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} Text\r\ncontent-length: {length}\r\n\r\n{body}");
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    fn check(http: HttpCheck, timeout_ms: u64) -> Check {
        Check {
            kind: CheckKind::Http(Box::new(http)),
            timeout: Duration::from_millis(timeout_ms),
            eventually: false,
        }
    }

    /// Expects `{"ok": true}`.
    fn ok_check() -> HttpCheck {
        let mut http = http_check("/");
        http.json
            .insert("$.ok".to_owned(), vec![Matcher::Equal(json!(true))]);
        http
    }

    struct Ran {
        results: Vec<CheckResult>,
        events: Receiver<Event>,
    }

    async fn run_all(base: &str, checks: Vec<(&str, Check)>, cancel: &CancellationToken) -> Ran {
        let checks = checks
            .into_iter()
            .map(|(name, check)| (name.to_owned(), check))
            .collect();
        let (handle, events) = Events::channel();
        let base_url = |_: &str, _: &str| Ok(base.to_owned());
        let secrets = [Secret::new("hunter2")];
        let places = Places {
            reference: &|reference| Err(reference.to_string()),
            base_url: &base_url,
            database: &|service| Err(service.to_owned()),
            psql: &|_| Vec::new(),
        };
        let future = run(Run {
            checks: &checks,
            only: &[],
            places,
            secrets: &secrets,
            events: &handle,
            cancel,
        });
        // A command may run on any thread.
        let future: std::pin::Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(future);
        let results = future.await;
        Ran { results, events }
    }

    async fn run_one(base: &str, check: Check) -> CheckResult {
        let ran = run_all(base, vec![("one", check)], &CancellationToken::new()).await;
        ran.results.into_iter().next().unwrap()
    }

    fn failures(result: &CheckResult) -> Vec<String> {
        result.failures.iter().map(ToString::to_string).collect()
    }

    fn seen(result: &CheckResult) -> Vec<&str> {
        result
            .attempts
            .kept()
            .iter()
            .map(|seen| seen.text.as_str())
            .collect()
    }

    #[tokio::test]
    async fn an_unavailable_service_is_asked_again() {
        let script = vec![
            Act::Answer(503, "starting"),
            Act::Close,
            Act::Answer(200, r#"{"ok": true}"#),
        ];
        let (base, _) = serve(script).await;
        let result = run_one(&base, check(ok_check(), 5000)).await;
        assert!(result.passed, "{result:?}");
        assert_eq!(
            seen(&result),
            [
                "status: expected 2xx, got 503 Service Unavailable: starting",
                "connection closed before an answer",
                "200 OK"
            ]
        );
    }

    #[tokio::test]
    async fn a_503_that_is_expected_passes_at_once() {
        let (base, count) = serve(vec![Act::Answer(503, "")]).await;
        let mut http = http_check("/");
        http.status = vec![StatusMatch::Code(503)];
        assert!(run_one(&base, check(http, 5000)).await.passed);
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_wrong_answer_is_final() {
        let script = vec![
            Act::Answer(200, r#"{"ok": false}"#),
            Act::Answer(200, r#"{"ok": true}"#),
        ];
        let (base, count) = serve(script).await;
        let result = run_one(&base, check(ok_check(), 5000)).await;
        assert!(!result.passed);
        assert_eq!(failures(&result), ["$.ok: expected true, got false"]);
        assert_eq!(count.load(Ordering::SeqCst), 1);
        let reply = result.reply.unwrap();
        assert_eq!(
            (reply.status.as_str(), reply.excerpt.as_str()),
            ("200 OK", r#"{"ok": false}"#)
        );
        assert_eq!(result.reproduce, Some(format!("curl -sS -i {base}/")));
    }

    #[tokio::test]
    async fn eventually_waits_for_the_right_answer() {
        let wrong = Act::Answer(200, r#"{"ok": false}"#);
        let script = vec![
            wrong.clone(),
            wrong.clone(),
            Act::Answer(200, r#"{"ok": true}"#),
        ];
        let (base, _) = serve(script).await;
        let mut eventually = check(ok_check(), 5000);
        eventually.eventually = true;
        let result = run_one(&base, eventually.clone()).await;
        assert!(result.passed);
        assert_eq!(result.attempts.total(), 3);

        let (base, _) = serve(vec![wrong]).await;
        eventually.timeout = Duration::from_millis(200);
        let result = run_one(&base, eventually).await;
        assert!(!result.passed && result.attempts.total() > 1);
        assert_eq!(failures(&result), ["$.ok: expected true, got false"]);
    }

    #[tokio::test]
    async fn nobody_there_ends_at_the_timeout() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let base = format!("http://{}", socket.local_addr().unwrap());
        let result = run_one(&base, check(ok_check(), 200)).await;
        assert_eq!(
            failures(&result),
            ["answer: expected one within 200ms, got connection refused"]
        );
        assert!(result.attempts.total() > 1);
        assert_eq!(result.reply, None);
    }

    #[tokio::test]
    async fn an_answer_that_does_not_end_is_no_answer() {
        for act in [Act::Stall, Act::Hang] {
            let (base, _) = serve(vec![act]).await;
            let result = run_one(&base, check(ok_check(), 80)).await;
            assert!(!result.passed);
            assert_eq!(result.attempts.total(), 1);
            let failures = failures(&result);
            assert_eq!(failures.len(), 1, "{failures:?}");
            assert!(
                failures[0].starts_with("answer: expected one within 80ms"),
                "{failures:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_zero_timeout_is_one_attempt() {
        let (base, count) = serve(vec![Act::Answer(503, "")]).await;
        let result = run_one(&base, check(ok_check(), 0)).await;
        assert_eq!(
            failures(&result),
            ["status: expected 2xx, got 503 Service Unavailable"]
        );
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn checks_run_side_by_side_and_keep_their_order() {
        let barrier = Arc::new(Barrier::new(SIDE_BY_SIDE));
        let (base, _) = serve(vec![Act::Meet(barrier)]).await;
        let names: Vec<String> = (0..2 * SIDE_BY_SIDE)
            .map(|number| format!("c{number}"))
            .collect();
        let checks = names
            .iter()
            .map(|name| (name.as_str(), check(http_check("/"), 5000)));
        let ran = run_all(&base, checks.collect(), &CancellationToken::new()).await;
        assert!(ran.results.iter().all(|result| result.passed));
        let order: Vec<&str> = ran
            .results
            .iter()
            .map(|result| result.name.as_str())
            .collect();
        assert_eq!(order, names);
        assert_eq!(ran.events.try_iter().count(), names.len());
    }

    #[tokio::test]
    async fn secrets_are_masked_everywhere() {
        let (base, _) = serve(vec![Act::Answer(
            200,
            r#"{"you sent": "hunter2 and s3cret"}"#,
        )])
        .await;
        let mut http = ok_check();
        http.text = vec![Matcher::Equal(json!("hunter2"))];
        let own = Part::Secret(Secret::new("s3cret"));
        http.query
            .insert("key".to_owned(), Template { parts: vec![own] });
        let checks = vec![("one", check(http, 5000))];
        let ran = run_all(&base, checks, &CancellationToken::new()).await;
        let events: Vec<Event> = ran.events.try_iter().collect();
        let shown = format!("{:?} {events:?}", ran.results);
        assert!(
            !shown.contains("hunter2") && !shown.contains("s3cret"),
            "{shown}"
        );
        assert!(shown.contains(r#"you sent\": \"*** and ***"#), "{shown}");
        assert_eq!(
            ran.results[0].reproduce,
            Some(format!("curl -sS -i '{base}/?key=***'"))
        );
    }

    #[tokio::test]
    async fn an_interruption_ends_every_check() {
        let (base, _) = serve(vec![Act::Hang]).await;
        let cancel = CancellationToken::new();
        let checks = vec![
            ("a", check(ok_check(), 60_000)),
            ("b", check(ok_check(), 60_000)),
        ];
        let stop = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            cancel.cancel();
        };
        let (ran, ()) = tokio::join!(run_all(&base, checks, &cancel), stop);
        for result in &ran.results {
            assert_eq!(
                failures(result),
                ["check: expected a final answer, got an interruption"]
            );
        }
        assert_eq!(ran.events.try_iter().count(), 0);
    }
}
