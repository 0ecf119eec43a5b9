//! When a service that ended is started again: Docker's rules and waits
//! (<https://docs.docker.com/engine/containers/start-containers-automatically/>).

use std::time::Duration;

use crate::model::Restart;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_mins(1);

/// One that ran this long ended for a new reason.
const SETTLED: Duration = Duration::from_secs(10);

/// The wait before the next start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Backoff {
    last: Option<Duration>,
}

impl Backoff {
    /// Returns how long to wait after an end; `None` where it stays ended. `code` is `None` where
    /// nobody saw it, which counts as a failure.
    pub(super) fn next(
        &mut self,
        (policy, restarts): (Restart, u32),
        code: Option<i64>,
        ran: Duration,
    ) -> Option<Duration> {
        let again = match policy {
            Restart::No => false,
            Restart::Always | Restart::UnlessStopped => true,
            Restart::OnFailure { max_retries } => {
                // Docker reads 0 as "no limit".
                let limit = max_retries.filter(|limit| *limit > 0);
                code != Some(0) && limit.is_none_or(|limit| restarts < limit)
            }
        };
        if !again {
            return None;
        }
        let wait = match self.last {
            Some(last) if ran < SETTLED => (last * 2).min(LONGEST),
            _ => FIRST,
        };
        self.last = Some(wait);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(policy: Restart, ends: &[(Option<i64>, u64)]) -> Vec<Option<u128>> {
        let mut backoff = Backoff::default();
        let ends = (0..).zip(ends);
        ends.map(|(restarts, (code, ran_s))| {
            let wait = backoff.next((policy, restarts), *code, Duration::from_secs(*ran_s));
            wait.map(|wait| wait.as_millis())
        })
        .collect()
    }

    #[test]
    fn waits_double_and_start_over() {
        let quick = (Some(0), 0);
        let mut expect = vec![100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200];
        expect.extend([60_000, 60_000]);
        let found = waits(Restart::Always, &[quick; 12]);
        assert_eq!(found, expect.into_iter().map(Some).collect::<Vec<_>>());
        let found = waits(
            Restart::UnlessStopped,
            &[quick, quick, (Some(1), 10), quick],
        );
        assert_eq!(found, [Some(100), Some(200), Some(100), Some(200)]);
    }

    #[test]
    fn the_policy_decides() {
        let failed = (Some(1), 0);
        assert_eq!(waits(Restart::No, &[failed]), [None]);
        let policy = |max_retries| Restart::OnFailure { max_retries };
        assert_eq!(waits(policy(None), &[(Some(0), 0)]), [None]);
        assert_eq!(waits(policy(None), &[(None, 0)]), [Some(100)]);
        assert_eq!(
            waits(policy(Some(2)), &[failed; 3]),
            [Some(100), Some(200), None]
        );
        assert_eq!(waits(policy(Some(0)), &[failed; 2]), [Some(100), Some(200)]);
    }
}
