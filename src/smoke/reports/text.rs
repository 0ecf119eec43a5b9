//! What several reports say in the same words.

use std::time::Duration;

use crate::smoke::{Attempts, CheckResult};

/// Returns seconds with milliseconds.
pub(super) fn seconds(elapsed: Duration) -> String {
    format!("{:.3}", elapsed.as_secs_f64())
}

/// Returns the same as a number.
pub(super) fn rounded(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Returns whether no answer came, which is another kind of failure than a wrong one.
pub(super) fn unanswered(check: &CheckResult) -> bool {
    check.failed() && check.reply.is_none()
}

/// Returns one line on why a check failed.
pub(super) fn headline(check: &CheckResult) -> String {
    match check.failures.as_slice() {
        [] if unanswered(check) => "no answer".to_owned(),
        [] => "wrong answer".to_owned(),
        [only] => only.to_string(),
        [first, more @ ..] => format!("{first} (and {} more)", more.len()),
    }
}

/// Returns a line for every attempt that was kept, and one where some are left out.
pub(super) fn attempts(attempts: &Attempts) -> Vec<String> {
    let mut lines = Vec::new();
    let mut before = 0;
    for seen in attempts.kept() {
        let gap = seen.number - before - 1;
        if gap > 0 {
            lines.push(format!("({gap} attempts left out)"));
        }
        before = seen.number;
        let after = seconds(seen.at);
        lines.push(format!(
            "attempt {} after {after} s: {}",
            seen.number, seen.text
        ));
    }
    lines
}

/// Returns what is to be known of a check that needed several attempts or was made several times.
pub(super) fn course(check: &CheckResult) -> String {
    let attempts = match check.attempts.total() {
        0 | 1 => None,
        total => Some(format!("{total} attempts")),
    };
    let runs = (check.runs > 1).then(|| match check.failed_runs {
        0 => format!("{} runs", check.runs),
        failed => format!("failed {failed} of {} runs", check.runs),
    });
    let parts: Vec<String> = runs.into_iter().chain(attempts).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_out_attempts_are_counted() {
        let mut all = Attempts::default();
        for second in 0..50 {
            all.record(Duration::from_secs(second), "connection refused");
        }
        let lines = attempts(&all);
        assert_eq!(lines.len(), 41);
        assert_eq!(lines[10], "(10 attempts left out)");
        assert_eq!(lines[11], "attempt 21 after 20.000 s: connection refused");
    }
}
