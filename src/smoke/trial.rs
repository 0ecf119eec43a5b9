//! One check from its first attempt to its verdict: what is made before it, its attempts until an
//! answer is final, and what is made after it.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::attempt::{self, AttemptOutcome};
use super::runner::CheckContext;
use super::scope::Scope;
use super::{Attempts, CheckResult, Excerpt, Unmet, Verdict};
use crate::model::{Check, Secret};
use crate::probe::{Attempt, Exhausted, Jar, Poll};
use crate::tell::Mask;

/// How long the only attempt of a check with `timeout = 0` may take.
const ONLY_ATTEMPT: Duration = Duration::from_secs(30);

/// The shortest text of an answer that may be wrong which is taken for the secret that should be
/// there.
const SHORTEST_WRONG: usize = 6;

/// How long what comes after an interrupted check may take.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What is known of a check so far.
#[derive(Default)]
pub(super) struct TrialState {
    attempts: Attempts,
    failures: Vec<Unmet>,
    reply: Option<Excerpt>,
    reproduce: Option<String>,
}

/// Makes a check; with the result comes what it kept.
pub(super) async fn run<'a>(
    session: &CheckContext<'a>,
    name: &str,
    check: &Check,
    mut scope: Scope<'a>,
) -> (CheckResult, Scope<'a>) {
    let started = Instant::now();
    let service = check.action.service();
    let mark = service.and_then(|service| session.marks.of(session.places.engine, service));
    let mut trail = TrialState::default();
    let begun = !session.cancel.is_cancelled();
    for step in &check.flow.setup {
        trail.failures = step_failures(session, step, "setup", &mut scope).await;
        if !trail.failures.is_empty() {
            break;
        }
    }
    if trail.failures.is_empty() {
        trail = until_final(session, check, &mut scope, session.cancel).await;
    }
    // Where nothing was made, there is nothing to take away.
    for step in check.flow.teardown.iter().filter(|_| begun) {
        let failures = step_failures(session, step, "teardown", &mut scope).await;
        trail.failures.extend(failures);
    }
    let (passed, elapsed) = (trail.failures.is_empty(), started.elapsed());
    if !passed {
        session.heed_failure();
    }
    let log = match (service, mark) {
        (Some(service), Some(mark)) if !passed && !session.cancel.is_cancelled() => {
            super::log::since(session, service, mark).await
        }
        _ => Vec::new(),
    };
    let mut result = blank(name, check);
    result.verdict = if passed {
        Verdict::Passed
    } else {
        Verdict::Failed
    };
    result.runs = 1;
    result.failed_runs = u32::from(!passed);
    // Who says that it waits needs more than one attempt by right.
    result.flaky = passed && trail.attempts.total() > 1 && !check.eventually;
    result.attempts = trail.attempts;
    result.elapsed = elapsed;
    result.failures = trail.failures;
    result.reproduce = trail.reproduce;
    result.reply = trail.reply;
    result.log = log;
    (result, scope)
}

/// Returns the result of a check that is not made.
pub(super) fn skipped(name: &str, check: &Check, because: String) -> CheckResult {
    CheckResult {
        verdict: Verdict::Skipped(because),
        ..blank(name, check)
    }
}

fn blank(name: &str, check: &Check) -> CheckResult {
    CheckResult {
        name: name.to_owned(),
        place: check.place.clone(),
        service: check.action.service().map(str::to_owned),
        tags: check.flow.tags.clone(),
        ..CheckResult::default()
    }
}

/// Makes a check that is a part of another one, and returns what failed in it.
pub(super) async fn step_failures(
    session: &CheckContext<'_>,
    step: &str,
    part: &str,
    scope: &mut Scope<'_>,
) -> Vec<Unmet> {
    let Some(check) = session.checks.get(step) else {
        return vec![scope.impossible("its parts", &format!("no check `{step}`"))];
    };
    let trail = if part == "teardown" {
        // What was made is taken away in any case, but nobody waits long for it.
        let own = CancellationToken::new();
        tokio::select! {
            biased;
            trail = Box::pin(until_final(session, check, scope, &own)) => trail,
            () = last_words(session.cancel) => TrialState::unfinished(),
        }
    } else {
        Box::pin(until_final(session, check, scope, session.cancel)).await
    };
    let failures = trail.failures.into_iter().map(|failure| Unmet {
        what: format!("{part} {step}: {}", failure.what),
        ..failure
    });
    failures.collect()
}

/// Returns when what comes after an interruption has had its time.
async fn last_words(cancel: &CancellationToken) {
    cancel.cancelled().await;
    tokio::time::sleep(LAST_WORDS).await;
}

/// Tries until an answer is final, the check's time is over or the run is cancelled.
async fn until_final(
    session: &CheckContext<'_>,
    check: &Check,
    scope: &mut Scope<'_>,
    cancel: &CancellationToken,
) -> TrialState {
    let once = check.timeout.is_zero();
    let timeout = if once { ONLY_ATTEMPT } else { check.timeout };
    let started = Instant::now();
    let mut trail = TrialState::default();
    let mut turns = Poll::within(timeout).turns(cancel);
    // The cookies that the last attempt was made with: its answer may have changed them.
    let mut sent = scope.cookies.clone();
    let ended = loop {
        if !scope.cookies.is_empty() {
            sent = Jar::merged(std::slice::from_ref(&scope.cookies));
        }
        let attempt = async {
            let seen = Box::pin(attempt::make(session, check, scope, (timeout, cancel))).await;
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
        Err(Exhausted::Cancelled) => trail.failures = TrialState::unfinished().failures,
    }
    if !trail.failures.is_empty() {
        let as_sent = Scope {
            cookies: sent,
            ..scope.clone()
        };
        trail.reproduce = attempt::by_hand(session, check, &as_sent);
    }
    trail
}

impl TrialState {
    /// Returns that of a check that was interrupted.
    fn unfinished() -> Self {
        let failure = Unmet {
            what: "check".to_owned(),
            expected: "a final answer".to_owned(),
            actual: "an interruption".to_owned(),
            difference: None,
        };
        Self {
            failures: vec![failure],
            ..Self::default()
        }
    }

    fn add(&mut self, at: Duration, summary: &str, seen: AttemptOutcome, timeout: Duration) {
        self.attempts.record(at, summary);
        (self.reply, self.failures) = match seen {
            AttemptOutcome::Answer {
                reply, failures, ..
            } => (reply, failures),
            AttemptOutcome::NoAnswer { reason, .. } => (None, vec![no_answer(reason, timeout)]),
            AttemptOutcome::Impossible(failure) => (None, vec![failure]),
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

fn no_answer(actual: String, timeout: Duration) -> Unmet {
    Unmet {
        what: "answer".to_owned(),
        expected: format!("one within {}", humantime::format_duration(timeout)),
        actual,
        difference: None,
    }
}

/// Returns a value as it is written, and the texts inside it.
fn texts_of(value: &Value) -> Vec<Secret> {
    let whole = value.as_str().map(str::to_owned);
    let mut texts = vec![Secret::new(whole.unwrap_or_else(|| value.to_string()))];
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(elements) => open.extend(elements),
            Value::Object(entries) => open.extend(entries.values()),
            Value::String(text) if text.len() >= Mask::SHORTEST_PIECE => {
                texts.push(Secret::new(text.as_str()));
            }
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    texts
}

/// Hides what the check keeps as a secret before anything is said of its answer, which may be wrong.
pub(super) fn hide_captured(
    session: &CheckContext<'_>,
    check: &Check,
    scope: &mut Scope<'_>,
    evidence: &super::evidence::Evidence,
) {
    let secret = check
        .captures
        .iter()
        .filter(|(_, declared)| declared.secret);
    for (name, declared) in secret {
        let Ok(value) = super::capture::capture(name, declared, evidence) else {
            continue;
        };
        let mut texts = texts_of(&value);
        // A wrong answer may have a `null` or a word there, which stand in many texts.
        texts.retain(|text| text.expose().len() >= SHORTEST_WRONG);
        session.hide(&texts, scope);
    }
}

/// Keeps what the check says, once its answer is right.
pub(super) fn keep(
    session: &CheckContext<'_>,
    check: &Check,
    scope: &mut Scope<'_>,
    evidence: &super::evidence::Evidence,
) -> Vec<Unmet> {
    let mut failures = Vec::new();
    for (name, declared) in &check.captures {
        match super::capture::capture(name, declared, evidence) {
            Ok(value) => {
                if declared.secret {
                    session.hide(&texts_of(&value), scope);
                }
                scope.captured.insert(name.clone(), value);
            }
            Err(failure) => failures.push(Unmet {
                what: scope.mask.apply(&failure.what),
                expected: scope.mask.apply(&failure.expected),
                ..failure
            }),
        }
    }
    failures
}
