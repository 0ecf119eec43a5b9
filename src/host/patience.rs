//! A command of this machine for a caller that is not asynchronous, and that waits only so long.

use std::process::{Command, Output};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime;
use tokio_util::sync::CancellationToken;

use super::group::output_of;

/// How often it is looked whether its output is still wanted.
const LOOK: Duration = Duration::from_millis(20);

/// How long a command's output is waited for.
#[derive(Clone, Copy)]
pub(crate) struct Patience<'a> {
    pub(crate) time: Duration,
    /// Whether nobody wants it any more.
    pub(crate) stopped: &'a dyn Fn() -> bool,
}

/// Why there is no output of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoOutput {
    /// It was not started; says why.
    NotRun(String),
    TimedOut,
    Stopped,
}

impl Patience<'_> {
    /// Runs a command to its end, or ends its whole process group when the patience does.
    pub(crate) fn output_of(self, command: Command) -> Result<Output, NoOutput> {
        let not_run = |error: std::io::Error| NoOutput::NotRun(error.to_string());
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(not_run)?;
        let (sender, outcome) = sync_channel(1);
        let cancel = CancellationToken::new();
        let cancelled = cancel.clone().cancelled_owned();
        let work = async move {
            tokio::select! {
                () = cancelled => {}
                // It is heard as long as it was not cancelled.
                outcome = output_of(command, None) => drop(sender.send(outcome)),
            }
        };
        // The caller's thread may be one of a runtime, which no other runtime can wait on.
        let waiting = thread::Builder::new()
            .spawn(move || runtime.block_on(work))
            .map_err(not_run)?;
        let deadline = Instant::now() + self.time;
        let outcome = loop {
            match outcome.recv_timeout(LOOK) {
                Ok(outcome) => break outcome.map_err(NoOutput::NotRun),
                Err(RecvTimeoutError::Disconnected) => break Err(NoOutput::Stopped),
                Err(RecvTimeoutError::Timeout) if (self.stopped)() => {
                    break Err(NoOutput::Stopped);
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => {
                    break Err(NoOutput::TimedOut);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        cancel.cancel();
        // The group is gone when the thread is.
        let _ = waiting.join();
        outcome
    }
}
