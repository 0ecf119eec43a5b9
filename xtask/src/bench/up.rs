//! `cargo xtask bench up`: how long `up` from nothing, `up` with nothing to do and `down` take on
//! each engine and with a script around Compose, in turns in one run, and which steps `up` waited
//! for.

mod glue;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::program;
use glue::Glue;

/// How often each is measured; the median counts.
const ROUNDS: usize = 5;
const ENGINES: [&str; 2] = ["docker", "process"];
/// Steps shorter than this are left out of a critical path.
const WORTH_A_LINE_S: f64 = 0.005;

/// What one engine took.
#[derive(Default)]
struct Times {
    up: Vec<(Duration, Value)>,
    again: Vec<(Duration, Value)>,
    down: Vec<Duration>,
}

/// Measures the environment `rates` and prints a table in Markdown.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let mut build = program::cargo(root);
    program::run(build.args(["build", "--release", "--package", "envctl"]))?;
    let folder = root.join("target/bench");
    fs_err::create_dir_all(&folder)?;
    let mut times = ENGINES.map(|_| Times::default());
    let mut glued: (Vec<Duration>, Vec<Duration>) = Default::default();
    for round in 0..=ROUNDS {
        for (engine, times) in ENGINES.iter().zip(&mut times) {
            let bench = Bench {
                root,
                engine,
                timings: folder.join(format!("{engine}.json")),
            };
            let (up, again) = (bench.up()?, bench.up()?);
            let status = bench.status()?;
            let (down, ()) = bench.run(&["down", "rates", "--volumes", "--yes"], || Ok(()))?;
            // The first round has the images made and the files read.
            if round > 0 {
                times.up.push(up);
                times.again.push(again);
                times.down.push(down);
            }
            if *engine == "docker" {
                let glue = Glue::new(root, &folder, &status)?;
                let (up, down) = (glue.up()?, glue.down()?);
                if round > 0 {
                    glued.0.push(up);
                    glued.1.push(down);
                }
            }
        }
    }
    print(times, glued);
    Ok(())
}

struct Bench<'a> {
    root: &'a Path,
    engine: &'a str,
    timings: PathBuf,
}

impl Bench<'_> {
    fn up(&self) -> anyhow::Result<(Duration, Value)> {
        let file = self.timings.display().to_string();
        self.run(&["up", "rates", "--timings", &file], || {
            Ok(serde_json::from_slice(&fs_err::read(&self.timings)?)?)
        })
    }

    fn status(&self) -> anyhow::Result<Value> {
        let mut command = Command::new(self.root.join("target/release/envctl"));
        command.args(["status", "rates", "--output", "json"]);
        command.args(["--engine", self.engine, "--instance", "bench"]);
        let text = program::read(command.current_dir(self.root))?;
        let last = text.lines().last().context("no answer")?;
        Ok(serde_json::from_str(last)?)
    }

    fn run<T>(
        &self,
        arguments: &[&str],
        result: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<(Duration, T)> {
        let start = Instant::now();
        let output = Command::new(self.root.join("target/release/envctl"))
            .args(arguments)
            .args(["--engine", self.engine, "--instance", "bench", "--quiet"])
            .current_dir(self.root)
            .stdin(Stdio::null())
            .output()
            .context("cannot run envctl")?;
        let elapsed = start.elapsed();
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            bail!("envctl {} on {}: {text}", arguments.join(" "), self.engine);
        }
        Ok((elapsed, result()?))
    }
}

fn print(times: [Times; 2], mut glued: (Vec<Duration>, Vec<Duration>)) {
    let mut paths = Vec::new();
    println!("| engine | `up` from nothing | `up` with nothing to do | `down --volumes` |");
    println!("|---|---|---|---|");
    for (engine, mut times) in ENGINES.iter().zip(times) {
        let (up, again) = (median(&mut times.up), median(&mut times.again));
        let down = middle(&mut times.down);
        println!(
            "| `{engine}` | {:.2} s | {:.3} s | {:.2} s |",
            up.0.as_secs_f64(),
            again.0.as_secs_f64(),
            down.as_secs_f64()
        );
        paths.push(format!("`{engine}`, from nothing: {}", path(&up.1)));
        paths.push(format!("`{engine}`, nothing to do: {}", path(&again.1)));
    }
    let (up, down) = (middle(&mut glued.0), middle(&mut glued.1));
    println!(
        "| Compose, psql, curl | {:.2} s | | {:.2} s |",
        up.as_secs_f64(),
        down.as_secs_f64()
    );
    println!();
    for path in paths {
        println!("- {path}");
    }
}

fn middle(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn median(runs: &mut [(Duration, Value)]) -> &(Duration, Value) {
    runs.sort_by_key(|(elapsed, _)| *elapsed);
    &runs[runs.len() / 2]
}

/// Writes a critical path: `create db 0.61 s, ready db 0.25 s`.
fn path(timings: &Value) -> String {
    let steps = timings["steps"].as_array().map_or(&[][..], Vec::as_slice);
    let critical = timings["critical_path"].as_array();
    let critical = critical.map_or(&[][..], Vec::as_slice).iter();
    let took = |title: &Value| {
        let step = steps.iter().find(|step| step["step"] == *title)?;
        let took = step["end_s"].as_f64()? - step["start_s"].as_f64()?;
        let text = format!("{} {took:.3} s", title.as_str()?);
        (took >= WORTH_A_LINE_S).then_some(text)
    };
    critical.filter_map(took).collect::<Vec<_>>().join(", ")
}
