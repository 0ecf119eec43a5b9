//! One command, run to its end: how long it took and how much memory it had at most. A process of
//! ours runs it, since the kernel tells the memory of all ended children together only.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::resource::{UsageWho, getrusage};

use super::Bench;
use crate::program;

/// What a command took.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    /// From its start to its end.
    pub(super) wall: Duration,
    /// The most memory that it, or a process that it waited for, had at a time.
    pub(super) peak_kib: u64,
}

/// Returns what a command takes; one that fails is an error that shows what it printed.
pub(super) fn command(bench: &Bench, words: &[String]) -> anyhow::Result<Measured> {
    let mut command = Command::new(&bench.xtask);
    command.args(["bench", "part", "measure"]);
    command.arg(bench.folder.join("printed.txt")).args(words);
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    command.current_dir(&bench.root);
    let told = program::read(&mut command)?;
    let numbers = told.trim().split_once(' ').and_then(|(wall, peak)| {
        Some(Measured {
            wall: Duration::from_micros(wall.parse().ok()?),
            peak_kib: peak.parse().ok()?,
        })
    });
    numbers.with_context(|| format!("`{told}` is no measurement"))
}

/// Returns the medians of the time and of the memory, each for itself.
pub(super) fn median(taken: &mut [Measured]) -> Measured {
    let middle = taken.len() / 2;
    taken.sort_by_key(|measured| measured.peak_kib);
    let peak_kib = taken[middle].peak_kib;
    taken.sort_by_key(|measured| measured.wall);
    Measured {
        wall: taken[middle].wall,
        peak_kib,
    }
}

/// Runs a command, its output in a file, and tells its microseconds and kibibytes.
pub(super) fn one(printed: &Path, words: &[&str]) -> anyhow::Result<()> {
    let (program, arguments) = words.split_first().context("no command")?;
    let file = fs_err::File::create(printed)?.into_file();
    let start = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()
        .with_context(|| format!("cannot run {program}"))?;
    let wall = start.elapsed();
    if !status.success() {
        let text = fs_err::read_to_string(printed)?;
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(20)..].join("\n");
        bail!("{program} failed ({status}):\n{last}");
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    writeln!(
        std::io::stdout(),
        "{} {}",
        wall.as_micros(),
        usage.max_rss()
    )?;
    Ok(())
}
