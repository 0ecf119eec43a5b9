//! What is on the screen while a run goes on: lines above that stay, and a row for each running
//! step below. A state machine fed by events; it neither draws nor looks at a clock.

use std::time::Duration;

use super::Verbosity;
use super::crowd::Crowd;
use super::cut::{cut, plain_line, width};
use super::duration::duration;
use super::paint::Paint;
use super::plural::plural;
use super::row::{Layout, Row};
use super::wrap::wrapped;
use crate::tell::{CheckVerdict, Event, Level, Outcome, StepId};

/// The state of the screen.
pub(super) struct Board {
    verbosity: Verbosity,
    paint: Paint,
    rows: Vec<(StepId, Row)>,
    /// The steps, where they are so many that only those that do not end well stay.
    crowd: Option<Crowd>,
    /// How many steps the plan has, and how many of them ended.
    steps: usize,
    ended: usize,
    checks: usize,
    failed_checks: usize,
    skipped_checks: usize,
    started: Option<Duration>,
}

impl Board {
    /// A step that ends sooner is never drawn.
    const QUIET: Duration = Duration::from_millis(250);

    pub(super) fn new(verbosity: Verbosity, paint: Paint) -> Self {
        Self {
            verbosity,
            paint,
            rows: Vec::new(),
            crowd: None,
            steps: 0,
            ended: 0,
            checks: 0,
            failed_checks: 0,
            skipped_checks: 0,
            started: None,
        }
    }

    /// Takes in an event and returns the line, without its end, that stays because of it.
    pub(super) fn event(&mut self, event: Event, at: Duration, columns: usize) -> Option<String> {
        self.started.get_or_insert(at);
        let crowd = self.crowd.as_mut();
        let absorbed = crowd.is_some_and(|crowd| crowd.absorbs(&event, at));
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
                let line = format!("{command} {environment} (instance {instance}): {count}");
                self.unless_quiet(cut(&line, columns)).filter(|_| steps > 0)
            }
            Event::StepStarted { step, title } => {
                self.rows.push((step, Row::new(&title, at)));
                None
            }
            Event::StepProgress { step, progress } => {
                self.row(step)?.progress(progress, at);
                None
            }
            Event::StepMessage { step, text } => {
                self.row(step)?.text(&text);
                None
            }
            Event::StepOutput { step, line } => self.output(step, &line),
            Event::StepFinished {
                step,
                title,
                outcome,
                elapsed,
            } => {
                self.rows.retain(|(running, _)| *running != step);
                self.ended += 1;
                if absorbed {
                    return None;
                }
                self.unless_quiet(finished(&title, &outcome, elapsed, columns, self.paint))
            }
            Event::CheckFinished { verdict, .. } => {
                self.checks += 1;
                self.failed_checks += usize::from(verdict == CheckVerdict::Failed);
                self.skipped_checks += usize::from(verdict == CheckVerdict::Skipped);
                None
            }
            Event::Notice { level, text } => self.notice(level, &text, columns),
            Event::Annotation { .. } | Event::LogLine { .. } | Event::TaskLine { .. } => None,
        }
    }

    /// Whether there is something that goes on, be it too young to be drawn.
    pub(super) fn is_live(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Returns the rows below: at most `lines` of them, none wider than `columns`.
    pub(super) fn rows(&self, at: Duration, columns: usize, lines: usize) -> Vec<String> {
        let long = |since: Duration| at.saturating_sub(since) >= Self::QUIET;
        let shown: Vec<&Row> = self
            .rows
            .iter()
            .map(|(_, row)| row)
            .filter(|row| long(row.started))
            .collect();
        let checking = self.checks > 0 && self.rows.is_empty();
        if self.verbosity == Verbosity::Quiet || lines == 0 || (shown.is_empty() && !checking) {
            return Vec::new();
        }
        let titles = shown.iter().map(|row| width(&row.title)).max();
        let layout = Layout {
            width: columns,
            title_width: titles.unwrap_or(0).min(columns / 2),
            paint: self.paint,
        };
        let room = lines - 1;
        let fits = if shown.len() > room {
            room.saturating_sub(1)
        } else {
            shown.len()
        };
        let mut drawn: Vec<String> = shown[..fits]
            .iter()
            .map(|row| row.draw(at, layout))
            .collect();
        if fits < shown.len() && room > 0 {
            drawn.push(cut(
                &format!("  … and {} more", shown.len() - fits),
                columns,
            ));
        }
        let summary = cut(&self.summary(at), columns);
        drawn.push(self.paint.dim(&summary));
        drawn
    }

    fn summary(&self, at: Duration) -> String {
        let elapsed = duration(at.saturating_sub(self.started.unwrap_or(at)));
        if self.rows.is_empty() && self.checks > 0 {
            let checks = plural(self.checks, "check");
            let failed = self.failed_checks;
            let skipped = match self.skipped_checks {
                0 => String::new(),
                skipped => format!(", {skipped} skipped"),
            };
            return format!("{checks} ended, {failed} failed{skipped}  {elapsed}");
        }
        let running = format!("{} running", self.rows.len());
        if self.steps == 0 {
            return format!("{running}  {elapsed}");
        }
        let ended = self.ended.min(self.steps);
        format!("[{ended}/{}] {running}  {elapsed}", self.steps)
    }

    fn row(&mut self, step: StepId) -> Option<&mut Row> {
        let (_, row) = self.rows.iter_mut().find(|(running, _)| *running == step)?;
        Some(row)
    }

    fn output(&mut self, step: StepId, line: &str) -> Option<String> {
        let verbose = self.verbosity == Verbosity::Verbose;
        let row = self.row(step)?;
        row.text(line);
        let line = format!("  {} | {}", row.title, plain_line(line));
        verbose.then(|| self.paint.dim(line.trim_end()))
    }

    fn notice(&self, level: Level, text: &str, columns: usize) -> Option<String> {
        let wrapped = |used| wrapped(text, columns, used, "  ");
        match level {
            Level::Detail if self.verbosity != Verbosity::Verbose => None,
            Level::Detail => Some(self.paint.dim(&wrapped(0))),
            Level::Info => self.unless_quiet(wrapped(0)),
            Level::Warning => {
                let word = self.paint.yellow("warning:");
                Some(format!("{word} {}", wrapped("warning: ".len())))
            }
        }
    }

    fn unless_quiet(&self, line: String) -> Option<String> {
        (self.verbosity != Verbosity::Quiet).then_some(line)
    }
}

/// Returns the line that stays of a step. The symbol and the colour only repeat the words.
fn finished(
    title: &str,
    outcome: &Outcome,
    elapsed: Duration,
    columns: usize,
    paint: Paint,
) -> String {
    let or = |detail: &Option<String>, word: &str| detail.clone().unwrap_or(word.to_owned());
    let (symbol, words) = match outcome {
        Outcome::Done { detail } => (paint.green("✓"), or(detail, "done")),
        Outcome::Unchanged { detail: None } => (paint.dim("="), "unchanged".to_owned()),
        Outcome::Unchanged {
            detail: Some(detail),
        } => (paint.dim("="), format!("unchanged: {detail}")),
        Outcome::Failed { reason } => (paint.red("✗"), format!("failed: {reason}")),
        Outcome::Skipped { because } => (paint.yellow("−"), format!("skipped: {because}")),
        Outcome::Interrupted => (paint.yellow("!"), "interrupted".to_owned()),
    };
    let time = match outcome {
        Outcome::Skipped { .. } => String::new(),
        _ => format!("  {}", duration(elapsed)),
    };
    let text = plain_line(&format!("{title}  {words}"));
    let text = cut(&text, columns.saturating_sub(width(&time) + 2));
    format!("{symbol} {text}{}", paint.dim(&time))
}

#[cfg(test)]
mod tests;
