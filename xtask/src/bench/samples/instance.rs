//! The environment `samples` as processes, on an instance of its own that is taken away however
//! the measurement ends. It does not know what is measured.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;

const MEANT: [&str; 4] = ["--engine", "process", "--instance", "bench-samples"];

/// An instance that is up until this is dropped.
pub(super) struct Instance<'a> {
    root: &'a Path,
}

impl<'a> Instance<'a> {
    /// Brings it up from nothing, without its seeds, and with one worker.
    pub(super) fn start(root: &'a Path) -> anyhow::Result<Self> {
        let instance = Self { root };
        instance.down()?;
        instance.workers(1)?;
        Ok(instance)
    }

    /// Has so many workers run.
    pub(super) fn workers(&self, count: usize) -> anyhow::Result<()> {
        let replicas = format!("services.worker.replicas={count}");
        self.envctl("up", &["--no-seed", "--set", &replicas])?;
        Ok(())
    }

    /// Returns where the API listens, and where the workers do.
    pub(super) fn addresses(&self) -> anyhow::Result<(String, Vec<String>)> {
        let text = self.envctl("status", &["--output", "json"])?;
        let last = text.lines().last().context("no answer")?;
        let status: Value = serde_json::from_str(last)?;
        let services = status["services"].as_array().into_iter().flatten();
        let (mut api, mut workers) = (None, Vec::new());
        for service in services {
            let Some(address) = service["ports"][0].as_str() else {
                continue;
            };
            match service["service"].as_str() {
                Some("api") => api = Some(address.to_owned()),
                Some(name) if name.starts_with("worker") => workers.push(address.to_owned()),
                _ => {}
            }
        }
        Ok((api.with_context(|| format!("no API in {last}"))?, workers))
    }

    /// Returns the process of the database that lives as long as its server.
    pub(super) fn checkpointer(&self) -> anyhow::Result<u32> {
        let sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
        let rows = self.envctl("psql", &["-c", sql])?;
        let mut numbers = rows.lines().filter_map(|line| line.trim().parse().ok());
        numbers
            .next()
            .with_context(|| format!("no number in {rows}"))
    }

    /// Deletes every sample, so that each measurement begins with the same tables.
    pub(super) fn empty(&self) -> anyhow::Result<()> {
        self.envctl("psql", &["-c", "TRUNCATE activity, location, acceleration"])?;
        Ok(())
    }

    /// Takes it away; what is left of it is an error.
    pub(super) fn stop(self) -> anyhow::Result<()> {
        // What `drop` does then finds nothing any more.
        self.down()
    }

    fn down(&self) -> anyhow::Result<()> {
        self.envctl("down", &["--volumes", "--yes"])?;
        Ok(())
    }

    fn envctl(&self, verb: &str, flags: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.root.join("target/debug/envctl"));
        command.current_dir(self.root).env("ENVCTL_ENV", "samples");
        command.arg("--quiet").args(MEANT).arg(verb).args(flags);
        let output = command.stdin(Stdio::null()).output();
        let output = output.context("cannot run envctl")?;
        if !output.status.success() {
            bail!("envctl {verb}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        // After a failure there is already something to tell, and it matters more.
        let _ = self.down();
    }
}
