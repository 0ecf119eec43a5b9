//! `cargo xtask fixtures`: the data files that are generated and kept in the repository.

mod bodies;
mod dump;
mod messages;
mod prices;
mod random;
mod samples;
mod tables;

pub(crate) use bodies::append_location;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};

use tables::{Port, Region};

const RATES: &str = "fixtures/rates/rates.sql.gz";
const ACTIVITY: &str = "fixtures/samples/activity.jsonl.gz";
const LOCATION: &str = "fixtures/samples/location.jsonl.gz";
const MESSAGES: &str = "fixtures/messages/messages.jsonl";

/// Where the bodies for smoke checks are.
const BODIES: &str = "fixtures/samples/bodies";

/// The operating system of a gzip header that does not say which one wrote it.
const UNKNOWN_SYSTEM: u8 = 255;

/// A file and what belongs in it; a packed one is compared by what is inside.
struct File {
    path: String,
    content: Vec<u8>,
    packed: bool,
}

/// Writes the files whose content would differ.
pub(crate) fn write(root: &Path) -> anyhow::Result<()> {
    for file in files(root)? {
        let path = root.join(&file.path);
        if is_current(&path, &file)? {
            println!("unchanged {}", file.path);
            continue;
        }
        let content = if file.packed {
            pack(&file.content)?
        } else {
            file.content
        };
        crate::repository::write_if_changed(&path, &content)?;
        println!("written {}", file.path);
    }
    Ok(())
}

/// Fails when a file is not what the generator makes.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    for file in files(root)? {
        if !is_current(&root.join(&file.path), &file)? {
            let path = file.path;
            bail!("{path} is not what its generator makes; run `cargo xtask fixtures`");
        }
    }
    Ok(())
}

fn files(root: &Path) -> anyhow::Result<Vec<File>> {
    let packed = |path: &str, text: String| File {
        path: path.to_owned(),
        content: text.into_bytes(),
        packed: true,
    };
    let samples = samples::generate();
    let mut files = vec![
        packed(RATES, rates(root)?),
        packed(ACTIVITY, samples.activity),
        packed(LOCATION, samples.location),
        File {
            path: MESSAGES.to_owned(),
            content: messages::generate().into_bytes(),
            packed: false,
        },
    ];
    let bodies = bodies::generate();
    files.extend(bodies.into_iter().map(|(name, content)| File {
        path: format!("{BODIES}/{name}"),
        content,
        packed: Path::new(name).extension().is_some_and(|end| end == "gz"),
    }));
    Ok(files)
}

fn pack(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(UNKNOWN_SYSTEM)
        .write(Vec::new(), Compression::best());
    gzip.write_all(content)?;
    Ok(gzip.finish()?)
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
fn is_current(path: &Path, file: &File) -> anyhow::Result<bool> {
    if !path.is_file() {
        return Ok(false);
    }
    if !file.packed {
        return Ok(fs_err::read(path)? == file.content);
    }
    let mut found = Vec::new();
    let unpacked = GzDecoder::new(fs_err::File::open(path)?).read_to_end(&mut found);
    Ok(unpacked.is_ok() && found == file.content)
}
