//! Ends a program whose envctl was killed. Such a program has mounts and folders to clean up, and
//! would otherwise run on unseen, or die half-way at its closed pipe.

use std::io::Write as _;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

/// A line on its standard input says that all is well; the end of it says that envctl is gone.
/// Its two output streams are the reading ends of the program's, so that the program can write
/// while it cleans up; they do not block, hence the loop.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
read -r well && exit
kill -s TERM -- "-$1" 2> /dev/null || exit
turns=0
while kill -s 0 -- "-$1" 2> /dev/null && [ "$turns" -lt 200 ]; do
    cat <&1 > /dev/null 2> /dev/null
    cat <&2 > /dev/null 2> /dev/null
    turns=$((turns + 1))
    sleep 0.05
done
kill -s KILL -- "-$1" 2> /dev/null
"#;

/// Watches over a program until it is dropped.
#[derive(Debug)]
pub(super) struct Guardian(Option<Child>);

impl Guardian {
    /// Watches over a process group; `None` where no shell can be started, which only means that
    /// nobody watches.
    pub(super) fn watch(group: u32, stdout: &impl AsFd, stderr: &impl AsFd) -> Option<Self> {
        let stdout = stdout.as_fd().try_clone_to_owned().ok()?;
        let stderr = stderr.as_fd().try_clone_to_owned().ok()?;
        let child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "envctl-guardian", &group.to_string()])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0)
            .spawn();
        child.ok().map(|child| Self(Some(child)))
    }

    /// Leaves the program to it: it ends the group as it does when envctl dies.
    pub(super) fn take_over(mut self) {
        // Its pipe closes without a word.
        drop(self.0.take());
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        let Some(child) = &mut self.0 else {
            return;
        };
        if let Some(mut stdin) = child.stdin.take() {
            let _ = stdin.write_all(b"\n");
        }
        let _ = child.wait();
    }
}
