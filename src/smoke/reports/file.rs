//! Where a report goes. Knows nothing of what stands in it.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Why a report is not written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("`{}` is a folder", .0.display())]
    IsFolder(PathBuf),
    #[error("`{}` has no parent folder", .0.display())]
    NoFolder(PathBuf),
    #[error("`{}` cannot be written", .path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Fails where a report could not be written, and leaves everything as it is.
pub fn check(path: &Path) -> Result<(), ReportError> {
    let Some(partial) = partial(path)? else {
        return Ok(());
    };
    fs_err::write(&partial, "")
        .and_then(|()| fs_err::remove_file(&partial))
        .map_err(|error| unwritten(path, &error))
}

/// Writes a report; a reader of `path` sees the old content or the whole new one.
pub fn write(path: &Path, text: &str) -> Result<(), ReportError> {
    let Some(partial) = partial(path)? else {
        return fs_err::write(path, text).map_err(|error| unwritten(path, &error));
    };
    // Where it is a link, what it leads to is replaced.
    let place = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let written = fs_err::write(&partial, text).and_then(|()| fs_err::rename(&partial, place));
    if written.is_err() {
        // The first error is the one that counts.
        let _ = fs_err::remove_file(&partial);
    }
    written.map_err(|error| unwritten(path, &error))
}

/// Says why, without the name of the file that stood in for the report.
fn unwritten(path: &Path, error: &io::Error) -> ReportError {
    ReportError::Write {
        path: path.to_owned(),
        source: error.kind().into(),
    }
}

/// Adds to what a file holds; makes it where it is missing.
pub fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    let mut file = options.append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}

/// Returns where a report stands until all of it is written; nothing for a pipe or a device, which
/// cannot be replaced.
fn partial(path: &Path) -> Result<Option<PathBuf>, ReportError> {
    let place = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (Some(name), false) = (place.file_name(), place.is_dir()) else {
        return Err(ReportError::IsFolder(path.to_owned()));
    };
    if place.exists() && !place.is_file() {
        return Ok(None);
    }
    let folder = match place.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(ReportError::NoFolder(path.to_owned()));
    }
    let mut partial = OsString::from(".");
    partial.push(name);
    partial.push(format!(".{}.partial", std::process::id()));
    Ok(Some(folder.join(partial)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_replaces_an_old_one_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.xml");
        check(&path).unwrap();
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
        write(&path, "old and long").unwrap();
        check(&path).unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "old and long");
        write(&path, "new").unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_report_goes_into_a_file_of_a_folder_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("missing/report.xml");
        for result in [check, |path: &Path| write(path, "x")] {
            let error = |path: &Path| result(path).unwrap_err();
            assert!(matches!(error(folder.path()), ReportError::IsFolder(_)));
            assert!(matches!(error(Path::new("/")), ReportError::IsFolder(_)));
            assert!(matches!(error(&nowhere), ReportError::NoFolder(_)));
            // Nobody may write there, not even root.
            let proc = Path::new("/proc/self/report.xml");
            assert!(matches!(error(proc), ReportError::Write { .. }));
        }
    }

    #[test]
    fn a_link_stays_one_and_a_device_too() {
        let folder = tempfile::tempdir().unwrap();
        let (link, path) = (folder.path().join("link"), folder.path().join("report"));
        fs_err::write(&path, "old").unwrap();
        fs_err::os::unix::fs::symlink(&path, &link).unwrap();
        write(&link, "new").unwrap();
        assert!(fs_err::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "new");
        let null = Path::new("/dev/null");
        write(null, "x").unwrap();
        assert!(!null.is_file());
    }

    #[test]
    fn what_is_appended_comes_behind_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.md");
        append(&path, "one\n").unwrap();
        append(&path, "two\n").unwrap();
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert!(append(folder.path(), "x").is_err());
    }
}
