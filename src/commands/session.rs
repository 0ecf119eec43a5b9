//! What every command is given: what was typed, and the ways to tell, to ask and to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::{io, process};

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::hidden;
use crate::config::{self, Loaded, Request};
use crate::engine::docker::Daemon;
use crate::model::{Invocation, Reach};
use crate::tell::Events;

/// Asks what is answered by yes or no; an error of the kind `Interrupted` is a Ctrl-C.
pub type Confirm = Box<dyn Fn(&str) -> io::Result<bool> + Send + Sync>;

/// What whoever calls a command lends to it.
pub struct Lent {
    /// Where `envctl` itself is, which is started again to watch over a process.
    pub program: PathBuf,
    /// Asks a person; nothing where there is nobody to ask.
    pub confirm: Option<Confirm>,
    /// Whether a command can have the terminal: standard input and output are one.
    pub terminal: bool,
    /// Says whether a command has the terminal now, whose Ctrl-C is then its own.
    pub has_terminal: Arc<AtomicBool>,
    /// Hides texts in all that is printed from now on.
    pub mask: Box<dyn Fn(Vec<String>) + Send + Sync>,
    /// Goes on as another program, to which terminal, signals and exit code then belong; returns
    /// only where it cannot.
    pub turn_into: Box<dyn Fn(&mut process::Command) -> io::Error + Send + Sync>,
}

/// One run of a command.
pub struct Session {
    pub(super) request: Request,
    pub(super) events: Events,
    pub(super) cancel: CancellationToken,
    pub(super) lent: Lent,
    /// Whether what is printed is lines of JSON.
    pub(super) json: bool,
    /// The daemon, once it was asked for and answered.
    pub(super) daemon: OnceCell<Daemon>,
    /// The command's name: `up`.
    pub(super) command: &'static str,
    /// Whether the command runs checks, and nothing else of what is declared.
    pub(super) checks: bool,
}

impl Session {
    /// Returns what a command runs with; `cancel` stops it, and it cleans up.
    pub fn new(request: Request, events: Events, lent: Lent, cancel: CancellationToken) -> Self {
        Self {
            request,
            events,
            cancel,
            lent,
            json: false,
            daemon: OnceCell::new(),
            command: "",
            checks: false,
        }
    }

    /// Says that what is printed is lines of JSON.
    #[must_use]
    pub fn printing_json(self, json: bool) -> Self {
        Self { json, ..self }
    }

    /// Returns which instance of which environment is meant.
    pub(super) fn invocation(&self, environment: Option<&String>) -> Result<Invocation, Failure> {
        let mut request = self.request.clone();
        request.environment = environment.cloned();
        Ok(config::invocation(&request)?)
    }

    /// Whether profiles or values are asked for, be it `none`, so that those that the instance was
    /// made with do not count.
    pub(super) fn asks_for_layers(&self) -> bool {
        let variable = self.request.variables.get("ENVCTL_PROFILE");
        !self.request.profiles.is_empty()
            || !self.request.sets.is_empty()
            || variable.is_some_and(|names| !names.trim().is_empty())
    }

    /// Awaits what only looks; an interruption ends it at once.
    pub(super) async fn unless_interrupted<T, E>(
        &self,
        looking: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure>
    where
        Failure: From<E>,
    {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Failure::interrupted()),
            result = looking => Ok(result?),
        }
    }

    /// Reads the environment of an invocation, runs nothing of it, and has its secrets masked.
    pub(super) fn load(&self, invocation: &Invocation) -> Result<Loaded, Failure> {
        let mut looking = invocation.clone();
        looking.reach = Reach::Look;
        let loaded = config::load(&looking)?;
        self.receive(&loaded);
        Ok(loaded)
    }

    /// Has the secrets of an environment masked, and tells what should be known of it.
    pub(super) fn receive(&self, loaded: &Loaded) {
        let secrets = hidden::secrets(&loaded.environment);
        let texts = secrets.iter().map(|secret| secret.expose().to_owned());
        (self.lent.mask)(texts.collect());
        let warnings = loaded.warnings.iter().cloned();
        for warning in warnings.chain(hidden::warnings(&loaded.environment)) {
            self.events.warning(warning);
        }
    }
}
