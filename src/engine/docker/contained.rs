//! A small file that a container has.

use std::io::Read as _;

use bollard::query_parameters::DownloadFromContainerOptions;
use futures_util::TryStreamExt as _;
use tokio_util::bytes::BytesMut;

use super::Docker;
use super::client::Fault;
use crate::engine::Error;

/// The most bytes of an archive with a file; what a service made of it itself is not ours to hold.
const ARCHIVE_BYTES_MAX: usize = 1024 * 1024;

/// Returns the text of a file; nothing where it cannot be read, or is no small text.
pub(super) async fn read(docker: &Docker, container: &str, path: &str) -> Result<String, Error> {
    let options = DownloadFromContainerOptions {
        path: path.to_owned(),
    };
    let api = docker.client.api();
    let mut stream = api.download_from_container(container, Some(options));
    let whole = async {
        let mut archive = BytesMut::new();
        while let Some(chunk) = stream.try_next().await? {
            if archive.len() + chunk.len() > ARCHIVE_BYTES_MAX {
                return Ok(None);
            }
            archive.extend_from_slice(&chunk);
        }
        Ok(Some(archive))
    };
    let archive = match docker.client.raw(whole).await {
        Ok(archive) => archive,
        // A container that cannot be read must not keep anybody from taking it away.
        Err(Fault::Refused { .. } | Fault::Reported(_)) => None,
        Err(fault) => {
            let doing = format!("read {path} of the container {container}");
            return Err(docker.client.error(&doing, fault));
        }
    };
    Ok(archive
        .and_then(|bytes| text_of(&bytes))
        .unwrap_or_default())
}

fn text_of(archive: &[u8]) -> Option<String> {
    let mut archive = tar::Archive::new(archive);
    let mut text = String::new();
    for entry in archive.entries().ok()? {
        entry.ok()?.read_to_string(&mut text).ok()?;
    }
    Some(text)
}
