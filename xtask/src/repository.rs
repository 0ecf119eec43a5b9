//! Where the repository is, and the files in it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Returns the repository's top folder.
#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells its programs where they belong"
)]
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    // Read at run time first: two clones that share a target folder share this binary.
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = package
        .parent()
        .context("the package has no parent folder")?;
    Ok(fs_err::canonicalize(root)?)
}

/// Returns every file under `folder`, sorted; nothing when there is no such folder.
pub(crate) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        collect(folder, &mut found)?;
    }
    found.sort();
    Ok(found)
}

/// Returns the names of the folders directly under `folder`, sorted.
pub(crate) fn folders(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs_err::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                found.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Writes a file only when its content differs, and then all at once; says whether it did.
pub(crate) fn write_if_changed(path: &Path, content: &[u8]) -> anyhow::Result<bool> {
    if path.is_file() && fs_err::read(path)? == content {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs_err::create_dir_all(folder)?;
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    fs_err::write(&partial, content)?;
    fs_err::rename(&partial, path)?;
    Ok(true)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}
