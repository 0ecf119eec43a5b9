//! Servers that are on this machine, with their versions.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::process::Command;

use super::memo::Memo;
use super::version::ProgramVersion;
use crate::host;

/// How long a program may take to tell its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(10);

/// A server program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub program: PathBuf,
    pub version: ProgramVersion,
    /// By envctl, with less in it than in an installed one.
    pub fetched: bool,
}

/// Returns the versions of programs that are there, asking those of which none is known; one that
/// tells none is left out.
pub(super) async fn known(cache: &Path, programs: impl Iterator<Item = PathBuf>) -> Vec<Candidate> {
    let (mut known, unknown): (Vec<_>, Vec<_>) = {
        let memo = Memo::read(cache);
        let looked = distinct(programs).into_iter().enumerate();
        let looked = looked.map(|(place, program)| (place, memo.version(&program), program));
        looked.partition(|(_, version, _)| version.is_some())
    };
    if !unknown.is_empty() {
        let asked = join_all(unknown.iter().map(|(_, _, program)| version(program))).await;
        let asked = unknown.into_iter().zip(asked);
        let asked: Vec<_> = asked
            .map(|((place, _, program), version)| (place, version, program))
            .collect();
        let said = asked
            .iter()
            .filter_map(|(_, version, program)| Some((program.as_path(), version.as_ref()?)));
        Memo::read(cache).keep(&said.collect::<Vec<_>>());
        known.extend(asked);
    }
    // As they were found, which decides between those that fit alike.
    known.sort_by_key(|(place, _, _)| *place);
    let found = known.into_iter();
    found
        .filter_map(|(_, version, program)| Some(candidate(program, version?)))
        .collect()
}

/// Asks programs for their versions, side by side; one that tells none is left out.
pub(super) async fn ask(programs: impl Iterator<Item = PathBuf>) -> Vec<Candidate> {
    let real = distinct(programs);
    let asked = join_all(real.iter().map(|program| version(program))).await;
    let candidates = real.into_iter().zip(asked);
    candidates
        .filter_map(|(program, version)| Some(candidate(program, version?)))
        .collect()
}

fn candidate(program: PathBuf, version: ProgramVersion) -> Candidate {
    Candidate {
        fetched: super::fetch::is_fetched(&program),
        program,
        version,
    }
}

fn distinct(programs: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut real: Vec<PathBuf> = Vec::new();
    for program in programs {
        if host::is_program(&program) && !real.contains(&program) {
            real.push(program);
        }
    }
    real
}

async fn version(program: &Path) -> Option<ProgramVersion> {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(VERSION_TIMEOUT, command.output()).await;
    let output = output.ok()?.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output
        .status
        .success()
        .then(|| ProgramVersion::read(&text))?
}

/// Returns what lies at `below` in each folder of `parent` whose name starts with `prefix`.
pub(super) fn beneath(parent: &Path, prefix: &str, below: &str) -> Vec<PathBuf> {
    let folders = fs_err::read_dir(parent).into_iter().flatten().flatten();
    let named = folders.filter(|folder| folder.file_name().to_string_lossy().starts_with(prefix));
    let mut paths: Vec<PathBuf> = named.map(|folder| folder.path().join(below)).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[tokio::test]
    async fn programs_are_asked_once_and_silent_ones_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, script: &str| {
            let path = folder.path().join(name).join("postgres");
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            let mode = std::fs::Permissions::from_mode(0o755);
            fs_err::set_permissions(&path, mode).unwrap();
        };
        make("pg-1", "echo 'postgres (PostgreSQL) 15.2'");
        make("pg-2", "exit 1");
        make("other", "echo 16.1");
        symlink(folder.path().join("pg-1"), folder.path().join("pg-3")).unwrap();
        let programs = beneath(folder.path(), "pg-", "postgres");
        let programs = programs.iter().flat_map(fs_err::canonicalize);
        let found = ask(programs).await;
        let versions: Vec<String> = found.iter().map(|it| it.version.to_string()).collect();
        assert_eq!(versions, ["15.2"]);
    }
}
