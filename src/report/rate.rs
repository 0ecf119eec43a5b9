//! How fast a progress is, over its last seconds.

use std::collections::VecDeque;
use std::time::Duration;

/// Samples of a progress, at most one each fifth of a second and for five seconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    samples: VecDeque<(Duration, u64)>,
}

impl Rate {
    const SPACING: Duration = Duration::from_millis(200);
    const WINDOW: usize = 25;

    /// Takes in how much is done at a moment; less than before means that it started again.
    pub(super) fn sample(&mut self, at: Duration, done: u64) {
        if let Some(&(last_at, last_done)) = self.samples.back() {
            if done < last_done {
                self.samples.clear();
            } else if at.saturating_sub(last_at) < Self::SPACING {
                return;
            }
        }
        self.samples.push_back((at, done));
        if self.samples.len() > Self::WINDOW {
            self.samples.pop_front();
        }
    }

    /// Returns how much is done in a second, once that can be told.
    pub(super) fn per_second(&self) -> Option<u64> {
        let (first_at, first_done) = *self.samples.front()?;
        let (last_at, last_done) = *self.samples.back()?;
        let ms = u64::try_from(last_at.saturating_sub(first_at).as_millis()).ok()?;
        if ms < 400 {
            return None;
        }
        Some((last_done - first_done).saturating_mul(1000) / ms)
    }

    /// Returns how long the rest will take.
    pub(super) fn left(&self, done: u64, total: u64) -> Option<Duration> {
        let per_second = self.per_second().filter(|rate| *rate > 0)?;
        Some(Duration::from_secs(
            total.saturating_sub(done).div_ceil(per_second),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_five_seconds() {
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(), None);
        for tick in 0..100 {
            let slow_then_fast = if tick < 50 {
                tick
            } else {
                50 + (tick - 50) * 10
            };
            rate.sample(Duration::from_millis(tick * 200), slow_then_fast);
        }
        assert_eq!(rate.per_second(), Some(50));
        assert_eq!(rate.left(540, 1040), Some(Duration::from_secs(10)));
    }

    #[test]
    fn a_progress_that_starts_again_forgets_its_rate() {
        let mut rate = Rate::default();
        rate.sample(Duration::ZERO, 0);
        rate.sample(Duration::from_secs(1), 100);
        assert_eq!(rate.per_second(), Some(100));
        rate.sample(Duration::from_secs(2), 10);
        assert_eq!(rate.per_second(), None);
        assert_eq!(rate.left(10, 100), None);
    }
}
