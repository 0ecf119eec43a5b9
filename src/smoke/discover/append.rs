//! Adding to the end of a file so that it is never there by half.

use std::io::{Error, Result, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use fs_err::OpenOptions;
use fs_err::os::unix::fs::OpenOptionsExt as _;

/// Returns a text with a text behind it, an empty line between them, in the line ends of the first.
pub fn joined(before: &str, addition: &str) -> String {
    let end = if before.contains("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let mut text = before.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    if !text.is_empty() {
        text.push_str(end);
    }
    text.push_str(&addition.replace('\n', end));
    text
}

/// Replaces a file's content: another file is written beside it and takes its place, with its
/// owner and permissions. A link stays one.
pub fn replace(file: &Path, text: &str) -> Result<()> {
    let file = fs_err::canonicalize(file)?;
    let metadata = fs_err::metadata(&file)?;
    let name = file
        .file_name()
        .ok_or_else(|| Error::other("it has no name"))?;
    let beside = format!(".{}.{}", name.to_string_lossy(), std::process::id());
    let beside = file.with_file_name(beside);
    let written = write(&beside, text, &metadata).and_then(|()| fs_err::rename(&beside, &file));
    if written.is_err() {
        // The first failure says more than one of this.
        let _ = fs_err::remove_file(&beside);
    }
    written
}

fn write(beside: &Path, text: &str, like: &std::fs::Metadata) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(beside)?;
    file.write_all(text.as_bytes())?;
    // Only root can give a file away; for others it is theirs already, or becomes so.
    let _ = std::os::unix::fs::chown(beside, Some(like.uid()), Some(like.gid()));
    fs_err::set_permissions(beside, like.permissions())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_empty_line_stands_between_what_was_there_and_what_is_added() {
        assert_eq!(joined("", "b\n"), "b\n");
        assert_eq!(joined("a\n", "b\n"), "a\n\nb\n");
        assert_eq!(joined("a", "b\n"), "a\n\nb\n");
        assert_eq!(joined("a\r\n", "b\nc\n"), "a\r\n\r\nb\r\nc\r\n");
    }

    #[test]
    fn a_replaced_file_keeps_its_permissions_and_its_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("env.toml"), folder.path().join("link"));
        fs_err::write(&file, "old").unwrap();
        fs_err::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
        fs_err::os::unix::fs::symlink("env.toml", &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "new");
        let metadata = fs_err::symlink_metadata(&file).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o640);
        assert!(fs_err::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 2);
        let missing = folder.path().join("none");
        assert!(replace(&missing, "new").is_err());
    }
}
