//! `cargo xtask test`: the one test command, the same on a laptop and in CI.

use std::path::Path;

use anyhow::Context as _;

use crate::{fixtures, program, tidy};

/// How much of it runs.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Speed {
    Whole,
    Fast,
}

/// Runs every check in order and stops at the first that fails, by name.
pub(crate) fn run(root: &Path, speed: Speed) -> anyhow::Result<()> {
    if speed == Speed::Whole {
        step("fmt", || cargo(root, "fmt --check"))?;
        step("clippy", || {
            cargo(root, "clippy --workspace --all-targets -- -D warnings")
        })?;
    }
    step("tidy", || tidy::run(root))?;
    step("fixtures", || fixtures::check(root))?;
    step("test", || cargo(root, "test --workspace"))?;
    println!("all steps passed");
    Ok(())
}

fn step(name: &str, run: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    println!("step {name}");
    run().with_context(|| format!("step {name} failed"))
}

fn cargo(root: &Path, arguments: &str) -> anyhow::Result<()> {
    program::run(program::cargo(root).args(arguments.split(' ')))
}
