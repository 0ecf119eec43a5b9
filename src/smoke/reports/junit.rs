//! The results as JUnit XML, which CI reads, valid by the schema of Jenkins' plugin (`junit-10.xsd`).

use std::borrow::Cow;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::Results;
use super::text::{attempts, headline, seconds, unanswered};
use crate::smoke::{CheckResult, Verdict};

/// A report on one run.
pub struct JUnit<'a>(pub Results<'a>);

type Xml = Writer<Vec<u8>>;

impl JUnit<'_> {
    /// Returns the report as text.
    pub fn render(&self) -> String {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        self.whole(&mut writer).expect("memory takes everything");
        let mut bytes = writer.into_inner();
        bytes.push(b'\n');
        String::from_utf8(bytes).expect("the writer was given text only")
    }

    fn whole(&self, writer: &mut Xml) -> io::Result<()> {
        let Results {
            environment,
            checks,
            elapsed,
            ..
        } = self.0;
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let totals = self.0.totals();
        let errors = checks.iter().filter(|check| unanswered(check)).count();
        let counts = [
            ("tests", checks.len().to_string()),
            ("failures", (totals.failed - errors).to_string()),
            ("errors", errors.to_string()),
            ("time", seconds(elapsed)),
        ];
        let counts = || counts.iter().map(|(key, value)| (*key, value.as_str()));
        let started = self.0.started_text();
        let suites = writer
            .create_element("testsuites")
            .with_attributes(counts());
        suites.write_inner_content(|writer| {
            let suite = writer
                .create_element("testsuite")
                .with_attribute(("name", &*clean(environment)))
                .with_attributes(counts())
                .with_attribute(("skipped", totals.skipped.to_string().as_str()))
                .with_attribute(("timestamp", started.trim_end_matches('Z')));
            suite.write_inner_content(|writer| self.suite(writer))?;
            Ok(())
        })?;
        Ok(())
    }

    fn suite(&self, writer: &mut Xml) -> io::Result<()> {
        let checks = self.0.checks;
        let properties = writer.create_element("properties");
        properties.write_inner_content(|writer| {
            property(writer, "instance", self.0.instance)?;
            property(writer, "engine", self.0.engine)?;
            if self.0.interrupted {
                property(writer, "interrupted", "true")?;
            }
            // The schema knows no place of a test case.
            for check in checks {
                if let Some(place) = &check.place {
                    property(
                        writer,
                        &format!("place of {}", check.name),
                        &place.to_string(),
                    )?;
                }
            }
            Ok(())
        })?;
        checks.iter().try_for_each(|check| self.case(writer, check))
    }

    fn case(&self, writer: &mut Xml, check: &CheckResult) -> io::Result<()> {
        let class = format!("{}.smoke", self.0.environment);
        let case = writer
            .create_element("testcase")
            .with_attribute(("name", &*clean(&check.name)))
            .with_attribute(("classname", &*clean(&class)))
            .with_attribute(("time", seconds(check.elapsed).as_str()));
        case.write_inner_content(|writer| {
            match &check.verdict {
                Verdict::Passed => {}
                Verdict::Failed => failure(writer, check)?,
                Verdict::Skipped(because) => {
                    let skipped = writer.create_element("skipped");
                    skipped
                        .with_attribute(("message", &*clean(because)))
                        .write_empty()?;
                }
            }
            earlier(writer, check)?;
            printed(writer, "system-out", &output_of(check))?;
            printed(writer, "system-err", &check.log.join("\n"))
        })?;
        Ok(())
    }
}

fn printed(writer: &mut Xml, element: &str, text: &str) -> io::Result<()> {
    if !text.is_empty() {
        let element = writer.create_element(element);
        element.write_text_content(BytesText::new(&clean(text)))?;
    }
    Ok(())
}

fn property(writer: &mut Xml, name: &str, value: &str) -> io::Result<()> {
    let property = writer.create_element("property");
    let named = property.with_attribute(("name", &*clean(name)));
    named
        .with_attribute(("value", &*clean(value)))
        .write_empty()?;
    Ok(())
}

/// Writes what is wrong: an `error` where no answer came, a `failure` where it was a wrong one.
fn failure(writer: &mut Xml, check: &CheckResult) -> io::Result<()> {
    let (element, kind) = if unanswered(check) {
        ("error", "no answer")
    } else {
        ("failure", "wrong answer")
    };
    let mut lines: Vec<String> = Vec::new();
    for failure in &check.failures {
        lines.push(failure.to_string());
        lines.extend(failure.difference.clone());
    }
    if let Some(line) = &check.reproduce {
        lines.push(format!("\nagain: {line}"));
    }
    if let Some(place) = &check.place {
        lines.push(format!("at {place}"));
    }
    writer
        .create_element(element)
        .with_attribute(("message", &*clean(&headline(check))))
        .with_attribute(("type", kind))
        .write_text_content(BytesText::new(&clean(&lines.join("\n"))))?;
    Ok(())
}

/// Writes the attempts before the last one, where they count against the check.
fn earlier(writer: &mut Xml, check: &CheckResult) -> io::Result<()> {
    let element = match check.verdict {
        Verdict::Failed => "rerunFailure",
        Verdict::Passed if check.flaky => "flakyFailure",
        Verdict::Passed | Verdict::Skipped(_) => return Ok(()),
    };
    let kept = check.attempts.kept();
    for seen in &kept[..kept.len().saturating_sub(1)] {
        let kind = format!("attempt {}", seen.number);
        writer
            .create_element(element)
            .with_attribute(("message", &*clean(&seen.text)))
            .with_attribute(("type", kind.as_str()))
            .write_empty()?;
    }
    Ok(())
}

/// Returns every attempt that was kept, how often the check was made, and the last answer.
fn output_of(check: &CheckResult) -> String {
    let mut lines = attempts(&check.attempts);
    if check.runs > 1 {
        lines.push(format!(
            "failed {} of {} runs",
            check.failed_runs, check.runs
        ));
    }
    if let Some(reply) = &check.reply {
        lines.push(format!("\n{}\n{}", reply.status, reply.excerpt));
    }
    lines.join("\n")
}

/// Returns a text with U+FFFD for every character that XML 1.0 cannot hold.
fn clean(text: &str) -> Cow<'_, str> {
    let bad = |char: char| {
        matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}')
            || matches!(char, '\u{fffe}' | '\u{ffff}')
    };
    if text.contains(bad) {
        Cow::Owned(text.replace(bad, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use quick_xml::Reader;

    use super::super::testing::{checks, results};
    use super::*;

    #[test]
    fn golden() {
        let checks = checks();
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites tests="5" failures="1" errors="1" time="10.017">
              <testsuite name="rates" tests="5" failures="1" errors="1" time="10.017" skipped="1" timestamp="2021-01-31T00:00:00">
                <properties>
                  <property name="instance" value="default"/>
                  <property name="engine" value="docker"/>
                  <property name="place of average &lt;rates&gt;" value="envs/rates/env.toml:52"/>
                  <property name="place of rows" value="envs/rates/env.toml:60"/>
                </properties>
                <testcase name="alive" classname="rates.smoke" time="0.003">
                  <system-out>attempt 1 after 0.001 s: 200 OK</system-out>
                </testcase>
                <testcase name="regions" classname="rates.smoke" time="0.012">
                  <flakyFailure message="connection refused" type="attempt 1"/>
                  <flakyFailure message="503 Service Unavailable" type="attempt 2"/>
                  <system-out>attempt 1 after 0.001 s: connection refused
            attempt 2 after 0.002 s: 503 Service Unavailable
            attempt 3 after 0.003 s: 200 OK</system-out>
                </testcase>
                <testcase name="average &lt;rates&gt;" classname="rates.smoke" time="0.005">
                  <failure message="$.rates[0].day: expected &quot;2021-01-31&quot;, got &quot;2021-01-30&quot; (and 1 more)" type="wrong answer">$.rates[0].day: expected &quot;2021-01-31&quot;, got &quot;2021-01-30&quot;
            body: expected the snapshot, got `a | b`
              {
            -   &quot;count&quot;: 31
            +   &quot;count&quot;: 1
              }

            again: curl -sS -i &apos;http://127.0.0.1:3000/rates?a=1&amp;b=2&apos;
            at envs/rates/env.toml:52</failure>
                  <rerunFailure message="502 Bad Gateway" type="attempt 1"/>
                  <system-out>attempt 1 after 0.001 s: 502 Bad Gateway
            attempt 2 after 0.002 s: 200 OK; $.rates[0].day: …

            200 OK
            {&quot;bell&quot;:�&quot;]]&gt;&quot;�[0m}</system-out>
                  <system-err>GET /rates 200
            ```</system-err>
                </testcase>
                <testcase name="rows" classname="rates.smoke" time="10.000">
                  <error message="answer: expected one within 10s, got connection refused" type="no answer">answer: expected one within 10s, got connection refused
            at envs/rates/env.toml:60</error>
                  <rerunFailure message="connection refused" type="attempt 1"/>
                  <system-out>attempt 1 after 0.001 s: connection refused
            attempt 2 after 0.002 s: connection refused
            failed 2 of 50 runs</system-out>
                </testcase>
                <testcase name="delete" classname="rates.smoke" time="0.000">
                  <skipped message="`rows`, which comes before it, did not pass"/>
                </testcase>
              </testsuite>
            </testsuites>
        "#]].assert_eq(&JUnit(results(&checks)).render());
    }

    #[test]
    fn who_waits_by_right_is_not_flaky() {
        let mut checks = checks();
        checks[1].flaky = false;
        let text = JUnit(results(&checks[..2])).render();
        assert!(!text.contains("flakyFailure"), "{text}");
        assert!(
            text.contains("attempt 1 after 0.001 s: connection refused"),
            "{text}"
        );
    }

    #[test]
    fn the_report_is_xml_whatever_the_texts_are() {
        let mut checks = checks();
        let nasty: String = (0..0x300)
            .filter_map(char::from_u32)
            .chain(['\u{ffff}'])
            .collect();
        for check in &mut checks {
            check.name.clone_from(&nasty);
            check.log = vec![nasty.clone()];
            check.reproduce = Some(nasty.clone());
            for failure in &mut check.failures {
                failure.actual.clone_from(&nasty);
            }
        }
        let text = JUnit(results(&checks)).render();
        let mut reader = Reader::from_str(&text);
        let mut cases = 0;
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) if start.name().as_ref() == b"testcase" => cases += 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(cases, checks.len());
        let allowed = |char: char| char >= ' ' || matches!(char, '\t' | '\n' | '\r');
        assert!(text.chars().all(|char| allowed(char) && char != '\u{ffff}'));
    }
}
