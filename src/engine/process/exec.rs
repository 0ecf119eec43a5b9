//! A command beside a running service, as if its main process had started it.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use indexmap::IndexMap;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};

use super::engine::{Process, refused};
use super::procfs::{self, ProcessId};
use super::record::Record;
use super::{create, environment};
use crate::config::model::Secret;
use crate::engine::host::find_program;
use crate::engine::{Error, Exec, ExecOutcome};

/// More output than this is read and thrown away, for each of the two streams.
const OUTPUT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long output may come after the command's end, from what it left in the background.
const OUTPUT_TIMEOUT: Duration = Duration::from_secs(2);

/// What a shell says of a program that it does not find, or may not run.
const NOT_FOUND: i64 = 127;
const NOT_RUNNABLE: i64 = 126;

/// Runs a command beside a service and returns what it printed and its exit code.
pub(super) async fn exec(
    process: &Process,
    service: &str,
    exec: &Exec,
) -> Result<ExecOutcome, Error> {
    let doing = format!("run `{}` beside `{service}`", first_word(exec));
    let mut command = match command(process, service, exec)? {
        Ok(command) => command,
        Err(outcome) => return Ok(outcome),
    };
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return not_started(&doing, error),
    };
    let mut group = Group(child);
    let outcome = collect(&mut group.0, exec.stdin.as_ref()).await;
    outcome.map_err(|error| refused(doing, error))
}

/// Runs a command beside a service on this program's own standard streams.
pub(super) async fn attach(process: &Process, service: &str, exec: &Exec) -> Result<i64, Error> {
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

/// A command whose whole process group ends when nobody waits for it any more.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // The number is its own as long as it was not waited for.
        let pid = self.0.id().and_then(|pid| i32::try_from(pid).ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// Returns the command with all but its streams; the inner error is the outcome of one that is
/// no program.
fn command(
    process: &Process,
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
    let folder = working_dir(&record, main);
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
    let user = create::user(&service, exec.user.as_deref())?.or(record.user);
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    Ok(Ok(command))
}

/// Returns the main process's own variables; a server may have written over those that /proc
/// shows, and then they are what it was started with.
fn variables(
    process: &Process,
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

fn working_dir(record: &Record, main: ProcessId) -> PathBuf {
    let current = fs_err::read_link(format!("/proc/{}/cwd", main.pid));
    let current = current.ok().filter(|path| path.is_dir());
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

/// Feeds a command, collects what it prints, and waits for its end.
async fn collect(child: &mut Child, input: Option<&Secret>) -> std::io::Result<ExecOutcome> {
    let mut outcome = ExecOutcome::default();
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let reading = async {
        tokio::join!(
            read(stdout, &mut outcome.stdout),
            read(stderr, &mut outcome.stderr)
        );
    };
    let ending = async {
        let status = child.wait().await;
        tokio::time::sleep(OUTPUT_TIMEOUT).await;
        status
    };
    let feeding = async {
        feed(stdin, input).await;
        std::future::pending::<Infallible>().await
    };
    // The command may end, and its output with it, before it has read all of its input.
    let ended = tokio::select! {
        () = reading => None,
        status = ending => Some(status),
        never = feeding => match never {},
    };
    let status = match ended {
        Some(status) => status?,
        None => child.wait().await?,
    };
    outcome.exit_code = exit_code(status);
    Ok(outcome)
}

async fn read(source: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut source) = source else { return };
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count) = source.read(&mut piece).await {
        if count == 0 {
            return;
        }
        let room = OUTPUT_BYTES_MAX - kept.len();
        kept.extend_from_slice(&piece[..count.min(room)]);
    }
}

/// Writes the command's input and closes it. A command that ends before it has read all is
/// judged by its exit code.
async fn feed(stdin: Option<ChildStdin>, input: Option<&Secret>) {
    if let (Some(mut stdin), Some(input)) = (stdin, input) {
        let _ = stdin.write_all(input.expose().as_bytes()).await;
    }
}

fn exit_code(status: ExitStatus) -> i64 {
    let by_signal = status.signal().map(|signal| 128 + signal);
    status.code().or(by_signal).map_or(NOT_FOUND, i64::from)
}
