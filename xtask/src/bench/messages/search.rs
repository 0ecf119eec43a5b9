//! The highest rate that holds: doubled until one does not, then bisected.
//! It does not know what a rate is of, nor how it is tried.

/// The first rate that is tried.
const FIRST: u64 = 4;

/// No machine of ours comes so far.
const MOST: u64 = 4096;

/// It is known well enough when no rate is left that is more than a tenth higher.
const TENTHS: u64 = 10;

/// How many trials must agree before a rate counts as one that holds, or does not.
const AGREEING: usize = 2;

/// A search that goes on until [`Search::rate`] says nothing.
pub(super) struct Search {
    rate: u64,
    /// The outcomes of the trials of that rate.
    trials: Vec<bool>,
    /// The highest rate that holds, and the lowest that does not.
    best: u64,
    worst: Option<u64>,
}

impl Search {
    pub(super) fn new() -> Self {
        Self {
            rate: FIRST,
            trials: Vec::new(),
            best: 0,
            worst: None,
        }
    }

    /// Returns what is to be tried next.
    pub(super) fn rate(&self) -> Option<u64> {
        let is_open = match self.worst {
            None => self.rate <= MOST,
            Some(worst) => worst - self.best > (self.best / TENTHS).max(1),
        };
        is_open.then_some(self.rate)
    }

    /// Notes whether the rate held. One trial is not enough: the machine does other things, too.
    pub(super) fn note(&mut self, holds: bool) {
        self.trials.push(holds);
        let agree = self.trials.iter().filter(|trial| **trial == holds).count();
        // While it is doubled, the next rate asks for more than a second trial would.
        if agree < AGREEING && !(holds && self.worst.is_none() && self.trials.len() == 1) {
            return;
        }
        if holds {
            self.best = self.rate;
        } else {
            self.worst = Some(self.rate);
        }
        self.trials.clear();
        self.rate = match self.worst {
            None => self.rate * 2,
            Some(worst) => u64::midpoint(self.best, worst),
        };
    }

    /// Returns the highest rate that held; nothing where none did.
    pub(super) fn best(&self) -> Option<u64> {
        (self.best > 0).then_some(self.best)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Search};

    /// Searches where a rate holds up to a limit; returns what was found, and the trials.
    fn search(limit: u64, mut noise: impl FnMut(usize) -> bool) -> (Option<u64>, Vec<u64>) {
        let mut search = Search::new();
        let mut tried = Vec::new();
        while let Some(rate) = search.rate() {
            search.note(rate <= limit && !noise(tried.len()));
            tried.push(rate);
        }
        (search.best(), tried)
    }

    #[test]
    fn it_doubles_and_then_bisects() {
        let (found, tried) = search(21, |_| false);
        assert_eq!(found, Some(20));
        assert_eq!(tried, [4, 8, 16, 32, 32, 24, 24, 20, 20, 22, 22]);
        assert_eq!(search(0, |_| false).0, None);
        assert_eq!(search(1, |_| false).0, Some(1));
        assert_eq!(search(u64::MAX, |_| false).0, Some(MOST));
    }

    #[test]
    fn one_failure_does_not_decide() {
        for limit in [4, 30, 100, 777] {
            let quiet = search(limit, |_| false).0;
            for bad in 0..30 {
                assert_eq!(
                    search(limit, |trial| trial == bad).0,
                    quiet,
                    "{limit}, {bad}"
                );
            }
        }
    }
}
