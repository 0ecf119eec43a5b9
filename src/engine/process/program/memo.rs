//! What programs said of their versions, kept as long as their files are the same: to start each of
//! them costs more than everything else that a look does.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::version::ProgramVersion;
use crate::engine::process::folder;
use crate::host::make_folder;

/// How a program begins that is none of a script: what a script starts may change without it.
const ELF: [u8; 4] = *b"\x7fELF";

/// What is known of programs.
pub(super) struct Memo {
    file: PathBuf,
    known: BTreeMap<PathBuf, KnownProgram>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KnownProgram {
    file: File,
    version: String,
}

/// Which content a file has, as far as that can be told without reading it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct File {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl File {
    fn of(program: &Path) -> Option<Self> {
        let mut begin = [0; ELF.len()];
        let mut file = fs_err::File::open(program).ok()?;
        file.read_exact(&mut begin).ok()?;
        let metadata = file.metadata().ok()?;
        (begin == ELF).then(|| Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

impl Memo {
    /// Reads what is known; nothing where that cannot be read.
    pub(super) fn read(cache: &Path) -> Self {
        let file = cache.join("versions.json");
        let known = folder::read(&file).ok().flatten();
        Self {
            known: known.unwrap_or_default(),
            file,
        }
    }

    /// Returns the version of a program that is the same as when it was asked.
    pub(super) fn version(&self, program: &Path) -> Option<ProgramVersion> {
        let known = self.known.get(program)?;
        (File::of(program)? == known.file).then(|| ProgramVersion::read(&known.version))?
    }

    /// Keeps what programs said. Where it cannot be written, they are asked again.
    pub(super) fn keep(mut self, said: &[(&Path, &ProgramVersion)]) {
        let before = self.known.clone();
        for (program, version) in said {
            if let Some(file) = File::of(program) {
                let version = version.to_string();
                let known = KnownProgram { file, version };
                self.known.insert((*program).to_owned(), known);
            }
        }
        if self.known == before {
            return;
        }
        self.known.retain(|program, _| program.exists());
        let folder = self.file.parent().unwrap_or(Path::new("/"));
        let _ = make_folder(folder).and_then(|()| folder::write(&self.file, &self.known));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_known_until_the_program_changes() {
        let place = tempfile::tempdir().unwrap();
        let (program, script) = (place.path().join("postgres"), place.path().join("script"));
        fs_err::write(&program, "\x7fELF 15").unwrap();
        fs_err::write(&script, "#!/bin/sh\n").unwrap();
        let version = ProgramVersion::read("15.2").unwrap();
        let read = || Memo::read(&place.path().join("cache"));
        assert_eq!(read().version(&program), None);
        read().keep(&[(&program, &version), (&script, &version)]);
        assert_eq!(read().version(&program), Some(version));
        assert_eq!(read().version(&script), None);
        fs_err::write(&program, "\x7fELF 16 and more").unwrap();
        assert_eq!(read().version(&program), None);
    }
}
