//! The one loop that waits for something.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::{Instant, sleep_until};
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

/// Attempts may take one per cent of a core: the wait after one is this many times what it cost.
const SHARE: u32 = 100;

/// No wait has to be shorter than this, however little an attempt costs.
const SOON: Duration = Duration::from_millis(12);

/// How often to look whether the program was stopped, or the machine slept.
const TICK: Duration = Duration::from_millis(500);

/// No program that may run is kept waiting for so long: it was stopped.
const GAP: Duration = Duration::from_secs(1);

/// How often to look, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Poll {
    /// The wait after the first attempt; it grows by half each time, as far as the attempts' cost
    /// asks for.
    pub first: Duration,
    /// The longest wait between two attempts, however much one costs.
    pub longest: Duration,
    /// From the call on; an attempt that is still running then is dropped. Time in which this
    /// program was stopped does not count.
    pub timeout: Duration,
    /// What an attempt costs.
    pub cost: Cost,
}

/// What an attempt costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// All the time that it takes: somebody else works for it.
    Time,
    /// What this program works for it; otherwise it only waits.
    Own,
}

impl Poll {
    /// Looks every few milliseconds at first, later as often as attempts of that cost may.
    pub const fn within(timeout: Duration) -> Self {
        Self {
            first: Duration::from_millis(5),
            longest: Duration::from_millis(500),
            timeout,
            cost: Cost::Time,
        }
    }

    /// Says that nobody else works for an attempt, or hardly.
    #[must_use]
    pub const fn of_own_work(self) -> Self {
        Self {
            cost: Cost::Own,
            ..self
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
        let mut turns = self.turns(cancel);
        loop {
            if let Some(end) = turns.take(attempt(), &mut observed).await {
                return end;
            }
        }
    }

    /// Starts the same loop for a caller that turns it itself. The compiler cannot prove of an
    /// async closure with borrowed captures that its future is `Send`; of a plain future it can.
    pub fn turns(self, cancel: &CancellationToken) -> Turns<'_> {
        let start = Instant::now();
        Turns {
            poll: self,
            cancel,
            start,
            deadline: start + self.timeout,
            awake: start,
            begun: start,
            late: Duration::ZERO,
            pause: self.first,
            last: String::from("no answer yet"),
            attempts: 0,
        }
    }
}

/// A poll that is under way.
#[derive(Debug)]
pub struct Turns<'a> {
    poll: Poll,
    cancel: &'a CancellationToken,
    start: Instant,
    deadline: Instant,
    /// When this program was last seen to run.
    awake: Instant,
    /// When the last attempt began.
    begun: Instant,
    late: Duration,
    pause: Duration,
    last: String,
    attempts: u32,
}

/// How an attempt was cut short.
enum Cut {
    Cancelled,
    Late,
}

impl Turns<'_> {
    /// Makes one attempt and the wait after it; `None` asks for the next attempt.
    pub async fn take<T, F>(
        &mut self,
        attempt: impl Future<Output = Attempt<T, F>>,
        mut observed: impl FnMut(&str),
    ) -> Option<Result<(T, u32), Exhausted<F>>> {
        self.attempts += 1;
        let (before, begun) = (self.begun, Instant::now());
        self.begun = begun;
        let worked = own_work();
        let outcome = self.within_deadline(attempt).await;
        let cost = match self.poll.cost {
            Cost::Time => begun.elapsed(),
            Cost::Own => begun.elapsed().min(own_work().saturating_sub(worked)),
        };
        match outcome {
            Ok(Attempt::Done(value)) => {
                if self.attempts > 1 {
                    self.late = before.elapsed();
                }
                return Some(Ok((value, self.attempts)));
            }
            Ok(Attempt::Hopeless(why)) => return Some(Err(Exhausted::Hopeless(why))),
            Ok(Attempt::NotYet(observation)) => {
                if observation != self.last {
                    observed(&observation);
                }
                self.last = observation;
            }
            Err(Cut::Cancelled) => return Some(Err(Exhausted::Cancelled)),
            Err(Cut::Late) if self.attempts == 1 => self.last = String::from("no answer"),
            // One that was cut short soon says nothing new.
            Err(Cut::Late) if begun.elapsed() < self.poll.longest => {}
            Err(Cut::Late) => self.last = format!("no answer; before that: {}", self.last),
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left <= self.poll.first {
            return Some(Err(Exhausted::TimedOut {
                last: std::mem::take(&mut self.last),
                attempts: self.attempts,
                waited: self.start.elapsed(),
            }));
        }
        // The waits get short again towards the end, so that none gives up early.
        let next = Instant::now() + self.pause.min(left / 2).max(self.poll.first);
        let slept = self.within_deadline(sleep_until(next)).await;
        if matches!(slept, Err(Cut::Cancelled)) {
            return Some(Err(Exhausted::Cancelled));
        }
        let worth = (cost * SHARE).max(SOON).min(self.poll.longest);
        self.pause = (self.pause * 3 / 2).min(worth).max(self.poll.first);
        None
    }

    /// Returns how long what was found can have been there before it was found.
    pub fn late(&self) -> Duration {
        self.late
    }

    /// Awaits something until the deadline, which moves by the time that this program was stopped.
    async fn within_deadline<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Cut> {
        tokio::pin!(work);
        loop {
            let until = self.deadline.min(self.awake + TICK);
            let ended = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Cut::Cancelled),
                ended = &mut work => Some(ended),
                () = sleep_until(until) => None,
            };
            self.forgive();
            match ended {
                Some(ended) => return Ok(ended),
                None if Instant::now() >= self.deadline => return Err(Cut::Late),
                None => {}
            }
        }
    }

    /// Moves all times by what passed while this program did not run.
    fn forgive(&mut self) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.awake);
        let stopped = passed.saturating_sub(TICK);
        if stopped > GAP {
            self.start += stopped;
            self.begun += stopped;
            self.deadline += stopped;
        }
        self.awake = now;
    }
}

/// Returns the processor time that this program has taken.
fn own_work() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick() -> Poll {
        Poll {
            first: Duration::from_millis(1),
            longest: Duration::from_millis(2),
            timeout: Duration::from_millis(40),
            cost: Cost::Time,
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
            longest: Duration::from_mins(1),
            timeout: Duration::from_millis(200),
            cost: Cost::Time,
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
