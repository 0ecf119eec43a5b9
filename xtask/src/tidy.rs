//! `cargo xtask tidy`: the guards on how the source is laid out.
//! The rules see only paths and texts, so each of them is tested without a repository.

mod arrows;
mod fences;
mod files;
mod leftovers;
mod libraries;
mod names;
mod owners;
mod paths;
mod reach;
mod rust;

use std::fmt;
use std::path::Path;

use anyhow::bail;

use crate::repository;

/// Where the project's own text lies.
const FOLDERS: [&str; 7] = ["src", "tests", "xtask", "fixtures", "envs", "docs", ".ci"];
const TOP_FILES: [&str; 3] = ["Cargo.toml", "README.md", "CHANGELOG.md"];

/// A text file; its path starts at the repository's top folder and has `/` everywhere.
pub(crate) struct Source {
    path: String,
    text: String,
}

/// What breaks a rule, and where.
#[derive(Debug, PartialEq)]
pub(crate) struct Violation {
    path: String,
    line: usize,
    message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Prints every violation and fails when there is one.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let sources = sources(root)?;
    let mut violations = Vec::new();
    for rule in [
        arrows::check,
        fences::check,
        files::check,
        leftovers::check,
        libraries::check,
        names::check,
        owners::check,
        reach::check,
    ] {
        violations.extend(rule(&sources));
    }
    for violation in &violations {
        println!("{violation}");
    }
    if !violations.is_empty() {
        bail!("{} violations", violations.len());
    }
    Ok(())
}

fn sources(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut files: Vec<_> = TOP_FILES.iter().map(|name| root.join(name)).collect();
    files.retain(|file| file.is_file());
    for folder in FOLDERS {
        files.extend(repository::files(&root.join(folder))?);
    }
    let mut sources = Vec::new();
    for file in files {
        // Data that is not text has nothing to keep tidy, but its path still counts.
        let text = String::from_utf8(fs_err::read(&file)?).unwrap_or_default();
        let path = file
            .strip_prefix(root)?
            .to_string_lossy()
            .replace('\\', "/");
        sources.push(Source { path, text });
    }
    Ok(sources)
}

/// Says whether `path` is the module or folder at `place`, or inside it.
fn is_within(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// Says whether a file holds tests alone.
fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs") || path.ends_with("/testing.rs") || path.contains("/tests/")
}

/// Says whether a file is code of the program or its library.
fn is_of_src(source: &Source) -> bool {
    source.path.starts_with("src/") && is_rust(&source.path) && !is_test(&source.path)
}

fn is_rust(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "rs")
}

/// Runs a rule over made-up files and returns what it says.
#[cfg(test)]
fn found(rule: fn(&[Source]) -> Vec<Violation>, files: &[(&str, &str)]) -> Vec<String> {
    let source = |(path, text): &(&str, &str)| Source {
        path: (*path).into(),
        text: (*text).into(),
    };
    let sources: Vec<Source> = files.iter().map(source).collect();
    rule(&sources).iter().map(ToString::to_string).collect()
}
