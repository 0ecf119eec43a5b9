//! Why one smoke check failed, in full: what differs, the line that does it again, where it was
//! declared, and what its service logged meanwhile. Nothing of it is cut.

use super::super::cut::plain_line;
use super::super::paint::Paint;
use crate::tell::{CheckAnswer, FailedExpectation};

/// Returns the lines under that of the check; none where it did not fail.
pub(super) fn details(check: &CheckAnswer, paint: Paint) -> String {
    let mut lines = Vec::new();
    for failure in &check.failures {
        expectation(failure, &mut lines, paint);
    }
    if check.failures.is_empty() {
        return String::new();
    }
    let again = check.reproduce.iter();
    lines.extend(again.map(|line| format!("    again: {}", copyable(line))));
    let place = check.place.iter();
    lines.extend(place.map(|place| format!("    at {}", plain_line(place))));
    if !check.log.is_empty() {
        let title = match &check.service {
            Some(service) => format!("log of {}:", plain_line(service)),
            None => "log:".to_owned(),
        };
        lines.push(format!("    {}", paint.dim(&title)));
        let log = check.log.iter().flat_map(|line| line.lines());
        lines.extend(log.map(|line| indented(6, &paint.dim(&plain_line(line)))));
    }
    lines.join("\n") + "\n"
}

fn expectation(failure: &FailedExpectation, lines: &mut Vec<String>, paint: Paint) {
    let FailedExpectation {
        what,
        expected,
        actual,
        difference,
    } = failure;
    let text = format!("{what}: expected {expected}, got {actual}");
    for (number, line) in text.lines().enumerate() {
        let columns = if number == 0 { 4 } else { 6 };
        lines.push(indented(columns, &plain_line(line)));
    }
    for line in difference.iter().flat_map(|text| text.lines()) {
        let line = plain_line(line);
        let line = match line.chars().next() {
            Some('-') => paint.red(&line),
            Some('+') => paint.green(&line),
            _ => line,
        };
        lines.push(indented(6, &line));
    }
}

fn indented(columns: usize, line: &str) -> String {
    format!("{}{line}", " ".repeat(columns))
        .trim_end()
        .to_owned()
}

/// Returns a command line as it is; only what would move the cursor is shown as `�`.
fn copyable(line: &str) -> String {
    let harmful = |char: char| char.is_control() && char != '\n' && char != '\t';
    line.replace(harmful, "\u{fffd}")
}
