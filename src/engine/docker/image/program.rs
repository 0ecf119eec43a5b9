//! A program on the host: a process group of its own, so that Ctrl-C reaches it only through
//! us, and that ends when whoever waits for it is gone.

use std::io::ErrorKind;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::source::{LastLines, NoImage};
use crate::config::model::HostCommand;
use crate::engine::docker::lines::Lines;
use crate::report::StepEvents;

/// How long a program may clean up after it was told to end.
const CLEANUP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long its output may stay open after it ended, since a child of it can hold it.
pub(super) const OUTPUT_TIMEOUT: Duration = Duration::from_secs(2);

/// Programs whose package is known, for the line that installs them.
const PACKAGES: [(&str, &str); 2] = [("mmdebstrap", "mmdebstrap"), ("debootstrap", "debootstrap")];

/// A running program.
#[derive(Debug)]
pub(super) struct Program {
    name: String,
    /// `None` once it has ended.
    child: Option<Child>,
}

impl Program {
    /// Starts a command with its output in pipes.
    pub(super) fn start(
        command: &HostCommand,
    ) -> Result<(Self, ChildStdout, ChildStderr), NoImage> {
        let Some((name, arguments)) = command.command.split_first() else {
            return Err(NoImage::because("its command is empty"));
        };
        if !command.working_dir.is_dir() {
            let folder = command.working_dir.display();
            return Err(NoImage::because(format!(
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
            .map_err(|error| NoImage::because(not_started(name, &error)))?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            unreachable!("both streams were asked for");
        };
        let program = Self {
            name: name.clone(),
            child: Some(child),
        };
        Ok((program, stdout, stderr))
    }

    /// Waits for its end; the error says how it failed.
    pub(super) async fn finish(mut self) -> Result<(), String> {
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

fn not_started(name: &str, error: &std::io::Error) -> String {
    if error.kind() != ErrorKind::NotFound {
        return format!("`{name}` cannot be started: {error}");
    }
    let package = PACKAGES.iter().find(|(program, _)| *program == name);
    match package {
        Some((_, package)) => format!("`{name}` is not installed: `apt-get install {package}`"),
        None => format!("there is no program `{name}` on this machine"),
    }
}

fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended without a code".to_owned(),
    }
}

impl Drop for Program {
    /// Ends the whole group: politely first, since such programs clean up mounts and folders.
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let Some(group) = Group::of(&child) else {
            return;
        };
        group.signal(Signal::TERM);
        // Without a runtime, dropping the group kills at once.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = tokio::time::timeout(CLEANUP_TIMEOUT, child.wait()).await;
                drop(group);
            });
        }
    }
}

/// A process group that is killed when dropped.
struct Group(Pid);

impl Group {
    /// Returns the group that the child leads; `None` when it has been waited for.
    fn of(child: &Child) -> Option<Self> {
        let id = child.id()?;
        Pid::from_raw(i32::try_from(id).ok()?).map(Self)
    }

    fn signal(&self, signal: Signal) {
        // One that is gone needs no signal.
        let _ = kill_process_group(self.0, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Runs a command to its end; what it prints goes to the step.
pub(super) async fn run(command: &HostCommand, step: &StepEvents) -> Result<(), NoImage> {
    let (program, stdout, stderr) = Program::start(command)?;
    let last = std::sync::Mutex::new(LastLines::default());
    let printed = async { tokio::join!(print(stdout, step, &last), print(stderr, step, &last)) };
    let ended = beside(program.finish(), printed).await;
    let last = last.into_inner().unwrap_or_default();
    ended.map_err(|reason| NoImage::Failed {
        reason,
        output: last.into_vec(),
    })
}

/// Awaits `work`, and then a little for the output that runs beside it.
pub(super) async fn beside<T, P>(
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
pub(super) async fn print(
    mut stream: impl AsyncRead + Unpin,
    step: &StepEvents,
    last: &std::sync::Mutex<LastLines>,
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

    use super::*;
    use crate::probe::{Attempt, Poll};
    use crate::report::{Event, Events, StepId};
    use tokio_util::sync::CancellationToken;

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
        let result = result.map_err(|error| match error {
            NoImage::Failed { reason, output } => (reason, output),
            NoImage::Engine(error) => panic!("{error}"),
        });
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

    #[tokio::test]
    async fn a_dropped_program_takes_its_children_along() {
        let (program, stdout, _) = Program::start(&command(&["sh", "-c", "sleep 300 | cat"]))
            .unwrap_or_else(|error| panic!("{error:?}"));
        let group = Group::of(program.child.as_ref().unwrap()).unwrap();
        drop(program);
        let gone = async || match rustix::process::test_kill_process_group(group.0) {
            Ok(()) => Attempt::<(), ()>::NotYet("still there".to_owned()),
            Err(_) => Attempt::Done(()),
        };
        let poll = Poll::within(Duration::from_secs(10));
        let result = poll.until(&CancellationToken::new(), gone, |_| {}).await;
        assert!(result.is_ok(), "{result:?}");
        drop(stdout);
    }
}
