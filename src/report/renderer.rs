//! The renderer: a thread that gets the events of a run and tells them, until the command ends.

use std::io;
use std::iter;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use console::Term;

use super::bars::Bars;
use super::human::{self, Page};
use super::json::{self, JsonLines};
use super::outlet::Outlet;
use super::outputs::Outputs;
use super::paint::Paint;
use super::plain::Plain;
use super::view::{Now, View};
use super::{Format, Terminal, Verbosity};
use crate::tell::{Answer, Event, Events, Failed};

/// Starts to tell a run. The events may be sent from anywhere; the secrets are masked in all of
/// them.
pub fn start(
    format: Format,
    verbosity: Verbosity,
    terminal: Terminal,
    secrets: &[String],
) -> (Events, Renderer) {
    let outputs = Outputs::process();
    start_on(outputs, (format, verbosity), terminal, secrets)
}

fn start_on(
    mut outputs: Outputs,
    (format, verbosity): (Format, Verbosity),
    terminal: Terminal,
    secrets: &[String],
) -> (Events, Renderer) {
    outputs.guard(terminal.in_github_actions);
    let (sender, receiver) = channel();
    let handle = Handle {
        sender: sender.clone(),
        outlet: Outlet::new(format, terminal),
        is_terminal: terminal.stderr_is_tty,
    };
    handle.mask(secrets);
    let teller = Teller {
        view: view(format, verbosity, terminal),
        outputs,
        outlet: handle.outlet.clone(),
        command: String::new(),
        started: Instant::now(),
    };
    let thread = thread::Builder::new()
        .name("renderer".to_owned())
        .spawn(move || teller.run(&receiver))
        .ok();
    let events = Events::new(move |event| {
        // A renderer that is gone must not stop the work.
        let _ = sender.send(Order::Event(event));
    });
    let renderer = Renderer {
        format,
        terminal,
        handle,
        thread,
    };
    (events, renderer)
}

fn view(format: Format, verbosity: Verbosity, terminal: Terminal) -> Box<dyn View> {
    match format {
        Format::Human if terminal.live => Box::new(Bars::new(verbosity, terminal)),
        Format::Human | Format::Plain => Box::new(Plain::new(verbosity, terminal)),
        Format::Json => Box::new(JsonLines::new(verbosity)),
    }
}

/// What the thread is told, in order.
enum Order {
    Event(Event),
    /// Clear the screen, say so, and wait until the other end is gone.
    Suspend {
        cleared: Sender<()>,
        resumed: Receiver<()>,
    },
    Finish,
}

/// Tells a run until it is finished or dropped; either way the terminal is left as it was.
pub struct Renderer {
    format: Format,
    terminal: Terminal,
    handle: Handle,
    thread: Option<JoinHandle<(Outputs, String)>>,
}

impl Renderer {
    /// Returns a handle for what is no event: secrets, prompts.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Tells the events that are still to be told, then the answer on standard output or the
    /// failures on standard error. An error means that standard output could not be written, which
    /// is said on standard error; a reader that is gone is none.
    pub fn finish(mut self, result: Result<&Answer, &Failed>) -> io::Result<()> {
        let (mut outputs, command) = self
            .stop()
            .unwrap_or_else(|| (Outputs::process(), String::new()));
        outputs.guard(self.terminal.in_github_actions);
        let out = Page {
            command: &command,
            width: self.terminal.answer_width(),
            wrap: self.terminal.answer_width(),
            paint: Paint::new(self.terminal.colors_stdout()),
        };
        let err = Page {
            width: usize::from(self.terminal.width),
            wrap: self.terminal.failure_wrap(),
            paint: Paint::new(self.terminal.colors_stderr()),
            ..out
        };
        let outlet = &self.handle.outlet;
        match result {
            Ok(answer) => {
                let mut answer = answer.clone();
                outlet.pass(&mut answer);
                if self.format == Format::Json {
                    outputs.json(&json::answer(&answer));
                } else {
                    let text = human::answer(&answer, out);
                    match answer {
                        // These are data, which go into files.
                        Answer::Configuration(_) | Answer::Explanation(_) | Answer::Schema(_) => {
                            outputs.exact(&text);
                        }
                        _ => outputs.out(&text),
                    }
                }
            }
            Err(failed) => {
                let mut failed = failed.clone();
                outlet.pass(&mut failed);
                if self.format == Format::Json {
                    outputs.json(&json::failed(&failed));
                } else {
                    if let Some(answer) = &failed.answer {
                        outputs.out(&human::answer(answer, out));
                    }
                    outputs.err(&human::diagnostics(&failed.diagnostics, err));
                }
            }
        }
        outputs.finish()
    }

    fn stop(&mut self) -> Option<(Outputs, String)> {
        let thread = self.thread.take()?;
        let _ = self.handle.sender.send(Order::Finish);
        // It may be resting.
        thread.thread().unpark();
        // A renderer that panicked has nothing more to say; the command's result still counts.
        thread.join().ok()
    }
}

impl Drop for Renderer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Speaks to a renderer about what is no event.
#[derive(Clone)]
pub struct Handle {
    sender: Sender<Order>,
    outlet: Outlet,
    is_terminal: bool,
}

impl Handle {
    /// Masks more secrets from now on, in what is sent and in what is not yet told.
    pub fn mask(&self, secrets: &[String]) {
        self.outlet.hide(secrets);
    }

    /// Tells what was sent so far, clears the bars, and runs `prompt` with the terminal to itself.
    pub fn suspend<T>(&self, prompt: impl FnOnce() -> T) -> T {
        let (cleared, is_cleared) = channel();
        let (resume, resumed) = sync_channel::<()>(0);
        let asked = self.sender.send(Order::Suspend { cleared, resumed });
        if asked.is_ok() {
            // An error means that the renderer is gone, and draws no more either.
            let _ = is_cleared.recv();
        }
        let restored = Restored(self.is_terminal);
        let answer = prompt();
        drop(restored);
        drop(resume);
        answer
    }
}

/// Shows the cursor again, which an interrupted prompt leaves hidden.
struct Restored(bool);

impl Drop for Restored {
    fn drop(&mut self) {
        if self.0 {
            let _ = Term::stderr().show_cursor();
        }
    }
}

/// What the thread works with.
struct Teller {
    view: Box<dyn View>,
    outputs: Outputs,
    outlet: Outlet,
    /// The command of the run, for the wording of its answer.
    command: String,
    started: Instant,
}

impl Teller {
    /// The time between two ticks: fifteen a second.
    const TICK: Duration = Duration::from_millis(66);

    /// How long it lets events gather after it has told some. Each wake-up costs the work a
    /// switch of threads, and nobody sees the difference.
    const REST: Duration = Duration::from_millis(5);

    /// How many it tells before it looks at the time again.
    const GATHERED_MAX: usize = 1000;

    fn run(mut self, messages: &Receiver<Order>) -> (Outputs, String) {
        // None while nothing goes on: a command that only waits costs nothing.
        let mut next_tick: Option<Instant> = None;
        loop {
            let received = match next_tick {
                Some(next) => messages.recv_timeout(next.saturating_duration_since(Instant::now())),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match received {
                Ok(first) => {
                    next_tick.get_or_insert_with(|| Instant::now() + Self::TICK);
                    let mut gathered =
                        iter::once(first).chain(messages.try_iter().take(Self::GATHERED_MAX));
                    if gathered.any(|message| self.tell(message).is_break()) {
                        break;
                    }
                    thread::park_timeout(Self::REST);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if next_tick.is_some_and(|next| Instant::now() >= next) {
                let goes_on = self.view.tick(self.now(), &mut self.outputs);
                next_tick = goes_on.then(|| Instant::now() + Self::TICK);
            }
        }
        self.view.clear(self.now(), &mut self.outputs);
        (self.outputs, self.command)
    }

    /// Does what a message says; a break is the end.
    fn tell(&mut self, message: Order) -> ControlFlow<()> {
        match message {
            Order::Event(event) => self.event(event),
            Order::Suspend { cleared, resumed } => {
                self.view.clear(self.now(), &mut self.outputs);
                let _ = cleared.send(());
                // Nothing is ever sent: it ends when the prompt drops its end.
                let _ = resumed.recv();
            }
            Order::Finish => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    fn event(&mut self, mut event: Event) {
        self.outlet.pass_event(&mut event);
        if let Event::RunStarted { command, .. } = &event {
            self.command.clone_from(command);
        }
        self.view.event(event, self.now(), &mut self.outputs);
    }

    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Now {
            elapsed: self.started.elapsed(),
            clock_s: since.map_or(0, |since| since.as_secs() % 86_400),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::outputs::testing::{Kept, kept};
    use super::*;
    use crate::tell::{
        CheckAnswer, CheckVerdict, Diagnostic, DownAnswer, FailedExpectation, LogLook, Severity,
        SmokeAnswer, StepId, TableAnswer, UpAnswer,
    };

    fn started(format: Format) -> (Events, Renderer, Kept, Kept) {
        let (outputs, out, err) = kept();
        let secrets = vec!["s3cret".to_owned()];
        let how = (format, Verbosity::Normal);
        let (events, renderer) = start_on(outputs, how, Terminal::pipe(), &secrets);
        (events, renderer, out, err)
    }

    #[test]
    fn human_without_a_terminal_is_plain_and_the_answer_is_masked() {
        let (events, renderer, out, err) = started(Format::Human);
        events.warning("the key s3cret is old");
        let mut answer = DownAnswer {
            environment: "rates".to_owned(),
            instance: "s3cret".to_owned(),
            ..DownAnswer::default()
        };
        answer.containers = 1;
        renderer.finish(Ok(&Answer::Down(answer))).unwrap();
        let (_, without_time) = err
            .text()
            .split_once(' ')
            .map(|(a, b)| (a.len(), b.to_owned()))
            .unwrap();
        expect![[r"
            warning: the key *** is old
        "]]
        .assert_eq(&without_time);
        expect![[r"
            rates (instance ***) is down: removed 1 container; 0 left
        "]]
        .assert_eq(&out.text());
    }

    #[test]
    fn the_answer_is_worded_for_the_command_of_the_run() {
        let (events, renderer, out, _) = started(Format::Plain);
        events.send(Event::RunStarted {
            command: "seed".to_owned(),
            environment: "rates".to_owned(),
            instance: "default".to_owned(),
            steps: 0,
        });
        let answer = UpAnswer {
            environment: "rates".to_owned(),
            instance: "default".to_owned(),
            ..UpAnswer::default()
        };
        renderer.finish(Ok(&Answer::Up(answer))).unwrap();
        expect![[r"
            rates (instance default): nothing to do: the data is as declared
        "]]
        .assert_eq(&out.text());
    }

    #[test]
    fn failures_go_to_standard_error_and_in_json_to_standard_output() {
        let failed = Failed {
            diagnostics: vec![Diagnostic::new("no s3cret")],
            answer: None,
            exit_code: 1,
        };
        let (_events, renderer, out, err) = started(Format::Plain);
        renderer.finish(Err(&failed)).unwrap();
        assert_eq!(
            (out.text().as_str(), err.text().as_str()),
            ("", "error: no ***\n")
        );
        let (_events, renderer, out, err) = started(Format::Json);
        renderer.finish(Err(&failed)).unwrap();
        assert_eq!(err.text(), "");
        assert!(
            out.text()
                .starts_with("{\"v\":1,\"error\":{\"title\":\"no ***\"")
        );
        assert!(out.text().ends_with("\"exit_code\":1}\n"));
    }

    #[test]
    fn in_github_actions_only_annotations_are_commands() {
        for format in [Format::Human, Format::Plain, Format::Json] {
            let (outputs, out, err) = kept();
            let terminal = Terminal {
                in_github_actions: true,
                ..Terminal::pipe()
            };
            let how = (format, Verbosity::Verbose);
            let (events, renderer) = start_on(outputs, how, terminal, &[]);
            let injected = || "::error::injected ##[group]x".to_owned();
            let (stderr, line) = (false, injected());
            events.send(Event::LogLine {
                service: "api".to_owned(),
                stderr,
                time: None,
                line,
                look: LogLook::default(),
            });
            let (task, line) = ("import".to_owned(), injected());
            events.send(Event::TaskLine { task, stderr, line });
            events.warning(format!("odd\n{}", injected()));
            events.send(Event::Annotation {
                severity: Severity::Error,
                file: None,
                line: None,
                title: "alive".to_owned(),
                message: injected(),
            });
            let check = CheckAnswer {
                verdict: CheckVerdict::Failed,
                failures: vec![FailedExpectation::default()],
                reproduce: Some(format!("curl --data-raw '\n{}'", injected())),
                log: vec![injected()],
                ..CheckAnswer::default()
            };
            let answer = Answer::Smoke(SmokeAnswer {
                checks: vec![check],
                ..SmokeAnswer::default()
            });
            let failed = Failed {
                answer: Some(answer),
                diagnostics: vec![Diagnostic::new(injected())],
                exit_code: 8,
            };
            renderer.finish(Err(&failed)).unwrap();
            let text = out.text() + &err.text();
            let is_command =
                |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
            let commands: Vec<&str> = text.lines().filter(is_command).collect();
            assert_eq!(
                commands,
                ["::error title=alive::::error::injected ##[group]x"]
            );
            assert!(text.matches("injected").count() >= 5, "{text}");
        }
    }

    #[test]
    fn in_github_actions_no_row_of_a_query_is_a_command() {
        let (outputs, out, _) = kept();
        let terminal = Terminal {
            in_github_actions: true,
            ..Terminal::pipe()
        };
        let how = (Format::Plain, Verbosity::Normal);
        let (_events, renderer) = start_on(outputs, how, terminal, &[]);
        let answer = Answer::Table(TableAnswer {
            columns: vec!["a".to_owned()],
            rows: vec![vec![Some("::add-mask::x\n##[error]x".to_owned())]],
        });
        renderer.finish(Ok(&answer)).unwrap();
        expect![[r"
             a
            ---------------
             : :add-mask::x+
             ## [error]x
            (1 row)
        "]]
        .assert_eq(&out.text());
    }

    #[test]
    fn a_prompt_comes_after_what_was_sent_before_it() {
        let (events, renderer, _, err) = started(Format::Plain);
        let handle = renderer.handle();
        for number in 0..100 {
            events.info(format!("line {number}"));
        }
        let told = handle.suspend(|| {
            events.info("during");
            err.text().lines().count()
        });
        assert_eq!(told, 100);
        drop(renderer);
        assert_eq!(err.text().lines().count(), 101);
        assert_eq!(handle.suspend(|| 7), 7);
    }

    #[test]
    fn secrets_that_are_known_later_are_masked_too() {
        let (events, renderer, _, err) = started(Format::Plain);
        renderer.handle().mask(&["later".to_owned()]);
        let title = "with later".to_owned();
        let step = StepId(1);
        events.send(Event::StepStarted { step, title });
        renderer.finish(Ok(&Answer::Silent)).unwrap();
        assert!(
            err.text().ends_with("with ***: started\n"),
            "{}",
            err.text()
        );
    }
}
