//! What every command is given: what was typed, and the ways to tell, to ask and to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use super::hidden;
use crate::cli::{GlobalFlags, Output};
use crate::config::{self, Loaded, Request};
use crate::engine::docker::Daemon;
use crate::model::{Invocation, Reach, Variables};
use crate::tell::Events;

/// Runs what it is given while nothing else is drawn.
pub type Suspend = Box<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

/// What the program can do with its terminal.
pub struct Screen {
    /// Whether there is somebody to ask.
    pub interactive: bool,
    /// Whether a command can have the terminal: standard input and output are one.
    pub terminal: bool,
    /// Hides texts in all that is printed from now on.
    pub mask: Box<dyn Fn(Vec<String>) + Send + Sync>,
    /// Runs a prompt while nothing else is drawn.
    pub suspend: Suspend,
}

/// One run of the program.
pub struct Session {
    pub(super) request: Request,
    pub(super) events: Events,
    pub(super) cancel: CancellationToken,
    pub(super) screen: Screen,
    /// Whether a command has the terminal, whose Ctrl-C is then its own.
    pub(super) lent: Arc<AtomicBool>,
    /// Whether standard output is lines of JSON.
    pub(super) json: bool,
    /// The daemon, once it was asked for and answered.
    pub(super) daemon: OnceCell<Daemon>,
    /// The command's name: `up`.
    pub(super) command: &'static str,
    /// Whether the command runs checks, and nothing else of what is declared.
    pub(super) checks: bool,
}

impl Session {
    /// Returns the session of what was typed.
    pub fn new(flags: &GlobalFlags, variables: Variables, events: Events, screen: Screen) -> Self {
        let request = Request {
            reach: Reach::Look,
            directory: flags
                .directory
                .clone()
                .unwrap_or_else(|| PathBuf::from(".")),
            environment: None,
            instance: flags.instance.clone(),
            engine: flags.engine,
            profiles: flags.profiles.clone(),
            sets: flags.sets.clone(),
            timeout: flags.timeout,
            yes: flags.yes,
            variables,
        };
        Self {
            request,
            events,
            cancel: CancellationToken::new(),
            screen,
            lent: Arc::default(),
            json: flags.output == Some(Output::Json),
            daemon: OnceCell::new(),
            command: "",
            checks: false,
        }
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
        (self.screen.mask)(texts.collect());
        let warnings = loaded.warnings.iter().cloned();
        for warning in warnings.chain(hidden::warnings(&loaded.environment)) {
            self.events.warning(warning);
        }
    }
}
