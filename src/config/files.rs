//! The file system and the commands behind secrets: all of configuration's contact with the
//! outside is here.

use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use super::layers::SHARED;
use super::mistake::Mistake;
use super::paths;
use super::read::Claim;
use super::schema::Claimed;
use super::source::{Origin, Source};
use crate::host::{NoOutput, Patience};
use crate::model::{Invocation, Variables};

/// The largest file that is read; what is larger is no configuration.
const LARGEST: u64 = 4 << 20;

/// How long a secret's command may take.
const COMMAND_TIME: Duration = Duration::from_secs(10);

/// The most that a secret's command may print.
const LARGEST_SECRET: usize = 64 << 10;

/// Reads a file of the workspace; `None` is one that is not there.
pub(crate) fn read_layer(workspace: &Path, shown: &str) -> Result<Option<Arc<Source>>, Mistake> {
    let path = workspace.join(shown);
    if !path.exists() {
        return Ok(None);
    }
    let shared = shown == SHARED || shown.starts_with("envs/profiles/");
    let bytes =
        read_bytes(&path).map_err(|why| Mistake::new(format!("cannot read `{shown}`: {why}")))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(Source::file(path, shown, shared, text))),
        Err(error) => Err(not_utf8(&path, shown, &error)),
    }
}

/// Reads a text; the error is a fragment.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let bytes = read_bytes(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let start = error.utf8_error().valid_up_to();
        let line = line_of(error.as_bytes(), start);
        format!("it is not UTF-8 in line {line}, byte {start}")
    })
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let why = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => error.to_string(),
    };
    let metadata = fs_err::metadata(path).map_err(why)?;
    if !metadata.is_file() && !metadata.is_dir() {
        return Err("it is no regular file".to_owned());
    }
    if metadata.is_dir() {
        return Err("it is a folder, not a file".to_owned());
    }
    // A pipe says 0; the limit on reading holds for it, too.
    let mut bytes = Vec::new();
    if metadata.len() <= LARGEST {
        let file = fs_err::File::open(path).map_err(why)?;
        file.take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(why)?;
    }
    if metadata.len() > LARGEST || bytes.len() as u64 > LARGEST {
        return Err(format!(
            "it is larger than {} MiB, which no configuration is",
            LARGEST >> 20
        ));
    }
    Ok(bytes)
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    let before = bytes[..offset].split(|byte| *byte == b'\n');
    before.count()
}

fn not_utf8(path: &Path, shown: &str, error: &std::string::FromUtf8Error) -> Mistake {
    let start = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let source = Source::file(path.to_owned(), shown, false, text);
    // Up to here the lossy text has the same bytes as the file.
    let origin = Origin::new(&source, start..start + '\u{fffd}'.len_utf8());
    Mistake::new(format!("the file is not UTF-8: byte {start}"))
        .at(&origin)
        .hint("save it as UTF-8")
}

/// Where and how long a secret's command runs.
pub(crate) struct Running<'a> {
    pub folder: &'a Path,
    pub variables: &'a Variables,
    pub patience: Patience<'a>,
}

impl<'a> Running<'a> {
    pub(crate) fn of(invocation: &'a Invocation, stopped: &'a dyn Fn() -> bool) -> Self {
        Self {
            folder: &invocation.workspace,
            variables: &invocation.variables,
            patience: Patience {
                time: COMMAND_TIME,
                stopped,
            },
        }
    }
}

/// Runs a secret's command and returns what it printed.
pub(crate) fn run(words: &[String], running: &Running<'_>) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("its command is empty")?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(running.folder)
        .env_clear()
        .envs(running.variables);
    let output = running.patience.output_of(command);
    let output = output.map_err(|why| match why {
        NoOutput::NotRun(reason) => format!("cannot run `{program}`: {reason}"),
        NoOutput::TimedOut => {
            format!("`{program}` took longer than {:?}", running.patience.time)
        }
        NoOutput::Stopped => format!("`{program}` was interrupted"),
    })?;
    if !output.status.success() {
        return Err(format!("`{program}` failed ({})", output.status));
    }
    if output.stdout.len() > LARGEST_SECRET {
        let most = LARGEST_SECRET >> 10;
        return Err(format!("`{program}` printed more than {most} KiB"));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{program}` printed no UTF-8"))
}

/// Reports declared files and folders that are not there, or are something else.
pub(crate) fn check_claims(claims: &[Claim], workspace: &Path) -> Vec<Mistake> {
    let mut missing: Vec<&Path> = Vec::new();
    let mut mistakes = Vec::new();
    for claim in claims {
        // What would be in a folder that is not there is no second mistake.
        let hidden = |folder: &&Path| claim.path != *folder && claim.path.starts_with(folder);
        if missing.iter().any(hidden) {
            continue;
        }
        if let Some(why) = refuted(claim, workspace) {
            missing.push(&claim.path);
            mistakes.push(Mistake::new(why).at(&claim.at));
        }
    }
    mistakes
}

fn refuted(claim: &Claim, workspace: &Path) -> Option<String> {
    let shown = paths::shown(&claim.path, workspace);
    let wanted = match claim.claimed {
        Claimed::File => "file",
        Claimed::Folder => "folder",
        Claimed::Either => "file or folder",
    };
    match fs_err::metadata(&claim.path) {
        Err(_) => Some(format!("there is no {wanted} `{shown}`")),
        Ok(found) if claim.claimed == Claimed::File && found.is_dir() => {
            Some(format!("`{shown}` is a folder, not a file"))
        }
        Ok(found) if claim.claimed == Claimed::Folder && !found.is_dir() => {
            Some(format!("`{shown}` is a file, not a folder"))
        }
        Ok(_) => None,
    }
}

/// Lists the names of the folder's TOML files, without their ending, sorted.
pub(crate) fn toml_files(folder: &Path) -> Vec<String> {
    names(folder, |name| name.strip_suffix(".toml").map(str::to_owned))
}

/// Lists the environments of a workspace, sorted.
pub(crate) fn environments(workspace: &Path) -> Vec<String> {
    let envs = workspace.join("envs");
    names(&envs, |name| {
        let is_environment = envs.join(name).join("env.toml").exists();
        is_environment.then(|| name.to_owned())
    })
}

fn names(folder: &Path, pick: impl Fn(&str) -> Option<String>) -> Vec<String> {
    // A folder that cannot be listed has nothing to offer.
    let Ok(entries) = fs_err::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .filter_map(|entry| pick(entry.ok()?.file_name().to_str()?))
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn run_sh(script: &str, patience: Patience<'_>) -> Result<String, String> {
        let path = std::env::vars_os().find(|(name, _)| name == "PATH");
        let path = path.map(|(_, value)| value.to_string_lossy().into_owned());
        let variables = Variables::from([("PATH".to_owned(), path.unwrap_or_default())]);
        let words = ["sh", "-c", script].map(str::to_owned);
        let running = Running {
            folder: Path::new("/"),
            variables: &variables,
            patience,
        };
        run(&words, &running)
    }

    fn within(time: Duration) -> Patience<'static> {
        let stopped = &|| false;
        Patience { time, stopped }
    }

    /// A file in which a script says whom it started.
    struct Started {
        folder: tempfile::TempDir,
    }

    impl Started {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            Self { folder }
        }

        fn file(&self) -> std::path::PathBuf {
            self.folder.path().join("pid")
        }

        fn is_told(&self) -> bool {
            fs_err::read_to_string(self.file()).is_ok_and(|text| text.ends_with('\n'))
        }

        fn check_gone(&self) {
            let pid = fs_err::read_to_string(self.file()).unwrap();
            let stat = format!("/proc/{}/stat", pid.trim());
            let (_sender, pause) = channel::<()>();
            // It ends when it is scheduled, and has no parent that would wait for it at once.
            let ended = (0..500).any(|_| {
                let _ = pause.recv_timeout(Duration::from_millis(10));
                fs_err::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "))
            });
            assert!(ended, "{pid} still runs");
        }
    }

    #[test]
    fn a_command_that_hangs_is_stopped() {
        for script in ["exec sleep 60", "exec sleep 60 >&-"] {
            let why = run_sh(script, within(Duration::from_millis(50)));
            assert_eq!(why, Err("`sh` took longer than 50ms".to_owned()));
        }
    }

    #[test]
    fn what_a_command_started_ends_with_it() {
        let started = Started::new();
        let script = format!("sleep 60 & echo $! >{}; wait", started.file().display());
        // Not before it has said whom it started.
        let stopped = || started.is_told();
        let time = Duration::from_secs(20);
        let why = run_sh(
            &script,
            Patience {
                time,
                stopped: &stopped,
            },
        );
        assert_eq!(why, Err("`sh` was interrupted".to_owned()));
        started.check_gone();
    }

    #[test]
    fn what_a_command_leaves_behind_ends_at_its_deadline() {
        let started = Started::new();
        let file = started.file();
        let script = format!("sleep 60 & echo $! >{}; exec sleep 60", file.display());
        let why = run_sh(&script, within(Duration::from_secs(2)));
        assert_eq!(why, Err("`sh` took longer than 2s".to_owned()));
        started.check_gone();
    }

    #[test]
    fn what_stays_in_the_background_keeps_no_secret_waiting() {
        let started = Started::new();
        let script = format!(
            "sleep 60 & echo $! >{}; echo s3cret",
            started.file().display()
        );
        let printed = run_sh(&script, within(Duration::from_secs(20)));
        assert_eq!(printed, Ok("s3cret\n".to_owned()));
        started.check_gone();
    }

    #[test]
    fn a_secret_is_no_book() {
        let script = "head -c 70000 /dev/zero | tr '\\0' x";
        let why = run_sh(script, within(Duration::from_secs(20)));
        assert_eq!(why, Err("`sh` printed more than 64 KiB".to_owned()));
    }
}
