//! Every instance of this machine that is on processes, from whatever workspace.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::engine::{ProcessEngine, refused};
use super::folder::{self, Folder};
use super::observe;
use super::procfs;
use crate::engine::{Error, HeldBy, Instance, ServiceState};
use crate::host::{Home, make_folder};
use crate::model::InstanceId;

/// What an instance's folder says of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct InstanceOrigin {
    environment: String,
    instance: String,
    workspace: PathBuf,
}

/// The file in an instance's folder that says where it comes from.
pub(super) fn origin_file(instance: &Path) -> PathBuf {
    instance.join("instance.json")
}

/// Writes down which instance it is, before anything of it is made.
pub(super) fn sign(process: &ProcessEngine) -> std::io::Result<()> {
    let instance = process.home.instance(&process.identity.id);
    let file = origin_file(&instance);
    if file.exists() {
        return Ok(());
    }
    make_folder(&instance)?;
    let origin = InstanceOrigin {
        environment: process.identity.id.environment.clone(),
        instance: process.identity.id.instance.clone(),
        workspace: process.identity.workspace.clone(),
    };
    folder::write(&file, &origin)
}

/// Returns every instance of a state folder.
pub fn instances(home: &Home) -> Result<Vec<Instance>, Error> {
    let see = |error| refused("see which instances there are", error);
    let all = home.state.join("instances");
    let entries = match fs_err::read_dir(&all) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(see)?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(see)?.path();
        if path.is_dir() {
            found.extend(instance(&path)?);
        }
    }
    Ok(found)
}

fn instance(path: &Path) -> Result<Option<Instance>, Error> {
    let Some((id, workspace)) = origin(path) else {
        return Ok(None);
    };
    let services = observe::folders(&path.join("services"))?;
    let running = services.values().filter(|service| {
        let state = observe::state(service);
        state.is_some_and(ServiceState::is_up)
    });
    Ok(Some(Instance {
        id,
        engine: "process",
        workspace,
        running: running.count(),
        services: services.len(),
        volumes: observe::folders(&path.join("volumes"))?.len(),
    }))
}

/// Returns which instance a folder is of. Its name alone does not tell where the names part.
fn origin(path: &Path) -> Option<(InstanceId, Option<PathBuf>)> {
    let name = path.file_name().and_then(OsStr::to_str)?;
    let origin = folder::read::<InstanceOrigin>(&origin_file(path))
        .ok()
        .flatten();
    let known = origin.and_then(|origin| {
        let workspace = origin.workspace;
        let id = InstanceId::new(&origin.environment, &origin.instance, &workspace);
        (id.to_string() == name).then_some((id, Some(workspace)))
    });
    known.or_else(|| Some((InstanceId::guess(name)?, None)))
}

/// Returns the service that a process belongs to: one of its ancestors is a supervisor, which names
/// the service's folder.
pub(in crate::engine) fn holder(pid: u32) -> Option<HeldBy> {
    const DEPTH_MAX: usize = 64;
    let parent = |pid: &u32| Some(procfs::look(*pid)?.parent);
    let mut ancestors = std::iter::successors(Some(pid), parent).take(DEPTH_MAX);
    let folder = ancestors.find_map(|pid| match procfs::arguments(pid).as_slice() {
        [_, word, folder] if word == b"supervise" => {
            Some(Folder::at(String::from_utf8_lossy(folder).into_owned()))
        }
        _ => None,
    })?;
    let instance = folder.path().ancestors().nth(2)?;
    let (id, workspace) = origin(instance)?;
    Some(HeldBy {
        id: id.to_string(),
        service: folder.name().to_owned(),
        workspace,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::process::engine::tests::process;

    #[test]
    fn an_instance_tells_where_it_comes_from() {
        let place = tempfile::tempdir().unwrap();
        let process = process(place.path());
        assert_eq!(instances(&process.home).unwrap(), []);
        sign(&process).unwrap();
        let old = process.home.state.join("instances/rates-two-0123abcd");
        fs_err::create_dir_all(old.join("volumes/data")).unwrap();
        let mut found = instances(&process.home).unwrap();
        found.sort_by_key(|instance| instance.volumes);
        let found = found.iter().map(|it| {
            let workspace = it.workspace.as_deref().map(|it| it.ends_with("w"));
            (it.id.instance.as_str(), workspace, it.volumes)
        });
        let expect = [("default", Some(true), 0), ("two", None, 1)];
        assert_eq!(found.collect::<Vec<_>>(), expect);
    }
}
