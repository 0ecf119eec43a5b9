//! Folders that others may walk through, whatever the caller's mask.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// A folder that a server's own user may walk through.
const OPEN: u32 = 0o755;

/// How often a folder above may be taken away in the meantime, since it was empty.
const ATTEMPTS_MAX: u32 = 5;

/// Makes a folder with those above it; whatever the caller's mask, others may walk through.
pub(crate) fn make_folder(path: &Path) -> std::io::Result<()> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        match make_once(path) {
            Err(error) if error.kind() == ErrorKind::NotFound && attempts < ATTEMPTS_MAX => {}
            result => return result,
        }
    }
}

fn make_once(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_once(parent)?;
    }
    match fs_err::create_dir(path) {
        Ok(()) => fs_err::set_permissions(path, std::fs::Permissions::from_mode(OPEN)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
