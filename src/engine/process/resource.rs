//! The folders of an instance: making volumes, removing services and volumes.

use std::path::PathBuf;

use super::discard::{discard, finish};
use super::engine::{ProcessEngine, refused};
use super::folder::Folder;
use super::members::Sight;
use super::{instances, ledger, stop};
use crate::engine::{Error, Removal, Resource};
use crate::host::{make_folder, whole};

/// Makes a volume; there is no network to make.
pub(super) fn ensure(process: &ProcessEngine, resource: &Resource) -> Result<(), Error> {
    let Resource::Volume(name) = resource else {
        return Ok(());
    };
    let made = instances::sign(process)
        .and_then(|()| make_folder(&process.home.volume(&process.identity.id, name)));
    made.map_err(|error| refused(format!("make the volume `{name}`"), error))
}

/// Removes something that `observe` saw, and the instance's folder with the last of it.
pub(super) async fn remove(process: &ProcessEngine, what: &Removal) -> Result<(), Error> {
    match what {
        Removal::Network { .. } => return Ok(()),
        Removal::Service { handle } => {
            let path = own(process, "services", handle)?;
            // All of it was stopped before.
            remove_service(&Folder::at(path), Sight::Near).await?;
        }
        Removal::Volume { handle } => remove_folder(own(process, "volumes", handle)?).await?,
        Removal::Remains => finish_removals(process)?,
    }
    remove_empty(process);
    let is_gone = !process.home.instance(&process.identity.id).exists();
    if is_gone && process.assigned().is_empty() {
        ledger::forget(process).await?;
    }
    Ok(())
}

/// Deletes what killed removals left of the instance's services and volumes.
pub(super) fn finish_removals(process: &ProcessEngine) -> Result<(), Error> {
    for folder in kinds(process) {
        let finished = finish(&folder);
        finished.map_err(|error| refused("finish a removal that was cut short", error))?;
    }
    Ok(())
}

fn kinds(process: &ProcessEngine) -> [PathBuf; 2] {
    let instance = process.home.instance(&process.identity.id);
    ["services", "volumes"].map(|kind| instance.join(kind))
}

/// Removes the instance's folders that hold nothing any more.
pub(super) fn remove_empty(process: &ProcessEngine) {
    let instance = process.home.instance(&process.identity.id);
    for path in kinds(process) {
        // One that still holds something stays.
        let _ = fs_err::remove_dir(path);
    }
    if kinds(process).iter().all(|path| !path.exists()) {
        whole::remove(&instances::origin_file(&instance));
        let _ = fs_err::remove_dir(instance);
    }
}

/// Stops what still runs of a service and removes its folder.
pub(super) async fn remove_service(folder: &Folder, sight: Sight) -> Result<(), Error> {
    // Held until the folder is gone, so that no supervisor comes in between.
    let _lock = stop::end_all(folder, sight).await?;
    let record = folder.record();
    // First, since nothing names them once the record is gone.
    let sockets = record.ok().flatten().and_then(|record| record.socket_dir);
    if let Some(sockets) = sockets {
        remove_folder(sockets).await?;
    }
    remove_folder(folder.path().to_owned()).await
}

/// Returns the path of a handle, which must be of this instance: what is removed is gone.
fn own(process: &ProcessEngine, kind: &str, handle: &str) -> Result<PathBuf, Error> {
    let instance = process.home.instance(&process.identity.id);
    let path = PathBuf::from(handle);
    if path.parent() == Some(&instance.join(kind)) && path.file_name().is_some() {
        return Ok(path);
    }
    let reason = std::io::Error::other("it is not this instance's");
    Err(refused(format!("remove {handle}"), reason))
}

/// Removes a folder beside what else goes on, since it may hold very much.
async fn remove_folder(path: PathBuf) -> Result<(), Error> {
    let doing = format!("remove {}", path.display());
    let removed = tokio::task::spawn_blocking(move || discard(&path)).await;
    let removed = removed.unwrap_or_else(|error| Err(error.into()));
    removed.map_err(|error| refused(doing, error))
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;
    use crate::engine::process::create::create;
    use crate::engine::process::engine::tests::process;
    use crate::engine::process::marks::Marks;
    use crate::engine::process::ports;
    use crate::engine::process::ports::tests::spec;
    use crate::engine::process::procfs::{self, ProcessId};
    use crate::engine::process::status::{Phase, Status};
    use crate::engine::{ImageHandle, Launch};
    use crate::model::Secret;

    /// What still tells of a process.
    #[derive(PartialEq)]
    enum Trace {
        State,
        Marks,
        Log,
    }

    fn sleep(folder: &Folder, trace: &Trace) -> Child {
        let mut command = Command::new("sleep");
        match trace {
            Trace::State => {}
            Trace::Marks => {
                let marks = Marks::of(folder.path());
                command.envs(marks.variables().iter().cloned());
            }
            Trace::Log => {
                fs_err::write(folder.path().join("state.json"), "{").unwrap();
                command.stdout(folder.log_to_append().unwrap());
            }
        }
        command.arg("60").spawn().unwrap()
    }

    /// Removes a service whose record was cut off, and expects that its process is ended.
    async fn check(trace: Trace) {
        let place = tempfile::tempdir().unwrap();
        let top = place.path().canonicalize().unwrap();
        let folder = Folder::at(top.join("instances/id/services/api"));
        make_folder(folder.path()).unwrap();
        fs_err::write(folder.record_file(), "{\"schema\": 1,").unwrap();
        let mut child = sleep(&folder, &trace);
        if trace == Trace::State {
            let status = Status {
                boot: procfs::boot().to_owned(),
                supervisor: None,
                main: ProcessId::of(child.id()),
                others: Vec::new(),
                phase: Phase::Running,
                restarts: 0,
            };
            folder.write_status(&status).unwrap();
        }
        let result = remove_service(&folder, Sight::Far).await;
        let ended = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(result.is_ok(), "{result:?}");
        assert!(ended);
        assert!(!folder.path().exists());
    }

    #[tokio::test]
    async fn a_service_whose_record_cannot_be_read_is_stopped_before_it_is_removed() {
        for trace in [Trace::State, Trace::Marks, Trace::Log] {
            check(trace).await;
        }
    }

    #[tokio::test]
    async fn ports_are_forgotten_with_the_instance_but_not_by_who_assigned_them() {
        let place = tempfile::tempdir().unwrap();
        let first = process(place.path());
        let ledger = || ledger::Ledger::read(&first.home).unwrap().entries.len();
        let check = async |process: &ProcessEngine, expect: usize| {
            let volume = Resource::Volume("data".to_owned());
            ensure(process, &volume).unwrap();
            let handle = process.home.volume(&process.identity.id, "data");
            let handle = handle.display().to_string();
            remove(process, &Removal::Volume { handle }).await.unwrap();
            assert_eq!(ledger(), expect);
        };
        let api = spec("api", &["http"]);
        let told = ports::assign(&first, std::slice::from_ref(&api)).await;
        let told = told.unwrap();
        check(&first, 1).await;
        // What was told holds, even where it would not be chosen any more.
        let listener = std::net::TcpListener::bind(told.values().next().unwrap()).unwrap();
        assert_eq!(ports::assigned(&first, &api).await.unwrap(), told);
        drop(listener);
        check(&process(place.path()), 0).await;
    }

    #[tokio::test]
    async fn what_a_killed_run_had_begun_goes_with_the_remains() {
        let place = tempfile::tempdir().unwrap();
        let killed = process(place.path());
        ports::assign(&killed, &[spec("api", &["http"])])
            .await
            .unwrap();
        let instance = killed.home.instance(&killed.identity.id);
        fs_err::create_dir_all(instance.join("volumes")).unwrap();
        fs_err::write(instance.join(".instance.json.1.partial"), "{").unwrap();

        let process = process(place.path());
        remove(&process, &Removal::Remains).await.unwrap();
        assert!(!instance.exists());
        let ledger = fs_err::read_to_string(process.home.state.join("ports.json")).unwrap();
        assert!(!ledger.contains("api"), "{ledger}");
    }

    #[tokio::test]
    async fn a_create_that_fails_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let process = process(place.path());
        let api = spec("api", &[]);
        let launch = Launch {
            image: ImageHandle::default(),
            command: Some(vec![Secret::new("no-such-program")]),
            entrypoint: None,
            environment: Vec::new(),
            files: Vec::new(),
            hash: String::new(),
        };
        let made = create(&process, &api, &launch).await;
        assert!(made.is_err());
        assert!(!process.home.instance(&process.identity.id).exists());
    }

    #[tokio::test]
    async fn nobody_starts_what_is_being_removed() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path().join("instances/id/services/api"));
        assert!(stop::stop(&folder).await.unwrap().is_none());
        make_folder(folder.path()).unwrap();
        let lock = stop::stop(&folder).await.unwrap();
        assert!(lock.is_some());
        assert!(folder.lock_file().unwrap().try_lock().is_err());
    }
}
