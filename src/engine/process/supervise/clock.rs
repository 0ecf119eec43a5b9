//! Notes when a service's log grows. The kernel tells of it, so a silent service costs nothing.

use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use crate::engine::process::folder::Folder;
use crate::engine::process::log_times::Notes;

/// How long a service may write before that is noted again: one that writes without end is not
/// woken up for each line.
const PAUSE: Duration = Duration::from_millis(5);

/// Each user has few watches (128), which other programs need too: where an instance has more
/// services, the times of their lines are coarser.
const WATCHED_MAX: usize = 16;

/// Begins to note the growth of a service's log, on a thread that ends with the program. Without a
/// watch or a thread, what is noted at the end of a run has to do.
pub(super) fn start(folder: &Folder) {
    let mut notes = Notes::of(folder.clone());
    notes.note();
    let Some(watch) = watch(folder) else { return };
    let told = move || {
        let mut events = [0; 4096];
        while rustix::io::read(&watch, &mut events).is_ok_and(|count| count > 0) {
            notes.note();
            thread::park_timeout(PAUSE);
        }
    };
    let _ = thread::Builder::new().name("clock".to_owned()).spawn(told);
}

fn watch(folder: &Folder) -> Option<OwnedFd> {
    let services = folder.path().parent()?;
    let count = fs_err::read_dir(services).ok()?.count();
    if count > WATCHED_MAX {
        return None;
    }
    let watch = inotify::init(CreateFlags::CLOEXEC).ok()?;
    inotify::add_watch(&watch, folder.log(), WatchFlags::MODIFY).ok()?;
    Some(watch)
}
