//! `cargo xtask test`: the one test command, the same on a laptop and in CI.

use std::path::Path;

use anyhow::{Context as _, bail};

use crate::tally::Tally;
use crate::{fixtures, program, tally, tidy};

/// How much of it runs.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Speed {
    Whole,
    Fast,
}

/// Runs every check in order and stops at the first that fails, by name. The last line counts the
/// tests, those that were skipped for want of an engine or a program too.
pub(crate) fn run(root: &Path, speed: Speed) -> anyhow::Result<()> {
    if speed == Speed::Whole {
        step("fmt", || cargo(root, "fmt --check"))?;
        step("clippy", || {
            cargo(root, "clippy --workspace --all-targets -- -D warnings")
        })?;
    }
    step("tidy", || tidy::run(root))?;
    step("fixtures", || fixtures::check(root))?;
    let tally = step("test", || tests(root))?;
    println!("{tally}");
    if tally.failed > 0 {
        bail!("step test failed");
    }
    Ok(())
}

fn step<T>(name: &str, run: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    println!("step {name}");
    run().with_context(|| format!("step {name} failed"))
}

fn cargo(root: &Path, arguments: &str) -> anyhow::Result<()> {
    program::run(program::cargo(root).args(arguments.split(' ')))
}

/// Runs every test of the workspace, also after a failure.
fn tests(root: &Path) -> anyhow::Result<Tally> {
    let mut command = program::cargo(root);
    command.args(["test", "--workspace", "--no-fail-fast"]);
    let (status, tally) = tally::count(&mut command)?;
    if !status.success() && tally.failed == 0 {
        bail!("the tests could not be run: {status}");
    }
    Ok(tally)
}
