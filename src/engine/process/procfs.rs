//! Processes as /proc shows them. One is known by its number and its start together, so that a
//! later one of the same number is never taken for it.

use std::ffi::OsStr;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::host::handle_ended;

/// How often to look where the kernel does not tell.
const LOOK: Duration = Duration::from_millis(20);

/// What nearly every file of /proc is shorter than.
const PIECE: usize = 4096;

/// A process, and no other that ever has its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProcessId {
    pub pid: u32,
    /// In the kernel's ticks since it booted.
    pub start: u64,
}

/// A process as it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeenProcess {
    pub id: ProcessId,
    pub parent: u32,
    pub group: u32,
    /// The kernel's letter: `S` sleeps, `T` was stopped, `Z` has ended and was not waited for.
    pub state: char,
}

impl SeenProcess {
    /// Whether it can still do something.
    pub(super) fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X' | 'x')
    }
}

impl ProcessId {
    /// Returns a process by its number alone: for one that cannot end unseen, such as a child.
    pub(super) fn of(pid: u32) -> Option<Self> {
        Some(look(pid)?.id)
    }

    /// Returns what it is now; `None` when it has ended.
    pub(super) fn seen(self) -> Option<SeenProcess> {
        look(self.pid).filter(|seen| seen.id == self && seen.is_alive())
    }

    /// Returns how long ago it was started.
    pub(super) fn age(self) -> Duration {
        let ticks = clock_ticks_per_second().max(1);
        let second = self.start / ticks;
        let rest_ms = (self.start % ticks) * 1000 / ticks;
        let start = Duration::from_secs(second) + Duration::from_millis(rest_ms);
        let now = clock_gettime(ClockId::Boottime);
        let now = Duration::try_from(now).unwrap_or_default();
        now.saturating_sub(start)
    }

    /// Whether it has not ended.
    pub(super) fn is_alive(self) -> bool {
        self.seen().is_some()
    }

    /// Returns a handle that stays with this process; `None` when it is gone.
    fn handle(self) -> Option<OwnedFd> {
        let pid = Pid::from_raw(i32::try_from(self.pid).ok()?)?;
        let handle = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        // Looked at with the handle open: from here on the number cannot change hands unseen.
        (look(self.pid)?.id == self).then_some(handle)
    }

    /// Sends a signal to it, if it is still there.
    pub(super) fn signal(self, signal: Signal) {
        if let Some(handle) = self.handle() {
            // It may end at any time, which is what most signals are for.
            let _ = pidfd_send_signal(handle, signal);
        }
    }

    /// Waits until it has ended.
    pub(super) async fn ended(self) {
        if let Some(handle) = self.handle() {
            handle_ended(handle).await;
        }
        // Where there is no handle, for want of descriptors, looking has to do.
        while self.is_alive() {
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Returns a process by its number.
pub(super) fn look(pid: u32) -> Option<SeenProcess> {
    let text = content(format!("/proc/{pid}/stat")).ok()?;
    parse(&String::from_utf8_lossy(&text))
}

/// Returns every process of this machine that can be seen from here.
pub(super) fn all() -> Vec<SeenProcess> {
    let pids = pids().into_iter().flatten();
    pids.filter_map(look).collect()
}

/// Returns processes and all that descend from them, at a cost that depends on these alone; where
/// the kernel does not list children, every process of this machine.
pub(super) fn below(roots: impl IntoIterator<Item = u32>) -> Vec<SeenProcess> {
    let this = std::process::id();
    if !Path::new(&format!("/proc/{this}/task/{this}/children")).exists() {
        return all();
    }
    let mut left: Vec<u32> = roots.into_iter().collect();
    let mut found: Vec<SeenProcess> = Vec::new();
    while let Some(pid) = left.pop() {
        if found.iter().any(|seen| seen.id.pid == pid) {
            continue;
        }
        if let Some(seen) = look(pid) {
            found.push(seen);
            left.extend(children(pid));
        }
    }
    found
}

/// Returns the children of all threads of a process.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs_err::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let texts = threads.filter_map(|it| content(it.path().join("children")).ok());
    let pids = texts.flat_map(|text| {
        let text = String::from_utf8_lossy(&text);
        let pids = text.split_whitespace().filter_map(|pid| pid.parse().ok());
        pids.collect::<Vec<u32>>()
    });
    pids.collect()
}

/// Returns the number of every process; the error is that none can be seen.
pub(super) fn pids() -> std::io::Result<impl Iterator<Item = u32>> {
    let entries = fs_err::read_dir("/proc")?.filter_map(Result::ok);
    Ok(entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()))
}

/// Returns the working directory of a process, where this user may see it.
pub(super) fn working_dir(pid: u32) -> Option<PathBuf> {
    fs_err::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// Returns the environment that a process was started with, where this user may see it.
pub(super) fn environment(pid: u32) -> Vec<Vec<u8>> {
    variables(pid, |_| true)
}

/// Returns some of the environment that a process was started with.
pub(super) fn variables(pid: u32, is_wanted: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    texts(&format!("/proc/{pid}/environ"), is_wanted)
}

/// Returns the arguments of a process, the program first.
pub(super) fn arguments(pid: u32) -> Vec<Vec<u8>> {
    texts(&format!("/proc/{pid}/cmdline"), |_| true)
}

/// Reads a file of /proc with few calls. Such a file says that it is empty, so that the usual way
/// begins with small pieces, and there are hundreds of these files.
fn content(path: impl AsRef<Path>) -> std::io::Result<Vec<u8>> {
    let mut file = fs_err::File::open(path.as_ref())?.into_parts().0;
    let mut content = vec![0; PIECE];
    let mut length = 0;
    loop {
        match file.read(&mut content[length..])? {
            0 => break,
            count => length += count,
        }
        if length == content.len() {
            content.resize(2 * length, 0);
        }
    }
    content.truncate(length);
    Ok(content)
}

/// Returns the texts of a file that ends each of them with a zero.
fn texts(file: &str, is_wanted: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let bytes = content(file).unwrap_or_default();
    let texts = bytes.split(|byte| *byte == 0);
    texts
        .filter(|text| !text.is_empty() && is_wanted(text))
        .map(<[u8]>::to_vec)
        .collect()
}

/// Whether a process has a file open to write to it, where this user may see that.
pub(super) fn writes_to(pid: u32, file: &Path) -> bool {
    let open = fs_err::read_dir(format!("/proc/{pid}/fd"));
    let mut open = open.into_iter().flatten().flatten();
    open.any(|entry| {
        let is_it = fs_err::read_link(entry.path()).is_ok_and(|target| target == file);
        is_it && is_to_write(pid, &entry.file_name())
    })
}

/// Reads the flags that a file was opened with, in octal: the last two bits are the access.
fn is_to_write(pid: u32, number: &OsStr) -> bool {
    let path = Path::new("/proc").join(pid.to_string()).join("fdinfo");
    let text = fs_err::read_to_string(path.join(number)).unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_some_and(|flags| flags & 0b11 != 0)
}

/// Returns what tells this run of the kernel from all others.
pub(super) fn boot() -> &'static str {
    static BOOT: LazyLock<String> = LazyLock::new(|| {
        let path = Path::new("/proc/sys/kernel/random/boot_id");
        let text = fs_err::read_to_string(path).unwrap_or_default();
        text.trim().to_owned()
    });
    &BOOT
}

/// Reads `pid (name) state parent group …`, where a name may hold anything.
fn parse(text: &str) -> Option<SeenProcess> {
    const START: usize = 19;
    let (pid, rest) = text.split_once(" (")?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(SeenProcess {
        id: ProcessId {
            pid: pid.parse().ok()?,
            start: fields.get(START)?.parse().ok()?,
        },
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        state: fields.first()?.chars().next()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let text = "42 (a) S 1 (b) T 7 8 9 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 987 1 2";
        let expect = SeenProcess {
            id: ProcessId {
                pid: 42,
                start: 987,
            },
            parent: 7,
            group: 8,
            state: 'T',
        };
        assert_eq!(parse(text), Some(expect));
        assert_eq!(parse("42 (a) S 1"), None);
    }

    #[test]
    fn descendants_are_found_from_above() {
        let mut shell = std::process::Command::new("sh");
        let shell = shell.args(["-c", "sleep 60 & wait"]).spawn();
        let mut shell = shell.unwrap();
        let sleeps = |seen: &SeenProcess| {
            arguments(seen.id.pid)
                .first()
                .is_some_and(|it| it == b"sleep")
        };
        let mut found = Vec::new();
        while !found.iter().any(sleeps) {
            found = below([shell.id()]);
        }
        assert_eq!(found.len(), 2, "{found:?}");
        for seen in &found {
            seen.id.signal(Signal::KILL);
        }
        shell.wait().unwrap();
        assert!(below([shell.id()]).iter().all(|seen| !seen.is_alive()));
    }

    #[test]
    fn another_one_of_the_same_number_is_not_it() {
        let this = ProcessId::of(std::process::id()).unwrap();
        assert!(this.is_alive());
        assert!(this.handle().is_some());
        let other = ProcessId {
            start: this.start + 1,
            ..this
        };
        assert!(!other.is_alive());
        assert!(other.handle().is_none());
        assert!(all().iter().any(|seen| seen.id == this));
    }

    #[test]
    fn who_writes_to_a_file_is_told_from_who_reads_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().canonicalize().unwrap().join("log");
        let this = std::process::id();
        let writer = fs_err::File::create(&path).unwrap();
        assert!(writes_to(this, &path));
        drop(writer);
        let _reader = fs_err::File::open(&path).unwrap();
        assert!(!writes_to(this, &path));
    }

    #[tokio::test]
    async fn an_end_is_noticed() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let id = ProcessId::of(child.id()).unwrap();
        id.signal(Signal::KILL);
        id.ended().await;
        assert!(!id.is_alive());
        child.wait().unwrap();
        // Of one that is long gone too.
        id.ended().await;
    }
}
