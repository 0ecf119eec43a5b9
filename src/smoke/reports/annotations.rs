//! The failures that a CI service shows beside the files: the most important ones only, since it
//! shows no more.

use std::path::Path;

use super::Results;
use super::text::{course, headline, unanswered};
use crate::smoke::CheckResult;
use crate::tell::{Event, Severity};

/// How many of one step GitHub shows.
const SHOWN: usize = 10;

/// Returns the annotations of a run: what gave no answer, then what gave a wrong one, then what is
/// only flaky. `folder` is that of the workspace, as the CI service names it.
pub fn annotations(results: &Results<'_>, folder: &Path) -> Vec<Event> {
    let mut checks: Vec<&CheckResult> = results
        .checks
        .iter()
        .filter(|check| check.failed() || check.flaky)
        .collect();
    checks.sort_by_key(|check| (!check.failed(), !unanswered(check)));
    let shown = checks.into_iter().take(SHOWN);
    shown.map(|check| annotation(check, folder)).collect()
}

fn annotation(check: &CheckResult, folder: &Path) -> Event {
    let (severity, message) = if check.failed() {
        (Severity::Error, failed(check))
    } else {
        (
            Severity::Warning,
            format!("flaky: passed after {}", course(check)),
        )
    };
    let place = check.place.as_ref();
    Event::Annotation {
        severity,
        file: place.map(|place| folder.join(&place.file).display().to_string()),
        line: place.map(|place| place.line),
        title: check.name.clone(),
        message,
    }
}

fn failed(check: &CheckResult) -> String {
    let mut lines = vec![headline(check)];
    lines.extend(check.failures.iter().skip(1).map(ToString::to_string));
    if lines.len() > 1 {
        lines[0] = check.failures[0].to_string();
    }
    let again = check.reproduce.iter();
    lines.extend(again.map(|line| format!("again: {line}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::{checks, results};
    use super::*;

    #[test]
    fn the_most_important_come_first() {
        let checks = checks();
        let lines: Vec<String> = annotations(&results(&checks), Path::new("services/rates"))
            .iter()
            .map(|event| format!("{event:?}"))
            .collect();
        expect![[r#"
            Annotation { severity: Error, file: Some("services/rates/envs/rates/env.toml"), line: Some(60), title: "rows", message: "answer: expected one within 10s, got connection refused" }
            Annotation { severity: Error, file: Some("services/rates/envs/rates/env.toml"), line: Some(52), title: "average <rates>", message: "$.rates[0].day: expected \"2021-01-31\", got \"2021-01-30\"\nbody: expected the snapshot, got `a | b`\nagain: curl -sS -i 'http://127.0.0.1:3000/rates?a=1&b=2'" }
            Annotation { severity: Warning, file: None, line: None, title: "regions", message: "flaky: passed after 3 attempts" }"#]].assert_eq(&lines.join("\n"));
    }

    #[test]
    fn ten_are_shown_and_warnings_give_way() {
        let [_, flaky, wrong, silent, _] = checks().try_into().unwrap();
        let mut many = vec![flaky];
        many.extend(vec![wrong; 6]);
        many.extend(vec![silent; 6]);
        let shown = annotations(&results(&many), Path::new(""));
        let titles: Vec<&str> = shown
            .iter()
            .map(|event| match event {
                Event::Annotation { title, .. } => title.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [vec!["rows"; 6], vec!["average <rates>"; 4]].concat();
        assert_eq!(titles, expected);
    }
}
