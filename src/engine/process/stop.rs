//! Stopping a service: by its supervisor, and from here where that is gone.

use std::fs::File;
use std::io::ErrorKind;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, timeout};

use super::engine::refused;
use super::folder::Folder;
use super::marks::Marks;
use super::members::{Members, Sight};
use super::procfs::{self, ProcessId};
use super::record;
use super::status::{Phase, Status};
use crate::engine::Error;
use crate::host;

/// What a supervisor takes for a stop beyond the grace period.
const MARGIN: Duration = Duration::from_secs(5);

/// How long a supervisor that does not show yet may hold the service.
const HELD: Duration = Duration::from_secs(15);

/// How often to look whether a supervisor shows by now.
const LOOK: Duration = Duration::from_millis(50);

/// What a killed process ends with.
const KILLED: i64 = 128 + 9;

/// The grace period of a service whose record cannot be read.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// Stops a service with all of its processes; stopped is fine. Nobody starts it again as long as
/// the file is held that this returns; `None` where there is no service. One whose record cannot
/// be read is stopped too, since it may run.
pub(super) async fn stop(folder: &Folder) -> Result<Option<File>, Error> {
    let Some((lock, ended)) = end_all(folder, Sight::Far).await? else {
        return Ok(None);
    };
    if let Some(ended) = ended {
        // It did end. On a full disk its state says so less exactly, as one that was lost.
        let _ = folder.write_status(&ended);
    }
    Ok(Some(lock))
}

/// Does the same and writes nothing, which a full disk may not allow: returns what to write.
/// What only its marks tell of is ended by who looks far.
pub(super) async fn end_all(
    folder: &Folder,
    sight: Sight,
) -> Result<Option<(File, Option<Status>)>, Error> {
    let lock = match folder.lock_file() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| refused(doing(folder), error))?,
    };
    let record = folder.record().ok().flatten();
    let record = record.as_ref();
    let grace = record.map_or(DEFAULT_GRACE, |record| record.stop_grace_period);
    take_over(folder, &lock, grace).await?;
    let status = folder.status();
    let lost = status.is_err();
    let status = status.ok().flatten();
    let mut members = members(folder, status.as_ref());
    if lost {
        members.others = writers(folder);
    }
    let mut code = None;
    if let Some(main) = status.as_ref().and_then(Status::live_main) {
        let signal = record.and_then(|record| record::signal(&record.stop_signal));
        let signal = signal.unwrap_or(Signal::TERM);
        members.signal_group(sight, signal).await;
        let late = timeout(grace, main.ended()).await.is_err();
        code = late.then_some(KILLED);
    }
    let cleared = members.clear(sight, || {}).await;
    cleared.map_err(|left| stuck(folder, left))?;
    let status = status.filter(|status| !matches!(status.phase, Phase::Exited { .. }));
    let ended = status.map(|status| Status::ended(code, status.restarts));
    Ok(Some((lock, ended)))
}

/// Returns what a service's processes are known by.
pub(super) fn members(folder: &Folder, status: Option<&Status>) -> Members {
    // Numbers from before a reboot mean other processes now.
    let status = status.filter(|status| status.is_of_this_boot());
    let supervisor = status.and_then(Status::live_supervisor);
    Members {
        supervisor: supervisor.map(|supervisor| supervisor.pid),
        main: status.and_then(|status| status.main),
        others: status.map_or_else(Vec::new, |status| status.others.clone()),
        marks: Marks::of(folder.path()),
    }
}

/// Ends the supervisor, which stops its service, and takes its lock, so that no other one comes.
async fn take_over(folder: &Folder, lock: &File, grace: Duration) -> Result<(), Error> {
    let deadline = Instant::now() + grace + MARGIN + HELD;
    loop {
        if let Some(supervisor) = supervisor(folder) {
            end(supervisor, grace + MARGIN).await;
        }
        match host::lock(lock, LOOK).await {
            Ok(true) => return Ok(()),
            Ok(false) if Instant::now() < deadline => {}
            Ok(false) => {
                let reason = "a supervisor that cannot be seen from here holds it";
                return Err(refused(doing(folder), std::io::Error::other(reason)));
            }
            Err(error) => return Err(refused(doing(folder), error)),
        }
    }
}

/// Returns the processes that write to the service's log: a server may have written over its
/// environment with its marks, and where the state is lost too nothing else tells of it.
fn writers(folder: &Folder) -> Vec<ProcessId> {
    let all = procfs::all().into_iter();
    let writing = all.filter(|seen| procfs::writes_to(seen.id.pid, &folder.log()));
    writing.map(|seen| seen.id).collect()
}

/// Returns the living supervisor of a folder. Where the state cannot be read, it is known by its
/// arguments, and by the lock that it has open.
fn supervisor(folder: &Folder) -> Option<ProcessId> {
    if let Ok(status) = folder.status() {
        return status?.live_supervisor();
    }
    let expect = [b"supervise", folder.path().as_os_str().as_encoded_bytes()];
    let found = procfs::all().into_iter().find(|seen| {
        let arguments = procfs::arguments(seen.id.pid);
        let arguments = arguments.iter().map(Vec::as_slice);
        arguments.skip(1).eq(expect) && procfs::writes_to(seen.id.pid, &folder.path().join("lock"))
    });
    found.map(|seen| seen.id)
}

async fn end(supervisor: ProcessId, patience: Duration) {
    supervisor.signal(Signal::TERM);
    if timeout(patience, supervisor.ended()).await.is_err() {
        supervisor.signal(Signal::KILL);
        // One that the kernel holds is given up by the caller's deadline.
        let _ = timeout(MARGIN, supervisor.ended()).await;
    }
}

fn stuck(folder: &Folder, left: ProcessId) -> Error {
    let reason = format!("process {} does not end", left.pid);
    refused(doing(folder), std::io::Error::other(reason))
}

fn doing(folder: &Folder) -> String {
    format!("stop `{}`", folder.name())
}
