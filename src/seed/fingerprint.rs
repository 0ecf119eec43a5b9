//! What went into a database, as digests.

use std::io::Read as _;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::host::Digests;
use crate::model::Digest;
use crate::postgres::{Brake, on_thread};

use super::{Declared, Error};

/// Changes when the same dump would be loaded to something else than before.
const FORMAT: &str = "1";

/// The digests of everything that a load takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// In the order of the load.
    pub seeds: Vec<SeedDigest>,
    /// Version and digest of each migration. They do not make a seed stale.
    pub migrations: Vec<(u64, String)>,
}

/// The digest of one seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedDigest {
    pub name: String,
    /// The loader's format and the SHA-256 of the file.
    pub digest: String,
}

impl Fingerprint {
    /// Returns one digest of all of it, as a key for what depends on everything.
    pub fn digest(&self) -> String {
        let mut digest = Digest::new();
        for seed in &self.seeds {
            digest
                .field("seed", &seed.name)
                .field("digest", &seed.digest);
        }
        for (version, content) in &self.migrations {
            digest
                .field("migration", version.to_string())
                .field("digest", content);
        }
        digest.finish()
    }
}

/// Returns the digest of a seed whose file has this SHA-256.
pub(super) fn seed_digest(file: &str) -> String {
    format!("{FORMAT}:{file}")
}

/// Returns the digests; reads every file whose own is not known.
pub async fn fingerprint(declared: &Declared, known: &Digests) -> Result<Fingerprint, Error> {
    let (declared, known) = (declared.clone(), known.clone());
    // Dropping the future ends the reading.
    on_thread(&CancellationToken::new(), move |brake| {
        let seeds = declared.dumps.iter().map(|dump| {
            Ok(SeedDigest {
                name: dump.name.clone(),
                digest: seed_digest(&file_digest(&dump.file, &known, brake)?),
            })
        });
        let migrations = declared.migrations.iter();
        Ok(Fingerprint {
            seeds: seeds.collect::<Result<_, Error>>()?,
            migrations: migrations
                .map(|one| (one.version, one.digest.clone()))
                .collect(),
        })
    })
    .await
}

fn file_digest(file: &Path, known: &Digests, brake: &Brake) -> Result<String, Error> {
    let read_error = |source| Error::Read {
        file: file.to_owned(),
        source,
    };
    let mut opened = fs_err::File::open(file).map_err(read_error)?;
    known.of_file(&mut opened, |opened| {
        let mut digest = Digest::new();
        let mut buffer = vec![0; 1 << 18];
        loop {
            if brake.is_pulled() {
                return Err(crate::postgres::Error::Cancelled.into());
            }
            match opened.read(&mut buffer).map_err(read_error)? {
                0 => return Ok(digest.finish()),
                read => digest.update(&buffer[..read]),
            }
        }
    })
}
