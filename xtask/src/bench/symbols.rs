//! `cargo xtask bench symbols`: how many events a second `symbols-api` takes with each storage, in
//! one run, and how long both dashboards take at a million events.

mod dashboards;
mod real;
mod server;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::Value;

use crate::program;
use real::Instance;
use server::Server;

/// How long each storage is measured unless `--seconds` says.
const SECONDS: u64 = 30;

const CONNECTIONS: &str = "256";

/// Where the programs are.
pub(super) struct Bench {
    root: PathBuf,
    seconds: u64,
}

/// What the users of one run did, and what they cost.
struct Measured {
    name: &'static str,
    events: f64,
    median: f64,
    p99: f64,
    users: Duration,
}

impl Bench {
    fn new(root: &Path, seconds: u64) -> anyhow::Result<Self> {
        let build = |arguments: &[&str]| program::run(program::cargo(root).args(arguments));
        build(&["build", "--quiet", "--package", "envctl"])?;
        crate::image_context::run(root, "symbols")?;
        let naive = "fixtures/services/symbols-naive/Cargo.toml";
        let release = ["build", "--quiet", "--release", "--locked"];
        let target = ["--target-dir", "target/bench/symbols-naive"];
        build(&[&release[..], &["--manifest-path", naive], &target].concat())?;
        Ok(Self {
            root: root.to_owned(),
            seconds,
        })
    }

    fn program(&self, name: &str) -> PathBuf {
        self.root.join("target/images/symbols").join(name)
    }

    /// Has users send to a service for a while.
    fn measure(&self, name: &'static str, url: &str) -> anyhow::Result<Measured> {
        eprintln!("measuring {name}");
        let mut users = Command::new(self.program("simulate-users"));
        users.args(["--url", url, "--users", CONNECTIONS]);
        users.args(["--seconds", &self.seconds.to_string()]);
        let before = children()?;
        let report: Value = serde_json::from_str(&program::read(&mut users)?)?;
        let number = |key| {
            let number = report[key].as_f64();
            number.with_context(|| format!("no {key} in {report}"))
        };
        Ok(Measured {
            name,
            events: number("events_per_second")?,
            median: number("median_us")? / 1e3,
            p99: number("p99_us")? / 1e3,
            users: children()?.saturating_sub(before),
        })
    }
}

/// Measures all storages and prints two tables in Markdown.
pub(crate) fn run(root: &Path, flags: &[&str]) -> anyhow::Result<()> {
    let seconds = match flags {
        [] => SECONDS,
        ["--seconds", seconds] => seconds
            .parse()
            .ok()
            .filter(|seconds| *seconds > 0)
            .context("`--seconds` wants a number from 1")?,
        _ => bail!("`bench symbols` takes nothing but `--seconds N`"),
    };
    let bench = Bench::new(root, seconds)?;
    let nothing = Server::nothing(&bench)?;
    let upper = bench.measure("keeps nothing (upper bound)", &nothing.url())?;
    let nothing_shown = dashboards::measure(&nothing.address, 200)?;
    let served = nothing.stop()?;

    let instance = Instance::start(&bench)?;
    let durable = bench.measure("durable", &instance.url()?)?;
    // Each on an empty log.
    instance.reset()?;
    instance.up(&["--set", "services.api.environment.ANSWER=later"])?;
    let later = bench.measure("a batch later", &instance.url()?)?;
    instance.load()?;
    let real_shown = dashboards::measure(&instance.address()?, 200)?;
    instance.stop()?;

    let naive = Server::naive(&bench, 0)?;
    let one_by_one = bench.measure("naive SQLite", &naive.url())?;
    naive.stop()?;
    let naive = Server::naive(&bench, dashboards::EVENTS)?;
    let naive_shown = dashboards::measure(&naive.address, 3)?;
    naive.stop()?;

    println!(
        "users took {:.1} s of processor time, the service that keeps nothing {:.1} s\n",
        upper.users.as_secs_f64(),
        served.as_secs_f64()
    );
    table(&[&upper, &durable, &later, &one_by_one]);
    println!();
    dashboards::table(&[
        ("keeps nothing", nothing_shown),
        ("Postgres and Redis", real_shown),
        ("naive SQLite", naive_shown),
    ]);
    Ok(())
}

fn table(measured: &[&Measured; 4]) {
    let [upper, .., naive] = measured;
    println!(
        "| storage | events a second | to the upper bound | to the naive one | median | p99 |\n\
         |---|---|---|---|---|---|"
    );
    for one in measured {
        println!(
            "| {} | {:.0} | {:.2} | {:.1} | {:.1} ms | {:.1} ms |",
            one.name,
            one.events,
            one.events / upper.events,
            one.events / naive.events,
            one.median,
            one.p99
        );
    }
}

/// Returns the processor time of all programs that were waited for.
fn children() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    let micros: i64 = times
        .iter()
        .map(|time| time.tv_sec() * 1_000_000 + time.tv_usec())
        .sum();
    Ok(Duration::from_micros(u64::try_from(micros)?))
}
