//! `cargo xtask images`: has the images of every environment ready, as `envctl build` does.

use std::path::Path;

use anyhow::Context as _;

use crate::program;
use crate::repository;

/// Builds, pulls or loads what each environment under envs/ needs.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    for environment in environments(root)? {
        println!("images of {environment}");
        let mut command = program::cargo(root);
        command.args(["run", "--quiet", "--package", "envctl", "--"]);
        command.args(["build", &environment, "--yes"]);
        program::run(&mut command).with_context(|| format!("images of {environment}"))?;
    }
    Ok(())
}

fn environments(root: &Path) -> anyhow::Result<Vec<String>> {
    let envs = root.join("envs");
    let mut names = repository::folders(&envs)?;
    names.retain(|name| envs.join(name).join("env.toml").is_file());
    Ok(names)
}
