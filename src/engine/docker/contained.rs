//! What a container has in a small file or a folder.

use std::io::Read as _;

use bollard::query_parameters::DownloadFromContainerOptions;
use futures_util::TryStreamExt as _;
use tokio_util::bytes::BytesMut;

use super::Docker;
use super::client::Fault;
use crate::engine::Error;

/// How much is read of an archive; what a service made of it itself is not ours to hold.
pub(super) const ARCHIVE_BYTES_MAX: usize = 1024 * 1024;

/// Returns the text of a file; nothing where it cannot be read, or is no small text.
pub(super) async fn read(docker: &Docker, container: &str, path: &str) -> Result<String, Error> {
    let archive = archive(docker, container, path).await?;
    let whole = Some(archive).filter(|archive| archive.len() <= ARCHIVE_BYTES_MAX);
    Ok(whole.and_then(|bytes| text_of(&bytes)).unwrap_or_default())
}

/// Returns the archive of a file or a folder, which is cut where it is longer than
/// [`ARCHIVE_BYTES_MAX`]; nothing where there is none.
pub(super) async fn archive(
    docker: &Docker,
    container: &str,
    path: &str,
) -> Result<BytesMut, Error> {
    let options = DownloadFromContainerOptions {
        path: path.to_owned(),
    };
    let api = docker.client.api();
    let mut stream = api.download_from_container(container, Some(options));
    let mut archive = BytesMut::new();
    let reading = async {
        while archive.len() <= ARCHIVE_BYTES_MAX
            && let Some(piece) = stream.try_next().await?
        {
            archive.extend_from_slice(&piece);
        }
        Ok::<_, bollard::errors::Error>(())
    };
    match docker.client.raw(reading).await {
        Ok(()) => Ok(archive),
        // A container that cannot be read must not keep anybody from taking it away.
        Err(Fault::Refused { .. } | Fault::Reported(_)) => Ok(BytesMut::new()),
        Err(fault) => {
            let doing = format!("read {path} of the container {container}");
            Err(docker.client.error(&doing, fault))
        }
    }
}

fn text_of(archive: &[u8]) -> Option<String> {
    let mut archive = tar::Archive::new(archive);
    let mut text = String::new();
    for entry in archive.entries().ok()? {
        entry.ok()?.read_to_string(&mut text).ok()?;
    }
    Some(text)
}
