//! `exec`: a command in a running service, on this program's own streams. It reads no env.toml.

use super::choice::found;
use std::sync::atomic::Ordering;

use super::failure::Failure;
use super::running::first_running;
use super::session::Session;
use crate::cli::ExecArgs;
use crate::engine::{Engine, Exec};
use crate::model::Invocation;
use crate::tell::Answer;

pub(super) async fn run(session: &Session, args: &ExecArgs) -> Result<Answer, Failure> {
    let invocation = session.invocation(args.environment.as_ref())?;
    let engine = found(session, &invocation).await?;
    let seen = session.unless_interrupted(engine.observe()).await?;
    let service = first_running(&invocation, &seen, &args.service)?;
    let command = Exec {
        command: args.command.clone(),
        user: args.user.clone(),
        ..Exec::default()
    };
    let terminal = session.lent.terminal && !args.no_terminal;
    let target = (engine.as_ref(), service.name.as_str());
    attach(session, &invocation, target, (&command, terminal)).await
}

/// Lends the standard streams to a command, and answers with its exit code.
pub(super) async fn attach(
    session: &Session,
    invocation: &Invocation,
    (engine, service): (&dyn Engine, &str),
    (command, terminal): (&Exec, bool),
) -> Result<Answer, Failure> {
    session.lent.has_terminal.store(terminal, Ordering::Relaxed);
    let attached = async {
        let ended = async { engine.inside()?.attach(service, command, terminal).await };
        ended
            .await
            .map_err(|error| Failure::not_up(invocation, error))
    };
    let code = session.unless_interrupted(attached).await?;
    Ok(Answer::Lent {
        code: exit_code(code),
    })
}

/// Returns a program's exit code as one that a process can end with.
pub(super) fn exit_code(code: i64) -> u8 {
    u8::try_from(code).unwrap_or(1)
}
