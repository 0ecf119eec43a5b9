//! Whose a new volume is. The daemon makes it root's, or as the image has the folder; a service that
//! runs as somebody else could not write into it. Only a folder that is root's and empty is given away:
//! what anybody put there is left as it is. What the daemon and envctl make in it for this container,
//! places of other mounts and files, is nobody's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::UploadToContainerOptions;
use tokio_util::bytes::Bytes;

use super::client::Fault;
use super::contained::{self, ARCHIVE_BYTES_MAX};
use super::user::User;
use super::{Docker, container, labels, user};
use crate::engine::Error;

/// Gives the empty volumes of a container that never ran to the user that it runs as.
pub(super) async fn give(
    docker: &Docker,
    container: &ContainerInspectResponse,
) -> Result<(), Error> {
    let (id, _) = container::identify(container);
    let volumes = volumes(docker, container);
    let declared = user::declared(container);
    if volumes.is_empty() || declared.is_empty() {
        return Ok(());
    }
    let user = user::find(docker, id, declared).await?;
    // Of a user that the image does not know, the daemon says so at the start.
    let Some(user) = user.filter(|user| user.number != 0) else {
        return Ok(());
    };
    let places = made_in(container);
    let _turn = docker.giving.lock().await;
    for volume in volumes {
        let archive = contained::archive(docker, id, volume).await?;
        if let Ok(Some(mode)) = free(&archive, volume, &places) {
            give_away(docker, id, (volume, mode), user).await?;
        }
    }
    Ok(())
}

/// Returns where a container has volumes of the instance that it may write to.
fn volumes<'a>(docker: &Docker, container: &'a ContainerInspectResponse) -> Vec<&'a str> {
    let ours = labels::volume_name(&docker.identity, "");
    let mounts = container.mounts.iter().flatten().filter(|mount| {
        let name = mount.name.as_deref().unwrap_or_default();
        // One that the image declares has a name that says nothing; a folder of the host has none.
        mount.rw == Some(true) && name.starts_with(&ours)
    });
    let targets = mounts.filter_map(|mount| mount.destination.as_deref());
    targets.map(|target| target.trim_end_matches('/')).collect()
}

/// Returns what is made in a container's folders before it runs: places of mounts, and files.
fn made_in(container: &ContainerInspectResponse) -> Vec<PathBuf> {
    let mounts = container.mounts.iter().flatten();
    let mounts = mounts.filter_map(|mount| mount.destination.clone());
    let config = container.host_config.as_ref();
    let tmpfs = config.and_then(|config| config.tmpfs.as_ref());
    let tmpfs = tmpfs.into_iter().flat_map(|tmpfs| tmpfs.keys().cloned());
    let labels = container::labels_of(container);
    let files = labels.and_then(|labels| labels.get(labels::FILES));
    let files: BTreeMap<String, String> = labels::from_json(files);
    let all = mounts.chain(tmpfs).chain(files.into_values());
    all.map(PathBuf::from).collect()
}

/// Reads from a folder's archive, in which other mounts are read along, whether the folder is root's and has nothing in it
/// but what was made at these places; returns its mode then.
fn free(archive: &[u8], folder: &str, places: &[PathBuf]) -> std::io::Result<Option<u32>> {
    if archive.len() >= ARCHIVE_BYTES_MAX {
        return Ok(None);
    }
    let folder = Path::new(folder);
    let within = |path: &&PathBuf| path.starts_with(folder) && *path != folder;
    let places: Vec<&PathBuf> = places.iter().filter(within).collect();
    let mut archive = tar::Archive::new(archive);
    let mut entries = archive.entries()?;
    let Some(root) = entries.next().transpose()? else {
        return Ok(None);
    };
    let header = root.header();
    if !header.entry_type().is_dir() || header.uid()? != 0 {
        return Ok(None);
    }
    let mode = header.mode()?;
    for entry in entries {
        let entry = entry?;
        // The archive calls the folder by its last name.
        let path = folder.join(entry.path()?.components().skip(1).collect::<PathBuf>());
        let is_folder = entry.header().entry_type().is_dir();
        let mut places = places.iter();
        if !places.any(|place| path.starts_with(place) || is_folder && place.starts_with(&path)) {
            return Ok(None);
        }
    }
    Ok(Some(mode))
}

/// Makes a folder somebody else's. It is unpacked from above, since an archive's own root is left as
/// it is.
async fn give_away(
    docker: &Docker,
    id: &str,
    (folder, mode): (&str, u32),
    owner: User,
) -> Result<(), Error> {
    let Some((above, name)) = folder.rsplit_once('/') else {
        return Ok(());
    };
    let doing = format!("give the volume at {folder} to user {}", owner.number);
    let broken = |error: std::io::Error| Fault::Broken(error.to_string());
    let archive = archive(name, mode, owner);
    let archive = archive.map_err(|error| docker.client.error(&doing, broken(error)))?;
    let options = UploadToContainerOptions {
        path: if above.is_empty() { "/" } else { above }.to_owned(),
        no_overwrite_dir_non_dir: Some("true".to_owned()),
        ..UploadToContainerOptions::default()
    };
    let body = bollard::body_full(Bytes::from(archive));
    let api = docker.client.api();
    let call = api.upload_to_container(id, Some(options), body);
    match docker.client.raw(call).await {
        // Below a folder of the host that is read-only, say: it stays root's, as it always was.
        Ok(()) | Err(Fault::Refused { .. }) => Ok(()),
        Err(fault) => Err(docker.client.error(&doing, fault)),
    }
}

fn archive(name: &str, mode: u32, owner: User) -> std::io::Result<Vec<u8>> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_mode(mode);
    header.set_uid(owner.number);
    header.set_gid(owner.group);
    header.set_size(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    header.set_mtime(now.unwrap_or_default().as_secs());
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, format!("{name}/"), std::io::empty())?;
    archive.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: User = User {
        number: 0,
        group: 0,
    };

    /// Returns the archive of a folder of root with this in it; a name with `/` at the end is a folder.
    fn full(names: &[&str]) -> Vec<u8> {
        let mut full = tar::Builder::new(Vec::new());
        for name in names {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(if name.ends_with('/') {
                tar::EntryType::Directory
            } else {
                tar::EntryType::Regular
            });
            header.set_mode(0o755);
            header.set_uid(0);
            header.set_size(0);
            full.append_data(&mut header, name, std::io::empty())
                .unwrap();
        }
        full.into_inner().unwrap()
    }

    #[test]
    fn only_an_empty_folder_of_root_is_free() {
        let folder = |owner| archive("data", 0o750, owner).unwrap();
        let free = |archive: &[u8]| free(archive, "/data", &[]);
        assert_eq!(free(&folder(ROOT)).unwrap(), Some(0o750));
        let app = User {
            number: 1,
            group: 0,
        };
        assert_eq!(free(&folder(app)).unwrap(), None);
        let full = full(&["data/", "data/inner/"]);
        assert_eq!(free(&full).unwrap(), None);
        // What was cut off after the first entry is not the end of the folder.
        assert!(free(&full[..700]).is_err() || free(&full[..700]).unwrap().is_none());
        assert_eq!(free(&[]).unwrap(), None);
        let mut cut = folder(ROOT);
        cut.resize(ARCHIVE_BYTES_MAX, 0);
        assert_eq!(free(&cut).unwrap(), None);
    }

    #[test]
    fn what_is_made_for_the_container_is_nobodys() {
        let made = [
            "/",
            "/srv/data",
            "/srv/data/sub/deep",
            "/srv/data/app.conf",
            "/srv/data2",
        ];
        let made = made.map(PathBuf::from);
        let check = |names: &[&str], expect: bool| {
            let archive = full(&[&["data/"], names].concat());
            let found = free(&archive, "/srv/data", &made).unwrap();
            assert_eq!(found.is_some(), expect, "{names:?}");
        };
        check(&["data/app.conf"], true);
        check(&["data/sub/", "data/sub/deep/", "data/sub/deep/file"], true);
        check(&["data/other"], false);
        check(&["data/sub/", "data/sub/other/"], false);
        check(&["data/sub/", "data/sub/deeper"], false);
        // A file is not on the way to anything.
        check(&["data/sub"], false);
    }
}
