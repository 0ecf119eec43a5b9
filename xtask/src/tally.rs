//! Counts what the test programs say while it is shown.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read};
use std::ops::AddAssign;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use anyhow::Context as _;

/// How many tests ended how.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// Tests that passed without having done anything.
    skipped: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        let passed = passed.saturating_sub(*skipped);
        write!(formatter, "{passed} passed, {failed} failed")?;
        if *skipped > 0 {
            write!(formatter, ", {skipped} skipped")?;
        }
        Ok(())
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Runs a command that runs tests, shows what it writes, and counts it.
pub(crate) fn count(command: &mut Command) -> anyhow::Result<(ExitStatus, Tally)> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot run the tests")?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let other = thread::spawn(move || stderr.map_or_else(Tally::default, |pipe| show(pipe, true)));
    let mut tally = stdout.map_or_else(Tally::default, |pipe| show(pipe, false));
    tally += other.join().unwrap_or_default();
    Ok((child.wait().context("cannot wait for the tests")?, tally))
}

/// Copies a pipe line by line to the standard stream that it stands for.
fn show(pipe: impl Read, is_stderr: bool) -> Tally {
    let mut tally = Tally::default();
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        tally += read(&line);
        if is_stderr {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
    }
    tally
}

/// Reads `test result: ok. 3 passed; 1 failed; …` and `skipped: NAME: why`.
fn read(line: &str) -> Tally {
    let number = |text: &str| text.split(' ').next()?.parse().ok();
    let mut tally = Tally::default();
    if line.starts_with("skipped: ") {
        tally.skipped = 1;
    } else if let Some((_, counts)) = line
        .strip_prefix("test result: ")
        .and_then(|rest| rest.split_once(". "))
    {
        for part in counts.split("; ") {
            match part.split_once(' ') {
                Some((_, "passed")) => tally.passed = number(part).unwrap_or(0),
                Some((_, "failed")) => tally.failed = number(part).unwrap_or(0),
                _ => {}
            }
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_skips_add_up() {
        let mut tally = Tally::default();
        for line in [
            "running 4 tests",
            "test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "skipped: a_port: docker not reachable",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out",
        ] {
            tally += read(line);
        }
        assert_eq!(tally.to_string(), "5 passed, 1 failed, 1 skipped");
    }
}
