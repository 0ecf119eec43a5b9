//! Ctrl-C: the first one stops and cleans up, the second one ends at once.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::failure::Failure;
use crate::report::Events;

/// Runs `work`, cancelling it at the first signal or at its deadline and dropping it at the
/// second signal.
pub(super) async fn until_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
    timeout: Option<Duration>,
    (cancel, events): (CancellationToken, Events),
) -> Result<T, Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::of_io(&error))?;
    let watch = async {
        let late = tokio::select! {
            () = signals.next() => false,
            () = deadline(timeout) => true,
        };
        if late {
            events.warning("the deadline of `--timeout` has passed; stopping and cleaning up");
        } else {
            events.warning("stopping and cleaning up; once more to end at once");
        }
        cancel.cancel();
        signals.next().await;
    };
    tokio::select! {
        biased;
        result = work => result,
        () = watch => Err(Failure::interrupted()),
    }
}

async fn deadline(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}

/// SIGINT and SIGTERM, which mean the same here.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
