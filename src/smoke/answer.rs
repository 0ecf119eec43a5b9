//! The results as the command's answer.

use std::time::Duration;

use super::{CheckResult, Unmet, Verdict};
use crate::tell::{CheckAnswer, CheckVerdict, FailedExpectation, SmokeAnswer};

/// Returns the answer of a whole run.
pub fn answer(
    environment: &str,
    instance: &str,
    results: &[CheckResult],
    elapsed: Duration,
) -> SmokeAnswer {
    SmokeAnswer {
        environment: environment.to_owned(),
        instance: instance.to_owned(),
        checks: results.iter().map(CheckAnswer::from).collect(),
        elapsed_s: seconds(elapsed),
    }
}

impl From<&CheckResult> for CheckAnswer {
    fn from(result: &CheckResult) -> Self {
        let (verdict, because) = match &result.verdict {
            Verdict::Passed => (CheckVerdict::Passed, None),
            Verdict::Failed => (CheckVerdict::Failed, None),
            Verdict::Skipped(because) => (CheckVerdict::Skipped, Some(because.clone())),
        };
        Self {
            check: result.name.clone(),
            verdict,
            because,
            flaky: result.flaky,
            attempts: result.attempts.total(),
            runs: result.runs,
            failed_runs: result.failed_runs,
            elapsed_s: seconds(result.elapsed),
            place: result.place.as_ref().map(ToString::to_string),
            service: result.service.clone(),
            failures: result.failures.iter().map(failed).collect(),
            reproduce: result.reproduce.clone(),
            log: result.log.clone(),
        }
    }
}

fn failed(failure: &Unmet) -> FailedExpectation {
    FailedExpectation {
        what: failure.what.clone(),
        expected: failure.expected.clone(),
        actual: failure.actual.clone(),
        difference: failure.difference.clone(),
    }
}

fn seconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoke::Unmet;

    #[test]
    fn a_failed_check_says_why_and_how_to_repeat_it() {
        let mut result = CheckResult {
            name: "alive".to_owned(),
            elapsed: Duration::from_micros(12_345_600),
            verdict: Verdict::Failed,
            runs: 1,
            failed_runs: 1,
            service: Some("api".to_owned()),
            failures: vec![Unmet {
                what: "status".to_owned(),
                expected: "200".to_owned(),
                actual: "404 Not Found".to_owned(),
                difference: None,
            }],
            log: vec!["GET / 404".to_owned()],
            reproduce: Some("curl http://127.0.0.1:3000/".to_owned()),
            ..CheckResult::default()
        };
        result.attempts.record(Duration::ZERO, "404 Not Found");
        let whole = answer("rates", "default", &[result.clone()], result.elapsed);
        assert_eq!(
            whole.checks,
            [CheckAnswer {
                check: "alive".to_owned(),
                verdict: CheckVerdict::Failed,
                attempts: 1,
                runs: 1,
                failed_runs: 1,
                elapsed_s: 12.346,
                service: Some("api".to_owned()),
                failures: vec![FailedExpectation {
                    what: "status".to_owned(),
                    expected: "200".to_owned(),
                    actual: "404 Not Found".to_owned(),
                    difference: None,
                }],
                reproduce: Some("curl http://127.0.0.1:3000/".to_owned()),
                log: vec!["GET / 404".to_owned()],
                ..CheckAnswer::default()
            }]
        );
        result.verdict = Verdict::Skipped("it is left out".to_owned());
        let skipped = CheckAnswer::from(&result);
        assert_eq!(skipped.verdict, CheckVerdict::Skipped);
        assert_eq!(skipped.because.as_deref(), Some("it is left out"));
    }
}
