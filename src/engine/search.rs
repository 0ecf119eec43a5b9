//! Finding a program as a shell does, without running it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Returns the file of a program: of a bare name in the folders of `search_path`, of a path as
/// seen from `working_dir`.
pub fn find_program(name: &str, search_path: &str, working_dir: &Path) -> Option<PathBuf> {
    if name.contains('/') {
        let path = working_dir.join(name);
        return is_program(&path).then_some(path);
    }
    std::env::split_paths(search_path)
        // An empty entry is the working directory.
        .map(|folder| working_dir.join(folder).join(name))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    let found = fs_err::metadata(path);
    found.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_where_a_shell_finds_them() {
        let root = tempfile::tempdir().unwrap();
        for (name, mode) in [("one/tool", 0o644), ("two/tool", 0o755)] {
            let path = root.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, "").unwrap();
            fs_err::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        }
        let find = |name, path: &str| {
            let path = path.replace('@', &root.path().display().to_string());
            let found = find_program(name, &path, root.path());
            found.map(|found| found.strip_prefix(root.path()).unwrap().to_owned())
        };
        let tool = Some(PathBuf::from("two/tool"));
        assert_eq!(find("tool", "@/none:@/one:@/two"), tool);
        assert_eq!(find("tool", "two"), tool);
        assert_eq!(find("tool", "@/one"), None);
        assert_eq!(find("tool", ""), None);
        assert_eq!(find("two/tool", ""), tool);
        assert_eq!(find("./one/tool", "@/two"), None);
        assert_eq!(find("two", "@"), None);
    }
}
