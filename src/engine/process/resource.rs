//! The folders of an instance: making volumes, removing services and volumes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::engine::{Process, refused};
use super::folder::{self, Folder};
use super::{ledger, stop};
use crate::engine::{Error, Removal, Resource};

/// Makes a volume; there is no network to make.
pub(super) fn ensure(process: &Process, resource: &Resource) -> Result<(), Error> {
    let Resource::Volume(name) = resource else {
        return Ok(());
    };
    let made = folder::make(&process.home.volume(&process.identity.id, name));
    made.map_err(|error| refused(format!("make the volume `{name}`"), error))
}

/// Removes something that `observe` saw, and the instance's folder with the last of it.
pub(super) async fn remove(process: &Process, what: &Removal) -> Result<(), Error> {
    match what {
        Removal::Network { .. } => return Ok(()),
        Removal::Service { handle } => {
            let path = own(process, "services", handle)?;
            remove_service(&Folder::at(path)).await?;
        }
        Removal::Volume { handle } => remove_folder(&own(process, "volumes", handle)?)?,
    }
    remove_empty(process);
    if !process.home.instance(&process.identity.id).exists() {
        ledger::forget(process).await?;
    }
    Ok(())
}

/// Removes the instance's folders that hold nothing any more.
pub(super) fn remove_empty(process: &Process) {
    let instance = process.home.instance(&process.identity.id);
    let emptied = ["services", "volumes"].map(|kind| instance.join(kind));
    for path in emptied.iter().chain([&instance]) {
        // One that still holds something stays.
        let _ = fs_err::remove_dir(path);
    }
}

/// Stops what still runs of a service and removes its folder.
pub(super) async fn remove_service(folder: &Folder) -> Result<(), Error> {
    stop::stop(folder).await?;
    let sockets = folder.record().and_then(|record| record.socket_dir);
    if let Some(sockets) = sockets {
        remove_folder(&sockets)?;
    }
    remove_folder(folder.path())
}

/// Returns the path of a handle, which must be of this instance: what is removed is gone.
fn own(process: &Process, kind: &str, handle: &str) -> Result<PathBuf, Error> {
    let instance = process.home.instance(&process.identity.id);
    let path = PathBuf::from(handle);
    if path.parent() == Some(&instance.join(kind)) && path.file_name().is_some() {
        return Ok(path);
    }
    let reason = std::io::Error::other("it is not this instance's");
    Err(refused(format!("remove {handle}"), reason))
}

fn remove_folder(path: &Path) -> Result<(), Error> {
    match fs_err::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(refused(format!("remove {}", path.display()), error))
        }
        _ => Ok(()),
    }
}
