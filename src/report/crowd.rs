//! A run of so many steps that a line for each would tell nothing: they are counted, and summed up
//! now and then. Only what does not end well is told by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Verbosity;
use super::cut::plain_line;
use super::duration::duration;
use super::plural::plural;
use crate::tell::{Event, Outcome, StepId};

/// A run of more steps is a crowd.
const STEPS_MAX: usize = 60;

/// How many of the steps that run are named.
const NAMED_MAX: usize = 3;

/// The steps of such a run.
#[derive(Debug)]
pub(super) struct Crowd {
    steps: usize,
    ended: usize,
    /// In the order of their starts.
    running: Vec<(StepId, String, Duration)>,
    /// Why steps were skipped, and how many.
    skipped: BTreeMap<String, usize>,
    told_at: Duration,
}

impl Crowd {
    /// The time between two lines.
    const PAUSE: Duration = Duration::from_secs(5);

    /// Returns the crowd that a run is, unless each of its steps is to be told.
    pub(super) fn of(steps: usize, verbosity: Verbosity, at: Duration) -> Option<Self> {
        let is_crowd = steps > STEPS_MAX && verbosity != Verbosity::Verbose;
        is_crowd.then(|| Self {
            steps,
            ended: 0,
            running: Vec::new(),
            skipped: BTreeMap::new(),
            told_at: at,
        })
    }

    /// Takes in an event of a step; returns whether it need not be told.
    pub(super) fn absorbs(&mut self, event: &Event, at: Duration) -> bool {
        match event {
            Event::StepStarted { step, title } => {
                self.running.push((*step, plain_line(title), at));
                true
            }
            Event::StepProgress { .. } | Event::StepMessage { .. } | Event::StepOutput { .. } => {
                true
            }
            Event::StepFinished { step, outcome, .. } => {
                self.running.retain(|(running, _, _)| running != step);
                match outcome {
                    Outcome::Done { .. } | Outcome::Unchanged { .. } => self.ended += 1,
                    Outcome::Skipped { because } => {
                        *self.skipped.entry(because.clone()).or_default() += 1;
                    }
                    Outcome::Failed { .. } | Outcome::Interrupted => return false,
                }
                true
            }
            _ => false,
        }
    }

    /// Whether something goes on.
    pub(super) fn is_live(&self) -> bool {
        !self.running.is_empty()
    }

    /// Returns how far the run is, now and then.
    pub(super) fn news(&mut self, at: Duration) -> Option<String> {
        if at.saturating_sub(self.told_at) < Self::PAUSE || self.running.is_empty() {
            return None;
        }
        self.told_at = at;
        let named = self.running.iter().take(NAMED_MAX);
        let named: Vec<String> = named
            .map(|(_, title, since)| format!("{title} ({})", duration(at.saturating_sub(*since))))
            .collect();
        let more = match self.running.len().saturating_sub(named.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (ended, steps) = (self.ended, self.steps.max(self.ended));
        let named = named.join(", ");
        Some(format!("[{ended}/{steps}] running: {named}{more}"))
    }

    /// Returns what is still to be said.
    pub(super) fn rest(&mut self) -> Vec<String> {
        let skipped = std::mem::take(&mut self.skipped).into_iter();
        let lines = skipped.map(|(because, count)| {
            let steps = plural(count, "step");
            plain_line(&format!("{steps} skipped, {because}"))
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_counted_and_the_oldest_are_named() {
        let seconds = Duration::from_secs;
        assert!(Crowd::of(60, Verbosity::Normal, seconds(0)).is_none());
        assert!(Crowd::of(61, Verbosity::Verbose, seconds(0)).is_none());
        let mut crowd = Crowd::of(61, Verbosity::Normal, seconds(0)).unwrap();
        let title = |step: usize| format!("ready s{step}");
        let start = |step| Event::StepStarted {
            step: StepId(step),
            title: title(step),
        };
        let finish = |step, outcome| Event::StepFinished {
            step: StepId(step),
            title: title(step),
            outcome,
            elapsed: seconds(1),
        };
        for step in 0..8 {
            let at = seconds(u64::try_from(step).unwrap() / 4);
            assert!(crowd.absorbs(&start(step), at));
        }
        let done = || Outcome::Done { detail: None };
        assert!(crowd.absorbs(&finish(0, done()), seconds(2)));
        assert_eq!(crowd.news(seconds(4)), None);
        let told =
            "[1/61] running: ready s1 (5.0 s), ready s2 (5.0 s), ready s3 (5.0 s) and 4 more";
        assert_eq!(crowd.news(seconds(5)).as_deref(), Some(told));
        assert_eq!(crowd.news(seconds(9)), None);
        for step in 1..7 {
            assert!(crowd.absorbs(&finish(step, done()), seconds(9)));
        }
        let told = "[7/61] running: ready s7 (9.0 s)";
        assert_eq!(crowd.news(seconds(10)).as_deref(), Some(told));
        let reason = "exit code 1".to_owned();
        assert!(!crowd.absorbs(&finish(7, Outcome::Failed { reason }), seconds(10)));
        assert!(!crowd.is_live());
        for step in 8..61 {
            let because = "`ready s7` failed".to_owned();
            assert!(crowd.absorbs(&finish(step, Outcome::Skipped { because }), seconds(10)));
        }
        assert_eq!(crowd.rest(), ["53 steps skipped, `ready s7` failed"]);
        assert!(crowd.rest().is_empty());
    }
}
