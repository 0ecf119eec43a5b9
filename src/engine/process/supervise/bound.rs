//! Keeping a log small while its writers hold it open: what it has is copied aside and cut off.
//! They write at its end, wherever that is, so nothing but what comes during the cut is lost.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, copy};

use crate::engine::process::folder::Folder;

/// A log beyond this size is cut.
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What is kept of a log that grew faster than it was looked at. All of a usual one, so that a
/// reader finds its place again.
const KEPT_BYTES_MAX: u64 = 2 * LOG_BYTES_MAX;

/// Cuts a log that has become too long; returns how long it was, and how long it is.
pub(super) fn bound(folder: &Folder) -> std::io::Result<(u64, u64)> {
    let size = fs_err::metadata(folder.log())?.len();
    if size <= LOG_BYTES_MAX {
        return Ok((size, size));
    }
    let mut log = fs_err::File::open(folder.log())?;
    log.seek(SeekFrom::Start(size.saturating_sub(KEPT_BYTES_MAX)))?;
    let unfinished = folder.path().join("log.new");
    let mut kept = create(&unfinished)?;
    copy(&mut log.take(KEPT_BYTES_MAX), &mut kept)?;
    fs_err::rename(&unfinished, folder.old_log())?;
    let log = fs_err::OpenOptions::new().write(true).open(folder.log())?;
    log.set_len(0)?;
    Ok((size, 0))
}

fn create(path: &std::path::Path) -> std::io::Result<File> {
    use fs_err::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs_err::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    Ok(options.open(path)?.into_parts().0)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn check(written: u64, expect: (u64, Option<u64>)) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let log = folder.log_to_append().unwrap();
        log.set_len(written).unwrap();
        assert_eq!(bound(&folder).unwrap(), (written, expect.0));
        let size = |path| fs_err::metadata(path).ok().map(|it| it.len());
        assert_eq!(
            (size(folder.log()), size(folder.old_log())),
            (Some(expect.0), expect.1)
        );
        // A writer that had it open goes on at its end.
        (&log).write_all(b"more").unwrap();
        assert_eq!(size(folder.log()), Some(expect.0 + 4));
    }

    #[test]
    fn a_long_log_is_cut() {
        check(LOG_BYTES_MAX, (LOG_BYTES_MAX, None));
        check(LOG_BYTES_MAX + 1, (0, Some(LOG_BYTES_MAX + 1)));
        check(5 * LOG_BYTES_MAX, (0, Some(KEPT_BYTES_MAX)));
    }
}
