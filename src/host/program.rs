//! A program on the host: a process group of its own, so that Ctrl-C reaches it only through
//! us, and that ends when whoever waits for it is gone.

use std::io::ErrorKind;
use std::process::{ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::Lines;
use super::ending::Ending;
use super::failure::{CommandFailure, LastLines};
use super::guardian::Guardian;
use super::install::install_line;
use crate::model::HostCommand;
use crate::tell::StepEvents;

/// How long its output may stay open after it ended, since a child of it can hold it.
const OUTPUT_TIMEOUT: Duration = Duration::from_secs(2);

/// A running program with its output in pipes.
#[derive(Debug)]
pub(crate) struct RunningProgram {
    waiter: Waiter,
    /// Kept here and only lent, so that a program that cleans up can still write.
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    guardian: Option<Guardian>,
}

/// The side of a program that waits for its end.
#[derive(Debug)]
pub(crate) struct Waiter {
    name: String,
    /// `None` once it has ended.
    child: Option<Child>,
}

impl RunningProgram {
    /// Starts a command.
    pub(crate) fn start(command: &HostCommand) -> Result<Self, CommandFailure> {
        let Some((name, arguments)) = command.command.split_first() else {
            return Err(CommandFailure::because("its command is empty"));
        };
        if !command.working_dir.is_dir() {
            let folder = command.working_dir.display();
            return Err(CommandFailure::because(format!(
                "`{name}` cannot run in {folder}, which is not a folder"
            )));
        }
        let mut child = Command::new(name)
            .args(arguments)
            .current_dir(&command.working_dir)
            .envs(&command.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| CommandFailure::because(not_started(name, &error)))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let guardian = match (child.id(), &stdout, &stderr) {
            (Some(id), Some(stdout), Some(stderr)) => Guardian::watch(id, stdout, stderr),
            _ => None,
        };
        Ok(Self {
            stdout,
            stderr,
            guardian,
            waiter: Waiter {
                name: name.clone(),
                child: Some(child),
            },
        })
    }

    /// Lends the three sides, to be used side by side.
    pub(crate) fn sides(&mut self) -> (&mut Waiter, &mut ChildStdout, &mut ChildStderr) {
        let (Some(stdout), Some(stderr)) = (&mut self.stdout, &mut self.stderr) else {
            unreachable!("both streams are pipes until the program is dropped");
        };
        (&mut self.waiter, stdout, stderr)
    }
}

impl Waiter {
    /// Waits for the program's end; the error says how it failed.
    pub(crate) async fn finish(&mut self) -> Result<(), String> {
        let Some(child) = &mut self.child else {
            return Ok(());
        };
        let status = child.wait().await;
        self.child = None;
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("`{}` {}", self.name, describe(status))),
            Err(error) => Err(format!("`{}` cannot be waited for: {error}", self.name)),
        }
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        if let Some(child) = self.waiter.child.take() {
            let output = (self.stdout.take(), self.stderr.take());
            Ending::begin(child, output, self.guardian.take());
        }
    }
}

pub(super) fn not_started(name: &str, error: &std::io::Error) -> String {
    if error.kind() != ErrorKind::NotFound {
        return format!("`{name}` cannot be started: {error}");
    }
    match install_line(name) {
        Some(line) => format!("`{name}` is not installed: `{line}`"),
        None => missing(name),
    }
}

/// Says that a program is not there.
pub(super) fn missing(name: &str) -> String {
    format!("there is no program `{name}` on this machine")
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended without a code".to_owned(),
    }
}

/// Runs a command to its end; what it prints goes to the step.
pub(crate) async fn run(command: &HostCommand, step: &StepEvents) -> Result<(), CommandFailure> {
    let mut program = RunningProgram::start(command)?;
    let (waiter, stdout, stderr) = program.sides();
    let last = Mutex::new(LastLines::default());
    let printed = async { tokio::join!(print(stdout, step, &last), print(stderr, step, &last)) };
    let ended = beside(waiter.finish(), printed).await;
    let last = last.into_inner().unwrap_or_default();
    ended.map_err(|reason| CommandFailure {
        reason,
        output: last.into_vec(),
    })
}

/// Awaits `work`, and then a little for the output that runs beside it.
pub(crate) async fn beside<T, P>(
    work: impl Future<Output = T>,
    output: impl Future<Output = P>,
) -> T {
    tokio::pin!(work, output);
    tokio::select! {
        result = &mut work => {
            let _ = tokio::time::timeout(OUTPUT_TIMEOUT, &mut output).await;
            result
        }
        _ = &mut output => work.await,
    }
}

/// Sends a stream's lines to the step and keeps the last ones.
pub(crate) async fn print(
    mut stream: impl AsyncRead + Unpin,
    step: &StepEvents,
    last: &Mutex<LastLines>,
) {
    let keep = |line: String| {
        step.output(line.clone());
        if let Ok(mut last) = last.lock() {
            last.push(line);
        }
    };
    let mut lines = Lines::default();
    let mut buffer = vec![0; 8 * 1024];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        lines.push(&buffer[..count]).into_iter().for_each(keep);
    }
    lines.finish().into_iter().for_each(keep);
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use rustix::process::{Pid, test_kill_process_group};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::probe::{Attempt, Poll};
    use crate::tell::{Event, Events, StepId};

    fn command(words: &[&str]) -> HostCommand {
        HostCommand {
            command: words.iter().map(|word| (*word).to_owned()).collect(),
            working_dir: std::env::temp_dir(),
            inputs: Vec::new(),
            environment: IndexMap::from([("GREETING".to_owned(), "hello".to_owned())]),
        }
    }

    async fn check(words: &[&str], expect: Result<(), (&str, &[&str])>) {
        let (events, receiver) = Events::channel();
        let result = run(&command(words), &events.step(StepId(0))).await;
        drop(events);
        let expect = expect.map_err(|(reason, output)| {
            let output: Vec<String> = output.iter().map(|line| (*line).to_owned()).collect();
            (reason.to_owned(), output)
        });
        let result = result.map_err(|failure| (failure.reason, failure.output));
        assert_eq!(result, expect);
        let lines = receiver
            .iter()
            .filter(|event| matches!(event, Event::StepOutput { .. }));
        assert_eq!(lines.count(), expect.map_or_else(|it| it.1.len(), |()| 1));
    }

    #[tokio::test]
    async fn ends_are_told_apart() {
        check(&["sh", "-c", "echo $GREETING"], Ok(())).await;
        let failed = ("`sh` exited with code 3", &["oh"][..]);
        check(&["sh", "-c", "echo oh >&2; exit 3"], Err(failed)).await;
        let killed = ("`sh` was ended by signal 9", &[][..]);
        check(&["sh", "-c", "kill -9 $$"], Err(killed)).await;
        let missing = "there is no program `no-such-program` on this machine";
        check(&["no-such-program"], Err((missing, &[]))).await;
    }

    #[test]
    fn a_known_program_comes_with_its_package() {
        let error = std::io::Error::from(ErrorKind::NotFound);
        let expect = "`mmdebstrap` is not installed: `apt-get install mmdebstrap`";
        assert_eq!(not_started("mmdebstrap", &error), expect);
    }

    /// Drops a program after it wrote its first byte, and waits until its group is gone.
    async fn check_dropped(script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(&["sh", "-c", script]);
        folder.path().clone_into(&mut command.working_dir);
        let mut program =
            RunningProgram::start(&command).unwrap_or_else(|error| panic!("{error:?}"));
        let (waiter, stdout, _) = program.sides();
        let id = waiter.child.as_ref().unwrap().id().unwrap();
        let group = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        stdout.read_u8().await.unwrap();
        drop(program);
        let gone = async || match test_kill_process_group(group) {
            Ok(()) => Attempt::<(), ()>::NotYet("still there".to_owned()),
            Err(_) => Attempt::Done(()),
        };
        let poll = Poll::within(Duration::from_secs(10));
        let result = poll.until(&CancellationToken::new(), gone, |_| {}).await;
        assert!(result.is_ok(), "{result:?}");
        folder
    }

    /// Stands in for an envctl that is killed: only that one can leave a program behind.
    #[tokio::test]
    async fn a_program_cleans_up_when_envctl_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(&[
            "sh",
            "-c",
            "trap 'seq 50000; touch cleaned; exit 0' TERM; echo; while true; do sleep 0.01; done",
        ]);
        folder.path().clone_into(&mut command.working_dir);
        let mut program =
            RunningProgram::start(&command).unwrap_or_else(|error| panic!("{error:?}"));
        program.sides().1.read_u8().await.unwrap();
        // What the kernel does for a killed process: it closes its ends of all pipes.
        let guardian = program.guardian.take().unwrap();
        guardian.take_over();
        drop((program.stdout.take(), program.stderr.take()));
        let ended = program.waiter.finish().await;
        assert_eq!(ended, Ok(()));
        assert!(folder.path().join("cleaned").exists());
    }

    #[tokio::test]
    async fn a_dropped_program_takes_its_children_along() {
        check_dropped("echo; sleep 300 | cat").await;
    }

    #[tokio::test]
    async fn a_dropped_program_cleans_up_while_its_output_is_still_read() {
        let script = "(trap 'sleep 0.3; seq 50000; touch cleaned; exit' TERM; echo; \
                      while true; do sleep 0.01; done)";
        let folder = check_dropped(script).await;
        assert!(folder.path().join("cleaned").exists());
    }
}
