//! What something was last made from, file by file, so that a later build can name what changed
//! since. It is only told: what decides is the digest of it all.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::content::{Entry, EntryKind};
use super::inputs::{entries_of, relative};
use super::whole;
use crate::model::Digest;

/// Of more files nothing is kept.
const FILES_MAX: usize = 50_000;

/// How large a file may be whose content is looked at; of a larger one its length and time count.
const CONTENT_BYTES_MAX: u64 = 256 * 1024;

/// How many hex digits tell two contents of one file apart.
const MARK_DIGITS: usize = 16;

/// Files by their paths from the workspace on, each with what tells its content from another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing(BTreeMap<String, String>);

impl Listing {
    /// Lists what a command is declared to read; nothing where that cannot be read.
    pub(crate) fn of_inputs(paths: &[PathBuf], workspace: &Path) -> Option<Self> {
        let mut all = Self::default();
        for path in paths {
            let (root, entries) = entries_of(path).ok()?;
            all.add(&root, &entries, workspace)?;
        }
        Some(all)
    }

    /// Lists entries of a folder; nothing where these are too many, or cannot be read.
    pub(crate) fn of_entries(root: &Path, entries: &[Entry], workspace: &Path) -> Option<Self> {
        let mut all = Self::default();
        all.add(root, entries, workspace)?;
        Some(all)
    }

    fn add(&mut self, root: &Path, entries: &[Entry], workspace: &Path) -> Option<()> {
        if self.0.len() + entries.len() > FILES_MAX {
            return None;
        }
        for entry in entries {
            let path = root.join(&entry.path);
            let mark = match &entry.kind {
                EntryKind::Folder => continue,
                EntryKind::Link(target) => format!("link {}", target.display()),
                EntryKind::File { executable } => {
                    format!("{executable} {}", mark(&path).ok()?)
                }
            };
            let name = relative(&path, workspace).display().to_string();
            // What would not stand in a line is not kept.
            if !name.contains('\n') && !mark.contains(['\t', '\n']) {
                self.0.insert(name, mark);
            }
        }
        Some(())
    }

    /// Says what is different from before: `app/main.py changed`, with how much else is.
    pub(crate) fn since(&self, before: &Self) -> Option<String> {
        let of = |(name, mark): (&String, &String), other: &Self| match other.0.get(name) {
            Some(known) if known == mark => None,
            Some(_) => Some(true),
            None => Some(false),
        };
        let here = self.0.iter().filter_map(|file| {
            let known = of(file, before)?;
            Some((file.0, if known { "changed" } else { "is new" }))
        });
        let gone = before.0.keys().filter(|name| !self.0.contains_key(*name));
        let mut all: Vec<(&String, &str)> =
            here.chain(gone.map(|name| (name, "is gone"))).collect();
        all.sort_by_key(|(_, how)| *how);
        let ((name, how), more) = all.split_first()?;
        Some(match more.len() {
            0 => format!("{name} {how}"),
            more => format!("{name} {how} and {more} more"),
        })
    }
}

fn mark(path: &Path) -> io::Result<String> {
    let metadata = fs_err::metadata(path)?;
    if metadata.len() > CONTENT_BYTES_MAX {
        let (bytes, at) = (metadata.len(), (metadata.mtime(), metadata.mtime_nsec()));
        return Ok(format!("{bytes} {}.{}", at.0, at.1));
    }
    let mut digest = Digest::new();
    digest.field("content", fs_err::read(path)?);
    Ok(digest.finish()[..MARK_DIGITS].to_owned())
}

/// What a thing is about to be made from, and how that differs from the last time.
#[derive(Debug)]
pub(crate) struct Note {
    file: PathBuf,
    workspace: String,
    now: Listing,
    /// What changed, in words; `None` where that is not known.
    pub since: Option<String>,
}

impl Note {
    /// Compares a listing with the one that was kept in `folder` under this name.
    pub(crate) fn take(folder: &Path, (workspace, name): (&Path, &str), now: Listing) -> Self {
        let workspace = workspace.display().to_string();
        let mut digest = Digest::new();
        digest.field("workspace", &workspace).field("name", name);
        let file = folder.join(digest.finish());
        let before = fs_err::read_to_string(&file).ok();
        let before = before.filter(|text| !text.is_empty());
        let before = before.map(|text| read(&text));
        Self {
            since: before.and_then(|before| now.since(&before)),
            file,
            workspace,
            now,
        }
    }

    /// Keeps it for the next time. Where it cannot be written, nothing will be named.
    pub(crate) fn keep(&self) {
        let folder = self.file.parent().unwrap_or(Path::new("/"));
        forget_gone(folder);
        let _ = self.write(folder);
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        // Names of files are nobody else's business.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let mut text = format!("{}\n", self.workspace);
        for (name, mark) in &self.now.0 {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}\t{mark}");
        }
        whole::write_own(&self.file, text)
    }
}

/// Reads what [`Note::keep`] wrote: the workspace, then a line for each file.
fn read(text: &str) -> Listing {
    let lines = text.lines().skip(1);
    let files = lines.filter_map(|line| line.rsplit_once('\t'));
    Listing(
        files
            .map(|(name, mark)| (name.to_owned(), mark.to_owned()))
            .collect(),
    )
}

/// Removes what was kept for workspaces that are gone; what cannot be removed is no harm.
fn forget_gone(folder: &Path) {
    let files = fs_err::read_dir(folder).into_iter().flatten().flatten();
    for file in files.map(|file| file.path()) {
        let mut workspace = String::new();
        let first = fs_err::File::open(&file)
            .and_then(|file| BufReader::new(file).read_line(&mut workspace));
        if first.is_ok() && !Path::new(workspace.trim_end_matches('\n')).exists() {
            let _ = fs_err::remove_file(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, content: &str) {
        let path = root.join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }

    fn note(root: &Path) -> Note {
        let now = Listing::of_inputs(&[root.join("app"), root.join("lock")], root).unwrap();
        Note::take(&root.join("notes"), (root, "api"), now)
    }

    #[test]
    fn what_changed_since_the_last_time_is_named() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        write(root, "app/main.py", "one");
        write(root, "app/old.py", "one");
        write(root, "lock", "1");
        let first = note(root);
        assert_eq!(first.since, None);
        first.keep();
        assert_eq!(note(root).since, None);
        // The same content once more is no change.
        write(root, "app/main.py", "one");
        assert_eq!(note(root).since, None);

        write(root, "app/new.py", "");
        assert_eq!(note(root).since.as_deref(), Some("app/new.py is new"));
        write(root, "app/main.py", "two");
        fs_err::remove_file(root.join("app/old.py")).unwrap();
        let since = note(root).since;
        assert_eq!(since.as_deref(), Some("app/main.py changed and 2 more"));
        note(root).keep();
        fs_err::remove_file(root.join("lock")).unwrap();
        write(root, "lock", &"x".repeat(300_000));
        assert_eq!(note(root).since.as_deref(), Some("lock changed"));
    }

    #[test]
    fn what_is_broken_or_of_another_place_names_nothing_wrong() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        write(root, "app/main.py", "one");
        write(root, "lock", "1");
        let first = note(root);
        first.keep();
        assert_eq!(Listing::of_inputs(&[root.join("none")], root), None);
        fs_err::write(&first.file, "").unwrap();
        assert_eq!(note(root).since, None);
        // One of a workspace that is gone goes with the next one that is kept.
        let gone = root.join("notes/gone");
        fs_err::write(&gone, "/no/such/workspace\nx\ty\n").unwrap();
        note(root).keep();
        assert!(!gone.exists());
    }
}
