//! Removing a folder so that nobody ever finds half of it: it gets another name first, which is
//! nobody's, and is deleted under that. Whoever finds such a name finishes the deletion.

use std::ffi::{OsStr, OsString};
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// How the names of folders begin that are being removed; no service or volume is called so.
const MARK: &str = ".removed-";

/// Removes a folder; one that is not there is fine.
pub(super) fn discard(path: &Path) -> Result<()> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Error::from(ErrorKind::InvalidInput));
    };
    let mut marked = OsString::from(MARK);
    marked.push(name);
    let marked = parent.join(marked);
    // What a killed removal of the same name left would be in the way.
    remove(&marked)?;
    match fs_err::rename(path, &marked) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        renamed => renamed.and_then(|()| remove(&marked)),
    }
}

/// Deletes what killed removals left in a folder.
pub(super) fn finish(folder: &Path) -> Result<()> {
    let entries = match fs_err::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if is_marked(&entry.file_name()) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Whether a name is of a folder that is being removed.
pub(super) fn is_marked(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(MARK.as_bytes())
}

fn remove(path: &Path) -> Result<()> {
    match fs_err::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_removal_left_is_nobodys_and_goes_with_the_next() {
        let place = tempfile::tempdir().unwrap();
        let (data, other) = (place.path().join("data"), place.path().join("other"));
        let left = place.path().join(".removed-data/base/1");
        let fill = || {
            for folder in [&data, &other, &left] {
                fs_err::create_dir_all(folder).unwrap();
                fs_err::write(folder.join("file"), "").unwrap();
            }
        };
        let names = || {
            let entries = fs_err::read_dir(place.path()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.collect();
            names.sort();
            names
        };
        fill();
        discard(&data).unwrap();
        assert_eq!(names(), ["other"]);
        discard(&data).unwrap();
        fill();
        finish(place.path()).unwrap();
        assert_eq!(names(), ["data", "other"]);
        finish(&place.path().join("none")).unwrap();
    }
}
