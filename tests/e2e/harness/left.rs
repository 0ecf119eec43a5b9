//! What is left of an instance: on Docker by its labels, of processes by all their traces.

use std::path::Path;

use serde_json::Value;

use super::docker;

/// Returns the containers, networks and volumes of a workspace.
pub(super) fn on_docker(workspace: &Path) -> Vec<String> {
    let label = format!("label=envctl.workspace={}", workspace.display());
    let mut left = Vec::new();
    for (kind, list) in [
        ("container", &["ps", "-a"][..]),
        ("network", &["network", "ls"]),
        ("volume", &["volume", "ls"]),
    ] {
        let format = format!(r#"{kind} {{{{.Label "envctl.name"}}}}"#);
        let names = docker(&[list, &["--filter", &label, "--format", &format]].concat());
        left.extend(names.lines().map(str::to_owned));
    }
    left
}

/// Returns the processes of an instance, its folders below the state home, its ports,
/// and what is in the folder that its sockets may be in.
pub(super) fn of_processes(id: &str, state: &Path, temporary: &Path) -> Vec<String> {
    let instance = state.join("instances").join(id);
    let pids = processes(id).into_iter().chain(supervisors(&instance));
    let mut left: Vec<String> = pids.map(|pid| format!("process {pid}")).collect();
    for (kind, folder) in [("service", "services"), ("volume", "volumes")] {
        let names = names(&instance.join(folder)).into_iter();
        left.extend(names.map(|name| format!("{kind} {name}")));
    }
    if left.is_empty() && instance.exists() {
        left.push(instance.display().to_string());
    }
    let ledger = fs_err::read(state.join("ports.json")).unwrap_or_default();
    let ledger: Value = serde_json::from_slice(&ledger).unwrap_or_default();
    let entries = ledger["entries"].as_array().into_iter().flatten();
    let entries = entries.filter(|entry| entry["instance"] == id);
    left.extend(entries.map(|entry| format!("port {}", entry["address"])));
    let sockets = names(temporary).into_iter();
    left.extend(sockets.map(|name| format!("in the temporary folder: {name}")));
    left
}

/// Returns the numbers of all processes that carry an instance's mark.
pub(crate) fn processes(id: &str) -> Vec<u32> {
    let mark = format!("ENVCTL_INSTANCE={id}");
    having("environ", |variable| variable == mark)
}

/// Returns the numbers of the main processes of an instance's services.
pub(super) fn mains(instance: &Path) -> Vec<u32> {
    let services = instance.join("services");
    let names = names(&services).into_iter();
    let mains = names.filter_map(|name| main_of(&services.join(name)));
    mains.collect()
}

/// Returns the number of a service's main process.
pub(super) fn main_of(service: &Path) -> Option<u32> {
    let state = fs_err::read(service.join("state.json")).ok()?;
    let state: Value = serde_json::from_slice(&state).ok()?;
    u32::try_from(state["main"]["pid"].as_u64()?).ok()
}

/// Returns the numbers of the processes that a process started itself.
pub(super) fn children(pid: u32) -> Vec<u32> {
    let file = format!("/proc/{pid}/task/{pid}/children");
    let numbers = fs_err::read_to_string(file).expect("it runs");
    let numbers = numbers.split_whitespace().map(str::parse);
    numbers
        .collect::<Result<_, _>>()
        .expect("numbers of processes")
}

/// Returns the numbers of the supervisors of an instance's services.
pub(crate) fn supervisors(instance: &Path) -> Vec<u32> {
    let services = format!("{}/services/", instance.display());
    having("cmdline", |word| word.starts_with(&services))
}

/// Returns the processes of which a file of texts, each with a zero at its end, has such a text.
fn having(file: &str, is_it: impl Fn(&str) -> bool) -> Vec<u32> {
    let has = |pid: &u32| {
        // One that has ended meanwhile has none.
        let texts = fs_err::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let mut texts = texts.split(|byte| *byte == 0);
        texts.any(|text| is_it(&String::from_utf8_lossy(text)))
    };
    let numbers = names(Path::new("/proc")).into_iter();
    let numbers = numbers.filter_map(|name| name.parse().ok());
    numbers.filter(has).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs_err::read_dir(folder).into_iter().flatten();
    let entries = entries.filter_map(Result::ok);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.collect()
}
