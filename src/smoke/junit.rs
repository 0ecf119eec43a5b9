//! The results as JUnit XML, which CI reads. Depends on the results and on nothing else.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{CheckResult, Observation};

/// A report on one run.
pub struct JUnit<'a> {
    pub environment: &'a str,
    pub instance: &'a str,
    pub started: SystemTime,
    pub elapsed: Duration,
    pub results: &'a [CheckResult],
}

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub enum JUnitError {
    #[error("`{}` is a folder", .0.display())]
    IsFolder(PathBuf),
    #[error("`{}` has no parent folder", .0.display())]
    NoFolder(PathBuf),
    #[error("failed to write the report")]
    Write(#[from] io::Error),
}

impl JUnit<'_> {
    /// Writes the report; a reader of `path` sees the old content or the whole new one.
    pub fn write(&self, path: &Path) -> Result<(), JUnitError> {
        let (Some(name), false) = (path.file_name(), path.is_dir()) else {
            return Err(JUnitError::IsFolder(path.to_owned()));
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(JUnitError::NoFolder(path.to_owned()));
        }
        let mut partial = std::ffi::OsString::from(".");
        partial.push(name);
        partial.push(format!(".{}.partial", std::process::id()));
        let partial = folder.join(partial);
        let text = self.render()?;
        let written = fs_err::write(&partial, text).and_then(|()| fs_err::rename(&partial, path));
        if written.is_err() {
            // The first error is the one that counts.
            let _ = fs_err::remove_file(&partial);
        }
        Ok(written?)
    }

    /// Returns the report as text.
    pub fn render(&self) -> io::Result<String> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let counts = self.counts();
        let attributes = || counts.iter().map(|(key, value)| (*key, value.as_str()));
        let started = humantime::format_rfc3339_seconds(self.started).to_string();
        writer
            .create_element("testsuites")
            .with_attributes(attributes())
            .write_inner_content(|writer| {
                writer
                    .create_element("testsuite")
                    .with_attribute(("name", &*clean(self.environment)))
                    .with_attributes(attributes())
                    .with_attribute(("timestamp", started.trim_end_matches('Z')))
                    .write_inner_content(|writer| self.suite(writer))?;
                Ok(())
            })?;
        let mut bytes = writer.into_inner();
        bytes.push(b'\n');
        Ok(String::from_utf8(bytes).expect("the writer was given text only"))
    }

    fn counts(&self) -> [(&'static str, String); 4] {
        let failed = |answered: bool| {
            let this = |result: &&CheckResult| result.failed() && result.reply.is_some() == answered;
            self.results.iter().filter(this).count().to_string()
        };
        [
            ("tests", self.results.len().to_string()),
            ("failures", failed(true)),
            ("errors", failed(false)),
            ("time", seconds(self.elapsed)),
        ]
    }

    fn suite(&self, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        writer
            .create_element("properties")
            .write_inner_content(|writer| {
                writer
                    .create_element("property")
                    .with_attribute(("name", "instance"))
                    .with_attribute(("value", &*clean(self.instance)))
                    .write_empty()?;
                Ok(())
            })?;
        self.results
            .iter()
            .try_for_each(|result| self.case(writer, result))
    }

    fn case(&self, writer: &mut Writer<Vec<u8>>, result: &CheckResult) -> io::Result<()> {
        let class = format!("{}.smoke", self.environment);
        writer
            .create_element("testcase")
            .with_attribute(("name", &*clean(&result.name)))
            .with_attribute(("classname", &*clean(&class)))
            .with_attribute(("time", seconds(result.elapsed).as_str()))
            .write_inner_content(|writer| {
                if result.failed() {
                    failure(writer, result)?;
                }
                writer
                    .create_element("system-out")
                    .write_text_content(BytesText::new(&clean(&log(result))))?;
                Ok(())
            })?;
        Ok(())
    }
}

/// Writes what is wrong: an `error` where no answer came, a `failure` where it was a wrong one.
fn failure(writer: &mut Writer<Vec<u8>>, result: &CheckResult) -> io::Result<()> {
    let (element, kind) = match result.reply {
        Some(_) => ("failure", "wrong answer"),
        None => ("error", "no answer"),
    };
    let lines: Vec<String> = result.failures.iter().map(ToString::to_string).collect();
    let message = match lines.as_slice() {
        [] => kind.to_owned(),
        [only] => only.clone(),
        [first, more @ ..] => format!("{first} (and {} more)", more.len()),
    };
    let mut text = lines.join("\n");
    if let Some(line) = &result.reproduce {
        text.push_str("\n\nby hand: ");
        text.push_str(line);
    }
    writer
        .create_element(element)
        .with_attribute(("message", &*clean(&message)))
        .with_attribute(("type", kind))
        .write_text_content(BytesText::new(&clean(&text)))?;
    Ok(())
}

/// Returns every attempt that was kept, and the last answer.
fn log(result: &CheckResult) -> String {
    let mut text = String::new();
    let mut before = 0;
    // Writing to a String cannot fail.
    for Observation {
        number,
        at,
        text: seen,
    } in result.attempts.kept()
    {
        if number - before > 1 {
            let _ = writeln!(text, "({} attempts left out)", number - before - 1);
        }
        before = *number;
        let _ = writeln!(text, "attempt {number} after {} s: {seen}", seconds(*at));
    }
    if let Some(reply) = &result.reply {
        let _ = write!(text, "\n{}\n{}", reply.status, reply.excerpt);
    }
    text.trim_end().to_owned()
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.3}", elapsed.as_secs_f64())
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

    use super::*;
    use crate::smoke::{Failure, Reply};

    fn failure(what: &str, expected: &str, actual: &str) -> Failure {
        Failure {
            what: what.to_owned(),
            expected: expected.to_owned(),
            actual: actual.to_owned(),
            difference: None,
        }
    }

    fn results() -> Vec<CheckResult> {
        let mut alive = CheckResult {
            name: "alive".to_owned(),
            verdict: crate::smoke::Verdict::Passed,
            elapsed: Duration::from_millis(12),
            ..CheckResult::default()
        };
        alive
            .attempts
            .record(Duration::from_millis(3), "connection refused");
        alive.attempts.record(Duration::from_millis(12), "200 OK");
        let mut average = CheckResult {
            name: "average <rates>".to_owned(),
            elapsed: Duration::from_micros(5_432),
            failures: vec![
                failure("$.rates[0].day", r#""2021-01-31""#, r#""2021-01-30""#),
                failure("$.rates", "length 31", "length 1"),
            ],
            reproduce: Some("curl -sS -i 'http://127.0.0.1:3000/rates?a=1&b=2'".to_owned()),
            reply: Some(Reply {
                status: "200 OK".to_owned(),
                excerpt: "{\"bell\":\u{7}\"]]>\"\u{1b}[0m}".to_owned(),
            }),
            ..CheckResult::default()
        };
        average
            .attempts
            .record(Duration::from_millis(5), "200 OK; $.rates[0].day: …");
        let mut rows = CheckResult {
            name: "rows".to_owned(),
            elapsed: Duration::from_secs(10),
            failures: vec![failure("answer", "one within 10s", "connection refused")],
            ..CheckResult::default()
        };
        for second in 0..50 {
            rows.attempts
                .record(Duration::from_secs(second), "connection refused");
        }
        vec![alive, average, rows]
    }

    fn report(results: &[CheckResult]) -> JUnit<'_> {
        JUnit {
            environment: "rates",
            instance: "default",
            started: SystemTime::UNIX_EPOCH + Duration::from_hours(447_792),
            elapsed: Duration::from_millis(10_017),
            results,
        }
    }

    #[test]
    fn golden() {
        let mut results = results();
        results[2].attempts = crate::smoke::Attempts::default();
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites tests="3" failures="1" errors="1" time="10.017">
              <testsuite name="rates" tests="3" failures="1" errors="1" time="10.017" timestamp="2021-01-31T00:00:00">
                <properties>
                  <property name="instance" value="default"/>
                </properties>
                <testcase name="alive" classname="rates.smoke" time="0.012">
                  <system-out>attempt 1 after 0.003 s: connection refused
            attempt 2 after 0.012 s: 200 OK</system-out>
                </testcase>
                <testcase name="average &lt;rates&gt;" classname="rates.smoke" time="0.005">
                  <failure message="$.rates[0].day: expected &quot;2021-01-31&quot;, got &quot;2021-01-30&quot; (and 1 more)" type="wrong answer">$.rates[0].day: expected &quot;2021-01-31&quot;, got &quot;2021-01-30&quot;
            $.rates: expected length 31, got length 1

            by hand: curl -sS -i &apos;http://127.0.0.1:3000/rates?a=1&amp;b=2&apos;</failure>
                  <system-out>attempt 1 after 0.005 s: 200 OK; $.rates[0].day: …

            200 OK
            {&quot;bell&quot;:�&quot;]]&gt;&quot;�[0m}</system-out>
                </testcase>
                <testcase name="rows" classname="rates.smoke" time="10.000">
                  <error message="answer: expected one within 10s, got connection refused" type="no answer">answer: expected one within 10s, got connection refused</error>
                  <system-out></system-out>
                </testcase>
              </testsuite>
            </testsuites>
        "#]].assert_eq(&report(&results).render().unwrap());
    }

    #[test]
    fn left_out_attempts_are_counted() {
        let log = log(&results()[2]);
        assert_eq!(log.lines().count(), 41);
        assert_eq!(log.lines().nth(10), Some("(10 attempts left out)"));
    }

    #[test]
    fn the_report_is_xml_whatever_the_texts_are() {
        let mut results = results();
        let nasty: String = (0..0x300)
            .filter_map(char::from_u32)
            .chain(['\u{ffff}'])
            .collect();
        results[0].name.clone_from(&nasty);
        results[1].failures[0].actual.clone_from(&nasty);
        let text = report(&results).render().unwrap();
        let mut reader = Reader::from_str(&text);
        let mut cases = 0;
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) if start.name().as_ref() == b"testcase" => cases += 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(cases, 3);
        let allowed = |char: char| char >= ' ' || matches!(char, '\t' | '\n' | '\r');
        assert!(text.chars().all(|char| allowed(char) && char != '\u{ffff}'));
    }

    #[test]
    fn a_report_replaces_an_old_one_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.xml");
        report(&results()).write(&path).unwrap();
        report(&[]).write(&path).unwrap();
        let text = fs_err::read_to_string(&path).unwrap();
        assert!(text.contains(r#"tests="0""#), "{text}");
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_report_goes_into_a_file_of_a_folder_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let error = |path: &Path| report(&[]).write(path).unwrap_err();
        assert!(matches!(error(folder.path()), JUnitError::IsFolder(_)));
        assert!(matches!(error(Path::new("/")), JUnitError::IsFolder(_)));
        let nowhere = folder.path().join("missing/report.xml");
        assert!(matches!(error(&nowhere), JUnitError::NoFolder(_)));
    }
}
