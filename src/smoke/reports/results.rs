//! What every report is made of.

use std::time::{Duration, SystemTime};

use crate::smoke::{CheckResult, Verdict};

/// A run of the checks, and where it was.
#[derive(Clone, Copy, Debug)]
pub struct Results<'a> {
    pub environment: &'a str,
    pub instance: &'a str,
    pub engine: &'a str,
    pub started: SystemTime,
    pub elapsed: Duration,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    pub checks: &'a [CheckResult],
}

/// How many checks ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
    /// These are among the others.
    pub flaky: usize,
}

impl Results<'_> {
    /// Counts the checks.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for check in self.checks {
            match check.verdict {
                Verdict::Passed => totals.passed += 1,
                Verdict::Failed => totals.failed += 1,
                Verdict::Skipped(_) => totals.skipped += 1,
            }
            totals.flaky += usize::from(check.flaky);
        }
        totals
    }

    /// Returns when it started, as RFC 3339 has it.
    pub(super) fn started_text(&self) -> String {
        humantime::format_rfc3339_seconds(self.started).to_string()
    }
}
