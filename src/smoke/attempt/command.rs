//! A command: beside a service, or on this machine.

use std::process::Command;
use std::time::Instant;

use indexmap::IndexMap;

use super::super::Unmet;
use super::super::evidence::{AnswerStatus, Evidence};
use super::super::reproduce;
use super::super::runner::CheckContext;
use super::super::scope::{ByHand, Scope};
use super::Nothing;
use crate::engine::{Exec, ExecOutcome};
use crate::host::{self, OUTPUT_BYTES_MAX};
use crate::model::{CommandAction, ExecAction, Secret, Template};

/// Runs a command beside a service once.
pub(super) async fn exec(
    session: &CheckContext<'_>,
    action: &ExecAction,
    scope: &Scope<'_>,
) -> Result<Evidence, Nothing> {
    let exec = filled(action, scope)
        .map_err(|reason| Nothing::Impossible("a command that can be run", reason))?;
    let started = Instant::now();
    let engine = session.places.engine;
    let run = async { engine.inside()?.exec(&action.service, &exec).await };
    let outcome = run.await.map_err(|error| Nothing::NoAnswer {
        reason: error.to_string(),
        transient: false,
    })?;
    Ok(evidence(outcome, started))
}

/// Runs a command on this machine once.
pub(super) async fn command(
    action: &CommandAction,
    scope: &Scope<'_>,
) -> Result<Evidence, Nothing> {
    let impossible = |reason| Nothing::Impossible("a command that can be run", reason);
    let command = on_this_machine(action, scope).map_err(impossible)?;
    let stdin = stdin(action.stdin.as_ref(), scope).map_err(impossible)?;
    let started = Instant::now();
    let output = host::output_of(command, stdin.as_ref()).await;
    let output = output.map_err(impossible)?;
    Ok(evidence(output.into(), started))
}

/// Returns the command beside a service as a line for the shell.
pub(super) fn exec_by_hand(
    session: &CheckContext<'_>,
    action: &ExecAction,
    scope: &Scope<'_>,
) -> Option<String> {
    let exec = filled(action, scope).ok()?;
    let line = (session.places.by_hand)(ByHand::Exec(&action.service));
    Some(reproduce::line(
        line.into_iter().chain(exec.command),
        &scope.mask,
    ))
}

/// Returns the command on this machine as a line for the shell, its variables before it.
pub(super) fn by_hand(action: &CommandAction, scope: &Scope<'_>) -> Option<String> {
    let environment = variables(&action.environment, scope).ok()?;
    let pairs = environment
        .iter()
        .map(|(name, value)| format!("{name}={}", value.expose()));
    let before = (!environment.is_empty()).then(|| "env".to_owned());
    let words = before
        .into_iter()
        .chain(pairs)
        .chain(self::words(&action.words, scope).ok()?);
    Some(reproduce::line(words, &scope.mask))
}

fn on_this_machine(action: &CommandAction, scope: &Scope<'_>) -> Result<Command, String> {
    let words = words(&action.words, scope)?;
    let (name, arguments) = words.split_first().ok_or("its command is empty")?;
    let mut command = Command::new(name);
    command.args(arguments).current_dir(&action.working_dir);
    for (name, value) in variables(&action.environment, scope)? {
        command.env(name, value.expose());
    }
    Ok(command)
}

fn filled(action: &ExecAction, scope: &Scope<'_>) -> Result<Exec, String> {
    Ok(Exec {
        command: words(&action.words, scope)?,
        stdin: stdin(action.stdin.as_ref(), scope)?,
        user: action.user.clone(),
        environment: variables(&action.environment, scope)?,
    })
}

fn words(declared: &[Template], scope: &Scope<'_>) -> Result<Vec<String>, String> {
    let words = declared.iter();
    let words = words.map(|word| Ok(scope.text(word)?.expose().to_owned()));
    words.collect()
}

fn stdin(declared: Option<&Template>, scope: &Scope<'_>) -> Result<Option<Secret>, String> {
    declared.map(|text| scope.text(text)).transpose()
}

pub(super) fn variables(
    declared: &IndexMap<String, Template>,
    scope: &Scope<'_>,
) -> Result<Vec<(String, Secret)>, String> {
    declared
        .iter()
        .map(|(name, value)| Ok((name.clone(), scope.text(value)?)))
        .collect()
}

pub(super) fn evidence(outcome: ExecOutcome, started: Instant) -> Evidence {
    let too_long = [
        ("standard output", &outcome.stdout),
        ("standard error", &outcome.stderr),
    ];
    let too_long = too_long
        .into_iter()
        .filter(|(_, printed)| printed.len() >= OUTPUT_BYTES_MAX);
    Evidence {
        failures: too_long
            .map(|(what, _)| Unmet {
                what: what.to_owned(),
                expected: format!("less than {} MiB", OUTPUT_BYTES_MAX / 1024 / 1024),
                actual: "more".to_owned(),
                difference: None,
            })
            .collect(),
        status: AnswerStatus::Exit(outcome.exit_code),
        body: outcome.stdout,
        stderr: outcome.stderr,
        elapsed: started.elapsed(),
        ..Evidence::default()
    }
}
