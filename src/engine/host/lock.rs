//! Waiting for a file's lock, which is the operating system's and so dies with its holder.

use std::fs::{File, TryLockError};
use std::io;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::probe::{Attempt, Exhausted, Poll};

/// Locks a file as soon as nobody else has it; `false` when somebody still has after `timeout`.
pub(in crate::engine) async fn lock(file: &File, timeout: Duration) -> io::Result<bool> {
    let poll = Poll {
        first: Duration::from_millis(2),
        longest: Duration::from_millis(50),
        ..Poll::within(timeout)
    };
    let never = CancellationToken::new();
    let mut turns = poll.turns(&never);
    loop {
        let attempt = async {
            match file.try_lock() {
                Ok(()) => Attempt::Done(()),
                Err(TryLockError::WouldBlock) => Attempt::NotYet("it is held".to_owned()),
                Err(TryLockError::Error(error)) => Attempt::Hopeless(error),
            }
        };
        match turns.take(attempt, |_| {}).await {
            None => {}
            Some(Ok(_)) => return Ok(true),
            Some(Err(Exhausted::Hopeless(error))) => return Err(error),
            Some(Err(Exhausted::TimedOut { .. } | Exhausted::Cancelled)) => return Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lock_is_waited_for_in_bounded_time() {
        let place = tempfile::NamedTempFile::new().unwrap();
        let open = || fs_err::File::open(place.path()).unwrap().into_parts().0;
        let (holder, waiter) = (open(), open());
        let short = Duration::from_millis(20);
        assert!(lock(&holder, short).await.unwrap());
        assert!(!lock(&waiter, short).await.unwrap());
        let released = async {
            tokio::time::sleep(short).await;
            drop(holder);
        };
        let (locked, ()) = tokio::join!(lock(&waiter, Duration::from_secs(10)), released);
        assert!(locked.unwrap());
    }
}
