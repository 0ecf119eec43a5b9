//! How often to look at something that nothing tells of: soon again while it changes, and ever
//! more rarely while it does not. Watches of the kernel would be events, but each user has few of
//! them, and the programs of developers need those.

use std::time::Duration;

use tokio::time::Instant;

/// The looks at one thing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rhythm {
    first: Duration,
    longest: Duration,
    pause: Duration,
    pub next: Instant,
}

impl Rhythm {
    /// Returns looks that begin after `first` and are at most `longest` apart.
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            pause: first,
            next: Instant::now() + first,
        }
    }

    /// Whether it is time to look.
    pub(super) fn is_due(&self) -> bool {
        self.next <= Instant::now()
    }

    /// Notes a look, and whether what it saw had changed.
    pub(super) fn looked(&mut self, changed: bool) {
        self.pause = if changed {
            self.first
        } else {
            (self.pause * 2).min(self.longest)
        };
        self.next = Instant::now() + self.pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn looks_get_rare_until_something_changes() {
        let second = Duration::from_secs(1);
        let mut rhythm = Rhythm::new(second, 5 * second);
        assert!(!rhythm.is_due());
        let mut pauses = Vec::new();
        for changed in [false, false, false, false, true, false] {
            rhythm.looked(changed);
            pauses.push(rhythm.pause.as_secs());
        }
        assert_eq!(pauses, [2, 4, 5, 5, 1, 2]);
    }
}
