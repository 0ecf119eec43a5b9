//! The running environment that is checked: one service, the engine's `process`, in a workspace
//! of its own. It is taken away however the measurement ends.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::Bench;

/// The words that every command on it has, so that nothing of its user's own is touched.
pub(super) const MEANT: [&str; 5] = ["bench", "--engine", "process", "--instance", "bench"];

/// An instance that is up until this is dropped.
pub(super) struct Instance<'a> {
    bench: &'a Bench,
}

impl<'a> Instance<'a> {
    /// Writes the workspace and brings it up.
    pub(super) fn start(bench: &'a Bench) -> anyhow::Result<Self> {
        let instance = Self { bench };
        instance.declare(1)?;
        instance.envctl("up", &["--quiet"])?;
        Ok(instance)
    }

    /// Declares so many checks. The service stays the same, so it goes on running.
    pub(super) fn declare(&self, count: usize) -> anyhow::Result<()> {
        let file = workspace(self.bench).join("envs/bench/env.toml");
        fs_err::create_dir_all(file.parent().context("it is in a folder")?)?;
        let serve = format!(
            "exec '{}' bench part serve \"$PORT\"",
            self.bench.xtask.display()
        );
        let mut text = format!(
            r#"[services.api]
ports       = {{ http = 3000 }}
healthcheck = {{ http = "/items/0" }}

[services.api.process]
command     = ["sh", "-c", '''{serve}''']
environment = {{ PORT = "${{services.api.ports.http}}" }}
"#
        );
        for id in 1..=count {
            write!(
                text,
                r#"
[smoke.item-{id}]
service = "api"
get     = "/items/{id}"
status  = 200
json    = {{ "$.id" = {id}, "$.name" = "item {id}", "$.items" = {{ length = 3 }} }}
"#
            )
            .expect("a String takes everything");
        }
        Ok(fs_err::write(file, text)?)
    }

    /// Returns where it listens.
    pub(super) fn port(&self) -> anyhow::Result<u16> {
        let text = self.envctl("status", &["--output", "json"])?;
        let last = text.lines().last().context("no answer")?;
        let status: Value = serde_json::from_str(last)?;
        let address = status["services"][0]["ports"][0].as_str();
        let port = address.and_then(|address| address.rsplit(':').next()?.parse().ok());
        port.with_context(|| format!("no port in {last}"))
    }

    /// Takes it away; what is left of it is an error.
    pub(super) fn stop(self) -> anyhow::Result<()> {
        // What `drop` does then finds nothing any more.
        self.down()
    }

    fn down(&self) -> anyhow::Result<()> {
        self.envctl("down", &["--volumes", "--yes", "--quiet"])?;
        Ok(())
    }

    fn envctl(&self, verb: &str, flags: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.bench.root.join("target/release/envctl"));
        command.arg(verb).args(MEANT).args(flags);
        command.current_dir(workspace(self.bench));
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

/// Returns the folder of the workspace.
pub(super) fn workspace(bench: &Bench) -> PathBuf {
    bench.folder.join("workspace")
}
