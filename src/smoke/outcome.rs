//! What became of a check. Every text in here is masked already.

use std::fmt;
use std::time::Duration;

use crate::model::Spot;
use crate::tell::Mask;

/// The result of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckResult {
    /// With its case: `lookup[EETLL]`.
    pub name: String,
    /// Where it was declared.
    pub place: Option<Spot>,
    /// The service that it asks, if it asks one.
    pub service: Option<String>,
    pub tags: Vec<String>,
    pub verdict: Verdict,
    /// Whether it needed a second attempt, or passed in some runs and failed in others.
    pub flaky: bool,
    /// How often it was made (`--repeat`), and how often it failed then.
    pub runs: u32,
    pub failed_runs: u32,
    /// The attempts of the run that is shown: the first that failed, else the last one.
    pub attempts: Attempts,
    /// From its beginning to its verdict, with the checks that are its parts.
    pub elapsed: Duration,
    /// Why it did not pass; empty when it did.
    pub failures: Vec<Unmet>,
    /// A line that does the same by hand, where the check could be made.
    pub reproduce: Option<String>,
    /// The last answer, if there was one.
    pub reply: Option<Excerpt>,
    /// What its service logged while it was made; only of a check that failed.
    pub log: Vec<String>,
}

impl CheckResult {
    /// Returns whether an expectation did not hold, or no answer came.
    pub fn failed(&self) -> bool {
        self.verdict == Verdict::Failed
    }

    /// Hides what was not known to be secret when the check ended.
    pub(super) fn hide(&mut self, mask: &Mask) {
        let Self {
            name,
            tags,
            verdict,
            attempts,
            failures,
            reproduce,
            reply,
            log,
            ..
        } = self;
        let because = match verdict {
            Verdict::Skipped(because) => Some(because),
            Verdict::Passed | Verdict::Failed => None,
        };
        let failures = failures.iter_mut().flat_map(|failure| {
            let Unmet {
                what,
                expected,
                actual,
                difference,
            } = failure;
            [what, expected, actual].into_iter().chain(difference)
        });
        let seen = attempts.kept.iter_mut().map(|seen| &mut seen.text);
        let reply = reply.iter_mut();
        let reply = reply.flat_map(|reply| [&mut reply.status, &mut reply.excerpt]);
        [name]
            .into_iter()
            .chain(tags)
            .chain(because)
            .chain(failures)
            .chain(seen)
            .chain(reproduce)
            .chain(reply)
            .chain(log)
            .for_each(|text| *text = mask.apply(text));
    }

    /// Adds the result of the next run; the first one that failed is the one that is shown.
    pub(super) fn repeat(&mut self, next: Self) {
        let (runs, failed_runs) = (self.runs + next.runs, self.failed_runs + next.failed_runs);
        let flaky = self.flaky || next.flaky || (failed_runs > 0 && failed_runs < runs);
        let shows_next = match (&self.verdict, &next.verdict) {
            // It was made, and what it found counts.
            (Verdict::Failed, _) | (Verdict::Passed, Verdict::Skipped(_)) => false,
            (Verdict::Passed, _) => true,
            (Verdict::Skipped(_), verdict) => *verdict != Verdict::Passed,
        };
        if shows_next {
            *self = next;
        }
        (self.runs, self.failed_runs, self.flaky) = (runs, failed_runs, flaky);
    }
}

/// How a check ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    #[default]
    Passed,
    Failed,
    /// It was not made, because of this.
    Skipped(String),
}

/// An expectation that did not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unmet {
    /// What was looked at: `status`, `$.rates[0].day`.
    pub what: String,
    pub expected: String,
    pub actual: String,
    /// Expected against actual, line by line, where both have several.
    pub difference: Option<String>,
}

impl Unmet {
    /// The longest text of a failure, and the longest difference, in bytes.
    const TEXT_MAX: usize = 8 * 1024;
    const DIFFERENCE_MAX: usize = 64 * 1024;

    /// Cuts what nobody reads to its end: an answer may have a key of megabytes.
    pub(super) fn shorten(&mut self) {
        for text in [&mut self.what, &mut self.expected, &mut self.actual] {
            cut(text, Self::TEXT_MAX);
        }
        if let Some(difference) = &mut self.difference {
            cut(difference, Self::DIFFERENCE_MAX);
        }
    }
}

fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        // What is secret in it is hidden already.
        *text = Mask::default().excerpt(text, most);
    }
}

impl fmt::Display for Unmet {
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
pub struct Excerpt {
    /// `404 Not Found`, `3 rows`.
    pub status: String,
    /// The start of the body or of the rows.
    pub excerpt: String,
}

/// Every attempt of a check; where there are many, the first and the last ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    total: u32,
    kept: Vec<Attempted>,
}

/// What one attempt saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// From 1.
    pub number: u32,
    /// When the attempt ended, counted from the start of the first one.
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
        self.kept.push(Attempted {
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
    pub fn kept(&self) -> &[Attempted] {
        &self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_is_known_late_is_hidden_everywhere() {
        let s = || "pw-of-mine".to_owned();
        let mut result = CheckResult {
            name: s(),
            tags: vec![s()],
            verdict: Verdict::Skipped(s()),
            failures: vec![Unmet {
                what: s(),
                expected: s(),
                actual: s(),
                difference: Some(s()),
            }],
            reproduce: Some(s()),
            reply: Some(Excerpt {
                status: s(),
                excerpt: s(),
            }),
            log: vec![s()],
            ..CheckResult::default()
        };
        result.attempts.record(Duration::ZERO, s());
        result.hide(&Mask::new([s().as_str()]));
        let text = format!("{result:?}");
        assert!(!text.contains("mine"), "{text}");
        assert_eq!(text.matches("***").count(), 12);
    }

    #[test]
    fn a_text_that_nobody_reads_to_its_end_is_cut() {
        let mut failure = Unmet {
            what: "ä".repeat(5000),
            expected: "short".to_owned(),
            actual: "x".repeat(Unmet::TEXT_MAX),
            difference: Some("-\n".repeat(Unmet::DIFFERENCE_MAX)),
        };
        failure.shorten();
        assert!(failure.what.ends_with("ä… (10000 bytes in all)"));
        assert_eq!(failure.expected, "short");
        assert_eq!(failure.actual.len(), Unmet::TEXT_MAX);
        assert!(failure.difference.unwrap().len() < Unmet::DIFFERENCE_MAX + 100);
    }

    #[test]
    fn a_run_in_which_a_check_is_skipped_hides_no_other() {
        let with = |verdict| CheckResult {
            verdict,
            ..CheckResult::default()
        };
        let skipped = || Verdict::Skipped("another check failed".to_owned());
        for (first, next, shown) in [
            (Verdict::Passed, skipped(), Verdict::Passed),
            (Verdict::Failed, skipped(), Verdict::Failed),
            (Verdict::Passed, Verdict::Failed, Verdict::Failed),
            (Verdict::Failed, Verdict::Passed, Verdict::Failed),
            (skipped(), Verdict::Passed, skipped()),
        ] {
            let mut result = with(first);
            result.repeat(with(next));
            assert_eq!(result.verdict, shown);
        }
    }

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
