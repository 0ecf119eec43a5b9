//! Work on a blocking thread that a cancel token ends, whatever statement it is in.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ::postgres::{CancelToken, NoTls};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How often the server is asked again to end what runs: a request that arrives between two
/// statements is lost.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// Knows the sessions that blocking work has open, so that they can be stopped from outside.
#[derive(Clone, Debug)]
pub(crate) struct Brake {
    cancel: CancellationToken,
    sessions: Arc<Mutex<Sessions>>,
}

#[derive(Default)]
struct Sessions {
    next: usize,
    running: Vec<(usize, CancelToken)>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} sessions", self.running.len())
    }
}

/// Takes a session off the brake when it is dropped.
#[derive(Debug)]
pub(crate) struct Registration {
    number: usize,
    sessions: Arc<Mutex<Sessions>>,
}

impl Brake {
    pub(crate) fn new(cancel: CancellationToken) -> Self {
        Self {
            cancel,
            sessions: Arc::default(),
        }
    }

    /// Returns whether the work should end; asked before each statement and each chunk.
    pub(crate) fn is_pulled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    pub(super) fn register(&self, token: CancelToken) -> Registration {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let number = sessions.next;
        sessions.next += 1;
        sessions.running.push((number, token));
        Registration {
            number,
            sessions: self.sessions.clone(),
        }
    }

    fn is_idle(&self) -> bool {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.running.is_empty()
    }

    fn stop_all(&self) {
        let tokens: Vec<CancelToken> = {
            let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            sessions
                .running
                .iter()
                .map(|(_, token)| token.clone())
                .collect()
        };
        for token in tokens {
            // A server that is gone has nothing left to cancel.
            let _ = token.cancel_query(NoTls);
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions
            .running
            .retain(|(number, _)| *number != self.number);
    }
}

/// Ends the work of a future that was dropped before it was done.
struct Abandoned(Brake);

impl Drop for Abandoned {
    fn drop(&mut self) {
        if self.0.is_idle() {
            return;
        }
        self.0.cancel.cancel();
        let brake = self.0.clone();
        // Nobody waits for it; the work ends at its next statement at the latest, also where no
        // thread can be made.
        let _ = thread::Builder::new().spawn(move || {
            for _ in 0..50 {
                if brake.is_idle() {
                    break;
                }
                brake.stop_all();
                thread::park_timeout(ASK_AGAIN);
            }
        });
    }
}

/// Runs `work` on a blocking thread. When `cancel` fires, its registered sessions are told to
/// stop, and the result is what `work` makes of that; a dropped future has the same effect.
pub(crate) async fn on_thread<T: Send + 'static>(
    cancel: &CancellationToken,
    work: impl FnOnce(&Brake) -> T + Send + 'static,
) -> T {
    let inner = cancel.child_token();
    let _dropped = inner.clone().drop_guard();
    let brake = Brake::new(inner.clone());
    let stopper = brake.clone();
    let _abandoned = Abandoned(brake.clone());
    let mut thread = spawn_blocking(move || work(&brake));
    let joined = loop {
        tokio::select! {
            joined = &mut thread => break joined,
            () = inner.cancelled() => {}
        }
        let stopper = stopper.clone();
        // Its only failure is a panic of the client library, after which the next try follows.
        let _ = spawn_blocking(move || stopper.stop_all()).await;
        tokio::select! {
            joined = &mut thread => break joined,
            () = sleep(ASK_AGAIN) => {}
        }
    };
    match joined {
        Ok(result) => result,
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}
