//! The events of a run, and the handles that send them. They are data: who sends one does not
//! know whether it becomes a bar, a line or JSON.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde::Serialize;

use super::CheckVerdict;

/// Identifies a step within one run; the number is its place in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct StepId(pub usize);

/// What a progress counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Bytes,
    Layers,
    Steps,
}

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Progress {
    pub done: u64,
    /// The whole, where it is known.
    pub total: Option<u64>,
    pub unit: Unit,
    /// What is being worked on: `COPY public.prices`.
    pub doing: Option<String>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It changed something; `detail` says what in a few words.
    Done { detail: Option<String> },
    /// There was nothing to do.
    Unchanged { detail: Option<String> },
    /// It failed; `reason` is one line.
    Failed { reason: String },
    /// It never started, because of what it depends on.
    Skipped { because: String },
    /// The user or a deadline stopped it.
    Interrupted,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Shown with `--verbose` only.
    Detail,
    Info,
    Warning,
}

/// How bad it is what an annotation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Warning,
    Error,
}

/// How a line of a log is drawn for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogLook {
    /// How wide the longest name is that will come.
    pub column: usize,
    pub without_name: bool,
    pub with_time: bool,
}

/// One thing that happened. In `--output json` each is one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A command starts to work on an instance; `steps` is how many steps its plan has.
    RunStarted {
        command: String,
        environment: String,
        instance: String,
        steps: usize,
    },
    StepStarted {
        step: StepId,
        title: String,
    },
    StepProgress {
        step: StepId,
        #[serde(flatten)]
        progress: Progress,
    },
    /// A short text on what a step waits for or does: `waiting for db: connection refused`.
    StepMessage {
        step: StepId,
        text: String,
    },
    /// A line that a program of a step printed (a build, `prepare`).
    StepOutput {
        step: StepId,
        line: String,
    },
    StepFinished {
        step: StepId,
        title: String,
        #[serde(flatten)]
        outcome: Outcome,
        #[serde(serialize_with = "seconds", rename = "elapsed_s")]
        elapsed: Duration,
    },
    /// A smoke check ended.
    CheckFinished {
        check: String,
        verdict: CheckVerdict,
        flaky: bool,
        attempts: u32,
        #[serde(serialize_with = "seconds", rename = "elapsed_s")]
        elapsed: Duration,
        /// One line for each expectation that failed.
        failures: Vec<String>,
    },
    Notice {
        level: Level,
        text: String,
    },
    /// What a CI service is to show beside a line of a file; only where one listens.
    Annotation {
        severity: Severity,
        /// Relative to the workspace.
        file: Option<String>,
        /// From 1.
        line: Option<usize>,
        title: String,
        message: String,
    },
    /// A line of a service's log, for `logs`. It belongs to standard output.
    LogLine {
        service: String,
        stderr: bool,
        /// When it was printed (RFC 3339), where that is known.
        time: Option<String>,
        line: String,
        #[serde(skip)]
        look: LogLook,
    },
    /// A line that a task printed, for `run`. It belongs to the stream that it was printed to.
    TaskLine {
        task: String,
        stderr: bool,
        line: String,
    },
}

fn seconds<S: serde::Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((elapsed.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// Sends events to the renderer; sending never waits and never fails.
#[derive(Clone)]
pub struct Events(Arc<dyn Fn(Event) + Send + Sync>);

impl fmt::Debug for Events {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Events")
    }
}

impl Events {
    /// Returns a handle that gives each event to `sink`, which must not wait.
    pub fn new(sink: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Returns a handle and the end that is read until every handle is gone.
    pub fn channel() -> (Self, Receiver<Event>) {
        let (sender, receiver) = channel();
        let events = Self::new(move |event| {
            // A reader that is gone must not stop the work.
            let _ = sender.send(event);
        });
        (events, receiver)
    }

    pub fn send(&self, event: Event) {
        (self.0)(event);
    }

    pub fn detail(&self, text: impl Into<String>) {
        self.send(Event::Notice {
            level: Level::Detail,
            text: text.into(),
        });
    }

    pub fn info(&self, text: impl Into<String>) {
        self.send(Event::Notice {
            level: Level::Info,
            text: text.into(),
        });
    }

    pub fn warning(&self, text: impl Into<String>) {
        self.send(Event::Notice {
            level: Level::Warning,
            text: text.into(),
        });
    }

    /// Returns a handle that speaks for one step.
    pub fn step(&self, step: StepId) -> StepEvents {
        StepEvents {
            events: self.clone(),
            step,
        }
    }
}

/// Sends the events of one step; this is what a room gets that works for a step.
#[derive(Clone, Debug)]
pub struct StepEvents {
    pub events: Events,
    pub step: StepId,
}

impl StepEvents {
    pub fn progress(&self, progress: Progress) {
        self.events.send(Event::StepProgress {
            step: self.step,
            progress,
        });
    }

    pub fn message(&self, text: impl Into<String>) {
        self.events.send(Event::StepMessage {
            step: self.step,
            text: text.into(),
        });
    }

    pub fn output(&self, line: impl Into<String>) {
        self.events.send(Event::StepOutput {
            step: self.step,
            line: line.into(),
        });
    }
}
