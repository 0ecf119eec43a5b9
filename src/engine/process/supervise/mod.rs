//! The supervisor of one service: envctl started again, out of the caller's session. Whatever the
//! service forks stays a descendant of it, so that nothing of a service outlives its stop.

mod backoff;
mod bound;
mod clock;
mod rhythm;
mod spawn;
mod supervisor;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::folder::Folder;
use super::log_times::Notes;
use crate::host;
use crate::model::Variables;
use supervisor::Supervisor;

/// What the last supervisor may still take to go.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Supervises the service of a folder until it has ended. Its first and only words, on standard
/// output, are `started` or `failed` with the reason.
pub async fn supervise(folder: &Path, caller: &Variables) -> std::io::Result<()> {
    let folder = Folder::at(folder);
    let begun = begin(&folder, caller).await;
    tell(begun.as_ref().err())?;
    if let Ok((supervisor, _lock)) = begun {
        clock::start(&folder);
        supervisor.run().await;
        Notes::of(folder).note();
    }
    Ok(())
}

async fn begin(folder: &Folder, caller: &Variables) -> Result<(Supervisor, File), String> {
    // Fails only in a session's leader, which needs no other session.
    let _ = rustix::process::setsid();
    let this = rustix::process::getpid();
    rustix::process::set_child_subreaper(Some(this)).map_err(|error| error.to_string())?;
    let lock = lock(folder).await?;
    let record = folder.record().map_err(|error| error.to_string())?;
    let record = record.ok_or("it was not created")?;
    let supervisor = Supervisor::begin(folder.clone(), record, caller.clone())?;
    Ok((supervisor, lock))
}

async fn lock(folder: &Folder) -> Result<File, String> {
    let file = folder.lock_file().map_err(|error| error.to_string())?;
    match host::lock(&file, LOCK_TIMEOUT).await {
        Ok(true) => Ok(file),
        Ok(false) => Err("another supervisor has it".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Tells the envctl that waits, and lets go of its pipe.
fn tell(failure: Option<&String>) -> std::io::Result<()> {
    let line = failure.map_or_else(
        || "started\n".to_owned(),
        |reason| format!("failed {}\n", reason.replace('\n', " ")),
    );
    // This is no output for a person: it is a pipe to another envctl, which may be gone.
    let mut pipe = std::io::stdout().lock();
    let _ = pipe.write_all(line.as_bytes()).and_then(|()| pipe.flush());
    let nothing = fs_err::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    rustix::stdio::dup2_stderr(&nothing)?;
    Ok(())
}
