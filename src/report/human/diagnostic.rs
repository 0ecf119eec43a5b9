//! A failure in full: what failed and why, where, what was seen last, what it blocked, and what
//! to do next.

use super::super::cut::{pad, plain_line, width};
use super::super::wrap::wrapped;
use super::Page;
use super::snippet::snippet;
use crate::tell::Diagnostic;

/// Returns the failures with an empty line between them.
pub(in crate::report) fn diagnostics(diagnostics: &[Diagnostic], page: Page) -> String {
    let texts: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| one(diagnostic, page))
        .collect();
    texts.join("\n")
}

fn one(diagnostic: &Diagnostic, page: Page) -> String {
    let paint = page.paint;
    let wrapped = |text: &str, word: &str, indent| wrapped(text, page.wrap, width(word), indent);
    let title = wrapped(&diagnostic.title, "error: ", "  ");
    let mut text = format!("{} {}\n", paint.red("error:"), paint.bold(&title));
    for cause in &diagnostic.causes {
        let cause = wrapped(cause, "  caused by: ", "    ");
        text = format!("{text}  caused by: {cause}\n");
    }
    if let Some(place) = &diagnostic.place {
        text.push_str(&snippet(place, page));
    }
    text.push_str(&facts(diagnostic));
    if let Some(tail) = &diagnostic.tail {
        text = format!("{text}  last lines of {}:\n", tail.of);
        for line in &tail.lines {
            let line = format!("    {}", plain_line(line));
            text = format!("{text}{}\n", line.trim_end());
        }
    }
    if !diagnostic.blocked.is_empty() {
        text = format!("{text}  blocked: {}\n", diagnostic.blocked.join(", "));
    }
    for hint in &diagnostic.hints {
        let hint = wrapped(hint, "hint: ", "  ");
        text = format!("{text}{} {hint}\n", paint.cyan("hint:"));
    }
    text
}

fn facts(diagnostic: &Diagnostic) -> String {
    let names = diagnostic.facts.iter().map(|(name, _)| width(name) + 1);
    let column = names.max().unwrap_or(0);
    let line = |(name, value): &(String, String)| {
        let name = pad(&format!("{name}:"), column);
        let indent = " ".repeat(column + 3);
        format!("  {name} {}\n", indented(value, &indent))
    };
    diagnostic.facts.iter().map(line).collect()
}

/// Returns a text whose lines after the first are indented.
fn indented(text: &str, indent: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines.join(&format!("\n{indent}"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::model::Place;
    use crate::tell::Tail;

    fn service_failed() -> Diagnostic {
        let text = str::to_owned;
        Diagnostic {
            title: text("api did not become ready within 30.0 s"),
            causes: vec![
                text("the container exited"),
                text("exit code 1\nafter 0.4 s"),
            ],
            place: None,
            facts: vec![
                (text("last observation"), text("connection refused")),
                (text("attempts"), text("31")),
            ],
            tail: Some(Tail {
                of: text("api"),
                lines: vec![
                    text("connecting to db:5432"),
                    text(""),
                    text("fatal: no route"),
                ],
            }),
            blocked: vec![text("smoke checks"), text("task import")],
            hints: vec![
                text("`envctl logs api -e rates` shows the whole log"),
                text("`envctl up rates` goes on from here"),
            ],
        }
    }

    fn mistake() -> Diagnostic {
        Diagnostic {
            place: Some(Place {
                file: "envs/rates/env.toml".into(),
                line: 4,
                column: 1,
                text: "imag = \"postgres\"".to_owned(),
                width: 4,
            }),
            ..Diagnostic::new("unknown key `services.db.imag`")
        }
        .hint("did you mean `image`?")
    }

    #[test]
    fn a_failure_in_full() {
        for (columns, expected) in [
            (
                100,
                expect![[r"
            error: api did not become ready within 30.0 s
              caused by: the container exited
              caused by: exit code 1
                after 0.4 s
              last observation: connection refused
              attempts:         31
              last lines of api:
                connecting to db:5432

                fatal: no route
              blocked: smoke checks, task import
            hint: `envctl logs api -e rates` shows the whole log
            hint: `envctl up rates` goes on from here
        "]],
            ),
            (
                40,
                expect![[r"
                    error: api did not become ready within
                      30.0 s
                      caused by: the container exited
                      caused by: exit code 1
                        after 0.4 s
                      last observation: connection refused
                      attempts:         31
                      last lines of api:
                        connecting to db:5432

                        fatal: no route
                      blocked: smoke checks, task import
                    hint: `envctl logs api -e rates` shows
                      the whole log
                    hint: `envctl up rates` goes on from
                      here
                "]],
            ),
        ] {
            let page = Page::of_width("up", columns);
            expected.assert_eq(&diagnostics(&[service_failed()], page));
        }
    }

    #[test]
    fn mistakes_in_files_show_the_line() {
        let text = diagnostics(&[mistake(), mistake()], Page::of_width("up", 40));
        expect![[r#"
            error: unknown key `services.db.imag`
             --> envs/rates/env.toml:4:1
              |
            4 | imag = "postgres"
              | ^^^^
            hint: did you mean `image`?

            error: unknown key `services.db.imag`
             --> envs/rates/env.toml:4:1
              |
            4 | imag = "postgres"
              | ^^^^
            hint: did you mean `image`?
        "#]]
        .assert_eq(&text);
    }
}
