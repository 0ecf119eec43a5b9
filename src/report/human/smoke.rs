//! The results of the smoke checks: a line each, and what differs under those that failed.

use super::super::cut::{pad, pad_left, width};
use super::super::duration::seconds;
use super::super::plural::plural;
use super::super::{CheckAnswer, CheckVerdict, FailedExpectation, SmokeAnswer};
use super::Page;

pub(super) fn smoke(answer: &SmokeAnswer, page: Page) -> String {
    let names = answer.checks.iter().map(|check| width(&check.check)).max();
    let times = answer
        .checks
        .iter()
        .map(|check| width(&seconds(check.elapsed_s)));
    let columns = (names.unwrap_or(0), times.max().unwrap_or(0));
    let mut text: String = answer
        .checks
        .iter()
        .map(|check| lines(check, columns, page))
        .collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&summary(answer));
    text
}

fn lines(check: &CheckAnswer, (names, times): (usize, usize), page: Page) -> String {
    let word = match check.verdict {
        CheckVerdict::Passed => page.paint.green("ok     "),
        CheckVerdict::Failed => page.paint.red("failed "),
        CheckVerdict::Skipped => page.paint.dim("skipped"),
    };
    let name = pad(&check.check, names);
    let took = pad_left(&seconds(check.elapsed_s), times);
    let mut text = format!("{word}  {name}  {took}");
    if check.attempts > 1 {
        let attempts = plural(check.attempts as usize, "attempt");
        text = format!("{text}  {attempts}");
    }
    text.push('\n');
    for failure in &check.failures {
        let FailedExpectation {
            what,
            expected,
            actual,
            ..
        } = failure;
        text = format!("{text}    {what}: expected {expected}, got {actual}\n");
    }
    if let Some(line) = &check.reproduce {
        text = format!("{text}    again: {line}\n");
    }
    text
}

fn summary(answer: &SmokeAnswer) -> String {
    let passed = answer.checks.iter().filter(|check| check.verdict == CheckVerdict::Passed).count();
    let failed = answer.checks.len() - passed;
    let took = seconds(answer.elapsed_s);
    match (passed, failed) {
        (0, 0) => "no check ran\n".to_owned(),
        (_, 0) => format!("{} passed in {took}\n", plural(passed, "check")),
        _ => format!("{passed} passed, {failed} failed in {took}\n"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn answer() -> SmokeAnswer {
        let passed = |check: &str, elapsed_s: f64| CheckAnswer {
            check: check.to_owned(),
            verdict: CheckVerdict::Passed,
            attempts: 1,
            elapsed_s,
            reproduce: Some("curl".to_owned()),
            ..CheckAnswer::default()
        };
        let failed = CheckAnswer {
            verdict: CheckVerdict::Failed,
            attempts: 3,
            failures: vec![FailedExpectation {
                what: "status".to_owned(),
                expected: "200".to_owned(),
                actual: "503".to_owned(),
                difference: None,
            }],
            reproduce: Some("curl -sS 'http://127.0.0.1:3000/regions'".to_owned()),
            ..passed("regions", 0.3)
        };
        SmokeAnswer {
            environment: "rates".to_owned(),
            instance: "default".to_owned(),
            checks: vec![
                passed("average-rates", 0.012),
                failed,
                passed("alive", 1.25),
            ],
            elapsed_s: 1.31,
        }
    }

    #[test]
    fn every_check_has_its_line() {
        expect![[r#"
            ok      average-rates   12 ms
            failed  regions        300 ms  3 attempts
                status: expected 200, got 503
                again: curl -sS 'http://127.0.0.1:3000/regions'
            ok      alive           1.3 s

            2 passed, 1 failed in 1.3 s
        "#]]
        .assert_eq(&smoke(&answer(), Page::of_width("smoke-test", 100)));
    }

    #[test]
    fn the_summary_counts() {
        let mut answer = answer();
        answer.checks.remove(1);
        let two = summary(&answer);
        answer.checks.remove(1);
        let one = summary(&answer);
        answer.checks.remove(0);
        expect![[r"
            2 checks passed in 1.3 s
            1 check passed in 1.3 s
            no check ran
        "]]
        .assert_eq(&format!("{two}{one}{}", summary(&answer)));
    }
}
