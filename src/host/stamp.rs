//! What tells that a file is still the one that was read, without reading it.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::content::{Entry, EntryKind};
use crate::model::Digest;

/// How long ago the last change of a file must be. Within what a file system counts as one moment,
/// a second change leaves no trace: on FAT these are two seconds.
const SETTLED: Duration = Duration::from_secs(2);

/// Where files are, how long they are, and when each was changed last: by its time, which anybody may
/// set, and by the one that the system keeps.
pub(super) struct Stamp {
    digest: Digest,
    /// When it was begun.
    at: SystemTime,
    settled: bool,
}

impl Stamp {
    /// Returns the one of no file yet, for digests that are made in one way.
    pub(super) fn new(purpose: &str) -> Self {
        let mut digest = Digest::new();
        digest.field("purpose", purpose);
        Self {
            digest,
            at: SystemTime::now(),
            settled: true,
        }
    }

    /// Adds an open file.
    pub(super) fn add(&mut self, metadata: &std::fs::Metadata) {
        let numbers = [metadata.dev(), metadata.ino(), metadata.len()];
        let times = [
            (metadata.mtime(), metadata.mtime_nsec()),
            (metadata.ctime(), metadata.ctime_nsec()),
        ];
        for number in numbers {
            self.digest.field("number", number.to_le_bytes());
        }
        for (seconds, nanoseconds) in times {
            self.digest
                .field("seconds", seconds.to_le_bytes())
                .field("nanoseconds", nanoseconds.to_le_bytes());
            self.settled &= is_settled(seconds, nanoseconds, self.at);
        }
        self.settled &= metadata.is_file();
    }

    /// Adds a path with what is in it, by what it is called there.
    pub(super) fn add_entries(
        &mut self,
        path: &Path,
        (root, entries): &(PathBuf, Vec<Entry>),
    ) -> io::Result<()> {
        let path = path.as_os_str().as_encoded_bytes();
        self.digest.field("whole", path);
        for entry in entries {
            let path = entry.path.as_os_str().as_encoded_bytes();
            self.digest.field("path", path);
            match &entry.kind {
                EntryKind::Folder => _ = self.digest.field("folder", ""),
                EntryKind::Link(target) => {
                    let target = target.as_os_str().as_encoded_bytes();
                    self.digest.field("link", target);
                }
                EntryKind::File { executable } => {
                    self.digest.field("mode", [u8::from(*executable)]);
                    self.add(&fs_err::symlink_metadata(root.join(&entry.path))?);
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(self) -> FinishedStamp {
        FinishedStamp {
            name: self.digest.finish(),
            settled: self.settled,
        }
    }
}

/// A stamp of all that belongs to it.
#[derive(Debug)]
pub(super) struct FinishedStamp {
    /// Another one where anything is otherwise.
    pub(super) name: String,
    /// Whether a change from now on makes it another one for sure.
    pub(super) settled: bool,
}

/// Whether a time is some while ago; one that a file system does not keep is none.
fn is_settled(seconds: i64, nanoseconds: i64, now: SystemTime) -> bool {
    let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(seconds), u32::try_from(nanoseconds))
    else {
        return false;
    };
    let time = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
    let age = now.duration_since(time);
    seconds > 0 && age.is_ok_and(|age| age >= SETTLED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_just_now_is_not_believed() {
        let now = SystemTime::UNIX_EPOCH + Duration::new(1_000_000, 500);
        for (seconds, nanoseconds, expect) in [
            (999_998, 500, true),
            (999_998, 501, false),
            (1_000_000, 0, false),
            // By the clock of another machine it is changed in the future.
            (2_000_000, 0, false),
            // A file system without this time.
            (0, 0, false),
            (-5, 0, false),
        ] {
            assert_eq!(
                is_settled(seconds, nanoseconds, now),
                expect,
                "{seconds}.{nanoseconds}"
            );
        }
    }
}
