//! Files that are written whole: the text stands beside its place until all of it is there. What
//! a repository names stays inside it.

use std::ffi::OsString;
use std::fs::{Metadata, Permissions};
use std::io::{Error, ErrorKind, Result, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};

use fs_err::OpenOptions;

/// Who may use a file that replaces another one, until it is as that was.
const OWNER_ALONE: u32 = 0o600;

/// Returns where a path leads, if that is inside a folder; the error names where else it leads.
/// What is not there yet is taken as it is written.
pub fn inside(path: &Path, folder: &Path) -> std::result::Result<PathBuf, PathBuf> {
    let leads_to = resolved(path);
    let folder = fs_err::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    if leads_to.starts_with(folder) {
        Ok(leads_to)
    } else {
        Err(leads_to)
    }
}

/// Follows the links of a path as far as there is something.
fn resolved(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                resolved.pop();
            }
            part => resolved.push(part),
        }
        if let Ok(there) = fs_err::canonicalize(&resolved) {
            resolved = there;
        }
    }
    resolved
}

/// Returns the name that a file has until it is whole.
pub(super) fn beside(file: &Path) -> Result<PathBuf> {
    let name = file.file_name().ok_or(ErrorKind::InvalidFilename)?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.partial", std::process::id()));
    Ok(file.with_file_name(hidden))
}

/// Replaces a file's content, or makes the file. It keeps its owner and permissions; a new one has
/// those that the umask says. A link that stands at its place becomes the file: whoever means what
/// it leads to asks [`inside`] or follows it before.
pub fn replace(file: &Path, text: &str) -> Result<()> {
    let before = fs_err::symlink_metadata(file).ok();
    let before = before.filter(|metadata| !metadata.is_symlink());
    let beside = beside(file)?;
    let written = write(&beside, text, before.as_ref());
    let written = written.and_then(|()| fs_err::rename(&beside, file));
    if written.is_err() {
        // The first failure says more than one of this.
        let _ = fs_err::remove_file(&beside);
    }
    written
}

fn write(beside: &Path, text: &str, like: Option<&Metadata>) -> Result<()> {
    // Whoever stood there was killed, or laid a link to somewhere else.
    match fs_err::remove_file(beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = options.open(beside)?;
    if like.is_some() {
        file.set_permissions(Permissions::from_mode(OWNER_ALONE))?;
    }
    file.write_all(text.as_bytes())?;
    if let Some(like) = like {
        // Only root can give a file away; for others it is theirs already, or becomes so.
        let _ = std::os::unix::fs::chown(beside, Some(like.uid()), Some(like.gid()));
        file.set_permissions(like.permissions())?;
    }
    file.sync_all()
}

/// Makes the folder of a file.
pub(super) fn make_folder_of(file: &Path) -> Result<()> {
    let folder = file.parent();
    folder.map_or(Err(Error::from(ErrorKind::InvalidFilename)), |folder| {
        fs_err::create_dir_all(folder)
    })
}

#[cfg(test)]
mod tests {
    use fs_err::os::unix::fs::symlink;

    use super::*;

    fn mode(file: &Path) -> u32 {
        fs_err::metadata(file).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_replaced_file_keeps_its_permissions_and_a_new_one_is_as_the_umask_says() {
        let folder = tempfile::tempdir().unwrap();
        let (file, new) = (folder.path().join("env.toml"), folder.path().join("new"));
        fs_err::write(&file, "old").unwrap();
        for kept in [0o640, 0o600, 0o664] {
            fs_err::set_permissions(&file, Permissions::from_mode(kept)).unwrap();
            replace(&file, "new").unwrap();
            assert_eq!(fs_err::read_to_string(&file).unwrap(), "new");
            assert_eq!(mode(&file), kept);
        }
        replace(&new, "x").unwrap();
        let plain = folder.path().join("plain");
        fs_err::write(&plain, "x").unwrap();
        assert_eq!(mode(&new), mode(&plain));
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 3);
        assert!(replace(folder.path(), "x").is_err());
    }

    #[test]
    fn a_link_is_never_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        fs_err::write(&victim, "kept").unwrap();
        symlink(&victim, &link).unwrap();
        // One that waits where the text will stand until it is whole.
        symlink(&victim, beside(&link).unwrap()).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(fs_err::read_to_string(&victim).unwrap(), "kept");
        assert!(fs_err::symlink_metadata(&link).unwrap().is_file());
        assert_eq!(fs_err::read_to_string(&link).unwrap(), "new");
    }

    #[test]
    fn a_path_stays_inside_or_says_where_it_leads() {
        let root = tempfile::tempdir().unwrap();
        let root = fs_err::canonicalize(root.path()).unwrap();
        let (workspace, outside) = (root.join("workspace"), root.join("outside"));
        fs_err::create_dir_all(workspace.join("in")).unwrap();
        fs_err::create_dir(&outside).unwrap();
        symlink(&outside, workspace.join("away")).unwrap();
        symlink("in", workspace.join("here")).unwrap();
        symlink(outside.join("none"), workspace.join("file")).unwrap();
        for (path, leads_to) in [
            ("in/a/b.json", Ok("workspace/in/a/b.json")),
            ("here/b.json", Ok("workspace/in/b.json")),
            ("in/none/../b.json", Ok("workspace/in/b.json")),
            ("../workspace/x", Ok("workspace/x")),
            ("away/b.json", Err("outside/b.json")),
            ("../outside/b.json", Err("outside/b.json")),
            ("in/none/../../../b.json", Err("b.json")),
            ("file", Ok("workspace/file")),
        ] {
            let found = inside(&workspace.join(path), &workspace);
            let expected = match leads_to {
                Ok(path) => Ok(root.join(path)),
                Err(path) => Err(root.join(path)),
            };
            assert_eq!(found, expected, "{path}");
        }
    }
}
