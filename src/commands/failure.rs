//! The only place for failure kinds, hints and exit codes: what a room says went wrong becomes
//! what a person should read, and the code that a script can act on.

mod absent;
mod checks;
mod data;
mod foreign;
mod undiscovered;

use std::fmt;
use std::io;
use std::time::Duration;

use super::{explain, line};
use crate::config::Mistakes;
use crate::host::{NoHome, Obstacle};
use crate::model::Invocation;
use crate::plan::{self, Report, StepFailure, Unfit};
use crate::tell::{Answer, Diagnostic, DownAnswer, Failed};
use crate::{engine, postgres};

/// What an interrupted command says.
const INTERRUPTED: &str = "interrupted";

/// What kind of failure it is; docs/exit-codes.md says what to do about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailureKind {
    Other,
    Usage,
    Configuration,
    Engine,
    Image,
    NotReady,
    Data,
    Check,
    Interrupted,
}

impl FailureKind {
    /// Returns the program's exit code.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Other => 1,
            Self::Usage => 2,
            Self::Configuration => 3,
            Self::Engine => 4,
            Self::Image => 5,
            Self::NotReady => 6,
            Self::Data => 7,
            Self::Check => 8,
            Self::Interrupted => 130,
        }
    }
}

/// A command that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub kind: FailureKind,
    pub diagnostics: Vec<Diagnostic>,
    /// What is printed all the same: the results of smoke checks.
    pub answer: Option<Box<Answer>>,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, diagnostic: Diagnostic) -> Self {
        Self {
            kind,
            diagnostics: vec![diagnostic],
            answer: None,
        }
    }

    /// Returns the failure as the renderer takes it.
    pub(super) fn into_failed(self) -> Failed {
        Failed {
            exit_code: self.kind.exit_code(),
            diagnostics: self.diagnostics,
            answer: self.answer.map(|answer| *answer),
        }
    }

    pub(super) fn is_configuration(&self) -> bool {
        self.kind == FailureKind::Configuration
    }

    /// A run that ended with failed or interrupted steps.
    pub(super) fn of_run(invocation: &Invocation, verb: &str, report: &Report) -> Self {
        let Some(first) = report.failures.first() else {
            let mut diagnostic = Diagnostic::new(INTERRUPTED);
            for step in &report.stopped {
                diagnostic.facts.push(("in step".to_owned(), step.clone()));
            }
            // What a restart stopped, `up` starts.
            let on = if verb == "restart" { "up" } else { verb };
            let on = format!("`{}` goes on from here", line::again(invocation, on));
            diagnostic.hints.push(on);
            if verb != "down" {
                let down = line::on(&invocation.id, "down");
                diagnostic.hints.push(format!("`{down}` takes it away"));
            }
            return Self::new(FailureKind::Interrupted, diagnostic);
        };
        let kind = explain::kind(&first.error);
        let diagnostics = report.failures.iter();
        Self {
            kind,
            diagnostics: diagnostics
                .map(|failure| step(invocation, failure))
                .collect(),
            answer: None,
        }
    }

    pub(super) fn interrupted() -> Self {
        Self::new(FailureKind::Interrupted, Diagnostic::new(INTERRUPTED))
    }

    /// Interrupted while another command had the instance.
    pub(super) fn interrupted_waiting(holder: &str) -> Self {
        let mut diagnostic = Diagnostic::new(INTERRUPTED);
        let fact = ("waiting for".to_owned(), holder.to_owned());
        diagnostic.facts.push(fact);
        Self::new(FailureKind::Interrupted, diagnostic)
    }

    /// The same failure, where it was not a person but the deadline that interrupted.
    pub(super) fn late(mut self, timeout: Duration) -> Self {
        if self.kind != FailureKind::Interrupted {
            return self;
        }
        self.kind = FailureKind::Other;
        for diagnostic in &mut self.diagnostics {
            let timeout = humantime::format_duration(timeout);
            diagnostic.title = format!("not done within the {timeout} of `--timeout`");
        }
        self
    }

    /// A command that only shows things until it is interrupted: there is nothing to say.
    pub(super) fn read_enough() -> Self {
        Self {
            kind: FailureKind::Interrupted,
            diagnostics: Vec::new(),
            answer: None,
        }
    }

    pub(super) fn declined() -> Self {
        Self::new(FailureKind::Other, Diagnostic::new("nothing was done"))
    }

    pub(super) fn needs_yes(question: &str, doing: &str) -> Self {
        let title = format!("{doing}, and there is no terminal to ask on");
        let mut diagnostic = Diagnostic::new(title);
        diagnostic
            .facts
            .push(("question".to_owned(), question.to_owned()));
        Self::new(
            FailureKind::Usage,
            diagnostic.hint("`--yes` answers the question with yes"),
        )
    }

    pub(super) fn needs_reset(invocation: &Invocation, service: &str, reason: &str) -> Self {
        let mut diagnostic = Diagnostic::new(format!("the data of `{service}` is kept as it is"));
        diagnostic.causes.push(reason.to_owned());
        let seed = line::again(invocation, "seed");
        let hint = format!("`{seed} --reset` replaces the content of the database");
        Self::new(FailureKind::Data, diagnostic.hint(hint))
    }

    pub(super) fn locked(holder: &str) -> Self {
        let title = format!("{holder} still works on this instance");
        let hint = "wait for it, or raise `--timeout`";
        Self::new(FailureKind::Other, Diagnostic::new(title).hint(hint))
    }

    pub(super) fn left_over(invocation: &Invocation, answer: &DownAnswer) -> Self {
        let title = format!("{} left of instance {}", answer.left, invocation.id);
        let hint = format!("`{}` shows what", line::on(&invocation.id, "status"));
        let mut failure = Self::new(FailureKind::Other, Diagnostic::new(title).hint(hint));
        failure.answer = Some(Box::new(Answer::Down(answer.clone())));
        failure
    }

    /// The same failure, with an answer that is printed all the same.
    pub(super) fn with_answer(mut self, answer: Option<Answer>) -> Self {
        self.answer = answer.map(Box::new);
        self
    }

    pub(super) fn usage(title: impl Into<String>, hint: &str) -> Self {
        Self::new(FailureKind::Usage, Diagnostic::new(title).hint(hint))
    }

    pub(super) fn nothing_runs(invocation: &Invocation) -> Self {
        let id = &invocation.id;
        let title = format!(
            "nothing runs of {} (instance {})",
            id.environment, id.instance
        );
        let hint = format!("`{}` starts it", line::again(invocation, "up"));
        Self::new(FailureKind::NotReady, Diagnostic::new(title).hint(hint))
    }

    pub(super) fn unknown_service(name: &str, known: &[String]) -> Self {
        let title = format!("no service `{name}` runs");
        let hint = format!("there are {}", known.join(", "));
        Self::new(FailureKind::Usage, Diagnostic::new(title).hint(hint))
    }

    /// An id of no instance of this machine.
    pub(super) fn unknown_instance(id: &str, known: &[String]) -> Self {
        let title = format!("there is no instance {id}");
        let hint = match known {
            [] => "this machine has no instance".to_owned(),
            _ => "`envctl list --all` shows the ids of all".to_owned(),
        };
        Self::new(FailureKind::Usage, Diagnostic::new(title).hint(hint))
    }

    /// A program of this machine that cannot be started.
    pub(super) fn of_program(program: &str, error: &io::Error) -> Self {
        let mut diagnostic = Diagnostic::new(format!("`{program}` cannot be started"));
        diagnostic.causes.push(error.to_string());
        Self::new(FailureKind::Other, diagnostic)
    }

    pub(super) fn no_single_postgres(name: Option<&str>, known: &[String]) -> Self {
        let title = match (name, known) {
            (Some(name), _) => format!("no postgres service `{name}`"),
            (None, []) => "the environment has no postgres service".to_owned(),
            (None, _) => "the environment has several postgres services".to_owned(),
        };
        let mut diagnostic = Diagnostic::new(title);
        if !known.is_empty() {
            diagnostic = diagnostic.hint(format!("name one: `--service {}`", known.join("|")));
        }
        Self::new(FailureKind::Usage, diagnostic)
    }

    pub(super) fn not_up(invocation: &Invocation, error: engine::Error) -> Self {
        let stopped = matches!(
            error,
            engine::Error::NoService { .. }
                | engine::Error::NotRunning { .. }
                | engine::Error::NoPort { .. }
        );
        let mut failure = Self::from(error);
        if stopped {
            let hint = format!("`{}` starts it", line::again(invocation, "up"));
            failure
                .diagnostics
                .iter_mut()
                .for_each(|each| each.hints = vec![hint.clone()]);
        }
        failure
    }

    pub(super) fn of_migration(error: postgres::Error) -> Self {
        Self::from(plan::Error::Migration(error))
    }

    /// A query that a user wrote.
    pub(super) fn of_query(error: postgres::Error) -> Self {
        if matches!(error, postgres::Error::Cancelled) {
            return Self::interrupted();
        }
        let error = plan::Error::Postgres(error);
        Self::new(FailureKind::Other, explain::diagnostic(&error))
    }

    /// No engine can run the environment; says for each what stood in the way.
    pub(super) fn no_engine(obstacles: &[(&'static str, Obstacle)]) -> Self {
        let mut diagnostic = Diagnostic::new("no engine can run this environment");
        for (engine, obstacle) in obstacles {
            let fact = ((*engine).to_owned(), obstacle.reason.clone());
            diagnostic.facts.push(fact);
            diagnostic.hints.extend(obstacle.hint.clone());
        }
        let doctor = "`envctl doctor` says all that each of them needs";
        Self::new(FailureKind::Engine, diagnostic.hint(doctor))
    }

    /// The instance runs on an engine that was not asked for.
    pub(super) fn on_another_engine(invocation: &Invocation, wanted: &str, other: &str) -> Self {
        let id = &invocation.id;
        let title = format!(
            "{} (instance {}) is on the engine `{other}`, not on `{wanted}`",
            id.environment, id.instance
        );
        let down = line::on(id, "down");
        let hint = format!(
            "`{down} --engine {other} --volumes` takes it away with its data; without `--engine`, \
             commands go on where it is"
        );
        Self::new(FailureKind::Engine, Diagnostic::new(title).hint(hint))
    }

    /// The environment lacks what an engine needs to run it.
    pub(super) fn unfit(engine: &str, unfit: &[Unfit]) -> Self {
        let diagnostics = unfit.iter().map(|Unfit { path, lacks }| {
            let title =
                format!("`{path}` cannot run on the engine `{engine}`: it has no `{lacks}`");
            let example = match *lacks {
                "process" => format!("say how it runs: `[{path}.process]` with `command`"),
                _ => format!("give `[{path}]` an `image`"),
            };
            Diagnostic::new(title).hint(example)
        });
        Self {
            kind: FailureKind::Configuration,
            diagnostics: diagnostics.collect(),
            answer: None,
        }
    }

    pub(super) fn of_io(error: &io::Error) -> Self {
        Self::new(FailureKind::Other, Diagnostic::new(error.to_string()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = self
            .diagnostics
            .iter()
            .map(|diagnostic| diagnostic.title.as_str());
        formatter.write_str(&titles.collect::<Vec<_>>().join("; "))
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        let diagnostics = mistakes.into_iter().map(explain::mistake).collect();
        Self {
            kind: FailureKind::Configuration,
            diagnostics,
            answer: None,
        }
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        Self::from(plan::Error::from(error))
    }
}

impl From<NoHome> for Failure {
    fn from(error: NoHome) -> Self {
        Self::from(engine::Error::from(error))
    }
}

impl From<plan::Error> for Failure {
    fn from(error: plan::Error) -> Self {
        Self::new(explain::kind(&error), explain::diagnostic(&error))
    }
}

/// The dossier of a failed step, with how to go on.
fn step(invocation: &Invocation, failure: &StepFailure) -> Diagnostic {
    let mut diagnostic = explain::diagnostic(&failure.error);
    diagnostic
        .facts
        .insert(0, ("step".to_owned(), failure.step.clone()));
    diagnostic.tail = failure.tail.clone().or(diagnostic.tail);
    diagnostic.blocked.clone_from(&failure.blocked);
    let id = &invocation.id;
    if let (Some(tail), true) = (&diagnostic.tail, failure.tail.is_some()) {
        let logs = line::inside(id, "logs");
        let hint = format!("`{logs} {}` shows all", tail.of);
        diagnostic.hints.push(hint);
    }
    if let plan::Error::Data { brings, ran, .. } = &failure.error {
        diagnostic
            .hints
            .push(data::run_again(invocation, *brings, *ran));
    }
    let down = line::on(id, "down");
    if let Some(volume) = &failure.old_volume {
        diagnostic.hints.push(format!(
            "where its log says that its data is half made or broken: `{down} --volumes` removes \
             volume {volume} with all data, and the next `up` begins anew"
        ));
    }
    diagnostic
        .hints
        .push(format!("`{down}` takes away what is there"));
    diagnostic
}
