//! The runtime, which is stopped by Ctrl-C, a request to end and a terminal that is closed: the
//! first one has a command stop and clean up, the second one ends at once.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use envctl::commands;
use envctl::tell::{Answer, Events, Failed};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How a command is stopped.
pub(crate) struct Stop {
    pub(crate) cancel: CancellationToken,
    /// Whether the command listens to it; the others end as any program does.
    pub(crate) is_listened_to: bool,
    /// Where it is told that the command cleans up, if it does.
    pub(crate) told: Option<Events>,
    /// Whether a command has the terminal, whose Ctrl-C is then its own.
    pub(crate) has_terminal: Arc<AtomicBool>,
}

/// Runs `work` to its end, and tells that by `finish`, which may take long too: who reads it may be
/// slow.
pub(crate) fn run(
    work: impl Future<Output = Result<Answer, Box<Failed>>>,
    stop: &Stop,
    finish: impl FnOnce(Result<Answer, Box<Failed>>) -> ExitCode + Send + 'static,
) -> ExitCode {
    // A command waits for answers: a thread that waits for all of them itself is not woken by
    // another one for each. What works has threads of its own.
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return finish(Err(commands::failed_by(&error))),
    };
    let code = runtime.block_on(async {
        if !stop.is_listened_to {
            return finish(work.await);
        }
        match Signals::new(Arc::clone(&stop.has_terminal)) {
            Ok(mut signals) => {
                let result = unless_stopped_twice(work, stop, &mut signals).await;
                unless_stopped(result, finish, &mut signals).await
            }
            Err(error) => finish(Err(commands::failed_by(&error))),
        }
    });
    // After a second Ctrl-C, threads may still be in the middle of a call.
    runtime.shutdown_background();
    code
}

/// Tells a result; one more signal ends that at once.
async fn unless_stopped(
    result: Result<Answer, Box<Failed>>,
    finish: impl FnOnce(Result<Answer, Box<Failed>>) -> ExitCode + Send + 'static,
    signals: &mut Signals,
) -> ExitCode {
    // Where there is no thread for it, it is told here.
    let told = Arc::new(Mutex::new(Some((finish, result))));
    let tell = {
        let told = Arc::clone(&told);
        move || {
            let told = told.lock().unwrap_or_else(PoisonError::into_inner).take();
            told.map(|(finish, result)| finish(result))
        }
    };
    let (ended, end) = tokio::sync::oneshot::channel();
    let telling = tell.clone();
    let thread = std::thread::Builder::new().spawn(move || ended.send(telling()));
    if thread.is_err() {
        return tell().unwrap_or(ExitCode::FAILURE);
    }
    tokio::select! {
        biased;
        code = end => code.ok().flatten().unwrap_or(ExitCode::FAILURE),
        () = signals.next() => ExitCode::from(commands::interrupted().exit_code),
    }
}

async fn unless_stopped_twice(
    work: impl Future<Output = Result<Answer, Box<Failed>>>,
    stop: &Stop,
    signals: &mut Signals,
) -> Result<Answer, Box<Failed>> {
    let watch = async {
        signals.next().await;
        // After its deadline, a command cleans up already.
        if !stop.cancel.is_cancelled() {
            if let Some(events) = &stop.told {
                events.warning("stopping and cleaning up; once more to end at once");
            }
            stop.cancel.cancel();
            signals.next().await;
        }
    };
    tokio::select! {
        biased;
        result = work => result,
        () = watch => Err(commands::interrupted()),
    }
}

/// SIGINT, SIGTERM and SIGHUP, which mean the same here.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Nothing where it is ignored, as below `nohup`: such a run is meant to outlive its terminal.
    hang_up: Option<Signal>,
    /// Whether a command has the terminal, whose Ctrl-C is then its own.
    has_terminal: Arc<AtomicBool>,
}

impl Signals {
    fn new(has_terminal: Arc<AtomicBool>) -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if hang_up_is_ignored() {
                None
            } else {
                Some(signal(SignalKind::hangup())?)
            },
            has_terminal,
        })
    }

    async fn next(&mut self) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => {
                    if !self.has_terminal.load(Ordering::Relaxed) {
                        return;
                    }
                }
                _ = self.terminate.recv() => return,
                () = received(self.hang_up.as_mut()) => return,
            }
        }
    }
}

async fn received(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

fn hang_up_is_ignored() -> bool {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    ignores_hang_up(&status)
}

/// Reads the kernel's mask of ignored signals, whose lowest bit is signal 1.
fn ignores_hang_up(status: &str) -> bool {
    let mut masks = status
        .lines()
        .filter_map(|line| line.strip_prefix("SigIgn:"));
    let mask = masks
        .next()
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_seen() {
        assert!(ignores_hang_up("Name:\tx\nSigIgn:\t0000000000000001\n"));
        assert!(!ignores_hang_up("Name:\tx\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hang_up(""));
    }
}
