//! Starting a service: its supervisor is started, and says how that went.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use super::engine::{ProcessEngine, refused};
use super::environment::inherited;
use super::folder::Folder;
use super::{observe, ports, stop};
use crate::engine::{Error, ServiceState};

/// How long a supervisor may take to say how it went; it waits for an older one meanwhile.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Starts a program without what a script may have opened before it called envctl: a supervisor
/// that kept its lock or its pipe would make it wait for the service's end.
const DETACHED: &str = r#"exec "$0" "$@" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-"#;

/// No reason is longer.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Starts what was created. One that runs stays as it is; where its supervisor was killed, it
/// gets a new one.
pub(super) async fn start(process: &ProcessEngine, service: &str) -> Result<(), Error> {
    let folder = process.folder(service);
    let record = folder.created()?;
    let status = folder.status().ok().flatten();
    let supervised = status.is_some_and(|status| status.live_supervisor().is_some());
    match observe::state(&folder) {
        Some(state) if state.is_up() && supervised => return Ok(()),
        Some(ServiceState::Running | ServiceState::Paused) => {}
        _ => {
            // What a killed supervisor left would be in the way.
            if folder.was_supervised() {
                drop(stop::stop(&folder).await?);
            }
            ports::check_recorded(&record)?;
        }
    }
    supervise(process, &folder).await
}

async fn supervise(process: &ProcessEngine, folder: &Folder) -> Result<(), Error> {
    let fail = |reason: String| Error::Start {
        service: folder.name().to_owned(),
        reason,
    };
    let child = Command::new("/bin/sh")
        .args(["-c", DETACHED])
        .arg(&process.supervisor)
        .arg("supervise")
        .arg(folder.path())
        .env_clear()
        .envs(inherited(&process.variables))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let doing = || format!("start the supervisor of `{}`", folder.name());
    let mut child = child.map_err(|error| refused(doing(), error))?;
    let pipe = child.stdout.take().expect("it was asked for");
    let mut answer = String::new();
    let mut pipe = BufReader::new(pipe.take(ANSWER_BYTES_MAX));
    let reading = tokio::time::timeout(ANSWER_TIMEOUT, pipe.read_line(&mut answer));
    match reading.await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(refused(doing(), error)),
        Err(_) => return Err(fail("its supervisor says nothing".to_owned())),
    }
    match answer.trim_end().split_once(' ') {
        None if answer == "started\n" => Ok(()),
        Some(("failed", reason)) => Err(fail(reason.to_owned())),
        _ => Err(fail("its supervisor ended without a word".to_owned())),
    }
}
