//! A build's context: what of a folder is sent to the builder.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ignore::Ignore;
use crate::host::{self, Entry, Listing, Visit};

/// The parts of a folder that a build sees.
#[derive(Debug)]
pub(super) struct BuildContext {
    root: PathBuf,
    entries: Vec<Entry>,
}

impl BuildContext {
    /// Lists the context. As with Docker, its Dockerfile and `.dockerignore` are always sent.
    pub(super) fn read(root: &Path, dockerfile: &Path) -> io::Result<Self> {
        if !fs_err::metadata(root)?.is_dir() {
            return Err(invalid(root, "is not a folder"));
        }
        if !root.join(dockerfile).is_file() {
            return Err(invalid(&root.join(dockerfile), "is not there"));
        }
        let file = root.join(".dockerignore");
        let text = match fs_err::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let ignore = Ignore::parse(&text).map_err(|reason| invalid(&file, &reason))?;
        let kept = host::CACHES.iter().filter(|name| text.contains(**name));
        let kept: Vec<&str> = kept.copied().collect();
        let looks_inside = ignore.takes_back();
        // Who names a cache there has it as it says.
        let is_left_out = |path: &Path| host::cache_of(path).is_some_and(|it| !kept.contains(&it));
        let judge = |path: &Path| {
            if is_left_out(path) {
                return Visit::Skip;
            }
            let always = path == dockerfile || path == Path::new(".dockerignore");
            if always || !ignore.excludes(path) {
                Visit::Take
            } else if looks_inside || dockerfile.starts_with(path) {
                Visit::Inside
            } else {
                Visit::Skip
            }
        };
        Ok(Self {
            root: root.to_owned(),
            entries: host::walk(root, &judge)?,
        })
    }

    /// Lists its files.
    pub(super) fn listing(&self, workspace: &Path) -> Option<Listing> {
        Listing::of_entries(&self.root, &self.entries, workspace)
    }

    /// Writes the context as a tar archive and returns the digest of its content.
    pub(super) fn write(&self, out: impl Write) -> io::Result<String> {
        host::write(&self.root, &self.entries, out)
    }

    /// Returns the digest of its content.
    pub(super) fn digest(&self) -> io::Result<String> {
        self.write(io::sink())
    }
}

fn invalid(path: &Path, reason: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{}: {reason}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[&str], ignore: &str, expect: &[&str]) {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, *file).unwrap();
        }
        fs_err::write(root.path().join(".dockerignore"), ignore).unwrap();
        let context = BuildContext::read(root.path(), Path::new("Dockerfile")).unwrap();
        let paths: Vec<&str> = context
            .entries
            .iter()
            .map(|entry| entry.path.to_str().unwrap())
            .collect();
        assert_eq!(paths, expect);
    }

    #[test]
    fn what_is_ignored_is_not_sent() {
        check(
            &["Dockerfile", "a/b", "target/x/y"],
            "target",
            &[".dockerignore", "Dockerfile", "a", "a/b"],
        );
        check(
            &["Dockerfile", "a/b", "a/c"],
            "*\n!a/b",
            &[".dockerignore", "Dockerfile", "a/b"],
        );
    }

    #[test]
    fn what_is_made_again_by_itself_is_not_sent_unless_it_is_named() {
        let files = ["Dockerfile", "a/b.py", "a/__pycache__/b.pyc", ".DS_Store"];
        check(&files, "", &[".dockerignore", "Dockerfile", "a", "a/b.py"]);
        check(
            &files,
            "!**/__pycache__",
            &[
                ".dockerignore",
                "Dockerfile",
                "a",
                "a/__pycache__",
                "a/__pycache__/b.pyc",
                "a/b.py",
            ],
        );
        check(
            &files,
            "*\n!a",
            &[".dockerignore", "Dockerfile", "a", "a/b.py"],
        );
    }

    #[test]
    fn a_missing_dockerfile_is_named() {
        let root = tempfile::tempdir().unwrap();
        let error = BuildContext::read(root.path(), Path::new("Dockerfile")).unwrap_err();
        assert!(
            error.to_string().ends_with("Dockerfile: is not there"),
            "{error}"
        );
    }
}
