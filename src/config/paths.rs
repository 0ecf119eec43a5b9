//! Where a relative path starts. Touches no file system.

use std::path::{Component, Path, PathBuf};

use super::tree::Node;

/// Returns the absolute path that a value means: it starts at the folder of the file that wrote
/// it, or at the workspace's root when it is in no file.
pub(crate) fn absolute(node: &Node, workspace: &Path) -> Option<PathBuf> {
    Some(join(node.at.folder().unwrap_or(workspace), node.text()?))
}

/// Joins a path to a folder and takes `.` and `..` out.
pub(crate) fn join(folder: &Path, path: &str) -> PathBuf {
    let mut joined = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = joined.pop(),
            part => joined.push(part),
        }
    }
    joined
}

/// Shows a path as a user of the workspace names it.
pub(crate) fn shown<'a>(path: &'a Path, workspace: &Path) -> std::path::Display<'a> {
    path.strip_prefix(workspace).unwrap_or(path).display()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_taken_out() {
        let check = |path| join(Path::new("/w/envs/rates"), path).display().to_string();
        assert_eq!(check("../../fixtures/./a.sql"), "/w/fixtures/a.sql");
        assert_eq!(check("/etc/x"), "/etc/x");
        assert_eq!(check("../../../../.."), "/");
    }
}
