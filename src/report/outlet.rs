//! What every event, answer and failure passes on its way to a stream: secrets are hidden, and what
//! a terminal would obey is spelled out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::texts::Texts;
use super::{Format, Terminal};
use crate::tell::{Event, Mask, visible, visible_in_color};

/// The only way to the streams; clones are the same one.
#[derive(Clone)]
pub(super) struct Outlet {
    mask: Arc<Mutex<Mask>>,
    terminal: Terminal,
    /// JSON spells out by itself what a terminal would obey.
    json: bool,
}

impl Outlet {
    pub(super) fn new(format: Format, terminal: Terminal) -> Self {
        Self {
            mask: Arc::default(),
            terminal,
            json: format == Format::Json,
        }
    }

    /// Hides more secrets from now on.
    pub(super) fn hide(&self, secrets: &[String]) {
        self.mask().add(secrets.iter().map(String::as_str));
    }

    /// Makes an answer or a failure fit to be shown.
    pub(super) fn pass(&self, value: &mut dyn Texts) {
        let mask = self.mask();
        value.texts(&mut |text| {
            mask.hide_in(text);
            self.spell_out(text, false);
        });
    }

    /// Makes an event fit to be shown. What services and tasks print keeps its colours where the
    /// stream is coloured. A step's program may draw a meter over itself: its last state counts.
    pub(super) fn pass_event(&self, event: &mut Event) {
        let mask = self.mask();
        event.texts(&mut |text| mask.hide_in(text));
        let (colors_out, colors_err) =
            (self.terminal.colors_stdout(), self.terminal.colors_stderr());
        match event {
            Event::LogLine { service, line, .. } => {
                self.spell_out(service, false);
                self.spell_out(line, colors_out);
            }
            Event::TaskLine { task, stderr, line } => {
                self.spell_out(task, false);
                self.spell_out(line, if *stderr { colors_err } else { colors_out });
            }
            Event::StepOutput { line: text, .. } | Event::StepMessage { text, .. } => {
                if !self.json {
                    let last = text.trim_end().rsplit('\r').next().unwrap_or_default();
                    *text = visible(last).into_owned();
                }
            }
            other => other.texts(&mut |text| self.spell_out(text, false)),
        }
    }

    fn spell_out(&self, text: &mut String, colors: bool) {
        if self.json {
            return;
        }
        let shown = if colors {
            visible_in_color(text)
        } else {
            visible(text)
        };
        if let std::borrow::Cow::Owned(shown) = shown {
            *text = shown;
        }
    }

    fn mask(&self) -> MutexGuard<'_, Mask> {
        self.mask.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;
    use crate::tell::{Answer, Diagnostic, Failed, LogLook, StepId, TableAnswer};

    fn outlet(secret: &str, terminal: Terminal) -> Outlet {
        let outlet = Outlet::new(Format::Human, terminal);
        outlet.hide(&[secret.to_owned()]);
        outlet
    }

    #[test]
    fn every_part_of_a_failure_is_masked_and_made_visible() {
        let s = || "\x1b]0;s3cret\x07".to_owned();
        let mut failed = Failed {
            diagnostics: vec![Diagnostic {
                title: s(),
                causes: vec![s()],
                place: Some(Place {
                    file: s().into(),
                    line: 1,
                    column: 1,
                    text: s(),
                    width: 1,
                }),
                facts: vec![(s(), s())],
                ..Diagnostic::default()
            }],
            answer: Some(Answer::Table(TableAnswer {
                columns: vec![s()],
                rows: vec![vec![Some(s()), None]],
            })),
            exit_code: 1,
        };
        outlet("s3cret", Terminal::pipe()).pass(&mut failed);
        let text = format!("{failed:?}");
        assert!(!text.contains("s3cret"), "{text}");
        // Debug doubles the backslash of what is spelled out.
        assert_eq!(text.matches(r"\\x1b]0;***\\x07").count(), 8, "{text}");
    }

    #[test]
    fn secrets_that_come_later_count_from_then_on() {
        let outlet = Outlet::new(Format::Json, Terminal::pipe());
        let mut event = Event::StepOutput {
            step: StepId(1),
            line: "key s3cret\x1b\r".to_owned(),
        };
        outlet.pass_event(&mut event);
        outlet.hide(&["s3cret".to_owned()]);
        outlet.pass_event(&mut event);
        assert!(
            matches!(&event, Event::StepOutput { line, .. } if line == "key ***\x1b\r"),
            "{event:?}"
        );
    }

    #[test]
    fn a_secret_that_a_service_logs_as_json_is_masked() {
        let secret = "pa\"ss\\word";
        let json = serde_json::json!({ "token": secret }).to_string();
        let mut event = Event::LogLine {
            service: "a".to_owned(),
            stderr: false,
            time: None,
            line: format!("{json} {}", serde_json::Value::from(json.as_str())),
            look: LogLook::default(),
        };
        outlet(secret, Terminal::pipe()).pass_event(&mut event);
        let Event::LogLine { line, .. } = event else {
            unreachable!("{event:?}")
        };
        assert_eq!(line, r#"{"token":"***"} "{\"token\":\"***\"}""#);
    }

    #[test]
    fn only_services_and_tasks_keep_their_colours_and_only_where_they_are_seen() {
        let terminal = |stdout_is_tty| Terminal {
            stdout_is_tty,
            ..Terminal::pipe()
        };
        let red = || "\x1b[31mred\x1b]0;x\x07".to_owned();
        let shown = |is_tty: bool| {
            let outlet = outlet("s3cret", terminal(is_tty));
            let mut log = Event::LogLine {
                service: "a\x1b".to_owned(),
                stderr: false,
                time: None,
                line: red(),
                look: LogLook::default(),
            };
            let mut output = Event::StepOutput {
                step: StepId(1),
                line: format!("10 %\r{}\r\n", red()),
            };
            outlet.pass_event(&mut log);
            outlet.pass_event(&mut output);
            match (log, output) {
                (Event::LogLine { service, line, .. }, Event::StepOutput { line: output, .. }) => {
                    [service, line, output]
                }
                other => unreachable!("{other:?}"),
            }
        };
        let [service, line, output] = shown(true);
        assert_eq!(service, r"a\x1b");
        assert_eq!(line, "\x1b[31mred\\x1b]0;x\\x07\x1b[0m");
        assert_eq!(output, r"red\x1b]0;x\x07");
        assert_eq!(shown(false)[1], r"red\x1b]0;x\x07");
    }
}
