//! Finding a program as a shell does.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Returns the file that a command's first word names: a path from `folder` when it contains a
/// `/`, else one that a folder of `search`, the value of `PATH`, holds.
pub(in crate::engine) fn find_program(
    program: &str,
    folder: &Path,
    search: Option<&String>,
) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(folder.join(program)).filter(|path| is_program(path));
    }
    let folders = search.into_iter().flat_map(std::env::split_paths);
    folders
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|path| is_program(path))
}

/// Returns whether a path is a file that can be executed.
pub(in crate::engine) fn is_program(path: &Path) -> bool {
    let metadata = fs_err::metadata(path);
    metadata.is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_and_a_path_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it");
        fs_err::write(&file, "").unwrap();
        let search = folder.path().display().to_string();
        let find = |name: &str| find_program(name, folder.path(), Some(&search));
        assert_eq!(find("it"), None);
        fs_err::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find("it"), Some(file.clone()));
        assert_eq!(find("./it"), Some(folder.path().join("./it")));
        assert_eq!(find("bin/it"), None);
        assert_eq!(find_program("it", folder.path(), None), None);
    }
}
