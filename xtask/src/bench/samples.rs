//! `cargo xtask bench samples`: what the service `samples` takes for some seconds each, by the
//! size of a batch and the number of connections, and which process is its limit then.

mod connection;
mod instance;
mod load;
mod processor;
mod table;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::program;
use instance::Instance;
use load::Load;
use processor::Watched;
use table::{Batches, Pages, Uploads};

/// How long each load goes on unless `--seconds` says.
const SECONDS: u64 = 5;

/// What a load may take at most: the tables must fit on a disk.
const MOST_SECONDS: u64 = 60;

const BATCHES: [u64; 4] = [1, 100, 1000, 10_000];

const CONNECTIONS: [usize; 3] = [1, 8, 32];

/// What is sent while somebody reads: batches of so many samples over so many connections.
const BESIDE_PAGES: [(u64, usize); 4] = [(0, 0), (1, 8), (1000, 8), (10_000, 8)];

/// How many samples are there before pages are read, and in an upload.
const FILLED: u64 = 200_000;

/// How many workers there are, and how many uploads at a time.
const UPLOADS: [(usize, usize); 3] = [(1, 1), (2, 1), (2, 2)];

/// Measures all of it, prints tables in Markdown and says what the limit is.
pub(crate) fn run(root: &Path, flags: &[&str]) -> anyhow::Result<()> {
    let seconds = match flags {
        [] => SECONDS,
        ["--seconds", seconds] => seconds
            .parse()
            .ok()
            .filter(|seconds| (1..=MOST_SECONDS).contains(seconds))
            .with_context(|| format!("`--seconds` wants a number from 1 to {MOST_SECONDS}"))?,
        _ => bail!("`bench samples` takes nothing but `--seconds N`"),
    };
    if cfg!(debug_assertions) {
        return optimized(root, seconds);
    }
    let mut build = program::cargo(root);
    program::run(build.args(["build", "--quiet", "--package", "envctl"]))?;
    let time = Duration::from_secs(seconds);
    let instance = Instance::start(root)?;
    let batches = batches(&instance, time)?;
    let pages = pages(&instance, time)?;
    let uploads = uploads(&instance)?;
    instance.stop()?;
    table::batches(&batches);
    table::pages(&pages);
    table::uploads(&uploads);
    println!("{}", table::limit(&batches).context("nothing was stored")?);
    Ok(())
}

/// Runs the same once more as a program that takes little of the processor from the service.
fn optimized(root: &Path, seconds: u64) -> anyhow::Result<()> {
    let mut build = program::cargo(root);
    program::run(build.args(["build", "--quiet", "--release", "--package", "xtask"]))?;
    let mut command = std::process::Command::new(root.join("target/release/xtask"));
    command.args(["bench", "samples", "--seconds", &seconds.to_string()]);
    program::run(command.current_dir(root))
}

/// Returns where the API listens, and the processes to watch.
fn find(instance: &Instance<'_>) -> anyhow::Result<(String, Watched)> {
    let (api, workers) = instance.addresses()?;
    let watched = Watched::find(&api, &workers, instance.checkpointer()?)?;
    Ok((api, watched))
}

fn batches(instance: &Instance<'_>, time: Duration) -> anyhow::Result<Vec<Batches>> {
    let (address, watched) = find(instance)?;
    let mut measured = Vec::new();
    for batch in BATCHES {
        for connections in CONNECTIONS {
            eprintln!("batches of {batch}, {connections} at a time");
            instance.empty()?;
            let load = Load {
                batch,
                senders: connections,
                readers: 0,
                time,
            };
            let before = watched.now()?;
            let outcome = load.run(&address)?;
            measured.push(Batches {
                batch,
                connections,
                outcome,
                usage: watched.since(&before)?,
            });
        }
    }
    Ok(measured)
}

fn pages(instance: &Instance<'_>, time: Duration) -> anyhow::Result<Vec<Pages>> {
    let (address, watched) = find(instance)?;
    instance.empty()?;
    load::fill(&address, FILLED)?;
    let mut measured = Vec::new();
    for (batch, senders) in BESIDE_PAGES {
        eprintln!("pages beside batches of {batch}, {senders} at a time");
        let load = Load {
            batch,
            senders,
            readers: 1,
            time,
        };
        let before = watched.now()?;
        let outcome = load.run(&address)?;
        measured.push(Pages {
            batch,
            senders,
            outcome,
            usage: watched.since(&before)?,
        });
    }
    Ok(measured)
}

fn uploads(instance: &Instance<'_>) -> anyhow::Result<Vec<Uploads>> {
    let mut measured = Vec::new();
    for (workers, count) in UPLOADS {
        eprintln!("{count} uploads, {workers} workers");
        instance.workers(workers)?;
        let (address, watched) = find(instance)?;
        instance.empty()?;
        let bodies: Vec<_> = (0..count).map(|_| load::body("upload", FILLED)).collect();
        let before = watched.now()?;
        let elapsed = load::upload(&address, &bodies, FILLED)?;
        measured.push(Uploads {
            workers,
            count,
            samples: FILLED,
            elapsed,
            usage: watched.since(&before)?,
        });
    }
    Ok(measured)
}
