//! `cargo xtask bench smoke`: what 1, 100 and 1,000 HTTP checks take with `envctl smoke-test`,
//! with hurl, with a curl for each, and with a bare socket, in turns in one run.

mod hurl;
mod instance;
mod measure;
pub(super) mod part;
mod socket;
mod table;
mod tool;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::program;
use instance::Instance;
use measure::Measured;
use tool::Tool;

/// How many checks a command makes.
const COUNTS: [usize; 3] = [1, 100, 1000];

/// How often each is measured unless `--rounds` says; the median counts.
const ROUNDS: usize = 5;

/// Where the programs and files of a measurement are.
pub(super) struct Bench {
    root: PathBuf,
    /// Holds the workspace and what the tools read.
    folder: PathBuf,
    /// Ourselves, built as what we measure is.
    xtask: PathBuf,
}

impl Bench {
    fn new(root: &Path) -> anyhow::Result<Self> {
        // Each by itself: built together, they would share features of what both are built on.
        for package in ["envctl", "xtask"] {
            let mut build = program::cargo(root);
            program::run(build.args(["build", "--quiet", "--release", "--package", package]))?;
        }
        let folder = root.join("target/bench/smoke");
        fs_err::create_dir_all(&folder)?;
        Ok(Self {
            root: root.to_owned(),
            folder,
            xtask: root.join("target/release/xtask"),
        })
    }
}

/// Measures all tools and prints a table in Markdown.
pub(crate) fn run(root: &Path, flags: &[&str]) -> anyhow::Result<()> {
    let rounds = match flags {
        [] => ROUNDS,
        ["--rounds", rounds] => rounds
            .parse()
            .ok()
            .filter(|rounds| *rounds > 0)
            .context("`--rounds` wants a number from 1")?,
        _ => bail!("`bench smoke` takes nothing but `--rounds N`"),
    };
    let hurl = hurl::find(root)?;
    let bench = Bench::new(root)?;
    let instance = Instance::start(&bench)?;
    println!("{}", table::HEAD);
    for count in COUNTS {
        instance.declare(count)?;
        let tools = tool::all(&bench, &hurl, (instance.port()?, count))?;
        table::print(count, &measure_all(&bench, &tools, rounds)?);
    }
    instance.stop()
}

/// Measures the tools one after another, again and again; the first round only warms up.
fn measure_all(
    bench: &Bench,
    tools: &[Tool],
    rounds: usize,
) -> anyhow::Result<Vec<(&'static str, Measured)>> {
    let mut taken: Vec<Vec<Measured>> = tools.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (tool, taken) in tools.iter().zip(&mut taken) {
            let once = tool.once && round != 1;
            if once {
                continue;
            }
            let measured = measure::command(bench, &tool.words)
                .with_context(|| format!("cannot measure {}", tool.name))?;
            if round > 0 {
                taken.push(measured);
            }
        }
    }
    let medians = taken.iter_mut().map(|taken| measure::median(taken));
    Ok(tools.iter().map(|tool| tool.name).zip(medians).collect())
}
