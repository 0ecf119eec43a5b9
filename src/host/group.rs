//! A program in a process group of its own, whose output is collected.

use std::convert::Infallible;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, ChildStdin, Command};

use super::guardian::Guardian;
use super::output::keep;
use super::program::{beside, not_started};
use crate::model::Secret;

/// How long what a command left may still hand on what it has, as a filter behind it does.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How often to look for a command's end where the kernel does not tell.
const LOOK: Duration = Duration::from_millis(20);

/// What a shell says of a program that it does not find.
pub(crate) const NOT_FOUND: i64 = 127;

/// A command whose whole process group ends with it, or when nobody waits for it any more.
pub(crate) struct Group(Child);

impl Group {
    /// Starts a command with its streams in pipes.
    pub(crate) fn start(mut command: Command) -> std::io::Result<Self> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command.spawn().map(Self)
    }

    /// Has it ended when this program is killed, until what is returned is dropped.
    fn guarded(&self) -> Option<Guardian> {
        let (stdout, stderr) = (self.0.stdout.as_ref()?, self.0.stderr.as_ref()?);
        Guardian::watch(self.0.id()?, stdout, stderr)
    }

    /// Feeds it, and returns what it printed and how it ended.
    pub(crate) async fn collect(mut self, input: Option<&Secret>) -> std::io::Result<Output> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let streams = (self.0.stdout.take(), self.0.stderr.take());
        let stdin = self.0.stdin.take();
        let reading =
            async { tokio::join!(read(streams.0, &mut stdout), read(streams.1, &mut stderr)) };
        let feeding = async {
            feed(stdin, input).await;
            std::future::pending::<Infallible>().await
        };
        // The command may end, and its output with it, before it has read all of its input.
        let status = tokio::select! {
            status = self.status(reading) => status?,
            never = feeding => match never {},
        };
        Ok(Output {
            status,
            stdout,
            stderr,
        })
    }

    /// Waits for the command's end and for its output, and ends what it left in the background.
    async fn status(&mut self, output: impl Future) -> std::io::Result<ExitStatus> {
        tokio::pin!(output);
        let last_words = async {
            self.ended().await;
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            _ = &mut output => {
                self.ended().await;
                self.kill();
                self.0.wait().await
            }
            () = last_words => {
                self.kill();
                beside(self.0.wait(), output).await
            }
        }
    }

    async fn ended(&self) {
        if let Some(pid) = self.pid() {
            ended(pid).await;
        }
    }

    /// The number of the command and its group: their own as long as it was not waited for.
    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.0.id()?).ok()?)
    }

    fn kill(&self) {
        if let Some(pid) = self.pid() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until the process of a handle has ended, as far as the kernel tells.
pub(crate) async fn handle_ended(handle: OwnedFd) {
    // Of a pipe only this is used, that it says when the kernel calls it readable, which a
    // process's handle is at its end.
    if let Ok(handle) = Receiver::from_owned_fd_unchecked(handle) {
        let _ = handle.readable().await;
    }
}

/// Waits until a child has ended, and leaves it to be waited for.
async fn ended(pid: Pid) {
    if let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) {
        handle_ended(handle).await;
    }
    // Where there is no handle, for want of descriptors, looking has to do.
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    while let Ok(None) = waitid(WaitId::Pid(pid), look) {
        tokio::time::sleep(LOOK).await;
    }
}

/// Runs a command of this machine to its end, and returns what it printed and how it ended; the
/// error says why it was not started. Its whole process group ends with it, or when nobody waits
/// any more.
pub async fn output_of(
    command: std::process::Command,
    input: Option<&Secret>,
) -> Result<Output, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let folder = command.get_current_dir().map(Path::to_owned);
    let group = Group::start(command.into()).map_err(|error| match folder {
        // The system says the same of both.
        Some(folder) if !folder.is_dir() => {
            format!("there is no folder `{}` to run it in", folder.display())
        }
        _ => not_started(&name, &error),
    })?;
    let guardian = group.guarded();
    let output = group.collect(input).await;
    drop(guardian);
    output.map_err(|error| format!("`{name}` cannot be waited for: {error}"))
}

async fn read(source: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut source) = source else { return };
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count) = source.read(&mut piece).await {
        if count == 0 {
            return;
        }
        keep(kept, &piece[..count]);
    }
}

/// Writes the command's input and closes it. A command that ends before it has read all is
/// judged by its exit code.
async fn feed(stdin: Option<ChildStdin>, input: Option<&Secret>) {
    if let (Some(mut stdin), Some(input)) = (stdin, input) {
        let _ = stdin.write_all(input.expose().as_bytes()).await;
    }
}

/// Returns what a shell calls the code: that of the exit, or 128 and the signal.
pub(crate) fn exit_code(status: ExitStatus) -> i64 {
    let by_signal = status.signal().map(|signal| 128 + signal);
    status.code().or(by_signal).map_or(NOT_FOUND, i64::from)
}

#[cfg(test)]
mod tests {
    use rustix::process::test_kill_process;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::probe::{Attempt, Poll};

    /// Waits until there is no process of this number.
    async fn check_gone(number: &[u8]) {
        let number = String::from_utf8_lossy(number);
        let pid = Pid::from_raw(number.trim().parse().unwrap()).unwrap();
        let gone = async || match test_kill_process(pid) {
            Ok(()) => Attempt::<(), ()>::NotYet("it is there".to_owned()),
            Err(_) => Attempt::Done(()),
        };
        let poll = Poll::within(Duration::from_secs(10));
        let ended = poll.until(&CancellationToken::new(), gone, |_| {}).await;
        assert!(ended.is_ok(), "{ended:?}");
    }

    #[tokio::test]
    async fn what_a_dropped_command_started_ends_with_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 300 & echo $! >&2; wait"]);
        let mut group = Group::start(command).unwrap();
        let mut number = vec![0; 32];
        let count = group.0.stderr.as_mut().unwrap().read(&mut number);
        let count = count.await.unwrap();
        drop(group);
        check_gone(&number[..count]).await;
    }

    #[tokio::test]
    async fn what_a_filter_behind_a_command_hands_on_counts() {
        let mut command = Command::new("sh");
        command.args(["-c", "(sleep 0.05; echo two) & echo one"]);
        let group = Group::start(command).unwrap();
        let outcome = group.collect(None).await.unwrap();
        assert_eq!(outcome.stdout, b"one\ntwo\n");
    }

    #[tokio::test]
    async fn what_a_command_leaves_in_the_background_ends_with_it() {
        for left in ["sleep 300", "sleep 300 > /dev/null 2>&1"] {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{left} & echo $!; exit 3")]);
            let group = Group::start(command).unwrap();
            let outcome = group.collect(None).await.unwrap();
            assert_eq!(outcome.status.code(), Some(3));
            check_gone(&outcome.stdout).await;
        }
    }
}
