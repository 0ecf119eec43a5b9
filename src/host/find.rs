//! Finding a program as a shell does.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::failure::Obstacle;
use super::install::install_line;
use super::program::missing;
use crate::model::HostCommand;

/// Returns the file of a program: a name is looked for in the folders of `path`, anything else
/// starts at the working directory. The error says why it cannot be run.
pub fn find_program(program: &str, working_dir: &Path, path: &str) -> Result<PathBuf, String> {
    if program.is_empty() {
        return Err("its command is empty".to_owned());
    }
    if program.contains('/') {
        let file = working_dir.join(program);
        return match fs_err::metadata(&file) {
            Err(_) => Err(format!("there is no program {}", file.display())),
            Ok(_) if !is_program(&file) => Err(format!("{} is not executable", file.display())),
            Ok(_) => Ok(file),
        };
    }
    // An empty entry is the working directory, and so is what a relative one starts at.
    let folders = path.split(':').map(|folder| working_dir.join(folder));
    let found = folders
        .map(|folder| folder.join(program))
        .find(|file| is_program(file));
    found.ok_or_else(|| format!("there is no program `{program}` in PATH"))
}

/// Finds out whether a command's program is there, where it would be looked for when it runs.
pub(crate) fn can_run(command: &HostCommand, search_path: &str) -> Result<(), Obstacle> {
    let Some(name) = command.command.first() else {
        return Err(Obstacle {
            reason: "its command is empty".to_owned(),
            hint: None,
        });
    };
    let own_path = command.environment.get("PATH");
    let path = own_path.map_or(search_path, String::as_str);
    let found = find_program(name, &command.working_dir, path);
    found.map(drop).map_err(|_| Obstacle {
        reason: missing(name),
        hint: install_line(name),
    })
}

/// Returns whether a path is a file that can be executed.
pub(crate) fn is_program(file: &Path) -> bool {
    let metadata = fs_err::metadata(file);
    metadata.is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(program: &str, path: &str, expect: Result<&str, &str>) {
        let found = find_program(program, Path::new("/bin"), path);
        let found = found.map(|file| file.display().to_string());
        assert_eq!(found, expect.map(str::to_owned).map_err(str::to_owned));
    }

    #[test]
    fn programs_are_found_as_by_a_shell() {
        check("sh", "/nowhere:/bin", Ok("/bin/sh"));
        check("sh", "", Ok("/bin/sh"));
        check("./sh", "", Ok("/bin/./sh"));
        check("/bin/sh", "", Ok("/bin/sh"));
        check("sh", "/nowhere", Err("there is no program `sh` in PATH"));
        check("/no/such", "", Err("there is no program /no/such"));
        check("/etc/passwd", "", Err("/etc/passwd is not executable"));
        check("/etc", "", Err("/etc is not executable"));
        check("", "/bin", Err("its command is empty"));
    }
}
