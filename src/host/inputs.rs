//! The digest of what a command is declared to read. Paths count from the workspace, so two
//! clones have the same.

use std::io;
use std::path::{Path, PathBuf};

use super::content::{self, Entry, EntryKind, Visit};
use crate::model::{Digest, HostCommand};

/// Adds a command's declaration to a digest.
pub(crate) fn declare(digest: &mut Digest, command: &HostCommand, workspace: &Path) {
    for word in &command.command {
        digest.field("word", word);
    }
    let folder = relative(&command.working_dir, workspace);
    digest.field("working_dir", folder.as_os_str().as_encoded_bytes());
    for (name, value) in &command.environment {
        digest.field("variable", name).field("value", value);
    }
}

/// Returns the digest of files and folders, whole.
pub fn digest_of(paths: &[PathBuf], workspace: &Path) -> io::Result<String> {
    let mut digest = Digest::new();
    for path in paths {
        let name = relative(path, workspace);
        digest.field("input", name.as_os_str().as_encoded_bytes());
        let (root, entries) = entries_of(path)?;
        digest.field("content", content::write(&root, &entries, io::sink())?);
    }
    Ok(digest.finish())
}

/// Lists a file or a folder as it counts, each entry by its path below the first of the two.
pub(super) fn entries_of(path: &Path) -> io::Result<(PathBuf, Vec<Entry>)> {
    if fs_err::metadata(path)?.is_dir() {
        let judge = |path: &Path| match content::cache_of(path) {
            Some(_) => Visit::Skip,
            None => Visit::Take,
        };
        return Ok((path.to_owned(), content::walk(path, &judge)?));
    }
    // A link counts as the file that it leads to.
    let path = fs_err::canonicalize(path)?;
    let kind = content::kind_of(&path)?.unwrap_or(EntryKind::Folder);
    let entry = Entry {
        path: PathBuf::from(path.file_name().unwrap_or_default()),
        kind,
    };
    let folder = path.parent().unwrap_or(Path::new("/"));
    Ok((folder.to_owned(), vec![entry]))
}

/// Returns a path as it counts: from the workspace, when it is in there.
pub(crate) fn relative<'a>(path: &'a Path, workspace: &Path) -> &'a Path {
    path.strip_prefix(workspace).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_running_program_keeps_beside_its_source_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("app");
        let write = |name: &str| {
            let path = app.join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, name).unwrap();
        };
        let digest = || digest_of(std::slice::from_ref(&app), folder.path()).unwrap();
        write("main.py");
        let before = digest();
        write("__pycache__/main.cpython-311.pyc");
        write(".pytest_cache/v/x");
        write(".DS_Store");
        assert_eq!(digest(), before);
        write("pycache");
        assert_ne!(digest(), before);
    }
}
