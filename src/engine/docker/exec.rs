//! A command inside a running container.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures_util::{Stream, StreamExt as _};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use super::client::{Fault, is_of};
use super::transport::Meter;
use super::{Docker, container, labels};
use crate::engine::{Error, Exec, ExecOutcome};
use crate::host::keep;
use crate::model::Secret;
use crate::probe::{Attempt, Poll};

/// How long the exit code may come after the output's end.
const EXIT_CODE_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs a command in the service's container and returns what it printed and its exit code.
pub(super) async fn exec(
    docker: &Docker,
    service: &str,
    command: &Exec,
) -> Result<ExecOutcome, Error> {
    let doing = doing(service, command);
    let id = prepare(docker, service, &doing, config(command)).await?;
    let options = StartExecOptions::default();
    let (api, meter) = docker.client.streaming();
    let call = api.start_exec(&id, Some(options));
    let StartExecResults::Attached { output, input } = docker.client.call(&doing, call).await?
    else {
        unreachable!("the command was not started detached");
    };
    let fed = AtomicBool::new(command.stdin.is_none());
    let feeding = async {
        let all = feed(input, command.stdin.as_ref()).await;
        fed.store(all, Ordering::Relaxed);
        std::future::pending::<Infallible>().await
    };
    // The command may end, and its output with it, before it has read all of its input.
    let outcome = tokio::select! {
        outcome = collect(output, (&fed, &meter)) => outcome,
        never = feeding => match never {},
    };
    let mut outcome = outcome.map_err(|fault| docker.client.error(&doing, fault))?;
    outcome.exit_code = exit_code(docker, &id, &doing).await?;
    Ok(outcome)
}

/// Returns what finishes "cannot …" when the command cannot be run.
pub(super) fn doing(service: &str, command: &Exec) -> String {
    let first_word = command.command.first().map_or("", String::as_str);
    format!("run `{first_word}` in `{service}`")
}

/// Has the daemon take in a command, and returns the id that it is started by.
pub(super) async fn prepare(
    docker: &Docker,
    service: &str,
    doing: &str,
    config: ExecConfig,
) -> Result<String, Error> {
    let name = labels::container_name(&docker.identity, service);
    let call = docker.client.api().create_exec(&name, config);
    match docker.client.raw(call).await {
        Ok(created) => Ok(created.id),
        Err(fault) => Err(refused(docker, service, doing, fault)),
    }
}

/// Returns the daemon's description of a command whose output is wanted.
pub(super) fn config(command: &Exec) -> ExecConfig {
    let environment = command
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={}", value.expose()));
    ExecConfig {
        attach_stdin: Some(command.stdin.is_some()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        env: Some(environment.collect()),
        cmd: Some(command.command.clone()),
        user: command.user.clone(),
        ..ExecConfig::default()
    }
}

fn refused(docker: &Docker, service: &str, doing: &str, fault: Fault) -> Error {
    let service = service.to_owned();
    match fault.status() {
        Some(404) => Error::NoService { service },
        Some(409) => Error::NotRunning { service },
        _ => docker.client.error(doing, fault),
    }
}

async fn collect(
    mut output: Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>,
    (fed, meter): (&AtomicBool, &Meter),
) -> Result<ExecOutcome, Fault> {
    let mut outcome = ExecOutcome::default();
    while let Some(piece) = output.next().await {
        let piece = match piece {
            // So the daemon ends the output of a command that did not read all of its input.
            Err(error)
                if !fed.load(Ordering::Relaxed) && is_of(&error, ErrorKind::ConnectionReset) =>
            {
                break;
            }
            piece => meter.take(piece)?,
        };
        let kept = if matches!(piece, LogOutput::StdErr { .. }) {
            &mut outcome.stderr
        } else {
            &mut outcome.stdout
        };
        keep(kept, piece.as_ref());
    }
    Ok(outcome)
}

/// Writes the command's input and closes it; returns whether all was taken. A command that ends
/// before it has read all is judged by its exit code.
async fn feed(mut input: Pin<Box<dyn AsyncWrite + Send>>, text: Option<&Secret>) -> bool {
    let Some(text) = text else { return true };
    let written = input.write_all(text.expose().as_bytes()).await;
    written.is_ok() && input.shutdown().await.is_ok()
}

/// Asks until the daemon has noticed that the command ended.
pub(super) async fn exit_code(docker: &Docker, id: &str, doing: &str) -> Result<i64, Error> {
    let attempt = async || {
        let call = docker.client.api().inspect_exec(id);
        match docker.client.raw(call).await {
            Ok(exec) if exec.running != Some(true) => match exec.exit_code {
                Some(code) => Attempt::Done(code),
                None => Attempt::NotYet("no exit code yet".to_owned()),
            },
            Ok(_) => Attempt::NotYet("its output ended, and it still runs".to_owned()),
            Err(fault) => Attempt::Hopeless(fault),
        }
    };
    let never = CancellationToken::new();
    let mut turns = Poll::within(EXIT_CODE_TIMEOUT).turns(&never);
    let end = loop {
        if let Some(end) = turns.take(attempt(), |_| {}).await {
            break end;
        }
    };
    container::settled(docker, doing, end)
}
