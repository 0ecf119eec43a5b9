//! One changing command on an instance at a time. The lock is the operating system's, so it dies
//! with its holder; the file's text only says who that is.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err::os::unix::fs::OpenOptionsExt as _;

use super::failure::Failure;
use super::session::Session;
use crate::host::{Home, lock_holder, make_folder, sign_lock, whole::OWNER_ALONE};
use crate::model::InstanceId;
use crate::probe::{Attempt, Exhausted, Poll};

/// How long a request that a killed command left the engine may take before what it makes shows.
pub(super) const REQUEST: Duration = Duration::from_secs(1);

/// How long a command waits for another; `--timeout` may end it earlier.
const WAIT: Duration = Duration::from_hours(1);

/// Holds an instance until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
    /// Whether who held it before was killed, and may have left the engine a request.
    pub(super) was_killed: bool,
    /// Whether another command held it, and may have changed what was looked at before.
    pub(super) waited: bool,
}

impl Lock {
    /// Removes the file of an instance of which nothing is left. Whoever waits for it sees that
    /// it is gone and takes a new one.
    pub(super) fn discard(self) {
        // A file that stays does no harm.
        let _ = fs_err::remove_file(&self.path);
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // What still stands there is of one who was killed.
        let _ = self.file.set_len(0);
    }
}

/// Waits until nobody else changes the instance; says for whom.
pub(super) async fn hold(session: &Session, id: &InstanceId, verb: &str) -> Result<Lock, Failure> {
    let home = Home::of(&session.request.variables)?;
    let path = home.state.join("locks").join(format!("{id}.lock"));
    let mut held_by = String::new();
    let waiting = |holder: &str| {
        session.events.info(format!("waiting for {holder}"));
        holder.clone_into(&mut held_by);
    };
    let polled = Poll::within(WAIT)
        .until(&session.cancel, async || take(&path), waiting)
        .await;
    let (file, attempts) = match polled {
        Ok(polled) => polled,
        Err(Exhausted::Cancelled) => return Err(Failure::interrupted_waiting(&held_by)),
        Err(Exhausted::Hopeless(error)) => return Err(Failure::of_io(&error)),
        Err(Exhausted::TimedOut { last, .. }) => return Err(Failure::locked(&last)),
    };
    let was_killed = file.metadata().is_ok_and(|file| file.len() > 0);
    // What the file says is for people; a failure to write it takes nothing from the lock.
    let _ = sign_lock(&file, &format!("{verb} {}", id.environment));
    Ok(Lock {
        path,
        file,
        was_killed,
        waited: attempts > 1,
    })
}

/// Whether a command changes the instance now.
pub(super) fn is_held(session: &Session, id: &InstanceId) -> bool {
    let Ok(home) = Home::of(&session.request.variables) else {
        return false;
    };
    let path = home.state.join("locks").join(format!("{id}.lock"));
    let file = fs_err::File::open(path).map(|file| file.into_parts().0);
    // Nobody signed an empty one, and to try its lock would be in the way of who takes it just now.
    let signed = |file: &File| file.metadata().is_ok_and(|file| file.len() > 0);
    file.is_ok_and(|file| {
        signed(&file) && matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    })
}

fn take(path: &Path) -> Attempt<File, std::io::Error> {
    let file = match open(path) {
        Ok(file) => file,
        Err(error) => return Attempt::Hopeless(error),
    };
    match file.try_lock() {
        Ok(()) if is_at(&file, path) => Attempt::Done(file),
        Ok(()) => Attempt::NotYet("a lock file that was just removed".to_owned()),
        Err(TryLockError::WouldBlock) => Attempt::NotYet(lock_holder(&file)),
        Err(TryLockError::Error(error)) => Attempt::Hopeless(error),
    }
}

/// Whether the path still names the file, which its last holder may have removed.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let open = file.metadata().map(identity).ok();
    open.is_some() && open == fs_err::metadata(path).map(identity).ok()
}

fn open(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let mut options = fs_err::OpenOptions::new();
    let file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        // What it says is nobody else's business, and nobody else is to hold it.
        .mode(OWNER_ALONE)
        .open(path)?;
    Ok(file.into_parts().0)
}
