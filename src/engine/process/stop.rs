//! Stopping a service: by its supervisor, and from here where that is gone.

use std::fs::{File, TryLockError};
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep, timeout};

use super::engine::refused;
use super::folder::Folder;
use super::members::Members;
use super::procfs::ProcessId;
use super::record::{self, Record};
use super::status::{Phase, Status};
use crate::engine::Error;

/// What a supervisor takes for a stop beyond the grace period.
const MARGIN: Duration = Duration::from_secs(5);

/// How long a supervisor that does not show yet may hold the service.
const HELD: Duration = Duration::from_secs(15);

/// What a killed process ends with.
const KILLED: i64 = 128 + 9;

/// Stops a service with all of its processes; stopped or missing is fine.
pub(super) async fn stop(folder: &Folder) -> Result<(), Error> {
    let Some(record) = folder.record() else {
        return Ok(());
    };
    let grace = record.stop_grace_period;
    let _lock = take_over(folder, grace).await?;
    let status = folder.status();
    let members = members(&record, status.as_ref());
    let mut code = None;
    if let Some(main) = status.as_ref().and_then(Status::live_main) {
        members.signal_group(record::signal(&record.stop_signal).unwrap_or(Signal::TERM));
        let late = timeout(grace, main.ended()).await.is_err();
        code = late.then_some(KILLED);
    }
    let cleared = members.clear(|| {}).await;
    cleared.map_err(|left| stuck(folder, left))?;
    if let Some(status) = status
        && !matches!(status.phase, Phase::Exited { .. })
    {
        let ended = folder.write_status(&Status::ended(code, status.restarts));
        let doing = format!("write down that `{}` was stopped", folder.name());
        ended.map_err(|error| refused(doing, error))?;
    }
    Ok(())
}

/// Returns what a service's processes are known by.
pub(super) fn members(record: &Record, status: Option<&Status>) -> Members {
    let marks = record.marks.iter();
    // Numbers from before a reboot mean other processes now.
    let status = status.filter(|status| status.is_of_this_boot());
    let supervisor = status.and_then(Status::live_supervisor);
    Members {
        supervisor: supervisor.map(|supervisor| supervisor.pid),
        main: status.and_then(|status| status.main),
        others: status.map_or_else(Vec::new, |status| status.others.clone()),
        marks: marks
            .map(|(name, value)| format!("{name}={value}"))
            .collect(),
    }
}

/// Ends the supervisor, which stops its service, and takes its lock, so that no other one comes.
async fn take_over(folder: &Folder, grace: Duration) -> Result<File, Error> {
    let doing = || format!("stop `{}`", folder.name());
    let lock = folder
        .lock_file()
        .map_err(|error| refused(doing(), error))?;
    let deadline = Instant::now() + grace + MARGIN + HELD;
    loop {
        let status = folder.status();
        if let Some(supervisor) = status.and_then(|status| status.live_supervisor()) {
            end(supervisor, grace + MARGIN).await;
        }
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                sleep(Duration::from_millis(10)).await;
            }
            Err(TryLockError::WouldBlock) => {
                let reason = "a supervisor that cannot be seen from here holds it";
                return Err(refused(doing(), std::io::Error::other(reason)));
            }
            Err(TryLockError::Error(error)) => return Err(refused(doing(), error)),
        }
    }
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
    refused(
        format!("stop `{}`", folder.name()),
        std::io::Error::other(reason),
    )
}
