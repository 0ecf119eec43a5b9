//! A Redis server, or Valkey, which reads the same settings and speaks the same protocol.

use std::path::{Path, PathBuf};

use super::candidate::{self, Candidate};
use super::choice::{ServerPick, WantedServer, choose};
use super::version::ProgramVersion;
use super::{Finding, Missing, server_handle};
use crate::engine::process::ProcessEngine;
use crate::engine::{ImageHandle, ImageOutcome, Provenance, ServerChoice};
use crate::host;
use crate::kinds::REDIS;

/// Folders that a user's `PATH` may lack.
const FOLDERS: [&str; 5] = [
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
];

/// Finds the server.
pub(super) async fn provide(
    process: &ProcessEngine,
    choice: &ServerChoice,
) -> Result<ImageOutcome, Missing> {
    Ok(ImageOutcome {
        handle: find(process, choice).await?,
        source: Provenance::Found,
        since: None,
        passed_over: Vec::new(),
        warning: None,
    })
}

/// Returns the server when there is one.
pub(super) async fn current(process: &ProcessEngine, choice: &ServerChoice) -> Option<ImageHandle> {
    find(process, choice).await.ok()
}

/// Looks for the server.
pub(super) async fn survey(
    process: &ProcessEngine,
    choice: &ServerChoice,
) -> Result<Finding, Missing> {
    find(process, choice).await.map(Finding::There)
}

async fn find(process: &ProcessEngine, choice: &ServerChoice) -> Result<ImageHandle, Missing> {
    let candidates = candidate::known(&process.home.cache, places(process, choice)).await;
    let wanted = WantedServer {
        declared: choice.version.as_deref().and_then(ProgramVersion::read),
        strict: choice.strict_version,
        data: None,
    };
    match choose(&candidates, &wanted, &[]) {
        ServerPick::Take(server) => Ok(server_handle(&server.version, &server.program)),
        ServerPick::Fetch { .. } | ServerPick::Nothing | ServerPick::Contradiction { .. } => {
            Err(missing(choice, &candidates))
        }
    }
}

/// The program may be a link to one that asks for the name it was called by, so only folders are
/// followed.
pub(super) fn places(
    process: &ProcessEngine,
    choice: &ServerChoice,
) -> impl Iterator<Item = PathBuf> + use<> {
    let mut folders = Vec::from_iter(choice.bin_dir.clone());
    if folders.is_empty() {
        let search = process.variables.get("PATH").into_iter();
        folders.extend(search.flat_map(std::env::split_paths));
        folders.extend(FOLDERS.map(PathBuf::from));
    }
    let folders = folders.into_iter().flat_map(fs_err::canonicalize);
    folders.flat_map(|folder| REDIS.programs.iter().map(move |name| folder.join(name)))
}

fn missing(choice: &ServerChoice, candidates: &[Candidate]) -> Missing {
    let here: Vec<String> = candidates.iter().map(|it| it.version.to_string()).collect();
    let reason = match (&choice.version, &choice.bin_dir) {
        (Some(version), _) if !here.is_empty() => format!(
            "Redis {version} is declared with `strict_version`, and here is {}",
            here.join(", ")
        ),
        (_, Some(folder)) => format!(
            "`bin_dir`, {}, holds no `redis-server` and no `valkey-server`",
            Path::display(folder)
        ),
        (_, None) => "neither `redis-server` nor `valkey-server` is on this machine".to_owned(),
    };
    Missing {
        reason,
        hint: host::install_line(REDIS.programs[0]).map(|line| format!("`{line}`")),
        output: Vec::new(),
    }
}
