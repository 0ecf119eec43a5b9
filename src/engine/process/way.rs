//! The way to what a server's own user must reach: on it, that user needs to pass through folders
//! that it cannot list.

use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::user::HostUser;

/// Lets everybody pass through the folders from `top` down to `folder`, whatever the umask was
/// when they were made. Only root runs servers as somebody else, so for others nothing changes.
pub(super) fn open(top: &Path, folder: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let on_the_way = folder.ancestors().take_while(|it| it.starts_with(top));
    for folder in on_the_way {
        let mode = fs_err::metadata(folder)?.permissions().mode();
        if mode & 0o111 != 0o111 {
            let opened = std::fs::Permissions::from_mode(mode | 0o111);
            fs_err::set_permissions(folder, opened)?;
        }
    }
    Ok(())
}

/// Makes a folder the own of `user`, with all that is in it when it was somebody else's, and
/// closes it to others.
pub(super) fn give(folder: &Path, user: Option<&HostUser>) -> io::Result<()> {
    if let Some(user) = user
        && fs_err::metadata(folder)?.uid() != user.uid
    {
        give_all(folder, user)?;
    }
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

/// Makes a path and all that is below it the own of `user`.
pub(super) fn give_all(path: &Path, user: &HostUser) -> io::Result<()> {
    if fs_err::symlink_metadata(path)?.is_dir() {
        for entry in fs_err::read_dir(path)? {
            give_all(&entry?.path(), user)?;
        }
    }
    fs_err::os::unix::fs::lchown(path, Some(user.uid), Some(user.gid))
}
