//! The checks that the tests of all reports tell of: one of each kind.

use std::time::{Duration, SystemTime};

use super::Results;
use crate::model::Spot;
use crate::smoke::{Attempts, CheckResult, Excerpt, Unmet, Verdict};

/// Returns a run of some checks.
pub(super) fn results(checks: &[CheckResult]) -> Results<'_> {
    Results {
        environment: "rates",
        instance: "default",
        engine: "docker",
        started: SystemTime::UNIX_EPOCH + Duration::from_hours(447_792),
        elapsed: Duration::from_millis(10_017),
        interrupted: false,
        checks,
    }
}

/// Returns what passed, was flaky, got a wrong answer, got none, and was skipped.
pub(super) fn checks() -> Vec<CheckResult> {
    vec![
        passed("alive", 3, &["200 OK"]),
        CheckResult {
            flaky: true,
            ..passed(
                "regions",
                12,
                &["connection refused", "503 Service Unavailable", "200 OK"],
            )
        },
        wrong(),
        CheckResult {
            verdict: Verdict::Failed,
            failed_runs: 2,
            runs: 50,
            flaky: true,
            failures: vec![failure("answer", "one within 10s", "connection refused")],
            place: Some(Spot {
                file: "envs/rates/env.toml".into(),
                line: 60,
            }),
            ..passed(
                "rows",
                10_000,
                &["connection refused", "connection refused"],
            )
        },
        CheckResult {
            verdict: Verdict::Skipped("`rows`, which comes before it, did not pass".to_owned()),
            runs: 0,
            ..passed("delete", 0, &[])
        },
    ]
}

fn passed(name: &str, took_ms: u64, seen: &[&str]) -> CheckResult {
    let mut attempts = Attempts::default();
    for (number, text) in (1..).zip(seen) {
        attempts.record(Duration::from_millis(number), *text);
    }
    CheckResult {
        name: name.to_owned(),
        runs: 1,
        elapsed: Duration::from_millis(took_ms),
        attempts,
        ..CheckResult::default()
    }
}

fn wrong() -> CheckResult {
    CheckResult {
        verdict: Verdict::Failed,
        failed_runs: 1,
        place: Some(Spot {
            file: "envs/rates/env.toml".into(),
            line: 52,
        }),
        service: Some("api".to_owned()),
        tags: vec!["fast".to_owned()],
        failures: vec![
            failure("$.rates[0].day", r#""2021-01-31""#, r#""2021-01-30""#),
            Unmet {
                difference: Some("  {\n-   \"count\": 31\n+   \"count\": 1\n  }".to_owned()),
                ..failure("body", "the snapshot", "`a | b`")
            },
        ],
        reproduce: Some("curl -sS -i 'http://127.0.0.1:3000/rates?a=1&b=2'".to_owned()),
        reply: Some(Excerpt {
            status: "200 OK".to_owned(),
            excerpt: "{\"bell\":\u{7}\"]]>\"\u{1b}[0m}".to_owned(),
        }),
        log: vec!["GET /rates 200".to_owned(), "```".to_owned()],
        ..passed(
            "average <rates>",
            5,
            &["502 Bad Gateway", "200 OK; $.rates[0].day: …"],
        )
    }
}

fn failure(what: &str, expected: &str, actual: &str) -> Unmet {
    Unmet {
        what: what.to_owned(),
        expected: expected.to_owned(),
        actual: actual.to_owned(),
        difference: None,
    }
}
