//! Files that are made for a container. What it runs with is written down inside of it, once it was
//! told: labels of a container cannot change.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::{SystemTime, UNIX_EPOCH};

use bollard::query_parameters::{
    DownloadFromContainerOptions, KillContainerOptions, UploadToContainerOptions,
};
use futures_util::TryStreamExt as _;
use tokio_util::bytes::{Bytes, BytesMut};

use super::client::Fault;
use super::{Docker, container};
use crate::engine::{Error, MadeFile};

/// Where a container has the digests of its files.
const DIGESTS: &str = "/.envctl/files.json";

/// Puts the files into a container that does not run yet.
pub(super) async fn give(
    docker: &Docker,
    container: &str,
    files: &[MadeFile],
) -> Result<(), Error> {
    if files.is_empty() {
        return Ok(());
    }
    let all = contents(files).chain([(DIGESTS, digests(files))]);
    put(docker, container, all).await
}

/// Replaces the files of a service and sends it a signal.
pub(super) async fn reload(
    docker: &Docker,
    service: &str,
    files: &[MadeFile],
    signal: &str,
) -> Result<(), Error> {
    let Some(found) = container::inspect(docker, service).await? else {
        return Err(Error::NoService {
            service: service.to_owned(),
        });
    };
    let (id, name) = container::identify(&found);
    // Until it was told, what it has is neither the old state nor the new one.
    let unknown = (DIGESTS, "{}".to_owned());
    let all = std::iter::once(unknown).chain(contents(files));
    put(docker, id, all).await?;
    if container::state_of(found.state.as_ref()).is_up() {
        let options = KillContainerOptions {
            signal: signal.to_owned(),
        };
        let call = docker.client.api().kill_container(id, Some(options));
        let doing = format!("send {signal} to the container {name}");
        docker.client.call(&doing, call).await?;
    }
    // Last, so that a reload that was cut short is done again.
    put(docker, id, [(DIGESTS, digests(files))]).await
}

/// Returns the digests of the files that a container runs with; of one that has none, nothing.
pub(super) async fn digests_of(
    docker: &Docker,
    id: &str,
) -> Result<BTreeMap<String, String>, Error> {
    let options = DownloadFromContainerOptions {
        path: DIGESTS.to_owned(),
    };
    let stream = docker
        .client
        .api()
        .download_from_container(id, Some(options));
    let doing = format!("read {DIGESTS} of the container {id}");
    let archive = match docker.client.raw(stream.try_collect::<BytesMut>()).await {
        Ok(archive) => archive,
        // A container that cannot be read must not keep anybody from taking it away.
        Err(Fault::Refused { .. } | Fault::Reported(_)) => return Ok(BTreeMap::new()),
        Err(fault) => return Err(docker.client.error(&doing, fault)),
    };
    let read = || -> std::io::Result<BTreeMap<String, String>> {
        let mut archive = tar::Archive::new(&archive[..]);
        let mut text = String::new();
        for entry in archive.entries()? {
            entry?.read_to_string(&mut text)?;
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    };
    read().map_err(|error| {
        docker
            .client
            .error(&doing, Fault::Broken(error.to_string()))
    })
}

fn contents(files: &[MadeFile]) -> impl Iterator<Item = (&str, String)> {
    let files = files.iter();
    files.map(|file| (file.spec.path.as_str(), file.content.expose().to_owned()))
}

fn digests(files: &[MadeFile]) -> String {
    serde_json::to_string(&MadeFile::digests(files)).expect("texts are always JSON")
}

async fn put<'a>(
    docker: &Docker,
    container: &str,
    files: impl IntoIterator<Item = (&'a str, String)>,
) -> Result<(), Error> {
    let doing = format!("put files into the container {container}");
    let archive = archive(files);
    let archive = archive.map_err(|error| {
        docker
            .client
            .error(&doing, Fault::Broken(error.to_string()))
    })?;
    let options = UploadToContainerOptions {
        path: "/".to_owned(),
        // A path that is a folder of the image is a mistake, not the end of the folder.
        no_overwrite_dir_non_dir: Some("true".to_owned()),
        ..UploadToContainerOptions::default()
    };
    let body = bollard::body_full(Bytes::from(archive));
    let call = docker
        .client
        .api()
        .upload_to_container(container, Some(options), body);
    docker.client.call(&doing, call).await
}

/// Returns an archive of files that everybody in the container reads and only root changes.
fn archive<'a>(files: impl IntoIterator<Item = (&'a str, String)>) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        header.set_mtime(now.unwrap_or_default().as_secs());
        header.set_size(content.len() as u64);
        archive.append_data(
            &mut header,
            path.trim_start_matches('/'),
            content.as_bytes(),
        )?;
    }
    archive.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::Secret;
    use crate::engine::FileSpec;

    #[test]
    fn an_archive_has_each_file_at_its_place() {
        let file = MadeFile {
            spec: FileSpec {
                name: "config".to_owned(),
                path: "/etc/proxy/proxy.cfg".to_owned(),
            },
            content: Secret::new("bind *:80\n"),
        };
        let bytes = archive(contents(std::slice::from_ref(&file))).unwrap();
        let mut archive = tar::Archive::new(&bytes[..]);
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("etc/proxy/proxy.cfg"));
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        assert_eq!(text, "bind *:80\n");
        let digest = file.content.digest();
        assert_eq!(digests(&[file]), format!(r#"{{"config":"{digest}"}}"#));
    }
}
