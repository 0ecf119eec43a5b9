//! Waiting for a file's lock, which is the operating system's and so dies with its holder.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::time::{Duration, Instant, SystemTime};

use tokio_util::sync::CancellationToken;

use crate::probe::{Attempt, Exhausted, Poll};

/// No holder says more.
const HOLDER_BYTES_MAX: u64 = 200;

/// Who is waited for so long is named.
const SILENCE: Duration = Duration::from_secs(1);

/// Writes into a locked file who holds it, for people: `up rates`.
pub fn sign_lock(mut file: &File, command: &str) -> io::Result<()> {
    let since = humantime::format_rfc3339_seconds(SystemTime::now());
    file.set_len(0)?;
    file.rewind()?;
    let pid = std::process::id();
    writeln!(file, "`envctl {command}` (pid {pid}, since {since})")
}

/// Returns who says to hold a file: `` `envctl up rates` (pid 12, since …)``.
pub fn lock_holder(mut file: &File) -> String {
    let mut text = String::new();
    let read = file
        .rewind()
        .and_then(|()| file.take(HOLDER_BYTES_MAX).read_to_string(&mut text));
    match read {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "another envctl".to_owned(),
    }
}

/// Locks a file as soon as nobody else has it; `false` when somebody still has after `timeout`.
pub(crate) async fn lock(file: &File, timeout: Duration) -> io::Result<bool> {
    lock_telling(file, timeout, |_| {}).await
}

/// As [`lock`]; `waiting` hears who holds it, once that takes longer than a moment.
pub(crate) async fn lock_telling(
    file: &File,
    timeout: Duration,
    mut waiting: impl FnMut(&str),
) -> io::Result<bool> {
    let begun = Instant::now();
    let mut told = String::new();
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
            None if begun.elapsed() > SILENCE => {
                let holder = lock_holder(file);
                if holder != told {
                    waiting(&holder);
                    told = holder;
                }
            }
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

    #[tokio::test]
    async fn who_is_waited_for_long_is_named_once() {
        let place = tempfile::NamedTempFile::new().unwrap();
        let open = || place.reopen().unwrap();
        let (holder, waiter) = (open(), open());
        holder.try_lock().unwrap();
        assert_eq!(lock_holder(&waiter), "another envctl");
        sign_lock(&holder, "up rates").unwrap();
        let mut told = Vec::new();
        let wait = async |told: &mut Vec<String>, timeout| {
            let telling = |holder: &str| told.push(holder.to_owned());
            lock_telling(&waiter, timeout, telling).await.unwrap()
        };
        assert!(!wait(&mut told, SILENCE / 2).await);
        assert_eq!(told, Vec::<String>::new());
        assert!(!wait(&mut told, SILENCE * 2).await);
        assert_eq!(told.len(), 1);
        let pid = std::process::id();
        let named = format!("`envctl up rates` (pid {pid}, since ");
        assert!(told[0].starts_with(&named), "{told:?}");
    }
}
