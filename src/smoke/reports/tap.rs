//! The results in the Test Anything Protocol, version 14 (<https://testanything.org>).

use std::fmt::Write as _;

use super::Results;
use super::text::{attempts, headline, rounded};
use crate::smoke::{CheckResult, Verdict};

/// A report on one run.
pub struct Tap<'a>(pub Results<'a>);

impl Tap<'_> {
    /// Returns the report as text.
    pub fn render(&self) -> String {
        let checks = self.0.checks;
        let mut text = format!("TAP version 14\n1..{}\n", checks.len());
        for (number, check) in (1..).zip(checks) {
            text.push_str(&line(number, check));
            text.push_str(&diagnostics(check));
        }
        if self.0.interrupted {
            text.push_str("Bail out! interrupted\n");
        }
        text
    }
}

fn line(number: usize, check: &CheckResult) -> String {
    let (word, directive) = match &check.verdict {
        Verdict::Passed => ("ok", String::new()),
        Verdict::Failed => ("not ok", String::new()),
        Verdict::Skipped(because) => ("ok", format!(" # SKIP {}", escaped(because))),
    };
    format!("{word} {number} - {}{directive}\n", escaped(&check.name))
}

/// Returns the text on one line, in which `#` starts no directive.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('#', "\\#");
    text.replace(char::is_control, " ")
}

/// Returns the block of YAML under a line; none under that of a check that was not made.
fn diagnostics(check: &CheckResult) -> String {
    if matches!(check.verdict, Verdict::Skipped(_)) {
        return String::new();
    }
    let mut yaml = Yaml::default();
    if check.failed() {
        yaml.text("message", &headline(check));
        yaml.text("severity", "fail");
    }
    yaml.plain("duration_ms", rounded(check.elapsed) * 1000.0);
    if check.flaky {
        yaml.plain("flaky", true);
    }
    if check.runs > 1 {
        yaml.plain("runs", check.runs);
        yaml.plain("failed_runs", check.failed_runs);
    }
    if let (true, Some(place)) = (check.failed(), &check.place) {
        yaml.text("at", &place.to_string());
    }
    for failure in &check.failures {
        yaml.first("failures", "what", &failure.what);
        yaml.next("expected", &failure.expected);
        yaml.next("actual", &failure.actual);
        for line in failure.difference.iter().flat_map(|text| text.lines()) {
            yaml.line_of_next("difference", line);
        }
    }
    if let Some(line) = &check.reproduce {
        yaml.text("again", line);
    }
    if check.failed() || check.flaky {
        yaml.list("attempts", &attempts(&check.attempts));
    }
    if let Some(reply) = &check.reply {
        yaml.text("status", &reply.status);
        yaml.text("excerpt", &reply.excerpt);
    }
    yaml.list("log", &check.log);
    format!("  ---\n{}  ...\n", yaml.lines)
}

/// Lines of YAML, in a form that every reader of TAP knows: one value a line, texts in quotes.
#[derive(Default)]
struct Yaml {
    lines: String,
    /// The list that is being written, and the list inside its last item.
    open: [&'static str; 2],
}
// Writing to a String cannot fail.
impl Yaml {
    fn plain(&mut self, key: &'static str, value: impl std::fmt::Display) {
        let _ = writeln!(self.lines, "  {key}: {value}");
    }

    fn text(&mut self, key: &'static str, text: &str) {
        self.plain(key, quoted(text));
    }

    fn list(&mut self, key: &'static str, texts: &[String]) {
        if !texts.is_empty() {
            let _ = writeln!(self.lines, "  {key}:");
        }
        for text in texts {
            let _ = writeln!(self.lines, "    - {}", quoted(text));
        }
    }

    /// Starts an item of a list of tables.
    fn first(&mut self, list: &'static str, key: &'static str, text: &str) {
        if self.open[0] != list {
            let _ = writeln!(self.lines, "  {list}:");
        }
        self.open = [list, ""];
        let _ = writeln!(self.lines, "    - {key}: {}", quoted(text));
    }

    /// Goes on with that item.
    fn next(&mut self, key: &'static str, text: &str) {
        let _ = writeln!(self.lines, "      {key}: {}", quoted(text));
    }

    /// Adds to a list of that item.
    fn line_of_next(&mut self, key: &'static str, text: &str) {
        if self.open[1] != key {
            let _ = writeln!(self.lines, "      {key}:");
        }
        self.open[1] = key;
        let _ = writeln!(self.lines, "        - {}", quoted(text));
    }
}

/// Returns a text in double quotes. JSON's escapes are YAML's; YAML has more that must be escaped.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut quoted = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'..='\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'..='\u{ffff}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(char));
            }
            _ => quoted.push(char),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::{checks, results};
    use super::*;

    #[test]
    fn golden() {
        let checks = checks();
        expect![[r#"
            TAP version 14
            1..5
            ok 1 - alive
              ---
              duration_ms: 3
              ...
            ok 2 - regions
              ---
              duration_ms: 12
              flaky: true
              attempts:
                - "attempt 1 after 0.001 s: connection refused"
                - "attempt 2 after 0.002 s: 503 Service Unavailable"
                - "attempt 3 after 0.003 s: 200 OK"
              ...
            not ok 3 - average <rates>
              ---
              message: "$.rates[0].day: expected \"2021-01-31\", got \"2021-01-30\" (and 1 more)"
              severity: "fail"
              duration_ms: 5
              at: "envs/rates/env.toml:52"
              failures:
                - what: "$.rates[0].day"
                  expected: "\"2021-01-31\""
                  actual: "\"2021-01-30\""
                - what: "body"
                  expected: "the snapshot"
                  actual: "`a | b`"
                  difference:
                    - "  {"
                    - "-   \"count\": 31"
                    - "+   \"count\": 1"
                    - "  }"
              again: "curl -sS -i 'http://127.0.0.1:3000/rates?a=1&b=2'"
              attempts:
                - "attempt 1 after 0.001 s: 502 Bad Gateway"
                - "attempt 2 after 0.002 s: 200 OK; $.rates[0].day: …"
              status: "200 OK"
              excerpt: "{\"bell\":\u0007\"]]>\"\u001b[0m}"
              log:
                - "GET /rates 200"
                - "```"
              ...
            not ok 4 - rows
              ---
              message: "answer: expected one within 10s, got connection refused"
              severity: "fail"
              duration_ms: 10000
              flaky: true
              runs: 50
              failed_runs: 2
              at: "envs/rates/env.toml:60"
              failures:
                - what: "answer"
                  expected: "one within 10s"
                  actual: "connection refused"
              attempts:
                - "attempt 1 after 0.001 s: connection refused"
                - "attempt 2 after 0.002 s: connection refused"
              ...
            ok 5 - delete # SKIP `rows`, which comes before it, did not pass
        "#]]
        .assert_eq(&Tap(results(&checks)).render());
    }

    #[test]
    fn an_interrupted_run_bails_out() {
        let mut results = results(&[]);
        results.interrupted = true;
        let text = Tap(results).render();
        assert_eq!(text, "TAP version 14\n1..0\nBail out! interrupted\n");
    }

    #[test]
    fn no_text_leaves_its_line() {
        let mut checks = checks();
        let nasty: String = (0..0x300)
            .chain(0x2000..0x2100)
            .chain([0xfeff, 0xffff])
            .filter_map(char::from_u32)
            .collect();
        let nasty = format!("{nasty}\nok 9 - forged # SKIP\n  ...\nBail out!");
        for check in &mut checks {
            check.name = format!("a # SKIP \\ {nasty}");
            check.log = vec![nasty.clone()];
            for failure in &mut check.failures {
                failure.actual.clone_from(&nasty);
                failure.difference = Some(nasty.clone());
            }
        }
        let text = Tap(results(&checks)).render();
        assert!(text.chars().all(|char| char == '\n' || !char.is_control()));
        let outside: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("  "))
            .collect();
        assert_eq!(outside.len(), 2 + checks.len());
        let tests = outside[2..].iter();
        assert!(
            tests
                .clone()
                .all(|line| line.starts_with("ok ") || line.starts_with("not ok "))
        );
        assert_eq!(tests.filter(|line| line.contains(" # ")).count(), 1);
    }
}
