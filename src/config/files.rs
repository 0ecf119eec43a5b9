//! The file system and the commands behind secrets: all of configuration's contact with the
//! outside is here.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::layers::SHARED;
use super::mistake::Mistake;
use super::paths;
use super::read::{Claim, Claimed};
use super::source::{Origin, Source};
use crate::model::Variables;

/// The largest file that is read; what is larger is no configuration.
const LARGEST: u64 = 4 << 20;

/// How long a secret's command may take.
pub(crate) const COMMAND_TIME: Duration = Duration::from_secs(10);

/// How often it is looked whether a secret's command is still wanted.
const LOOK: Duration = Duration::from_millis(20);

/// The most that a secret's command may print.
const LARGEST_SECRET: u64 = 64 << 10;

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
    pub time: Duration,
    /// Whether nobody wants its answer any more.
    pub stopped: &'a dyn Fn() -> bool,
}

/// Runs a secret's command and returns what it printed. It has a process group of its own, so
/// that what it started ends with it.
pub(crate) fn run(words: &[String], running: &Running<'_>) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("its command is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(running.folder)
        .env_clear()
        .envs(running.variables)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot run `{program}`: {error}"))?;
    let (sender, receiver) = channel();
    let stdout = child.stdout.take();
    let deadline = Instant::now() + running.time;
    let reading = std::thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.map(|stdout| stdout.take(LARGEST_SECRET).read_to_end(&mut bytes));
        // Nobody listens any more when the time is up.
        let _ = sender.send(read.transpose().map(|_| bytes));
    });
    if let Err(error) = reading {
        stop(&mut child);
        return Err(format!("no thread can be made for `{program}`: {error}"));
    }
    let given_up = || {
        if (running.stopped)() {
            return Some(format!("`{program}` was interrupted"));
        }
        let late = Instant::now() >= deadline;
        late.then(|| format!("`{program}` took longer than {:?}", running.time))
    };
    let bytes = loop {
        match receiver.recv_timeout(LOOK) {
            Ok(Ok(bytes)) => break bytes,
            Ok(Err(error)) => return Err(error.to_string()),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        if let Some(why) = given_up() {
            stop(&mut child);
            return Err(why);
        }
    };
    let (_pause_sender, pause) = channel::<()>();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            if !status.success() {
                return Err(format!("`{program}` failed ({status})"));
            }
            return String::from_utf8(bytes).map_err(|_| format!("`{program}` printed no UTF-8"));
        }
        if let Some(why) = given_up() {
            stop(&mut child);
            return Err(why);
        }
        // It closed its output and ends at once; this only gives way to it.
        let _ = pause.recv_timeout(Duration::from_millis(2));
    }
}

fn stop(child: &mut std::process::Child) {
    // It was not waited for, so the number of its group is still its own; it may have ended by
    // itself meanwhile, which is as good.
    if let Some(group) = Pid::from_raw(child.id().cast_signed()) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
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
    use super::*;

    fn run_sh(script: &str, time: Duration, stopped: &dyn Fn() -> bool) -> Result<String, String> {
        let path = std::env::vars_os().find(|(name, _)| name == "PATH");
        let path = path.map(|(_, value)| value.to_string_lossy().into_owned());
        let variables = Variables::from([("PATH".to_owned(), path.unwrap_or_default())]);
        let words = ["sh", "-c", script].map(str::to_owned);
        let running = Running {
            folder: Path::new("/"),
            variables: &variables,
            time,
            stopped,
        };
        run(&words, &running)
    }

    #[test]
    fn a_command_that_hangs_is_stopped() {
        for script in ["exec sleep 60", "exec sleep 60 >&-"] {
            let why = run_sh(script, Duration::from_millis(50), &|| false);
            assert_eq!(why, Err("`sh` took longer than 50ms".to_owned()));
        }
    }

    #[test]
    fn what_a_command_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 60 & echo $! >{}; wait", file.display());
        // Not before it has said whom it started.
        let begun = || fs_err::read_to_string(&file).is_ok_and(|text| text.ends_with('\n'));
        let why = run_sh(&script, Duration::from_secs(20), &begun);
        assert_eq!(why, Err("`sh` was interrupted".to_owned()));
        let pid = fs_err::read_to_string(&file).unwrap();
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
