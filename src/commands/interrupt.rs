//! Ctrl-C, a request to end and a terminal that is closed: the first one stops and cleans up, the
//! second one ends at once. A deadline stops and cleans up too.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use crate::tell::Events;

/// Runs `work`, cancelling it at the first signal or at its deadline and dropping it at the
/// second signal; says so where there are events.
pub(super) async fn until_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
    timeout: Option<Duration>,
    (cancel, events, lent): (CancellationToken, Option<Events>, Arc<AtomicBool>),
) -> Result<T, Failure> {
    let mut signals = Signals::new(lent).map_err(|error| Failure::of_io(&error))?;
    let late = Cell::new(None);
    let watch = async {
        late.set(tokio::select! {
            () = signals.next() => None,
            timeout = deadline(timeout) => Some(timeout),
        });
        if let Some(events) = events {
            events.warning(match late.get() {
                Some(_) => "the deadline of `--timeout` has passed; stopping and cleaning up",
                None => "stopping and cleaning up; once more to end at once",
            });
        }
        cancel.cancel();
        signals.next().await;
    };
    tokio::select! {
        biased;
        result = work => result.map_err(|failure| match late.get() {
            Some(timeout) => failure.late(timeout),
            None => failure,
        }),
        () = watch => Err(Failure::interrupted()),
    }
}

async fn deadline(timeout: Option<Duration>) -> Duration {
    match timeout {
        Some(timeout) => {
            tokio::time::sleep(timeout).await;
            timeout
        }
        None => std::future::pending().await,
    }
}

/// SIGINT, SIGTERM and SIGHUP, which mean the same here.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Nothing where it is ignored, as below `nohup`: such a run is meant to outlive its terminal.
    hang_up: Option<Signal>,
    /// Whether a command has the terminal, whose Ctrl-C is then its own.
    lent: Arc<AtomicBool>,
}

impl Signals {
    fn new(lent: Arc<AtomicBool>) -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if hang_up_is_ignored() {
                None
            } else {
                Some(signal(SignalKind::hangup())?)
            },
            lent,
        })
    }

    async fn next(&mut self) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => {
                    if !self.lent.load(Ordering::Relaxed) {
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
