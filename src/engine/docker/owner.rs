//! Whose a new volume is. The daemon makes it root's, or as the image has the folder; a service that
//! runs as somebody else could not write into it. Only a folder that is root's and empty is given away:
//! what anybody put there is left as it is.

use std::time::{SystemTime, UNIX_EPOCH};

use bollard::query_parameters::{DownloadFromContainerOptions, UploadToContainerOptions};
use futures_util::TryStreamExt as _;
use tokio_util::bytes::{Bytes, BytesMut};

use super::client::Fault;
use super::{Docker, contained, container};
use crate::config::model::MountSource;
use crate::engine::{Error, ServiceSpec};

/// How much of a folder is read to see that something is in it.
const FOLDER_BYTES_MAX: usize = 64 * 1024;

/// Gives the empty volumes of a container that does not run yet to the user that it runs as.
pub(super) async fn give(docker: &Docker, id: &str, spec: &ServiceSpec) -> Result<(), Error> {
    let mounts = spec.mounts.iter().filter(|mount| !mount.read_only);
    let volumes = mounts.filter(|mount| matches!(mount.source, MountSource::Volume(_)));
    let targets: Vec<&str> = volumes
        .map(|mount| mount.target.trim_end_matches('/'))
        .collect();
    if targets.is_empty() {
        return Ok(());
    }
    let user = match &spec.user {
        Some(user) => user.clone(),
        None => user_of(docker, id).await?,
    };
    if ["", "0", "root"].contains(&user.as_str()) {
        return Ok(());
    }
    let mut owner = None;
    for target in targets {
        let Some(mode) = mode_of_free(docker, id, target).await? else {
            continue;
        };
        if owner.is_none() {
            owner = owner_of(docker, id, &user).await?;
        }
        // Of a user that the image does not know, the daemon says so at the start.
        let Some(owner) = owner else { return Ok(()) };
        give_away(docker, id, (target, mode), owner).await?;
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owner {
    user: u64,
    group: u64,
}

/// Returns the user that a container runs as, which may be the image's.
async fn user_of(docker: &Docker, id: &str) -> Result<String, Error> {
    let found = container::inspect_by(docker, id).await?;
    let config = found.and_then(|found| found.config);
    Ok(config.and_then(|config| config.user).unwrap_or_default())
}

/// Returns the mode of a folder that is root's and has nothing in it.
async fn mode_of_free(docker: &Docker, id: &str, folder: &str) -> Result<Option<u32>, Error> {
    let archive = beginning(docker, id, folder).await?;
    Ok(free(&archive).unwrap_or_default())
}

/// Reads the mode from the beginning of the folder's archive.
fn free(archive: &[u8]) -> std::io::Result<Option<u32>> {
    let mut archive = tar::Archive::new(archive);
    let mut entries = archive.entries()?;
    let Some(folder) = entries.next().transpose()? else {
        return Ok(None);
    };
    let header = folder.header();
    let of_root = header.entry_type().is_dir() && header.uid()? == 0;
    let mode = header.mode()?;
    Ok((of_root && entries.next().is_none()).then_some(mode))
}

/// Finds out the numbers of a user as the daemon does: `1000`, `1000:1000`, `app`, `app:staff`.
async fn owner_of(docker: &Docker, id: &str, user: &str) -> Result<Option<Owner>, Error> {
    let (user, group) = user.split_once(':').map_or((user, None), |(user, group)| {
        (user, Some(group).filter(|group| !group.is_empty()))
    });
    let users = contained::read(docker, id, "/etc/passwd").await?;
    let known = users.lines().find_map(|line| user_in(line, user));
    let number = user.parse().ok().map(|user| Owner { user, group: 0 });
    let Some(owner) = known.or(number) else {
        return Ok(None);
    };
    let group = match group {
        None => Some(owner.group),
        Some(group) => {
            let groups = contained::read(docker, id, "/etc/group").await?;
            let known = groups.lines().find_map(|line| group_in(line, group));
            known.or_else(|| group.parse().ok())
        }
    };
    Ok(group.map(|group| Owner { group, ..owner }))
}

/// Reads a line of `/etc/passwd` if it is of this user: `app:x:1000:1000:…`.
fn user_in(line: &str, user: &str) -> Option<Owner> {
    let mut parts = line.split(':');
    let (name, _, number) = (parts.next()?, parts.next()?, parts.next()?);
    let owner = Owner {
        user: number.parse().ok()?,
        group: parts.next()?.parse().ok()?,
    };
    (name == user || number == user).then_some(owner)
}

/// Reads a line of `/etc/group` if it is of this group: `staff:x:50:`.
fn group_in(line: &str, group: &str) -> Option<u64> {
    let mut parts = line.split(':');
    let (name, _, number) = (parts.next()?, parts.next()?, parts.next()?);
    (name == group).then(|| number.parse().ok())?
}

/// Reads the beginning of a folder's archive; nothing where there is no such folder.
async fn beginning(docker: &Docker, id: &str, path: &str) -> Result<BytesMut, Error> {
    let options = DownloadFromContainerOptions {
        path: path.to_owned(),
    };
    let api = docker.client.api();
    let mut stream = api.download_from_container(id, Some(options));
    let mut archive = BytesMut::new();
    let reading = async {
        while archive.len() < FOLDER_BYTES_MAX
            && let Some(piece) = stream.try_next().await?
        {
            archive.extend_from_slice(&piece);
        }
        Ok::<_, bollard::errors::Error>(())
    };
    match docker.client.raw(reading).await {
        Ok(()) => Ok(archive),
        Err(Fault::Refused { .. } | Fault::Reported(_)) => Ok(BytesMut::new()),
        Err(fault) => {
            let doing = format!("look at {path} of the container {id}");
            Err(docker.client.error(&doing, fault))
        }
    }
}

/// Makes a folder somebody else's. It is unpacked from above, since an archive's own root is left as
/// it is.
async fn give_away(
    docker: &Docker,
    id: &str,
    (folder, mode): (&str, u32),
    owner: Owner,
) -> Result<(), Error> {
    let Some((above, name)) = folder.rsplit_once('/') else {
        return Ok(());
    };
    let doing = format!("give the volume at {folder} to user {}", owner.user);
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

fn archive(name: &str, mode: u32, owner: Owner) -> std::io::Result<Vec<u8>> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_mode(mode);
    header.set_uid(owner.user);
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

    const ROOT: Owner = Owner { user: 0, group: 0 };

    #[test]
    fn only_an_empty_folder_of_root_is_free() {
        let folder = |owner| archive("data", 0o750, owner).unwrap();
        assert_eq!(free(&folder(ROOT)).unwrap(), Some(0o750));
        let app = Owner { user: 1, group: 0 };
        assert_eq!(free(&folder(app)).unwrap(), None);
        let mut full = tar::Builder::new(Vec::new());
        for name in ["data/", "data/inner/"] {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Directory);
            header.set_mode(0o755);
            header.set_uid(0);
            header.set_gid(0);
            header.set_size(0);
            full.append_data(&mut header, name, std::io::empty())
                .unwrap();
        }
        let full = full.into_inner().unwrap();
        assert_eq!(free(&full).unwrap(), None);
        // What was cut off after the first entry is not the end of the folder.
        assert!(free(&full[..700]).is_err() || free(&full[..700]).unwrap().is_none());
        assert_eq!(free(&[]).unwrap(), None);
    }

    #[test]
    fn users_and_groups_are_found_by_name_and_number() {
        let line = "app:x:1000:50:App:/home/app:/bin/sh";
        let app = Owner {
            user: 1000,
            group: 50,
        };
        assert_eq!(user_in(line, "app"), Some(app));
        assert_eq!(user_in(line, "1000"), Some(app));
        assert_eq!(user_in(line, "50"), None);
        assert_eq!(user_in("", "app"), None);
        assert_eq!(group_in("staff:x:50:", "staff"), Some(50));
        assert_eq!(group_in("staff:x:50:", "50"), None);
    }
}
