//! Files that are written whole: the content stands beside its place until all of it is there. So
//! a reader, and who comes after one that was killed, finds the old file or the new one.

use std::ffi::OsString;
use std::io::{ErrorKind, Result, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use fs_err::{File, OpenOptions};

/// A file that its owner alone reads.
pub(crate) const OWNER_ALONE: u32 = 0o600;

/// How many files this process has begun to write.
static WRITTEN: AtomicU32 = AtomicU32::new(0);

/// Returns the name that a file has until it is whole; another one each time.
pub(crate) fn beside(file: &Path) -> Result<PathBuf> {
    let name = file.file_name().ok_or(ErrorKind::InvalidFilename)?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    // Two calls in one process write side by side too.
    let count = WRITTEN.fetch_add(1, Ordering::Relaxed);
    hidden.push(format!(".{}-{count}.partial", std::process::id()));
    Ok(file.with_file_name(hidden))
}

/// Removes a file, and what killed writers left beside it. One that stays is its caller's to notice.
pub(crate) fn remove(file: &Path) {
    let _ = fs_err::remove_file(file);
    let Some((folder, name)) = file.parent().zip(file.file_name()) else {
        return;
    };
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    let (start, end) = (hidden.as_encoded_bytes(), b".partial".as_slice());
    for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(start) && name.ends_with(end) {
            let _ = fs_err::remove_file(entry.path());
        }
    }
}

/// Writes a file that its owner alone reads.
pub(crate) fn write_own(file: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    write(file, OWNER_ALONE, content, |_| Ok(()))
}

/// Writes a file that its owner alone reads, and that a machine finds which lost its power.
pub(crate) fn write_own_for_good(file: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    write(file, OWNER_ALONE, content, File::sync_all)
}

/// Writes a file that is made with a mode, and `finish`ed before it takes its place. A link that
/// stands there becomes the file, and none is ever written through.
pub(crate) fn write(
    file: &Path,
    mode: u32,
    content: impl AsRef<[u8]>,
    finish: impl FnOnce(&File) -> Result<()>,
) -> Result<()> {
    let beside = beside(file)?;
    let written = make(&beside, mode, content.as_ref()).and_then(|file| finish(&file));
    let written = written.and_then(|()| fs_err::rename(&beside, file));
    if written.is_err() {
        // The first failure says more than one of this.
        let _ = fs_err::remove_file(&beside);
    }
    written
}

fn make(beside: &Path, mode: u32, content: &[u8]) -> Result<File> {
    // Whoever stood there was killed, or laid a link to somewhere else.
    match fs_err::remove_file(beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(beside)?;
    file.write_all(content)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use fs_err::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_its_owners_alone_and_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("told");
        let mode = || fs_err::metadata(&file).unwrap().mode() & 0o777;
        fs_err::write(&file, "old").unwrap();
        let failed = write(&file, OWNER_ALONE, "new", |_| {
            Err(ErrorKind::StorageFull.into())
        });
        assert!(failed.is_err());
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "old");
        write_own(&file, "new").unwrap();
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "new");
        assert_eq!(mode(), 0o600);
        write_own_for_good(&file, "newer").unwrap();
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "newer");
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_own(folder.path(), "x").is_err());
    }

    #[test]
    fn a_file_goes_with_what_killed_writers_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["told", ".told.7.partial", ".other.7.partial"] {
            fs_err::write(path(name), "").unwrap();
        }
        remove(&path("told"));
        assert!(path(".other.7.partial").exists());
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_is_never_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        fs_err::write(&victim, "kept").unwrap();
        symlink(&victim, &link).unwrap();
        // One that waits where the text will stand until it is whole.
        symlink(&victim, beside(&link).unwrap()).unwrap();
        write_own(&link, "new").unwrap();
        assert_eq!(fs_err::read_to_string(&victim).unwrap(), "kept");
        assert!(fs_err::symlink_metadata(&link).unwrap().is_file());
        assert_eq!(fs_err::read_to_string(&link).unwrap(), "new");
    }
}
