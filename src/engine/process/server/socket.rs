//! The folder of a server's Unix socket, whose path the system allows only a hundred bytes.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::engine::process::user::HostUser;
use crate::engine::process::way;
use crate::host::make_folder;
use crate::model::Digest;

/// What a socket's path may have, on the system that allows the least (macOS).
const PATH_BYTES_MAX: usize = 103;

/// The longest name that PostgreSQL gives a socket.
const LONGEST_NAME: &str = ".s.PGSQL.65535";

/// Returns a folder that only the server's user can enter: in the service's own folder, or in
/// `temporary` where that path is too long.
pub(super) fn folder(
    (top, service): (&Path, &Path),
    temporary: &Path,
    user: Option<&HostUser>,
) -> io::Result<PathBuf> {
    let folder = place(service, temporary);
    make_folder(service)?;
    way::open(top, service)?;
    // In a folder that everybody writes to, somebody may have been there before.
    if !is_ours(&folder, user) {
        let _ = fs_err::remove_dir_all(&folder);
        fs_err::create_dir(&folder)?;
    }
    way::give(&folder, user)?;
    Ok(folder)
}

/// Makes the folder again without what a killed server left, whose lock names a process that is
/// gone; a temporary folder may be gone itself by the next boot.
pub(super) fn make_anew(folder: &Path, user: Option<&HostUser>) -> io::Result<()> {
    match fs_err::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs_err::create_dir(folder)?,
    }
    way::give(folder, user)
}

fn is_ours(folder: &Path, user: Option<&HostUser>) -> bool {
    let me = rustix::process::geteuid().as_raw();
    let owner = user.map_or(me, |user| user.uid);
    let metadata = fs_err::symlink_metadata(folder);
    metadata.is_ok_and(|it| it.is_dir() && it.uid() == owner)
}

fn place(service: &Path, temporary: &Path) -> PathBuf {
    let own = service.join("socket");
    if fits(&own) {
        return own;
    }
    let digest = Digest::of(service.as_os_str().as_encoded_bytes());
    let name = format!("envctl-{}", &digest[..12]);
    let folder = temporary.join(&name);
    if fits(&folder) {
        folder
    } else {
        Path::new("/tmp").join(name)
    }
}

fn fits(folder: &Path) -> bool {
    folder.join(LONGEST_NAME).as_os_str().len() <= PATH_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_gives_way_to_a_short_one() {
        let place = |service: &str, temporary: &str| {
            let folder = place(Path::new(service), Path::new(temporary));
            folder.display().to_string()
        };
        let service = "/var/lib/envctl/instances/rates-default-1a2b3c4d/services/db";
        assert_eq!(place(service, "/tmp"), format!("{service}/socket"));
        let long = format!("/home/{}", "x".repeat(90));
        assert!(place(&long, "/var/tmp").starts_with("/var/tmp/envctl-"));
        assert!(place(&long, &long).starts_with("/tmp/envctl-"));
        assert_ne!(place(&long, "/tmp"), place(&format!("{long}y"), "/tmp"));
    }

    #[test]
    fn a_folder_is_private_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let service = home.path().join("db");
        let make = || folder((home.path(), &service), &std::env::temp_dir(), None).unwrap();
        let first = make();
        assert_eq!(fs_err::metadata(&first).unwrap().mode() & 0o777, 0o700);
        assert_eq!(make(), first);
    }
}
