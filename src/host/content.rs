//! Files and folders as they are hashed and written into an archive: in a fixed order, with nothing of
//! owner, time or umask, so that the same content is the same archive on every machine.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tar::{Builder, EntryType, Header};

use crate::model::Digest;

/// What programs and tools keep beside sources and make again by themselves: it makes nothing
/// another thing, and neither counts nor is sent.
pub(crate) const CACHES: [&str; 5] = [
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".DS_Store",
];

/// Returns the name of the cache that a path is, if it is one.
pub(crate) fn cache_of(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?;
    CACHES.into_iter().find(|cache| name == *cache)
}

/// A part of a tree, by its path below the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub path: PathBuf,
    pub kind: EntryKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Folder,
    File { executable: bool },
    Link(PathBuf),
}

/// What to do with a path while walking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    Take,
    /// Leave it out, but look inside.
    Inside,
    Skip,
}

/// Lists a folder in order of names. Sockets, pipes and devices are left out.
pub(crate) fn walk(root: &Path, judge: &dyn Fn(&Path) -> Visit) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let listed = fs_err::read_dir(root.join(&folder));
        let listed = if folder.as_os_str().is_empty() {
            Some(listed?)
        } else {
            there(listed)?
        };
        for found in listed.into_iter().flatten() {
            let found = found?;
            let path = folder.join(found.file_name());
            let visit = judge(&path);
            let kind = if visit == Visit::Skip {
                None
            } else {
                there(kind_of(&found.path()))?.flatten()
            };
            let Some(kind) = kind else { continue };
            if kind == EntryKind::Folder {
                folders.push(path.clone());
            }
            if visit == Visit::Take {
                entries.push(Entry { path, kind });
            }
        }
    }
    // Folders come before what is in them, since paths compare part by part.
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

/// Takes what vanished since its folder was listed (an editor's file) as never having been there.
fn there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns what a path is; `None` when it has no content.
pub(super) fn kind_of(path: &Path) -> io::Result<Option<EntryKind>> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = fs_err::symlink_metadata(path)?;
    let kind = metadata.file_type();
    Ok(if kind.is_dir() {
        Some(EntryKind::Folder)
    } else if kind.is_file() {
        let executable = metadata.permissions().mode() & 0o111 != 0;
        Some(EntryKind::File { executable })
    } else if kind.is_symlink() {
        Some(EntryKind::Link(fs_err::read_link(path)?))
    } else {
        None
    })
}

/// Writes entries as a tar archive and returns the digest of their content. One function does
/// both, so that what is compared is what is sent.
pub(crate) fn write(root: &Path, entries: &[Entry], out: impl Write) -> io::Result<String> {
    let mut digest = Digest::new();
    let mut archive = Builder::new(out);
    for entry in entries {
        digest.field("path", entry.path.as_os_str().as_encoded_bytes());
        match &entry.kind {
            EntryKind::Folder => {
                digest.field("folder", "");
                let mut header = header(EntryType::Directory, 0o755, 0);
                archive.append_data(&mut header, &entry.path, io::empty())?;
            }
            EntryKind::Link(target) => {
                digest.field("link", target.as_os_str().as_encoded_bytes());
                let mut header = header(EntryType::Symlink, 0o777, 0);
                archive.append_link(&mut header, &entry.path, target)?;
            }
            EntryKind::File { executable } => {
                let file = fs_err::File::open(root.join(&entry.path))?;
                let size = file.metadata()?.len();
                let mode = if *executable { 0o755 } else { 0o644 };
                digest.field("mode", [u8::from(*executable)]);
                digest.field("size", size.to_le_bytes());
                let mut header = header(EntryType::Regular, mode, size);
                let mut content = Exactly {
                    inner: file.take(size),
                    digest: &mut digest,
                    left: size,
                };
                archive.append_data(&mut header, &entry.path, &mut content)?;
            }
        }
    }
    archive.into_inner()?.flush()?;
    Ok(digest.finish())
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Reads as many bytes as the header promised, and adds them to the digest.
struct Exactly<'a, R> {
    inner: R,
    digest: &'a mut Digest,
    left: u64,
}

impl<R: Read> Read for Exactly<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::Error::other("a file became shorter while it was read"));
        }
        self.digest.update(&buffer[..count]);
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn make(files: &[(&str, &str, u32)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, content, mode) in files {
            let path = root.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, content).unwrap();
            let permissions = std::fs::Permissions::from_mode(*mode);
            fs_err::set_permissions(&path, permissions).unwrap();
        }
        root
    }

    fn archive_of(root: &Path) -> (Vec<u8>, String) {
        let entries = walk(root, &|_| Visit::Take).unwrap();
        let mut bytes = Vec::new();
        let digest = write(root, &entries, &mut bytes).unwrap();
        (bytes, digest)
    }

    #[test]
    fn the_same_content_is_the_same_archive() {
        let one = make(&[("b/c", "1", 0o644), ("a", "2", 0o755)]);
        let other = make(&[("a", "2", 0o700), ("b/c", "1", 0o600)]);
        symlink("a", one.path().join("l")).unwrap();
        symlink("a", other.path().join("l")).unwrap();
        assert_eq!(archive_of(one.path()), archive_of(other.path()));
    }

    #[test]
    fn every_difference_counts() {
        let base = make(&[("a", "1", 0o644)]);
        let digest = archive_of(base.path()).1;
        for other in [
            make(&[("a", "2", 0o644)]),
            make(&[("b", "1", 0o644)]),
            make(&[("a", "1", 0o755)]),
            make(&[("a", "1", 0o644), ("b", "", 0o644)]),
        ] {
            assert_ne!(archive_of(other.path()).1, digest);
        }
    }

    #[test]
    fn what_vanishes_while_it_is_listed_was_not_there() {
        let root = make(&[("a", "1", 0o644), ("b/c", "2", 0o644), ("d", "3", 0o644)]);
        let vanishing = |path: &Path| {
            // Whichever comes first: the folder is listed after its siblings were judged.
            let _ = fs_err::remove_dir_all(root.path().join("b"));
            if path == Path::new("d") {
                fs_err::remove_file(root.path().join("d")).unwrap();
            }
            Visit::Take
        };
        let entries = walk(root.path(), &vanishing).unwrap();
        let files: Vec<_> = entries
            .iter()
            .filter(|entry| entry.kind != EntryKind::Folder)
            .map(|entry| entry.path.to_str().unwrap())
            .collect();
        assert_eq!(files, ["a"]);
    }

    #[test]
    fn long_names_survive() {
        let long = format!("{}/{}", "d".repeat(120), "f".repeat(120));
        let root = make(&[(long.as_str(), "x", 0o644)]);
        let (bytes, _) = archive_of(root.path());
        let mut archive = tar::Archive::new(bytes.as_slice());
        let names: Vec<PathBuf> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().into_owned())
            .collect();
        assert_eq!(names.last().unwrap(), Path::new(&long));
    }
}
