//! The results as one JSON object, with everything that is known of every check.

use serde_json::{Value, json};

use super::Results;
use super::text::rounded;
use crate::smoke::{Attempted, CheckResult, Verdict};

/// A report on one run.
pub struct JsonReport<'a>(pub Results<'a>);

impl JsonReport<'_> {
    /// Returns the report as text.
    pub fn render(&self) -> String {
        let results = &self.0;
        let totals = results.totals();
        let checks: Vec<Value> = results.checks.iter().map(check).collect();
        let document = json!({
            "version": 1,
            "environment": results.environment,
            "instance": results.instance,
            "engine": results.engine,
            "started": results.started_text(),
            "elapsed_s": rounded(results.elapsed),
            "interrupted": results.interrupted,
            "totals": {
                "checks": results.checks.len(),
                "passed": totals.passed,
                "failed": totals.failed,
                "skipped": totals.skipped,
                "flaky": totals.flaky,
            },
            "checks": checks,
        });
        format!("{document:#}\n")
    }
}

fn check(check: &CheckResult) -> Value {
    let (verdict, because) = match &check.verdict {
        Verdict::Passed => ("passed", None),
        Verdict::Failed => ("failed", None),
        Verdict::Skipped(because) => ("skipped", Some(because)),
    };
    let place = check.place.as_ref();
    let place =
        place.map(|place| json!({ "file": place.file.display().to_string(), "line": place.line }));
    let reply = check.reply.as_ref();
    let reply = reply.map(|reply| json!({ "status": reply.status, "excerpt": reply.excerpt }));
    let failures: Vec<Value> = check
        .failures
        .iter()
        .map(|failure| {
            json!({
                "what": failure.what,
                "expected": failure.expected,
                "actual": failure.actual,
                "difference": failure.difference,
            })
        })
        .collect();
    let attempts: Vec<Value> = check.attempts.kept().iter().map(attempt).collect();
    json!({
        "check": check.name,
        "verdict": verdict,
        "because": because,
        "flaky": check.flaky,
        "runs": check.runs,
        "failed_runs": check.failed_runs,
        "elapsed_s": rounded(check.elapsed),
        "place": place,
        "service": check.service,
        "tags": check.tags,
        "attempts_made": check.attempts.total(),
        "attempts": attempts,
        "failures": failures,
        "reproduce": check.reproduce,
        "reply": reply,
        "log": check.log,
    })
}

fn attempt(seen: &Attempted) -> Value {
    json!({ "number": seen.number, "at_s": rounded(seen.at), "saw": seen.text })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::{checks, results};
    use super::*;

    #[test]
    fn golden() {
        let mut checks = checks();
        checks[2].failures.remove(0);
        expect![[r#"
            {
              "version": 1,
              "environment": "rates",
              "instance": "default",
              "engine": "docker",
              "started": "2021-01-31T00:00:00Z",
              "elapsed_s": 10.017,
              "interrupted": false,
              "totals": {
                "checks": 1,
                "passed": 0,
                "failed": 1,
                "skipped": 0,
                "flaky": 0
              },
              "checks": [
                {
                  "check": "average <rates>",
                  "verdict": "failed",
                  "because": null,
                  "flaky": false,
                  "runs": 1,
                  "failed_runs": 1,
                  "elapsed_s": 0.005,
                  "place": {
                    "file": "envs/rates/env.toml",
                    "line": 52
                  },
                  "service": "api",
                  "tags": [
                    "fast"
                  ],
                  "attempts_made": 2,
                  "attempts": [
                    {
                      "number": 1,
                      "at_s": 0.001,
                      "saw": "502 Bad Gateway"
                    },
                    {
                      "number": 2,
                      "at_s": 0.002,
                      "saw": "200 OK; $.rates[0].day: …"
                    }
                  ],
                  "failures": [
                    {
                      "what": "body",
                      "expected": "the snapshot",
                      "actual": "`a | b`",
                      "difference": "  {\n-   \"count\": 31\n+   \"count\": 1\n  }"
                    }
                  ],
                  "reproduce": "curl -sS -i 'http://127.0.0.1:3000/rates?a=1&b=2'",
                  "reply": {
                    "status": "200 OK",
                    "excerpt": "{\"bell\":\u0007\"]]>\"\u001b[0m}"
                  },
                  "log": [
                    "GET /rates 200",
                    "```"
                  ]
                }
              ]
            }
        "#]]
        .assert_eq(&JsonReport(results(&checks[2..3])).render());
    }

    #[test]
    fn every_check_says_how_it_ended() {
        let checks = checks();
        let value: Value = serde_json::from_str(&JsonReport(results(&checks)).render()).unwrap();
        let totals = json!({ "checks": 5, "passed": 2, "failed": 2, "skipped": 1, "flaky": 2 });
        assert_eq!(value["totals"], totals);
        let check = |number: usize, key: &str| value["checks"][number][key].clone();
        assert_eq!(check(1, "flaky"), true);
        assert_eq!(check(1, "attempts").as_array().map(Vec::len), Some(3));
        assert_eq!(check(3, "failed_runs"), 2);
        assert_eq!(check(3, "reply"), Value::Null);
        assert_eq!(check(4, "verdict"), "skipped");
        let because = "`rows`, which comes before it, did not pass";
        assert_eq!(check(4, "because"), because);
    }

    #[test]
    fn a_run_of_nothing_is_a_report_too() {
        let value: Value = serde_json::from_str(&JsonReport(results(&[])).render()).unwrap();
        assert_eq!(value["totals"]["checks"], 0);
        assert_eq!(value["checks"], json!([]));
    }
}
