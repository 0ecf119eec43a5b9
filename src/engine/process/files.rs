//! Files that are made for a service: in its folder, where it alone reads them.

use std::io;
use std::os::unix::fs::fchown;
use std::path::{Path, PathBuf};

use super::engine::{ProcessEngine, refused};
use super::folder::Folder;
use super::status::Status;
use super::user::HostUser;
use super::{record, way};
use crate::engine::{Error, MadeFile};
use crate::host::{make_folder, whole};

/// Returns where a file lies.
pub(super) fn path(folder: &Folder, name: &str) -> PathBuf {
    folder.path().join("files").join(name)
}

/// Writes the files of a service into its new folder.
pub(super) fn give(
    process: &ProcessEngine,
    folder: &Folder,
    files: &[MadeFile],
    user: Option<&HostUser>,
) -> io::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let place = folder.path().join("files");
    make_folder(&place)?;
    for file in files {
        write(&path(folder, &file.spec.name), file, user)?;
    }
    // The user reads its files, and makes none beside them: what it puts there, a reload would
    // write through as root.
    match user {
        Some(_) => way::open(&process.home.state, &place),
        None => way::give(&place, None),
    }
}

/// Replaces the files of a service and sends its main process a signal.
pub(super) fn reload(folder: &Folder, files: &[MadeFile], signal: &str) -> Result<(), Error> {
    let mut record = folder.created()?;
    let doing = || format!("replace the files of `{}`", folder.name());
    // First, so that one that is cut short is known as neither the old state nor the new one.
    record.files.clear();
    let written = folder.write_record(&record);
    written.map_err(|error| refused(doing(), error))?;
    for file in files {
        let written = write(&path(folder, &file.spec.name), file, record.user.as_ref());
        written.map_err(|error| refused(doing(), error))?;
    }
    let number = record::signal(signal).ok_or_else(|| Error::Start {
        service: record.name.clone(),
        reason: format!("`{signal}` is no signal"),
    })?;
    let status = folder.status().ok().flatten();
    if let Some(main) = status.as_ref().and_then(Status::live_main) {
        main.signal(number);
    }
    // Last, so that a reload that was cut short is done again.
    record.files = MadeFile::digests(files);
    let written = folder.write_record(&record);
    written.map_err(|error| refused(doing(), error))
}

/// Writes one; a reader sees the old text or the new one.
fn write(path: &Path, file: &MadeFile, user: Option<&HostUser>) -> io::Result<()> {
    let content = file.content.expose();
    whole::write(path, whole::OWNER_ALONE, content, |file| match user {
        Some(user) => fchown(file, Some(user.uid), Some(user.gid)),
        None => Ok(()),
    })
}
