//! Where a report goes. Knows nothing of what stands in it.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe::OpenOptions;
use tokio_util::sync::CancellationToken;

use crate::host::whole::beside;
use crate::probe::{Attempt, Exhausted, Poll};
use crate::smoke::replace::{inside, replace};

/// How long a pipe may have no reader: one that starts beside this program takes a moment.
const READER_TIMEOUT: Duration = Duration::from_secs(2);

/// How many links may lead from one to the next, as for the kernel.
const LINKS_MAX: usize = 40;

/// Why a report is not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("`{}` is a folder", .0.display())]
    IsFolder(PathBuf),
    #[error("`{}` has no parent folder", .0.display())]
    NoFolder(PathBuf),
    #[error(
        "`{}` in the workspace leads out of it, to `{}`: no report goes there",
        .path.display(),
        .leads_to.display()
    )]
    LeavesWorkspace { path: PathBuf, leads_to: PathBuf },
    #[error("nobody reads the pipe `{}`: start its reader before the checks end", .0.display())]
    Unread(PathBuf),
    #[error("`{}` cannot be written", .path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Fails where a report could not be written, and leaves everything as it is.
pub fn check(path: &Path) -> Result<(), ReportError> {
    // A pipe is not opened: whoever reads it would take its closing for the end.
    let ReportTarget::File(file) = place(path)? else {
        return Ok(());
    };
    let try_it = || {
        let partial = beside(&file)?;
        replace(&partial, "")?;
        fs_err::remove_file(&partial)
    };
    try_it().map_err(|error| unwritten(path, &error))
}

/// Fails where a path that begins in the workspace leads out of it: what a repository holds, a
/// link too, decides of no other file. Where a user names a path outside, links are followed.
pub fn stays(path: &Path, workspace: &Path) -> Result<(), ReportError> {
    let written = lexical(path);
    if !written.starts_with(workspace) {
        return Ok(());
    }
    inside(&written, workspace)
        .map(|_| ())
        .map_err(|leads_to| ReportError::LeavesWorkspace {
            path: written
                .strip_prefix(workspace)
                .unwrap_or(&written)
                .to_owned(),
            leads_to,
        })
}

/// Returns an absolute path without `.` and `..`, whatever is there.
fn lexical(path: &Path) -> PathBuf {
    let here = fs_err::canonicalize(".").unwrap_or_default();
    let mut lexical = PathBuf::new();
    for part in here.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                lexical.pop();
            }
            part => lexical.push(part),
        }
    }
    lexical
}

/// Writes a report; a reader of `path` sees the old content or the whole new one.
pub async fn write(path: &Path, text: &str) -> Result<(), ReportError> {
    let written = match place(path)? {
        ReportTarget::File(file) => replace(&file, text),
        ReportTarget::Pipe => pipe(path, text).await,
        ReportTarget::Open => append(path, text),
        ReportTarget::Descriptor(number) => descriptor(path, number, text),
        ReportTarget::Stdout => stream(io::stdout().lock(), text),
        ReportTarget::Stderr => stream(io::stderr().lock(), text),
    };
    written.map_err(|error| {
        if is_unread(&error) {
            ReportError::Unread(path.to_owned())
        } else {
            unwritten(path, &error)
        }
    })
}

/// Writes into a pipe with a name once somebody reads it.
async fn pipe(path: &Path, text: &str) -> io::Result<()> {
    let open = async || match OpenOptions::new().open_sender(path) {
        Ok(pipe) => Attempt::Done(pipe),
        Err(error) if is_unread(&error) => Attempt::NotYet(error.to_string()),
        Err(error) => Attempt::Hopeless(error),
    };
    let never = CancellationToken::new();
    let poll = Poll::within(READER_TIMEOUT);
    match poll.until(&never, open, |_| {}).await {
        Ok((mut pipe, _)) => pipe.write_all(text.as_bytes()).await,
        Err(Exhausted::Hopeless(error)) => Err(error),
        Err(Exhausted::TimedOut { .. } | Exhausted::Cancelled) => Err(Errno::NXIO.into()),
    }
}

/// Whether it says of a pipe that nobody reads it.
fn is_unread(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::NXIO)
}

/// Writes where the others go on who have it open; opened anew, it would have an end of its own.
fn descriptor(path: &Path, number: i32, text: &str) -> io::Result<()> {
    let own = pidfd_open(getpid(), PidfdFlags::empty());
    match own.and_then(|own| pidfd_getfd(own, number, PidfdGetfdFlags::empty())) {
        Ok(open) => stream(File::from(open), text),
        Err(_) => append(path, text),
    }
}

fn stream(mut stream: impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

/// Says why, without the name of the file that stood in for the report.
fn unwritten(path: &Path, error: &io::Error) -> ReportError {
    ReportError::Write {
        path: path.to_owned(),
        source: error.kind().into(),
    }
}

/// Adds to what a file holds; makes it where it is missing.
pub fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    let mut file = options.append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// What a path leads to.
#[derive(Debug, PartialEq)]
enum ReportTarget {
    /// A file that is replaced, or is not there yet.
    File(PathBuf),
    Pipe,
    /// A device, or a file that a process has open: neither can be replaced.
    Open,
    /// What this program has open under this number.
    Descriptor(i32),
    Stdout,
    Stderr,
}

fn place(path: &Path) -> Result<ReportTarget, ReportError> {
    if let Some(open) = open_file(path) {
        return Ok(open);
    }
    // Where it is a link, what it leads to is replaced.
    let file = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if file.file_name().is_none() || file.is_dir() {
        return Err(ReportError::IsFolder(path.to_owned()));
    }
    match fs_err::metadata(&file).map(|file| file.file_type()) {
        Ok(kind) if kind.is_fifo() => return Ok(ReportTarget::Pipe),
        Ok(kind) if !kind.is_file() => return Ok(ReportTarget::Open),
        Ok(_) | Err(_) => {}
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(ReportError::NoFolder(path.to_owned()));
    }
    Ok(ReportTarget::File(file))
}

/// Returns what `/dev/stdout`, `/dev/fd/3` and the like lead to. What such a link calls a file's
/// name is not followed: the file is written to by others, too.
fn open_file(path: &Path) -> Option<ReportTarget> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let folder = fs_err::canonicalize(path.parent()?).ok()?;
        let name = path.file_name()?;
        if folder.starts_with("/proc") && folder.ends_with("fd") {
            let own = fs_err::canonicalize("/proc/self/fd").is_ok_and(|own| own == folder);
            let kind = fs_err::metadata(folder.join(name)).ok()?.file_type();
            return match name.to_str() {
                Some("1") if own => Some(ReportTarget::Stdout),
                Some("2") if own => Some(ReportTarget::Stderr),
                _ if kind.is_fifo() => Some(ReportTarget::Pipe),
                _ if kind.is_dir() => None,
                Some(number) if own => number.parse().map(ReportTarget::Descriptor).ok(),
                _ => Some(ReportTarget::Open),
            };
        }
        path = folder.join(fs_err::read_link(folder.join(name)).ok()?);
    }
    None
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd as _;
    use std::process::Command;

    use super::*;

    #[tokio::test]
    async fn a_report_replaces_an_old_one_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.xml");
        check(&path).unwrap();
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
        write(&path, "old and long").await.unwrap();
        check(&path).unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "old and long");
        write(&path, "new").await.unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_report_goes_into_a_file_of_a_folder_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("missing/report.xml");
        // Nobody may write there, not even root.
        let proc = Path::new("/proc/self/report.xml");
        for path in [folder.path(), Path::new("/"), &nowhere, proc] {
            for error in [check(path), write(path, "x").await].map(Result::unwrap_err) {
                match error {
                    ReportError::IsFolder(_) => assert!(path.is_dir()),
                    ReportError::NoFolder(_) => assert_eq!(path, nowhere),
                    ReportError::Write { .. } => assert_eq!(path, proc),
                    ReportError::Unread(_) | ReportError::LeavesWorkspace { .. } => {
                        panic!("{error}")
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn a_link_stays_one_and_a_device_too() {
        let folder = tempfile::tempdir().unwrap();
        let (link, path) = (folder.path().join("link"), folder.path().join("report"));
        fs_err::write(&path, "old").unwrap();
        fs_err::os::unix::fs::symlink(&path, &link).unwrap();
        write(&link, "new").await.unwrap();
        assert!(fs_err::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "new");
        let null = Path::new("/dev/null");
        write(null, "x").await.unwrap();
        assert!(!null.is_file());
    }

    #[test]
    fn a_path_that_begins_in_the_workspace_ends_there() {
        let root = tempfile::tempdir().unwrap();
        let root = fs_err::canonicalize(root.path()).unwrap();
        let (workspace, outside) = (root.join("workspace"), root.join("outside"));
        fs_err::create_dir(&workspace).unwrap();
        fs_err::create_dir(&outside).unwrap();
        let link = |from: PathBuf, to: &Path| fs_err::os::unix::fs::symlink(to, from).unwrap();
        fs_err::write(outside.join("profile"), "").unwrap();
        link(workspace.join("junit.xml"), &outside.join("profile"));
        link(workspace.join("reports"), &outside);
        link(outside.join("back"), &workspace.join("own.xml"));
        for (path, leads_to) in [
            (workspace.join("junit.xml"), Some("outside/profile")),
            (
                workspace.join("reports/logs/api.log"),
                Some("outside/logs/api.log"),
            ),
            (workspace.join("own.xml"), None),
            (workspace.join("../outside/profile"), None),
            (outside.join("back"), None),
            (PathBuf::from("/dev/stdout"), None),
        ] {
            match (stays(&path, &workspace), leads_to) {
                (Ok(()), None) => {}
                (Err(ReportError::LeavesWorkspace { leads_to, .. }), Some(expected)) => {
                    assert_eq!(leads_to, root.join(expected));
                }
                (result, _) => panic!("{}: {result:?}", path.display()),
            }
        }
    }

    #[tokio::test]
    async fn a_file_that_is_open_is_added_to() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("ci.log"), folder.path().join("link"));
        let mut open = fs_err::File::create(&path).unwrap();
        open.write_all(b"old\n").unwrap();
        let [fd, proc] = ["/dev/fd", "/proc/self/fd"]
            .map(|folder| PathBuf::from(format!("{folder}/{}", open.as_raw_fd())));
        fs_err::os::unix::fs::symlink(&fd, &link).unwrap();
        for path in [&fd, &proc, &link] {
            check(path).unwrap();
            write(path, "new\n").await.unwrap();
        }
        open.write_all(b"after\n").unwrap();
        let text = fs_err::read_to_string(&path).unwrap();
        assert_eq!(text, "old\nnew\nnew\nnew\nafter\n");
        let leads = |path: &str| place(Path::new(path)).unwrap();
        assert_eq!(leads("/dev/stdout"), ReportTarget::Stdout);
        assert_eq!(leads("/dev/fd/2"), ReportTarget::Stderr);
    }

    #[tokio::test]
    async fn a_pipe_is_written_to_once_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        check(&path).unwrap();
        let unread = write(&path, "x").await;
        assert!(matches!(unread, Err(ReportError::Unread(_))), "{unread:?}");
        let read = folder.path().join("read");
        let mut reader = Command::new("sh")
            .args(["-c", "sleep 0.2; cat pipe > read"])
            .current_dir(folder.path())
            .spawn()
            .unwrap();
        // More than a pipe holds.
        let text = "line\n".repeat(100_000);
        write(&path, &text).await.unwrap();
        assert!(reader.wait().unwrap().success());
        assert_eq!(fs_err::read_to_string(read).unwrap(), text);
    }

    #[test]
    fn what_is_appended_comes_behind_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.md");
        append(&path, "one\n").unwrap();
        append(&path, "two\n").unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert!(append(folder.path(), "x").is_err());
    }
}
