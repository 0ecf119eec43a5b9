//! What became of a check. Every text in here is masked already.

use std::fmt;
use std::time::Duration;

/// The result of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckResult {
    pub name: String,
    pub passed: bool,
    pub attempts: Attempts,
    /// From its first attempt to its end.
    pub elapsed: Duration,
    /// Why it did not pass; empty when it did.
    pub failures: Vec<Failure>,
    /// A line that does the same by hand, where the check could be made.
    pub reproduce: Option<String>,
    /// The last answer, if there was one.
    pub reply: Option<Reply>,
}

/// An expectation that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What was looked at: `status`, `$.rates[0].day`.
    pub what: String,
    pub expected: String,
    pub actual: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: expected {}, got {}",
            self.what, self.expected, self.actual
        )
    }
}

/// A short view of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// `404 Not Found`, `3 rows`.
    pub status: String,
    /// The start of the body or of the rows.
    pub excerpt: String,
}

/// Every attempt of a check; where there are many, the first and the last ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    total: u32,
    kept: Vec<Observation>,
}

/// What one attempt saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// From 1.
    pub number: u32,
    /// When the attempt ended, counted from the start of the check.
    pub at: Duration,
    pub text: String,
}

impl Attempts {
    /// How many of the first attempts stay.
    const FIRST: usize = 10;
    /// How many attempts stay in all.
    const KEPT: usize = 40;

    /// Adds the next attempt.
    pub fn record(&mut self, at: Duration, text: impl Into<String>) {
        self.total += 1;
        if self.kept.len() == Self::KEPT {
            self.kept.remove(Self::FIRST);
        }
        self.kept.push(Observation {
            number: self.total,
            at,
            text: text.into(),
        });
    }

    /// Returns how many attempts there were.
    pub fn total(&self) -> u32 {
        self.total
    }

    /// Returns the attempts that were kept; a gap in their numbers is where others were.
    pub fn kept(&self) -> &[Observation] {
        &self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_attempts_keep_their_first_and_last() {
        let mut attempts = Attempts::default();
        for second in 1..=100 {
            attempts.record(Duration::from_secs(second), "connection refused");
        }
        assert_eq!(attempts.total(), 100);
        let numbers: Vec<u32> = attempts.kept().iter().map(|seen| seen.number).collect();
        let expect: Vec<u32> = (1..=10).chain(71..=100).collect();
        assert_eq!(numbers, expect);
    }
}
