//! A run as lines with a time, for logs: `12:03:04 [3/9] image postgres: pulling`.

use std::time::Duration;

use super::crowd::Crowd;
use super::cut::plain_line;
use super::duration::duration;
use super::log_lines::LogLines;
use super::outputs::Outputs;
use super::paint::Paint;
use super::plural::plural;
use super::row::amount;
use super::view::{Now, View};
use super::workflow;
use super::wrap::wrapped;
use super::{Terminal, Verbosity};
use crate::tell::{CheckVerdict, Event, Level, Outcome, Progress, StepId};

/// The columns of a time of day and the space behind it.
const TIME_WIDTH: usize = 9;

/// Writes a line for what happens, and for a long step one each few seconds.
pub(super) struct Plain {
    verbosity: Verbosity,
    logs: LogLines,
    wrap: usize,
    running: Vec<RunningStep>,
    /// The steps, where they are so many that they are summed up.
    crowd: Option<Crowd>,
    /// How many steps the plan has, and how many of them have a number already.
    steps: usize,
    numbered: usize,
}

struct RunningStep {
    step: StepId,
    number: usize,
    title: String,
    /// What it did last, if that is not written yet.
    news: Option<String>,
    written: String,
    written_at: Duration,
}

impl Plain {
    /// The shortest time between two lines of one step.
    const PAUSE: Duration = Duration::from_secs(5);

    pub(super) fn new(verbosity: Verbosity, terminal: Terminal) -> Self {
        Self {
            verbosity,
            logs: LogLines::new(Paint::new(terminal.colors_stdout())),
            wrap: terminal.failure_wrap(),
            running: Vec::new(),
            crowd: None,
            steps: 0,
            numbered: 0,
        }
    }

    /// Returns the lines, without a time, that an event makes.
    fn line(&mut self, event: Event, at: Duration) -> Option<String> {
        let crowd = self.crowd.as_mut();
        if crowd.is_some_and(|crowd| crowd.absorbs(&event, at)) {
            return None;
        }
        match event {
            Event::RunStarted {
                command,
                environment,
                instance,
                steps,
            } => {
                self.steps = steps;
                self.crowd = Crowd::of(steps, self.verbosity, at);
                let count = plural(steps, "step");
                (steps > 0)
                    .then(|| format!("{command} {environment} (instance {instance}): {count}"))
            }
            Event::StepStarted { step, title } => Some(self.started(step, &title, at)),
            Event::StepProgress { step, progress } => {
                self.running(step)?.news = Some(told(&progress));
                None
            }
            Event::StepMessage { step, text } => {
                self.running(step)?.news = Some(plain_line(&text));
                None
            }
            Event::StepOutput { step, line } => {
                let verbose = self.verbosity == Verbosity::Verbose;
                let steps = self.steps;
                let running = self.running(step).filter(|_| verbose)?;
                Some(running.line(steps, &format!("| {}", plain_line(&line))))
            }
            Event::StepFinished {
                step,
                title,
                outcome,
                elapsed,
            } => Some(self.finished(step, &title, &outcome, elapsed)),
            // The answer lists every check.
            Event::CheckFinished { .. } if self.verbosity != Verbosity::Verbose => None,
            Event::CheckFinished {
                check,
                verdict,
                flaky,
                elapsed,
                ..
            } => {
                let word = match verdict {
                    CheckVerdict::Passed => "passed",
                    CheckVerdict::Failed => "failed",
                    CheckVerdict::Skipped => "skipped",
                };
                let flaky = if flaky { ", flaky" } else { "" };
                Some(format!(
                    "check {check}: {word} ({}){flaky}",
                    duration(elapsed)
                ))
            }
            Event::Notice { text, .. } => Some(text),
            Event::Annotation { .. } | Event::LogLine { .. } | Event::TaskLine { .. } => None,
        }
    }

    fn started(&mut self, step: StepId, title: &str, at: Duration) -> String {
        self.numbered += 1;
        let running = RunningStep {
            step,
            number: self.numbered,
            title: plain_line(title),
            news: None,
            written: String::new(),
            written_at: at,
        };
        let line = running.line(self.steps, "started");
        self.running.push(running);
        line
    }

    fn finished(
        &mut self,
        step: StepId,
        title: &str,
        outcome: &Outcome,
        elapsed: Duration,
    ) -> String {
        let running = self.running.iter().position(|running| running.step == step);
        let place = match running {
            _ if self.crowd.is_some() => String::new(),
            Some(running) => place_of(self.running.remove(running).number, self.steps),
            None => {
                self.numbered += 1;
                place_of(self.numbered, self.steps)
            }
        };
        let took = duration(elapsed);
        let words = match outcome {
            Outcome::Done { detail: None } => format!("done ({took})"),
            Outcome::Done {
                detail: Some(detail),
            } => format!("done, {detail} ({took})"),
            Outcome::Unchanged { detail: None } => format!("unchanged ({took})"),
            Outcome::Unchanged {
                detail: Some(detail),
            } => format!("unchanged, {detail} ({took})"),
            Outcome::Failed { reason } => format!("failed, {reason} ({took})"),
            Outcome::Skipped { because } => format!("skipped, {because}"),
            Outcome::Interrupted => format!("interrupted ({took})"),
        };
        plain_line(&format!("{place}{title}: {words}"))
    }

    fn running(&mut self, step: StepId) -> Option<&mut RunningStep> {
        self.running.iter_mut().find(|running| running.step == step)
    }

    fn is_shown(&self, event: &Event) -> bool {
        let level = match event {
            Event::Notice { level, .. } => *level,
            _ => Level::Info,
        };
        match level {
            Level::Detail => self.verbosity == Verbosity::Verbose,
            Level::Info => self.verbosity != Verbosity::Quiet,
            Level::Warning => true,
        }
    }
}

impl RunningStep {
    fn line(&self, steps: usize, text: &str) -> String {
        format!("{}{}: {text}", place_of(self.number, steps), self.title)
    }
}

fn place_of(number: usize, steps: usize) -> String {
    if steps == 0 {
        return String::new();
    }
    format!("[{number}/{}] ", steps.max(number))
}

fn told(progress: &Progress) -> String {
    match &progress.doing {
        Some(doing) => format!("{}, {}", amount(progress), plain_line(doing)),
        None => amount(progress),
    }
}

fn timed(now: Now, line: &str) -> String {
    let (hours, minutes) = (now.clock_s / 3600 % 24, now.clock_s / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02} {line}\n", now.clock_s % 60)
}

impl View for Plain {
    fn event(&mut self, event: Event, now: Now, outputs: &mut Outputs) {
        if let Some(line) = self.logs.event(&event) {
            outputs.out(&line);
            return;
        }
        if let Event::TaskLine { stderr, line, .. } = &event {
            outputs.line(*stderr, line);
            return;
        }
        if let Some(line) = workflow::command(&event) {
            outputs.command(&line);
            return;
        }
        let shown = self.is_shown(&event);
        let warning = matches!(
            &event,
            Event::Notice {
                level: Level::Warning,
                ..
            }
        );
        if let Some(line) = self.line(event, now.elapsed).filter(|_| shown) {
            let prefix = if warning { "warning: " } else { "" };
            let line = wrapped(&format!("{prefix}{line}"), self.wrap, TIME_WIDTH, "  ");
            outputs.err(&timed(now, &line));
        }
    }

    fn tick(&mut self, now: Now, outputs: &mut Outputs) -> bool {
        if let Some(crowd) = &mut self.crowd {
            let news = crowd.news(now.elapsed);
            if let Some(line) = news.filter(|_| self.verbosity != Verbosity::Quiet) {
                outputs.err(&timed(now, &line));
            }
            return crowd.is_live();
        }
        for running in &mut self.running {
            if now.elapsed.saturating_sub(running.written_at) < Self::PAUSE {
                continue;
            }
            let Some(news) = running.news.take().filter(|news| *news != running.written) else {
                continue;
            };
            if self.verbosity != Verbosity::Quiet {
                outputs.err(&timed(now, &running.line(self.steps, &news)));
            }
            running.written = news;
            running.written_at = now.elapsed;
        }
        !self.running.is_empty()
    }

    fn clear(&mut self, now: Now, outputs: &mut Outputs) {
        let rest = self.crowd.iter_mut().flat_map(Crowd::rest);
        let told = rest.filter(|_| self.verbosity != Verbosity::Quiet);
        for line in told {
            outputs.err(&timed(now, &line));
        }
    }
}

#[cfg(test)]
mod tests;
