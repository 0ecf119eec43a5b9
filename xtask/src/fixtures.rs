//! `cargo xtask fixtures`: the data files that are generated and kept in the repository.

mod dump;
mod prices;
mod random;
mod tables;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};

use tables::{Port, Region};

const RATES: &str = "fixtures/rates/rates.sql.gz";

/// The operating system of a gzip header that does not say which one wrote it.
const UNKNOWN_SYSTEM: u8 = 255;

/// Writes the files whose content would differ.
pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    let dump = rates(root)?;
    if is_current(&root.join(RATES), &dump)? {
        println!("unchanged {RATES}");
        return Ok(());
    }
    let mut gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(UNKNOWN_SYSTEM)
        .write(Vec::new(), Compression::best());
    gzip.write_all(dump.as_bytes())?;
    crate::repository::write_if_changed(&root.join(RATES), &gzip.finish()?)?;
    println!("written {RATES}");
    Ok(())
}

/// Fails when a file is not what the generator makes.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    if is_current(&root.join(RATES), &rates(root)?)? {
        return Ok(());
    }
    bail!("{RATES} is not what its generator makes; run `cargo xtask fixtures`")
}

fn rates(root: &Path) -> anyhow::Result<String> {
    let read = |name: &str| fs_err::read_to_string(folder(root).join(name));
    let ports = tables::rows(&read("ports.csv")?, Port::from_fields).context("ports.csv")?;
    let regions =
        tables::rows(&read("regions.csv")?, Region::from_fields).context("regions.csv")?;
    tables::check(&ports, &regions)?;
    Ok(dump::write(&ports, &regions, &prices::generate(&ports)?))
}

fn folder(root: &Path) -> PathBuf {
    root.join("fixtures/rates")
}

/// Compares what is inside: another version of the compressor may pack the same text otherwise.
fn is_current(path: &Path, text: &str) -> anyhow::Result<bool> {
    if !path.is_file() {
        return Ok(false);
    }
    let mut found = Vec::new();
    let unpacked = GzDecoder::new(fs_err::File::open(path)?).read_to_end(&mut found);
    Ok(unpacked.is_ok() && found == text.as_bytes())
}
