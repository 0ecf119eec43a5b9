//! Starting a service's main process.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use crate::engine::process::environment;
use crate::engine::process::folder::Folder;
use crate::engine::process::procfs::ProcessId;
use crate::engine::process::record::Record;
use crate::engine::process::server;
use crate::host::find_program;
use crate::model::Variables;

/// Starts it in a process group of its own; the error says why it cannot be.
pub(super) fn spawn(
    folder: &Folder,
    record: &Record,
    caller: &Variables,
) -> Result<ProcessId, String> {
    let environment = environment::of(record, caller);
    let (name, arguments) = record.argv.split_first().ok_or("it has no command")?;
    let path = environment.get("PATH").map_or("", String::as_str);
    let program = find_program(name, &record.working_dir, path)?;
    if !record.working_dir.is_dir() {
        return Err(format!(
            "there is no folder {}",
            record.working_dir.display()
        ));
    }
    server::before_start(record)?;
    let log = folder.log_to_append().map_err(|error| error.to_string())?;
    let same_log = log.try_clone().map_err(|error| error.to_string())?;
    let mut command = Command::new(&program);
    command
        .arg0(name)
        .args(arguments)
        .env_clear()
        .envs(environment)
        .current_dir(&record.working_dir)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(same_log)
        .process_group(0);
    if let Some(user) = &record.user {
        let caller = rustix::process::geteuid();
        if !caller.is_root() && caller.as_raw() != user.uid {
            return Err(format!("only root can run it as the user `{}`", user.name));
        }
        command.uid(user.uid).gid(user.gid);
    }
    let child = command.spawn();
    let child = child.map_err(|error| format!("{}: {error}", program.display()))?;
    // It is waited for later, so that its number stays its own until then.
    ProcessId::of(child.id()).ok_or_else(|| "/proc does not show its process".to_owned())
}
