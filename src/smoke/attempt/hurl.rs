//! A file of requests that the program `hurl` runs (<https://hurl.dev/docs/manual.html>).

use std::process::Command;
use std::time::{Duration, Instant};

use super::super::evidence::Evidence;
use super::super::reproduce;
use super::super::scope::Scope;
use super::Nothing;
use super::command::{evidence, variables};
use crate::host;
use crate::model::{HurlAction, Secret};

/// Runs the file once.
pub(super) async fn run(
    action: &HurlAction,
    scope: &Scope<'_>,
    timeout: Duration,
) -> Result<Evidence, Nothing> {
    let impossible = |reason| Nothing::Impossible("the program `hurl`", reason);
    let variables = all_variables(action, scope)
        .map_err(|reason| Nothing::Impossible("variables of the file", reason))?;
    let seconds = timeout.as_secs().max(1).to_string();
    let mut command = Command::new("hurl");
    command
        .args(["--test", "--no-color", "--max-time", &seconds])
        .arg(&action.file)
        .current_dir(action.file.parent().unwrap_or(&action.file));
    // As variables of the process: words of a command can be seen by every user. Newer versions
    // know the longer names, older ones the shorter.
    for (name, value) in variables {
        command.env(format!("HURL_{name}"), value.expose());
        command.env(format!("HURL_VARIABLE_{name}"), value.expose());
    }
    let started = Instant::now();
    let output = host::output_of(command, None).await;
    let output = output.map_err(|reason| {
        let install = "`cargo install hurl`, or https://hurl.dev";
        impossible(format!("{reason}: {install}"))
    })?;
    Ok(evidence(output.into(), started))
}

/// Returns the same as a line for the shell.
pub(super) fn by_hand(action: &HurlAction, scope: &Scope<'_>) -> Option<String> {
    let mut words = ["hurl", "--test"].map(str::to_owned).to_vec();
    for (name, value) in all_variables(action, scope).ok()? {
        words.push("--variable".to_owned());
        words.push(format!("{name}={}", value.expose()));
    }
    words.push(action.file.to_string_lossy().into_owned());
    Some(reproduce::line(words, &scope.mask))
}

fn all_variables(action: &HurlAction, scope: &Scope<'_>) -> Result<Vec<(String, Secret)>, String> {
    let mut all = variables(&action.variables, scope)?;
    if let Some(port) = &action.port {
        let address = (scope.places.address)(port)?;
        let base = Secret::new(format!("http://{address}"));
        all.insert(0, ("base_url".to_owned(), base));
    }
    Ok(all)
}
