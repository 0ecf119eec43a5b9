//! The results of the smoke checks: a line each, the failures in full under theirs, and at the end
//! what took long and how it went.

use super::super::cut::{pad, pad_left, plain_line, width};
use super::super::duration::seconds;
use super::super::plural::plural;
use super::{Page, smoke_failure};
use crate::tell::{CheckAnswer, CheckVerdict, SmokeAnswer};

/// From how many checks on the slowest are named, unless one of them is slow.
const MANY: usize = 11;
/// What takes longer is slow.
const SLOW_S: f64 = 1.0;
/// How many of the slowest are named.
const SLOWEST: usize = 5;
/// From how many checks on a failed one may have scrolled away.
const SCREENFUL: usize = 21;
/// How many of those are named again.
const NAMED_AGAIN: usize = 10;

pub(super) fn smoke(answer: &SmokeAnswer, page: Page) -> String {
    let times: Vec<String> = answer.checks.iter().map(time).collect();
    let column = times.iter().map(|time| width(time)).max().unwrap_or(0);
    let names = answer.checks.iter().map(|check| width(&check.check));
    // A name is never cut, but one that is too long moves only its own time.
    let room = page.width.saturating_sub("skipped    ".len() + column);
    let names = names.filter(|name| *name <= room).max().unwrap_or(0);
    let mut text = String::new();
    for (check, time) in answer.checks.iter().zip(&times) {
        text.push_str(&line((check, time), (names, column), page));
        text.push_str(&smoke_failure::details(check, page.paint));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&slowest(answer));
    text.push_str(&failed_again(answer, page));
    text.push_str(&summary(answer, page));
    text
}

fn line((check, time): (&CheckAnswer, &str), (names, times): (usize, usize), page: Page) -> String {
    let word = match check.verdict {
        CheckVerdict::Passed => page.paint.green("ok     "),
        CheckVerdict::Failed => page.paint.red("failed "),
        CheckVerdict::Skipped => page.paint.dim("skipped"),
    };
    let name = pad(&check.check, names);
    let line = format!("{word}  {name}  {}", pad_left(time, times));
    let notes = notes(check);
    if notes.is_empty() {
        return format!("{}\n", line.trim_end());
    }
    let wide = width(&line) + 2 + width(&notes) > page.width;
    let notes = if check.flaky {
        page.paint.yellow(&notes)
    } else {
        page.paint.dim(&notes)
    };
    if wide {
        format!("{}\n    {notes}\n", line.trim_end())
    } else {
        format!("{line}  {notes}\n")
    }
}

fn time(check: &CheckAnswer) -> String {
    match check.verdict {
        CheckVerdict::Skipped => String::new(),
        CheckVerdict::Passed | CheckVerdict::Failed => seconds(check.elapsed_s),
    }
}

/// Returns what else is to be known of a check.
fn notes(check: &CheckAnswer) -> String {
    let mut notes = Vec::new();
    if check.flaky {
        notes.push("flaky".to_owned());
    }
    match (check.failed_runs, check.runs) {
        (_, 0 | 1) => {}
        (0, runs) => notes.push(format!("{runs} runs")),
        (failed, runs) => notes.push(format!("failed {failed} of {runs} runs")),
    }
    if check.attempts > 1 {
        notes.push(plural(check.attempts as usize, "attempt"));
    }
    notes.extend(check.because.as_deref().map(plain_line));
    notes.join(", ")
}

fn slowest(answer: &SmokeAnswer) -> String {
    let mut checks: Vec<&CheckAnswer> = answer
        .checks
        .iter()
        .filter(|check| check.verdict != CheckVerdict::Skipped)
        .collect();
    let slow = checks.iter().any(|check| check.elapsed_s > SLOW_S);
    if checks.len() < 2 || (checks.len() < MANY && !slow) {
        return String::new();
    }
    checks.sort_by(|a, b| b.elapsed_s.total_cmp(&a.elapsed_s));
    checks.truncate(SLOWEST);
    let times: Vec<String> = checks.iter().map(|check| time(check)).collect();
    let column = times.iter().map(|time| width(time)).max().unwrap_or(0);
    let lines = checks.iter().zip(&times);
    let lines =
        lines.map(|(check, time)| format!("  {}  {}\n", pad_left(time, column), check.check));
    format!("slowest:\n{}\n", lines.collect::<String>())
}

/// Returns the names of the checks that failed, where their lines may have scrolled away.
fn failed_again(answer: &SmokeAnswer, page: Page) -> String {
    let failed = with_verdict(answer, CheckVerdict::Failed);
    if failed.is_empty() || answer.checks.len() < SCREENFUL {
        return String::new();
    }
    let names = failed.iter().map(|check| check.check.clone());
    let mut names: Vec<String> = names.take(NAMED_AGAIN).collect();
    if failed.len() > NAMED_AGAIN {
        names.push(format!("… and {} more", failed.len() - NAMED_AGAIN));
    }
    let title = page.paint.red("failed:");
    format!("{title}\n  {}\n\n", names.join("\n  "))
}

fn with_verdict(answer: &SmokeAnswer, verdict: CheckVerdict) -> Vec<&CheckAnswer> {
    let checks = answer.checks.iter();
    checks.filter(|check| check.verdict == verdict).collect()
}

fn summary(answer: &SmokeAnswer, page: Page) -> String {
    if answer.checks.is_empty() {
        return "no check ran\n".to_owned();
    }
    let count = |verdict| with_verdict(answer, verdict).len();
    let flaky = answer.checks.iter().filter(|check| check.flaky).count();
    let passed = count(CheckVerdict::Passed);
    let parts = [
        (count(CheckVerdict::Failed), "failed"),
        (count(CheckVerdict::Skipped), "skipped"),
        (flaky, "flaky"),
    ];
    let mut text = format!("{passed} passed");
    for (count, word) in parts.into_iter().filter(|(count, _)| *count > 0) {
        let part = format!("{count} {word}");
        let part = match word {
            "failed" => page.paint.red(&part),
            "flaky" => page.paint.yellow(&part),
            _ => part,
        };
        text = format!("{text}, {part}");
    }
    format!("{text} in {}\n", seconds(answer.elapsed_s))
}

#[cfg(test)]
mod tests;
