//! Files of a workspace that are written whole. What a repository names stays inside it.

use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Component, Path, PathBuf};

use crate::host::whole::{self, OWNER_ALONE};

/// Who may use a new file; one that replaces another is its owner's alone until it is as that was.
const AS_UMASK_SAYS: u32 = 0o666;

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

/// Replaces a file's content, or makes the file. It keeps its owner and permissions; a new one has
/// those that the umask says. A link that stands at its place becomes the file: whoever means what
/// it leads to asks [`inside`] or follows it before.
pub fn replace(file: &Path, text: &str) -> Result<()> {
    let before = fs_err::symlink_metadata(file).ok();
    let before = before.filter(|metadata| !metadata.is_symlink());
    let mode = before.as_ref().map_or(AS_UMASK_SAYS, |_| OWNER_ALONE);
    whole::write(file, mode, text, |file| {
        if let Some(before) = before {
            // Only root can give a file away; for others it is theirs already, or becomes so.
            let _ = fchown(file, Some(before.uid()), Some(before.gid()));
            file.set_permissions(before.permissions())?;
        }
        file.sync_all()
    })
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
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

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
