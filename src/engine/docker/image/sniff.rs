//! Telling an image archive from a root file system by its first entry.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

/// What a stream holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Payload {
    /// What `docker save` or an OCI layout writes.
    Archive,
    /// A root file system, or something compressed that cannot be looked into.
    RootFs,
}

/// How much of a stream is looked at.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Names that stand at the top of image archives and in no root file system.
const ARCHIVE_NAMES: [&str; 5] = [
    "blobs",
    "index.json",
    "manifest.json",
    "oci-layout",
    "repositories",
];

/// Returns what a stream that starts with `head` holds; `None` when it takes more to tell.
pub(super) fn sniff(head: &[u8]) -> Option<Payload> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    let first = if head.starts_with(GZIP) {
        first_name(GzDecoder::new(head))
    } else {
        first_name(head)
    };
    match first {
        Some(name) => Some(judge(&name)),
        // Without a tar header within reach, the daemon will say what is wrong with it.
        None => (head.len() >= HEAD_BYTES_MAX).then_some(Payload::RootFs),
    }
}

fn first_name(stream: impl Read) -> Option<String> {
    let mut archive = tar::Archive::new(stream);
    let entry = archive.entries().ok()?.next()?.ok()?;
    Some(entry.path().ok()?.to_string_lossy().into_owned())
}

fn judge(name: &str) -> Payload {
    let mut parts = Path::new(name).components().filter_map(|part| match part {
        std::path::Component::Normal(part) => part.to_str(),
        _ => None,
    });
    let top = parts.next().unwrap_or_default();
    let stem = top.split('.').next().unwrap_or_default();
    let is_digest = stem.len() == 64 && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
    if ARCHIVE_NAMES.contains(&top) || is_digest || top.starts_with("sha256:") {
        Payload::Archive
    } else {
        Payload::RootFs
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn tar_with(name: &str) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.set_entry_type(tar::EntryType::Regular);
        archive
            .append_data(&mut header, name, std::io::empty())
            .unwrap();
        archive.into_inner().unwrap()
    }

    fn check(name: &str, expect: Payload) {
        let bytes = tar_with(name);
        assert_eq!(sniff(&bytes), Some(expect), "{name}");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&bytes).unwrap();
        assert_eq!(
            sniff(&gzip.finish().unwrap()),
            Some(expect),
            "{name}, compressed"
        );
    }

    #[test]
    fn archives_and_root_file_systems() {
        let digest = "0".repeat(64);
        for name in [
            "blobs/sha256",
            "oci-layout",
            "./index.json",
            "manifest.json",
        ] {
            check(name, Payload::Archive);
        }
        check(&format!("{digest}/layer.tar"), Payload::Archive);
        check(&format!("{digest}.json"), Payload::Archive);
        check(&format!("sha256:{digest}"), Payload::Archive);
        for name in ["bin/sh", "./etc/passwd", "usr/share/index.json"] {
            check(name, Payload::RootFs);
        }
    }

    #[test]
    fn too_little_tells_nothing() {
        assert_eq!(sniff(b""), None);
        assert_eq!(sniff(&tar_with("bin/sh")[..100]), None);
        assert_eq!(sniff(&vec![b'x'; HEAD_BYTES_MAX]), Some(Payload::RootFs));
    }
}
