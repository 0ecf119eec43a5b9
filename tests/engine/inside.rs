//! The processes of a service, seen from this machine: by the daemon, or in the service's folder.

use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use envctl::engine::ServiceState;

use crate::daemon;
use crate::fixture::{Fixture, until};
use crate::place::home;

/// Returns the number of the main process.
pub(crate) async fn main_process(fixture: &Fixture, service: &str) -> u32 {
    let number = if fixture.has_containers() {
        let name = format!("envctl-{}-{service}", fixture.identity.id);
        let container = daemon::get(&format!("/containers/{name}/json")).await;
        container["State"]["Pid"].clone()
    } else {
        state(fixture, service)["main"]["pid"].clone()
    };
    u32::try_from(number.as_u64().unwrap()).unwrap()
}

/// Returns the numbers of all its processes that are written down, the supervisor among them.
pub(crate) async fn processes(fixture: &Fixture, service: &str) -> Vec<u32> {
    let main = main_process(fixture, service).await;
    if fixture.has_containers() {
        return vec![main];
    }
    vec![main, supervisor(fixture, service)]
}

/// Returns the number of the supervisor.
pub(crate) fn supervisor(fixture: &Fixture, service: &str) -> u32 {
    let number = state(fixture, service)["supervisor"]["pid"].as_u64();
    u32::try_from(number.unwrap()).unwrap()
}

/// Returns what is written down of a service's processes.
pub(crate) fn state(fixture: &Fixture, service: &str) -> Value {
    let text = fs_err::read_to_string(state_file(fixture, service)).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Returns what a service was created with.
pub(crate) fn record(fixture: &Fixture, service: &str) -> Value {
    let text = fs_err::read_to_string(folder(fixture, service).join("record.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn state_file(fixture: &Fixture, service: &str) -> PathBuf {
    folder(fixture, service).join("state.json")
}

/// Returns the folder of a service without a container.
pub(crate) fn folder(fixture: &Fixture, service: &str) -> PathBuf {
    home().service(&fixture.identity.id, service)
}

/// Kills the main process as somebody else would, past the engine.
pub(crate) async fn kill_main_process(fixture: &Fixture, service: &str) {
    let main = main_process(fixture, service).await;
    kill(main).await;
    // The daemon or the supervisor is told a moment later.
    until("its end is seen", async || {
        fixture.state(service).await != Some(ServiceState::Running)
    })
    .await;
}

/// Kills a process and waits until it is gone.
pub(crate) async fn kill(number: u32) {
    let pid = Pid::from_raw(i32::try_from(number).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    until("it is dead", async || !lives(number)).await;
}

/// Whether a process is there and has not ended.
pub(crate) fn lives(number: u32) -> bool {
    let Ok(stat) = fs_err::read_to_string(format!("/proc/{number}/stat")) else {
        return false;
    };
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    !matches!(state, Some('Z' | 'X') | None)
}

/// Returns the children of a process.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let processes = fs_err::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_child = |number: &u32| {
        let stat = fs_err::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
        fields.split(' ').nth(1) == Some(parent.to_string().as_str())
    };
    numbers.filter(is_child).collect()
}
