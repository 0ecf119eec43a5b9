//! The environment `messages` as processes, on an instance of its own that is taken away however
//! the measurement ends. It does not know what is measured.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// An instance that is up until this is dropped.
pub(super) struct Instance {
    root: PathBuf,
    pub(super) name: &'static str,
    /// Where its load balancer listens.
    pub(super) url: String,
}

impl Instance {
    /// Brings it up from nothing, without its seeds, with some settings.
    pub(super) fn start(root: &Path, name: &'static str, sets: &[String]) -> anyhow::Result<Self> {
        let mut instance = Self {
            root: root.to_owned(),
            name,
            url: String::new(),
        };
        instance.down()?;
        let sets = sets.iter().flat_map(|set| ["--set", set]);
        let flags: Vec<&str> = ["--no-seed"].into_iter().chain(sets).collect();
        instance.envctl("up", &flags)?;
        instance.url = instance.find()?;
        Ok(instance)
    }

    /// Returns the envctl that supervises it.
    pub(super) fn envctl_path(&self) -> PathBuf {
        self.root.join("target/debug/envctl")
    }

    /// Takes it away; what is left of it is an error.
    pub(super) fn stop(self) -> anyhow::Result<()> {
        // What `drop` does then finds nothing any more.
        self.down()
    }

    fn find(&self) -> anyhow::Result<String> {
        let text = self.envctl("status", &["--output", "json"])?;
        let last = text.lines().last().context("no answer")?;
        let status: Value = serde_json::from_str(last)?;
        let services = status["services"].as_array().into_iter().flatten();
        let mut balancers = services.filter(|service| service["service"] == "lb");
        let balancer = balancers.next();
        let ports = balancer.and_then(|balancer| balancer["ports"].as_array());
        let mut ports = ports.into_iter().flatten().filter_map(Value::as_str);
        let address = ports.find_map(|port| port.split(" -> ").next());
        let address = address.with_context(|| format!("no load balancer in {last}"))?;
        Ok(format!("http://{address}"))
    }

    fn down(&self) -> anyhow::Result<()> {
        self.envctl("down", &["--volumes", "--yes"]).map(drop)
    }

    fn envctl(&self, verb: &str, flags: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.envctl_path());
        command
            .current_dir(&self.root)
            .env("ENVCTL_ENV", "messages");
        command.args(["--quiet", "--engine", "process", "--instance", self.name]);
        command.arg(verb).args(flags);
        let output = command.stdin(Stdio::null()).output();
        let output = output.context("cannot run envctl")?;
        if !output.status.success() {
            bail!("envctl {verb}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Err(error) = self.down() {
            eprintln!("cannot take the instance away: {error:#}");
        }
    }
}
