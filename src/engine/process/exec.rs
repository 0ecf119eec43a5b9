//! A command beside a running service, as if its main process had started it.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use indexmap::IndexMap;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::engine::{ProcessEngine, refused};
use super::procfs::{self, ProcessId};
use super::record::Record;
use super::{create, environment};
use crate::engine::{Error, Exec, ExecOutcome};
use crate::host::{Group, NOT_FOUND, exit_code, find_program};

/// What a shell says of a program that it may not run.
const NOT_RUNNABLE: i64 = 126;

/// Runs a command beside a service and returns what it printed and its exit code.
pub(super) async fn exec(
    process: &ProcessEngine,
    service: &str,
    exec: &Exec,
) -> Result<ExecOutcome, Error> {
    let doing = format!("run `{}` beside `{service}`", first_word(exec));
    let command = match command(process, service, exec)? {
        Ok(command) => command,
        Err(outcome) => return Ok(outcome),
    };
    let group = match Group::start(command) {
        Ok(group) => group,
        Err(error) => return not_started(&doing, error),
    };
    let output = group.collect(exec.stdin.as_ref()).await;
    output
        .map(ExecOutcome::from)
        .map_err(|error| refused(doing, error))
}

/// Runs a command beside a service on this program's own standard streams.
pub(super) async fn attach(
    process: &ProcessEngine,
    service: &str,
    exec: &Exec,
) -> Result<i64, Error> {
    let doing = format!("run `{}` beside `{service}`", first_word(exec));
    let mut command = match command(process, service, exec)? {
        Ok(command) => command,
        Err(outcome) => return Ok(tell(outcome).await),
    };
    // In this program's own process group, to which the terminal belongs.
    let mut child = match command.kill_on_drop(true).spawn() {
        Ok(child) => child,
        Err(error) => return Ok(tell(not_started(&doing, error)?).await),
    };
    let status = child.wait().await.map_err(|error| refused(doing, error))?;
    Ok(exit_code(status))
}

/// Says on standard error why a command was not started, and returns its exit code.
async fn tell(outcome: ExecOutcome) -> i64 {
    let mut stderr = tokio::io::stderr();
    // Where nobody can read it, the code says enough.
    let _ = stderr.write_all(&outcome.stderr).await;
    let _ = stderr.flush().await;
    outcome.exit_code
}

fn first_word(exec: &Exec) -> &str {
    exec.command.first().map_or("", String::as_str)
}

/// Returns the command with all but its streams; the inner error is the outcome of one that is
/// no program.
fn command(
    process: &ProcessEngine,
    service: &str,
    exec: &Exec,
) -> Result<Result<Command, ExecOutcome>, Error> {
    let folder = process.folder(service);
    let service = service.to_owned();
    let record = folder.created()?;
    let status = folder.status().ok().flatten();
    let Some(main) = status.and_then(|status| status.live_main()) else {
        return Err(Error::NotRunning { service });
    };
    let environment = variables(process, &record, main, exec);
    let user = create::user(&service, exec.user.as_deref())?.or_else(|| record.user.clone());
    let folder = working_dir(process, &record, main, user.is_some());
    let path = environment.get(&OsString::from("PATH"));
    let path = path.map(|path| path.to_string_lossy().into_owned());
    let program = find_program(first_word(exec), &folder, &path.unwrap_or_default());
    let program = match program {
        Ok(program) => program,
        Err(reason) => return Ok(Err(outcome(NOT_FOUND, &reason))),
    };
    let mut command = Command::new(program);
    command
        .arg0(first_word(exec))
        .args(exec.command.iter().skip(1))
        .env_clear()
        .envs(environment)
        .current_dir(folder);
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    Ok(Ok(command))
}

/// Returns the main process's own variables; a server may have written over those that /proc
/// shows, and then they are what it was started with.
fn variables(
    process: &ProcessEngine,
    record: &Record,
    main: ProcessId,
    exec: &Exec,
) -> IndexMap<OsString, OsString> {
    let pairs = procfs::environment(main.pid);
    let own: IndexMap<OsString, OsString> = pairs.into_iter().filter_map(split).collect();
    let has = |(name, value): &(String, String)| {
        own.get(&OsString::from(name)) == Some(&OsString::from(value))
    };
    let mut all = if record.marks.variables().iter().all(has) {
        own
    } else {
        let made = environment::of(record, &process.variables).into_iter();
        made.map(|(name, value)| (name.into(), value.into()))
            .collect()
    };
    // What the terminal is, which a service in the background was not told.
    if let Some(terminal) = process.variables.get("TERM") {
        all.entry("TERM".into()).or_insert_with(|| terminal.into());
    }
    let added = exec.environment.iter();
    all.extend(added.map(|(name, value)| (name.into(), value.expose().into())));
    all
}

fn split(mut pair: Vec<u8>) -> Option<(OsString, OsString)> {
    let at = pair.iter().position(|byte| *byte == b'=')?;
    let value = pair.split_off(at + 1);
    pair.pop();
    Some((OsString::from_vec(pair), OsString::from_vec(value)))
}

/// Returns where a command starts: where the service's own program is. A server is in the folder
/// of its data, where nobody else has anything to do; another user may not enter the workspace.
fn working_dir(
    process: &ProcessEngine,
    record: &Record,
    main: ProcessId,
    other_user: bool,
) -> PathBuf {
    match record.kind.facts() {
        None => {}
        Some(_) if other_user => return PathBuf::from("/"),
        Some(_) => return process.identity.workspace.clone(),
    }
    let current = procfs::working_dir(main.pid).filter(|path| path.is_dir());
    current.unwrap_or_else(|| record.working_dir.clone())
}

fn not_started(doing: &str, error: std::io::Error) -> Result<ExecOutcome, Error> {
    match error.kind() {
        ErrorKind::NotFound => Ok(outcome(NOT_FOUND, &error.to_string())),
        ErrorKind::PermissionDenied => Ok(outcome(NOT_RUNNABLE, &error.to_string())),
        _ => Err(refused(doing, error)),
    }
}

fn outcome(exit_code: i64, reason: &str) -> ExecOutcome {
    ExecOutcome {
        exit_code,
        stdout: Vec::new(),
        stderr: format!("{reason}\n").into_bytes(),
    }
}
