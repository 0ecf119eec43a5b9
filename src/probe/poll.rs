//! The one loop that waits for something.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

/// What one attempt found.
#[derive(Debug)]
pub enum Attempt<T, F> {
    /// It is there.
    Done(T),
    /// Not yet; the text is the observation that is shown while waiting and in a failure.
    NotYet(String),
    /// It will never be there.
    Hopeless(F),
}

/// Why a poll ended without a result.
#[derive(Debug, PartialEq, Eq)]
pub enum Exhausted<F> {
    /// The deadline passed; holds the last observation, the attempts, and the time waited.
    TimedOut {
        last: String,
        attempts: u32,
        waited: Duration,
    },
    Cancelled,
    Hopeless(F),
}

/// How often to look, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Poll {
    /// The wait after the first attempt; it grows by half each time.
    pub first: Duration,
    /// The longest wait between two attempts.
    pub longest: Duration,
    /// From the call on; an attempt that is still running then is dropped.
    pub timeout: Duration,
}

impl Poll {
    /// Looks every few milliseconds at first, at most twice a second later.
    pub const fn within(timeout: Duration) -> Self {
        Self {
            first: Duration::from_millis(5),
            longest: Duration::from_millis(500),
            timeout,
        }
    }

    /// Calls `attempt` until it is done, hopeless, late or cancelled; the number of attempts
    /// comes with the result. `observed` hears each new observation.
    pub async fn until<T, F>(
        self,
        cancel: &CancellationToken,
        mut attempt: impl AsyncFnMut() -> Attempt<T, F>,
        mut observed: impl FnMut(&str),
    ) -> Result<(T, u32), Exhausted<F>> {
        let start = Instant::now();
        let deadline = start + self.timeout;
        let mut pause = self.first;
        let mut last = String::from("no answer yet");
        let mut attempts = 0;
        loop {
            attempts += 1;
            let outcome = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(Exhausted::Cancelled),
                outcome = timeout_at(deadline, attempt()) => outcome,
            };
            match outcome {
                Ok(Attempt::Done(value)) => return Ok((value, attempts)),
                Ok(Attempt::Hopeless(why)) => return Err(Exhausted::Hopeless(why)),
                Ok(Attempt::NotYet(observation)) => {
                    if observation != last {
                        observed(&observation);
                    }
                    last = observation;
                }
                Err(_) if attempts == 1 => last = String::from("no answer"),
                Err(_) => last = format!("no answer; before that: {last}"),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left <= self.first {
                return Err(Exhausted::TimedOut {
                    last,
                    attempts,
                    waited: start.elapsed(),
                });
            }
            // The waits get short again towards the end, so that none gives up early.
            let next = Instant::now() + pause.min(left / 2).max(self.first);
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(Exhausted::Cancelled),
                () = sleep_until(next) => {}
            }
            pause = (pause * 3 / 2).min(self.longest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick() -> Poll {
        Poll {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(2),
            timeout: Duration::from_millis(40),
        }
    }

    #[tokio::test]
    async fn a_late_success_counts_its_attempts() {
        let mut left = 3;
        let result = quick()
            .until(
                &CancellationToken::new(),
                async || {
                    left -= 1;
                    if left == 0 {
                        Attempt::<_, ()>::Done("up")
                    } else {
                        Attempt::NotYet("refused".to_owned())
                    }
                },
                |_| {},
            )
            .await;
        assert_eq!(result, Ok(("up", 3)));
    }

    #[tokio::test]
    async fn a_deadline_gives_the_last_observation() {
        let result = quick()
            .until(
                &CancellationToken::new(),
                async || Attempt::<(), ()>::NotYet("refused".to_owned()),
                |_| {},
            )
            .await;
        let Err(Exhausted::TimedOut { last, attempts, .. }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(last, "refused");
        assert!(attempts > 3, "{attempts}");
    }

    #[tokio::test]
    async fn an_attempt_that_hangs_does_not_hide_what_was_seen_before() {
        let mut first = true;
        let result = quick()
            .until(
                &CancellationToken::new(),
                async || {
                    if !std::mem::take(&mut first) {
                        std::future::pending::<()>().await;
                    }
                    Attempt::<(), ()>::NotYet("refused".to_owned())
                },
                |_| {},
            )
            .await;
        let Err(Exhausted::TimedOut { last, attempts, .. }) = result else {
            panic!("{result:?}");
        };
        assert_eq!(
            (last.as_str(), attempts),
            ("no answer; before that: refused", 2)
        );
    }

    #[tokio::test]
    async fn the_last_attempt_is_close_to_the_deadline() {
        let poll = Poll {
            first: Duration::from_millis(5),
            longest: Duration::from_secs(60),
            timeout: Duration::from_millis(200),
        };
        let start = Instant::now();
        let mut at = Duration::ZERO;
        let result = poll
            .until(
                &CancellationToken::new(),
                async || {
                    at = start.elapsed();
                    Attempt::<(), ()>::NotYet("refused".to_owned())
                },
                |_| {},
            )
            .await;
        assert!(result.is_err());
        assert!(at > Duration::from_millis(150), "{at:?}");
    }

    #[tokio::test]
    async fn cancelling_ends_an_attempt_that_hangs() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let result = quick()
            .until(
                &cancel,
                async || std::future::pending::<Attempt<(), ()>>().await,
                |_| {},
            )
            .await;
        assert_eq!(result, Err(Exhausted::Cancelled));
    }
}
