//! A run as JSON, one object a line on standard output: every event, then the answer or the
//! failures. `v` is the version of this form.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Verbosity;
use super::outputs::Outputs;
use super::view::{Now, View};
use super::workflow;
use crate::tell::{Answer, Event, Failed, Level, StepId};

/// Writes each event as it is, but the progress of one step at most five times a second.
pub(super) struct JsonLines {
    verbosity: Verbosity,
    progress: Vec<(StepId, Duration)>,
}

impl JsonLines {
    const PAUSE: Duration = Duration::from_millis(200);

    pub(super) fn new(verbosity: Verbosity) -> Self {
        Self {
            verbosity,
            progress: Vec::new(),
        }
    }

    fn is_shown(&mut self, event: &Event, at: Duration) -> bool {
        let asked_for = matches!(
            event,
            Event::LogLine { .. }
                | Event::TaskLine { .. }
                | Event::Annotation { .. }
                | Event::Notice {
                    level: Level::Warning,
                    ..
                }
        );
        if self.verbosity == Verbosity::Quiet && !asked_for {
            return false;
        }
        match event {
            Event::StepProgress { step, .. } => self.is_due(*step, at),
            Event::StepFinished { step, .. } => {
                self.progress.retain(|(known, _)| known != step);
                true
            }
            _ => true,
        }
    }

    fn is_due(&mut self, step: StepId, at: Duration) -> bool {
        match self.progress.iter_mut().find(|(known, _)| *known == step) {
            None => {
                self.progress.push((step, at));
                true
            }
            Some((_, last)) if at.saturating_sub(*last) >= Self::PAUSE => {
                *last = at;
                true
            }
            Some(_) => false,
        }
    }
}

impl View for JsonLines {
    fn event(&mut self, event: Event, now: Now, outputs: &mut Outputs) {
        if let Some(line) = workflow::command(&event) {
            outputs.command(&line);
        }
        if self.is_shown(&event, now.elapsed) {
            outputs.json(&line(&event));
        }
    }

    fn tick(&mut self, _now: Now, _outputs: &mut Outputs) -> bool {
        false
    }

    fn clear(&mut self, _now: Now, _outputs: &mut Outputs) {}
}

/// Returns the last line of a command that ended well.
pub(super) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::Lent { .. } => String::new(),
        answer => line(answer),
    }
}

/// Returns the last lines of a command that failed: its answer, where it has one, and a line for
/// each failure. Each holds the exit code.
pub(super) fn failed(failed: &Failed) -> String {
    let code = ("exit_code".to_owned(), json!(failed.exit_code));
    let mut lines: Vec<Value> = failed.answer.iter().map(versioned).collect();
    lines.extend(
        failed
            .diagnostics
            .iter()
            .map(|diagnostic| versioned(&json!({ "error": diagnostic }))),
    );
    if lines.is_empty() {
        lines.push(versioned(&json!({ "error": null })));
    }
    for value in &mut lines {
        if let Value::Object(object) = value {
            object.extend([code.clone()]);
        }
    }
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    lines.join("\n") + "\n"
}

fn line(value: &impl Serialize) -> String {
    format!("{}\n", versioned(value))
}

fn versioned(value: &impl Serialize) -> Value {
    let value = serde_json::to_value(value).expect("the vocabulary has string keys only");
    let mut object = Map::new();
    object.insert("v".to_owned(), json!(1));
    match value {
        Value::Object(fields) => object.extend(fields),
        other => {
            object.insert("value".to_owned(), other);
        }
    }
    Value::Object(object)
}

#[cfg(test)]
mod documentation;
#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::outputs::testing::kept;
    use super::*;
    use crate::tell::{Diagnostic, DownAnswer, LogLook, Outcome, Progress, SmokeAnswer, Unit};

    fn progress(done: u64) -> Event {
        Event::StepProgress {
            step: StepId(1),
            progress: Progress {
                done,
                total: None,
                unit: Unit::Bytes,
                doing: None,
            },
        }
    }

    fn run() -> Vec<Event> {
        let step = StepId(1);
        let text = |text: &str| text.to_owned();
        vec![
            Event::RunStarted {
                command: text("up"),
                environment: text("rates"),
                instance: text("default"),
                steps: 1,
            },
            Event::StepStarted {
                step,
                title: text("seed dump"),
            },
            Event::StepOutput {
                step,
                line: text("a \"line\""),
            },
            progress(1),
            progress(2),
            Event::StepFinished {
                step,
                title: text("seed dump"),
                outcome: Outcome::Done { detail: None },
                elapsed: Duration::from_millis(1234),
            },
            Event::Notice {
                level: Level::Warning,
                text: text("stale"),
            },
            Event::LogLine {
                service: text("db"),
                stderr: false,
                time: None,
                line: text("ready"),
                look: LogLook::default(),
            },
        ]
    }

    fn check(verbosity: Verbosity, expected: &Expect) {
        let (mut outputs, out, err) = kept();
        let mut json = JsonLines::new(verbosity);
        for event in run() {
            json.event(event, Now::default(), &mut outputs);
        }
        expected.assert_eq(&out.text());
        assert_eq!(err.text(), "");
    }

    #[test]
    fn every_event_is_a_line() {
        check(
            Verbosity::Normal,
            &expect![[r#"
            {"v":1,"event":"run_started","command":"up","environment":"rates","instance":"default","steps":1}
            {"v":1,"event":"step_started","step":1,"title":"seed dump"}
            {"v":1,"event":"step_output","step":1,"line":"a \"line\""}
            {"v":1,"event":"step_progress","step":1,"done":1,"total":null,"unit":"bytes","doing":null}
            {"v":1,"event":"step_finished","step":1,"title":"seed dump","outcome":"done","detail":null,"elapsed_s":1.234}
            {"v":1,"event":"notice","level":"warning","text":"stale"}
            {"v":1,"event":"log_line","service":"db","stderr":false,"time":null,"line":"ready"}
        "#]],
        );
    }

    #[test]
    fn quiet_leaves_warnings_and_what_was_asked_for() {
        check(
            Verbosity::Quiet,
            &expect![[r#"
            {"v":1,"event":"notice","level":"warning","text":"stale"}
            {"v":1,"event":"log_line","service":"db","stderr":false,"time":null,"line":"ready"}
        "#]],
        );
    }

    #[test]
    fn the_last_lines_are_the_answer_or_the_failures() {
        let down = Answer::Down(DownAnswer::default());
        expect![[r#"
            {"v":1,"answer":"down","environment":"","instance":"","engine":"","containers":0,"networks":0,"volumes":0,"kept_volumes":0,"left":0}
        "#]].assert_eq(&answer(&down));
        let smoke = Failed {
            answer: Some(Answer::Smoke(SmokeAnswer::default())),
            exit_code: 8,
            ..Failed::default()
        };
        expect![[r#"
            {"v":1,"answer":"smoke","environment":"","instance":"","checks":[],"elapsed_s":0.0,"exit_code":8}
        "#]].assert_eq(&failed(&smoke));
        let config = Failed {
            diagnostics: vec![Diagnostic::new("one"), Diagnostic::new("two").hint("`try`")],
            answer: None,
            exit_code: 3,
        };
        expect![[r#"
            {"v":1,"error":{"title":"one","causes":[],"place":null,"facts":[],"tail":null,"blocked":[],"hints":[]},"exit_code":3}
            {"v":1,"error":{"title":"two","causes":[],"place":null,"facts":[],"tail":null,"blocked":[],"hints":["`try`"]},"exit_code":3}
        "#]].assert_eq(&failed(&config));
        expect![[r#"
            {"v":1,"error":null,"exit_code":0}
        "#]]
        .assert_eq(&failed(&Failed::default()));
        assert_eq!(answer(&Answer::Silent), "{\"v\":1,\"answer\":\"silent\"}\n");
        assert_eq!(answer(&Answer::Lent { code: 3 }), "");
    }
}
