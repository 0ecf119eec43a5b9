//! The file `postmaster.pid` of a server that was killed. Its number may belong to another
//! process by now, and then the server refuses to start.

use std::io;
use std::path::Path;

use crate::engine::process::procfs;
use crate::host::CommandFailure;

/// Removes the file when nothing works in the data folder any more. The error names what does.
pub(super) fn remove(data: &Path) -> Result<(), CommandFailure> {
    let file = data.join("postmaster.pid");
    if !file.exists() {
        return Ok(());
    }
    match worker_in(data) {
        Ok(Some(pid)) => Err(CommandFailure::because(format!(
            "a server still works on its data: process {pid}"
        ))),
        Ok(None) => {
            let removed = fs_err::remove_file(file);
            removed.map_err(|error| CommandFailure::because(error.to_string()))
        }
        // Where processes cannot be seen, the server judges by itself.
        Err(_) => Ok(()),
    }
}

/// Returns a process whose working directory is the data folder, as that of each of a server's
/// processes is.
fn worker_in(data: &Path) -> io::Result<Option<u32>> {
    let data = fs_err::canonicalize(data)?;
    // One that cannot be looked at is another user's, and so not on this data.
    let works_here = |pid: &u32| procfs::working_dir(*pid).is_some_and(|folder| folder == data);
    Ok(procfs::pids()?.find(works_here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_file_goes_when_nobody_works_there() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("postmaster.pid");
        fs_err::write(&file, "1\n").unwrap();
        let mut worker = std::process::Command::new("sleep");
        let mut worker = worker.arg("60").current_dir(data.path()).spawn().unwrap();
        let refused = remove(data.path());
        worker.kill().unwrap();
        worker.wait().unwrap();
        let expect = format!("a server still works on its data: process {}", worker.id());
        assert_eq!(refused.unwrap_err().reason, expect);
        assert!(file.exists());
        assert_eq!(remove(data.path()), Ok(()));
        assert!(!file.exists());
    }
}
