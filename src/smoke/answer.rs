//! The results as the command's answer.

use std::time::Duration;

use super::CheckResult;
use crate::report::{CheckAnswer, SmokeAnswer};

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
        Self {
            check: result.name.clone(),
            passed: result.passed,
            attempts: result.attempts.total(),
            elapsed_s: seconds(result.elapsed),
            failures: result.failures.iter().map(ToString::to_string).collect(),
            // What passed needs no second try by hand.
            reproduce: result.reproduce.clone().filter(|_| !result.passed),
        }
    }
}

fn seconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoke::Failure;

    #[test]
    fn a_failed_check_says_why_and_how_to_repeat_it() {
        let mut result = CheckResult {
            name: "alive".to_owned(),
            elapsed: Duration::from_micros(12_345_600),
            failures: vec![Failure {
                what: "status".to_owned(),
                expected: "200".to_owned(),
                actual: "404 Not Found".to_owned(),
            }],
            reproduce: Some("curl http://127.0.0.1:3000/".to_owned()),
            ..CheckResult::default()
        };
        result.attempts.record(Duration::ZERO, "404 Not Found");
        let whole = answer("rates", "default", &[result.clone()], result.elapsed);
        assert_eq!(
            whole.checks,
            [CheckAnswer {
                check: "alive".to_owned(),
                passed: false,
                attempts: 1,
                elapsed_s: 12.346,
                failures: vec!["status: expected 200, got 404 Not Found".to_owned()],
                reproduce: Some("curl http://127.0.0.1:3000/".to_owned()),
            }]
        );
        result.passed = true;
        assert_eq!(CheckAnswer::from(&result).reproduce, None);
    }
}
