//! Files that are made for a container. What it runs with is written down inside of it, once it was
//! told: labels of a container cannot change.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use bollard::query_parameters::{KillContainerOptions, UploadToContainerOptions};
use tokio_util::bytes::Bytes;

use super::client::Fault;
use super::{Docker, contained, container, user};
use crate::engine::{Error, MadeFile, Readers};

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
    let user = user::of_server(docker, container, files).await?;
    let all = contents(files, user).chain([known(digests(files))]);
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
    let user = user::of_server(docker, id, files).await?;
    let all = std::iter::once(known("{}".to_owned())).chain(contents(files, user));
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
    put(docker, id, [known(digests(files))]).await
}

/// Returns the digests of the files that a container runs with; of one that has none, nothing.
pub(super) async fn digests_of(
    docker: &Docker,
    id: &str,
) -> Result<BTreeMap<String, String>, Error> {
    let text = contained::read(docker, id, DIGESTS).await?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// A file on its way into a container.
struct PackedFile<'a> {
    path: &'a str,
    text: String,
    /// Who alone reads it; everybody when `None`.
    reader: Option<u64>,
}

/// Returns the files as they are put into a container whose server becomes `user`.
fn contents(files: &[MadeFile], user: u64) -> impl Iterator<Item = PackedFile<'_>> {
    files.iter().map(move |file| PackedFile {
        path: &file.spec.path,
        text: file.content.expose().to_owned(),
        reader: match file.spec.readers {
            Readers::All => None,
            Readers::Server(_) => Some(user),
        },
    })
}

fn known(digests: String) -> PackedFile<'static> {
    PackedFile {
        path: DIGESTS,
        text: digests,
        reader: None,
    }
}

fn digests(files: &[MadeFile]) -> String {
    serde_json::to_string(&MadeFile::digests(files)).expect("texts are always JSON")
}

async fn put<'a>(
    docker: &Docker,
    container: &str,
    files: impl IntoIterator<Item = PackedFile<'a>>,
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

/// Returns an archive of files that everybody in the container reads, or one user alone; nobody
/// but root changes them.
fn archive<'a>(files: impl IntoIterator<Item = PackedFile<'a>>) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for PackedFile { path, text, reader } in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(if reader.is_some() { 0o400 } else { 0o644 });
        header.set_uid(reader.unwrap_or(0));
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        header.set_mtime(now.unwrap_or_default().as_secs());
        header.set_size(text.len() as u64);
        archive.append_data(&mut header, path.trim_start_matches('/'), text.as_bytes())?;
    }
    archive.into_inner()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::engine::FileSpec;
    use crate::model::Secret;

    #[test]
    fn an_archive_has_each_file_at_its_place() {
        let file = MadeFile {
            spec: FileSpec {
                name: "config".to_owned(),
                path: "/etc/proxy/proxy.cfg".to_owned(),
                readers: Readers::All,
            },
            content: Secret::new("bind *:80\n"),
        };
        let bytes = archive(contents(std::slice::from_ref(&file), 0)).unwrap();
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
