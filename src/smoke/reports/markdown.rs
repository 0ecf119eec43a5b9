//! The results as a page for people, as GitHub's step summary shows it. Foreign text stands in code
//! only, so that nothing of it is markup.

use super::Results;
use super::page::{BoundedPage, code, escaped, fenced, row};
use super::text::{attempts, course, headline, seconds};
use crate::smoke::{CheckResult, Verdict};

/// How long a step's summary on GitHub may be in bytes, with some room to spare.
pub const SUMMARY_BYTES_MAX: usize = 1024 * 1024 - 4096;

/// How many of the slowest are named.
const SLOWEST: usize = 10;

/// A report on one run.
pub struct Markdown<'a> {
    pub results: Results<'a>,
    /// What goes beyond it is left out, the least important first.
    pub limit_bytes: usize,
}

impl Markdown<'_> {
    /// Returns the report as text.
    pub fn render(&self) -> String {
        let checks = self.results.checks;
        let mut page = BoundedPage::new(self.limit_bytes);
        page.text(&self.head());
        let failed: Vec<&CheckResult> = checks.iter().filter(|check| check.failed()).collect();
        page.section("Failed", "", failed.iter().map(|check| failure(check)));
        let flaky = checks.iter().filter(|check| check.flaky);
        let flaky = flaky.map(|check| {
            let seen = attempts(&check.attempts);
            let seen: Vec<String> = seen.iter().map(|line| code(line)).collect();
            row(&[code(&check.name), course(check), seen.join("<br>")])
        });
        page.section("Flaky", "| check | | attempts |\n|---|---|---|\n", flaky);
        let skipped = checks.iter().filter_map(|check| match &check.verdict {
            Verdict::Skipped(because) => Some(row(&[code(&check.name), code(because)])),
            Verdict::Passed | Verdict::Failed => None,
        });
        page.section("Skipped", "| check | why |\n|---|---|\n", skipped);
        page.section("Slowest", "| check | time |\n|---|---:|\n", self.slowest());
        let every = checks.iter().map(|check| {
            let (word, time) = match check.verdict {
                Verdict::Passed => ("ok", seconds(check.elapsed)),
                Verdict::Failed => ("**failed**", seconds(check.elapsed)),
                Verdict::Skipped(_) => ("skipped", String::new()),
            };
            let place = check.place.as_ref().map(ToString::to_string);
            let place = place.map_or_else(String::new, |place| code(&place));
            row(&[code(&check.name), word.to_owned(), time, place])
        });
        let head = "| check | | seconds | declared at |\n|---|---|---:|---|\n";
        page.section("Every check", head, every);
        page.finish()
    }

    fn head(&self) -> String {
        let Results {
            environment,
            instance,
            engine,
            elapsed,
            interrupted,
            ..
        } = self.results;
        let totals = self.results.totals();
        let interrupted = if interrupted {
            "\nThe run was interrupted.\n"
        } else {
            ""
        };
        let counts = row(&[
            totals.passed.to_string(),
            totals.failed.to_string(),
            totals.skipped.to_string(),
            totals.flaky.to_string(),
            format!("{} s", seconds(elapsed)),
        ]);
        format!(
            "## Smoke checks of {}\n\nInstance {} on {}.\n{interrupted}\n\
             | passed | failed | skipped | flaky | time |\n|---:|---:|---:|---:|---:|\n{counts}",
            code(environment),
            code(instance),
            code(engine),
        )
    }

    fn slowest(&self) -> impl Iterator<Item = String> {
        let made = self.results.checks.iter();
        let mut made: Vec<&CheckResult> = made
            .filter(|check| !matches!(check.verdict, Verdict::Skipped(_)))
            .collect();
        made.sort_by_key(|check| std::cmp::Reverse(check.elapsed));
        // Of a few, the table of all says it as well.
        if made.len() <= SLOWEST {
            made.clear();
        }
        let slowest = made.into_iter().take(SLOWEST);
        slowest.map(|check| row(&[code(&check.name), format!("{} s", seconds(check.elapsed))]))
    }
}

/// Returns the block that tells of one failure in full.
fn failure(check: &CheckResult) -> String {
    let name = escaped(&check.name);
    let why = escaped(&headline(check));
    let mut parts = vec![format!(
        "<details><summary><b><code>{name}</code></b>: {why}</summary>"
    )];
    for failure in &check.failures {
        let (expected, actual) = (code(&failure.expected), code(&failure.actual));
        let what = code(&failure.what);
        parts.push(format!("{what}: expected {expected}, got {actual}"));
        parts.extend(failure.difference.as_ref().map(|text| fenced("diff", text)));
    }
    let course = course(check);
    if !course.is_empty() {
        parts.push(course);
    }
    if let Some(place) = &check.place {
        parts.push(format!("Declared at {}", code(&place.to_string())));
    }
    if let Some(line) = &check.reproduce {
        parts.push("Again:".to_owned());
        parts.push(fenced("sh", line));
    }
    if let Some(reply) = &check.reply {
        parts.push(format!("The last answer, {}:", code(&reply.status)));
        parts.push(fenced("text", &reply.excerpt));
    }
    let seen = attempts(&check.attempts);
    if seen.len() > 1 {
        parts.push("Attempts:".to_owned());
        parts.push(fenced("text", &seen.join("\n")));
    }
    if !check.log.is_empty() {
        let of = check.service.as_deref().unwrap_or("the service");
        parts.push(format!("What {} logged meanwhile:", code(of)));
        parts.push(fenced("text", &check.log.join("\n")));
    }
    parts.push("</details>\n\n".to_owned());
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::{checks, results};
    use super::*;

    fn render(checks: &[CheckResult], limit_bytes: usize) -> String {
        let results = results(checks);
        Markdown {
            results,
            limit_bytes,
        }
        .render()
    }

    #[test]
    fn golden() {
        expect![[r#"
            ## Smoke checks of `rates`

            Instance `default` on `docker`.

            | passed | failed | skipped | flaky | time |
            |---:|---:|---:|---:|---:|
            | 2 | 2 | 1 | 2 | 10.017 s |

            ### Failed

            <details><summary><b><code>average &lt;rates&gt;</code></b>: $.rates[0].day: expected "2021-01-31", got "2021-01-30" (and 1 more)</summary>

            `$.rates[0].day`: expected `"2021-01-31"`, got `"2021-01-30"`

            `body`: expected `the snapshot`, got `` `a | b` ``

            ```diff
              {
            -   "count": 31
            +   "count": 1
              }
            ```

            2 attempts

            Declared at `envs/rates/env.toml:52`

            Again:

            ```sh
            curl -sS -i 'http://127.0.0.1:3000/rates?a=1&b=2'
            ```

            The last answer, `200 OK`:

            ```text
            {"bell":�"]]>"�[0m}
            ```

            Attempts:

            ```text
            attempt 1 after 0.001 s: 502 Bad Gateway
            attempt 2 after 0.002 s: 200 OK; $.rates[0].day: …
            ```

            What `api` logged meanwhile:

            ````text
            GET /rates 200
            ```
            ````

            </details>

            <details><summary><b><code>rows</code></b>: answer: expected one within 10s, got connection refused</summary>

            `answer`: expected `one within 10s`, got `connection refused`

            failed 2 of 50 runs, 2 attempts

            Declared at `envs/rates/env.toml:60`

            Attempts:

            ```text
            attempt 1 after 0.001 s: connection refused
            attempt 2 after 0.002 s: connection refused
            ```

            </details>


            ### Flaky

            | check | | attempts |
            |---|---|---|
            | `regions` | 3 attempts | `attempt 1 after 0.001 s: connection refused`<br>`attempt 2 after 0.002 s: 503 Service Unavailable`<br>`attempt 3 after 0.003 s: 200 OK` |
            | `rows` | failed 2 of 50 runs, 2 attempts | `attempt 1 after 0.001 s: connection refused`<br>`attempt 2 after 0.002 s: connection refused` |

            ### Skipped

            | check | why |
            |---|---|
            | `delete` | `` `rows`, which comes before it, did not pass `` |

            ### Every check

            | check | | seconds | declared at |
            |---|---|---:|---|
            | `alive` | ok | 0.003 |  |
            | `regions` | ok | 0.012 |  |
            | `average <rates>` | **failed** | 0.005 | `envs/rates/env.toml:52` |
            | `rows` | **failed** | 10.000 | `envs/rates/env.toml:60` |
            | `delete` | skipped |  |  |
        "#]].assert_eq(&render(&checks(), SUMMARY_BYTES_MAX));
    }

    #[test]
    fn what_does_not_fit_is_counted_and_failures_come_first() {
        let (alive, wrong) = (checks().remove(0), checks().remove(2));
        let many = [vec![alive; 30_000], vec![wrong; 2000]].concat();
        let text = render(&many, SUMMARY_BYTES_MAX);
        assert!(text.len() <= SUMMARY_BYTES_MAX, "{}", text.len());
        assert!(text.len() > SUMMARY_BYTES_MAX / 2, "{}", text.len());
        let failures = text.matches("<details>").count();
        assert!(
            text.contains(&format!("{} more left out", 2000 - failures)),
            "{failures}"
        );
        let text = render(&checks(), 1200);
        assert!(text.len() <= 1200, "{}", text.len());
        expect![[r#"
            ## Smoke checks of `rates`

            Instance `default` on `docker`.

            | passed | failed | skipped | flaky | time |
            |---:|---:|---:|---:|---:|
            | 2 | 2 | 1 | 2 | 10.017 s |

            ### Failed

            <details><summary><b><code>average &lt;rates&gt;</code></b>: $.rates[0].day: expected "2021-01-31", got "2021-01-30" (and 1 more)</summary>

            `$.rates[0].day`: expected `"2021-01-31"`, got `"2021-01-30"`

            `body`: expected `the snapshot`, got `` `a | b` ``

            ```diff
              {
            -   "count": 31
            +   "count": 1
              }
            ```

            2 attempts

            Declared at `envs/rates/env.toml:52`

            Again:

            ```sh
            curl -sS -i 'http://127.0.0.1:3000/rates?a=1&b=2'
            ```

            The last answer, `200 OK`:

            ```text
            {"bell":�"]]>"�[0m}
            ```

            Attempts:

            ```text
            attempt 1 after 0.001 s: 502 Bad Gateway
            attempt 2 after 0.002 s: 200 OK; $.rates[0].day: …
            ```

            What `api` logged meanwhile:

            ````text
            GET /rates 200
            ```
            ````

            </details>


            1 more left out: the page is full.

            ### Flaky

            | check | | attempts |
            |---|---|---|

            2 more left out: the page is full.

            ### Skipped

            | check | why |
            |---|---|

            1 more left out: the page is full.
        "#]].assert_eq(&text);
    }

    #[test]
    fn a_report_on_nothing_has_its_head() {
        let text = render(&[], SUMMARY_BYTES_MAX);
        assert!(text.contains("| 0 | 0 | 0 | 0 | 10.017 s |"), "{text}");
        assert!(!text.contains("###"), "{text}");
    }
}
