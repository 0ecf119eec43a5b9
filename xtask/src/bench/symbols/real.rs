//! The environment `symbols` as processes, on an instance of its own.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::{Bench, dashboards};
use crate::program;

const MEANT: [&str; 4] = ["--engine", "process", "--instance", "bench"];

/// Three initials, then a follow-up of the last of them, over ninety days.
const LOAD: &str = include_str!("load.sql");

const LIMIT: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// An instance that is up until this is dropped.
pub(super) struct Instance<'a> {
    bench: &'a Bench,
}

impl<'a> Instance<'a> {
    /// Brings it up, empty.
    pub(super) fn start(bench: &'a Bench) -> anyhow::Result<Self> {
        let instance = Self { bench };
        instance.down()?;
        instance.up(&[])?;
        Ok(instance)
    }

    /// Brings it up with other settings.
    pub(super) fn up(&self, flags: &[&str]) -> anyhow::Result<()> {
        self.envctl("up", flags).map(drop)
    }

    /// Takes its events away.
    pub(super) fn reset(&self) -> anyhow::Result<()> {
        self.envctl("seed", &["--reset", "--yes"]).map(drop)
    }

    /// Replaces its events with a million others, and waits until Redis has counted them.
    pub(super) fn load(&self) -> anyhow::Result<()> {
        self.reset()?;
        self.envctl("psql", &["-c", LOAD])?;
        let address = self.address()?;
        let deadline = Instant::now() + LIMIT;
        let expect = dashboards::EVENTS * 3 / 4;
        loop {
            let counted = dashboards::count(&address)?;
            if counted == expect {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("Redis counts {counted} of {expect} initials");
            }
            std::thread::park_timeout(PAUSE);
        }
    }

    pub(super) fn url(&self) -> anyhow::Result<String> {
        Ok(format!("http://{}", self.address()?))
    }

    /// Returns where the service listens.
    pub(super) fn address(&self) -> anyhow::Result<String> {
        let text = self.envctl("status", &["--output", "json"])?;
        let last = text.lines().last().context("no answer")?;
        let status: Value = serde_json::from_str(last)?;
        let services = status["services"].as_array().into_iter().flatten();
        let mut api = services.filter(|service| service["service"] == "api");
        let port = api.next().and_then(|api| api["ports"][0].as_str());
        let address = port.and_then(|port| port.split(" -> ").next());
        let address = address.map(str::to_owned);
        address.with_context(|| format!("no port in {last}"))
    }

    /// Takes it away; what is left of it is an error.
    pub(super) fn stop(self) -> anyhow::Result<()> {
        // What `drop` does then finds nothing any more.
        self.down()
    }

    fn down(&self) -> anyhow::Result<()> {
        self.envctl("down", &["--volumes", "--yes"]).map(drop)
    }

    fn envctl(&self, verb: &str, flags: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.bench.root.join("target/debug/envctl"));
        command.current_dir(&self.bench.root).arg("--quiet");
        command.env("ENVCTL_ENV", "symbols").args(MEANT);
        command.arg(verb).args(flags);
        program::read(&mut command).with_context(|| format!("envctl {verb}"))
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.down() {
            eprintln!("cannot take the instance away: {error:#}");
        }
    }
}
