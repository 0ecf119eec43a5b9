//! Before anything that a workspace declares is run: whose files they are, and, once for each
//! command that they name, what it is.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::choice::wanted;
use super::failure::Failure;
use super::session::Session;
use crate::config::{self, Loaded, Mistakes, Run};
use crate::engine;
use crate::host::{Home, whole};
use crate::model::{Digest, EngineChoice, Invocation, Reach, Variables};

/// Names workspaces of other users that are trusted, as in `PATH`; `*` is all of them.
const SAFE: &str = "ENVCTL_SAFE_DIRECTORY";

/// The most commands that are listed.
const LISTED_MAX: usize = 12;

/// How many hex digits tell a command or a workspace from others.
const DIGITS: usize = 16;

/// How many commands are remembered on a machine.
const TOLD_MAX: usize = 4096;

/// The longest that is shown of a command.
const SHOWN_MAX: usize = 100;

/// Reads an environment, and what the commands of its secrets print where this command runs things.
pub(super) async fn read(session: &Session, invocation: &Invocation) -> Result<Loaded, Failure> {
    let mut looking = invocation.clone();
    looking.reach = Reach::Look;
    let mut loaded = config::load(&looking)?;
    if invocation.reach == Reach::Act {
        owned(invocation, &loaded.files)?;
        tell(session, invocation, &loaded);
        if !loaded.unread.is_empty() {
            loaded = load(session, invocation).await?;
        }
    }
    session.receive(&loaded);
    Ok(loaded)
}

/// Reads it with the commands of its secrets, until the command is interrupted.
async fn load(session: &Session, invocation: &Invocation) -> Result<Loaded, Failure> {
    let (invocation, cancel) = (invocation.clone(), session.cancel.clone());
    let loading = move || config::load_until(&invocation, &|| cancel.is_cancelled());
    let loaded: Result<Loaded, Mistakes> = tokio::task::spawn_blocking(loading)
        .await
        .map_err(|error| Failure::of_io(&error.into()))?;
    if session.cancel.is_cancelled() {
        return Err(Failure::interrupted());
    }
    Ok(loaded?)
}

/// Fails where a file or a folder of the workspace belongs to another user.
fn owned(invocation: &Invocation, files: &[PathBuf]) -> Result<(), Failure> {
    let (workspace, variables) = (&invocation.workspace, &invocation.variables);
    if is_safe(workspace, variables.get(SAFE).map_or("", String::as_str)) {
        return Ok(());
    }
    let envs = workspace.join("envs");
    let folders = [
        workspace.clone(),
        envs.join(&invocation.id.environment),
        envs,
    ];
    let trusted = trusted(geteuid().as_raw(), variables);
    for path in folders.iter().chain(files) {
        // A link is a thing of its owner, whomever what it leads to belongs to.
        for metadata in [fs_err::symlink_metadata(path), fs_err::metadata(path)] {
            let Ok(metadata) = metadata else { continue };
            if !trusted.contains(&metadata.uid()) {
                let owner = (path.as_path(), metadata.uid());
                return Err(Failure::foreign_workspace(workspace, owner, SAFE));
            }
        }
    }
    Ok(())
}

/// Returns whose files are trusted: the user's own, those of the user who became root by `sudo`,
/// and those of root, who can do everything anyway.
fn trusted(user: u32, variables: &Variables) -> BTreeSet<u32> {
    let sudo = variables.get("SUDO_UID").filter(|_| user == 0);
    let sudo = sudo.and_then(|uid| uid.parse().ok());
    [user, 0].into_iter().chain(sudo).collect()
}

fn is_safe(workspace: &Path, safe: &str) -> bool {
    safe.split(':')
        .filter(|path| !path.is_empty())
        .any(|path| path == "*" || fs_err::canonicalize(path).is_ok_and(|path| path == workspace))
}

/// Says what the files let this command run, but for what was said before.
fn tell(session: &Session, invocation: &Invocation, loaded: &Loaded) {
    let engine = wanted(invocation, &loaded.environment);
    let runs = loaded.runs.iter();
    let runs: Vec<&Run> = runs
        .filter(|run| counts(&run.key, session.checks, engine))
        .collect();
    let Ok(told) = Told::of(invocation) else {
        return;
    };
    // A command that stands in several places is one.
    let mut marks = BTreeSet::new();
    let news = runs.iter().filter(|run| !told.has(run));
    let news: Vec<&&Run> = news.filter(|run| marks.insert(mark(run))).collect();
    if news.is_empty() {
        return;
    }
    let also = if told.of_workspace().next().is_some() {
        " also"
    } else {
        ""
    };
    session.events.info(format!(
        "the files of this workspace let envctl{also} run on this machine (said once):"
    ));
    for run in news.iter().take(LISTED_MAX) {
        session
            .events
            .info(format!("  {}: {}", run.key, shown(run)));
    }
    if let Some(more) = news.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
        session
            .events
            .info(format!("  and {more} more; `envctl config show` has all"));
    }
    // Where it cannot be kept, it is said again.
    let _ = told.add(news.iter().map(|run| &***run));
}

/// What was said before, in a file of the user's state: a line for each command, with the
/// workspace that it was said of.
struct Told {
    file: PathBuf,
    workspace: String,
    lines: Vec<String>,
}

impl Told {
    fn of(invocation: &Invocation) -> Result<Self, engine::Error> {
        let file = Home::of(&invocation.variables)?.state.join("told");
        let text = fs_err::read_to_string(&file).unwrap_or_default();
        let workspace = invocation.workspace.as_os_str().as_encoded_bytes();
        Ok(Self {
            file,
            workspace: Digest::of(workspace)[..DIGITS].to_owned(),
            lines: text.lines().map(str::to_owned).collect(),
        })
    }

    fn of_workspace(&self) -> impl Iterator<Item = &str> {
        let lines = self.lines.iter();
        lines.filter_map(|line| line.strip_prefix(&self.workspace)?.strip_prefix(' '))
    }

    fn has(&self, run: &Run) -> bool {
        let mark = mark(run);
        self.of_workspace().any(|known| known == mark)
    }

    /// Adds some; the oldest of too many go. Of two commands at once one may be forgotten, and is
    /// said again.
    fn add<'a>(mut self, runs: impl Iterator<Item = &'a Run>) -> io::Result<()> {
        let workspace = &self.workspace;
        let lines = runs.map(|run| format!("{workspace} {}", mark(run)));
        self.lines.extend(lines);
        let from = self.lines.len().saturating_sub(TOLD_MAX);
        let text: String = self.lines[from..]
            .iter()
            .map(|it| it.clone() + "\n")
            .collect();
        let folder = self.file.parent().unwrap_or(Path::new("/"));
        fs_err::create_dir_all(folder)?;
        whole::write_own(&self.file, text)
    }
}

/// Returns what a command is remembered by: where it stands may change.
fn mark(run: &Run) -> String {
    Digest::of(&run.words)[..DIGITS].to_owned()
}

/// Returns a command in one line.
fn shown(run: &Run) -> String {
    let words: Vec<&str> = run.words.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Whether a command may be run: `checks` says that this one runs checks, and nothing else does.
fn counts(key: &str, checks: bool, engine: EngineChoice) -> bool {
    let image = key.starts_with("images.");
    let process = key.contains(".process.") || key.contains(".healthcheck.");
    match engine {
        _ if key.starts_with("secrets.") => true,
        _ if key.starts_with("smoke.") => checks,
        _ if checks => false,
        EngineChoice::Docker => !process,
        EngineChoice::Process => !image,
        EngineChoice::Auto => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_own_files_are_trusted_and_those_of_root() {
        let sudo = Variables::from([("SUDO_UID".to_owned(), "1000".to_owned())]);
        let check = |user, variables: &Variables, expect: &[u32]| {
            let found: Vec<u32> = trusted(user, variables).into_iter().collect();
            assert_eq!(found, expect);
        };
        check(1000, &Variables::new(), &[0, 1000]);
        check(0, &Variables::new(), &[0]);
        check(0, &sudo, &[0, 1000]);
        // Anybody can set a variable.
        check(2000, &sudo, &[0, 2000]);
    }

    #[test]
    fn safe_directories_are_named_whole() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = fs_err::canonicalize(folder.path()).unwrap();
        let named = workspace.display();
        for safe in ["*".to_owned(), format!("{named}/"), format!("/x:{named}")] {
            assert!(is_safe(&workspace, &safe), "{safe}");
        }
        let above = workspace.parent().unwrap().display();
        for safe in ["", ":", "/x", &above.to_string()] {
            assert!(!is_safe(&workspace, safe), "{safe}");
        }
    }

    #[test]
    fn only_what_may_run_counts() {
        use EngineChoice::{Auto, Docker, Process};
        assert!(counts("secrets.key.command", true, Docker));
        assert!(counts("smoke.a.command", true, Auto) && !counts("smoke.a.hurl", false, Auto));
        assert!(!counts("services.api.process.command", true, Process));
        assert!(!counts("services.api.process.command", false, Docker));
        assert!(counts("services.api.healthcheck.command", false, Auto));
        assert!(!counts("images.api.build.prepare.command", false, Process));
    }
}
