//! The end of a program that nobody waits for any more: politely first, since such programs
//! clean up mounts and folders, and in bounded time.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncRead, copy, sink};
use tokio::process::{Child, ChildStderr, ChildStdout};

use super::guardian::Guardian;

/// How long a program may clean up after it was told to end.
const CLEANUP_TIMEOUT: Duration = Duration::from_secs(5);

/// How often it is looked whether it did.
const LOOK: Duration = Duration::from_millis(20);

/// A program that was told to end. When this is dropped it is gone, or its guardian sees to that.
#[derive(Debug)]
pub(super) struct Ending {
    group: EndedGroup,
    // A closed pipe would end the program before it has cleaned up, so both outlive the group.
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    /// Takes over where envctl ends in the meantime.
    guardian: Option<Guardian>,
}

impl Ending {
    /// Tells a program's group to end, and sees to it beside what else is done.
    pub(super) fn begin(
        leader: Child,
        (stdout, stderr): (Option<ChildStdout>, Option<ChildStderr>),
        guardian: Option<Guardian>,
    ) {
        let id = leader.id().and_then(|id| i32::try_from(id).ok());
        let Some(id) = id.and_then(Pid::from_raw) else {
            return;
        };
        let _ = kill_process_group(id, Signal::TERM);
        let mut ending = Self {
            group: EndedGroup {
                id,
                leader,
                deadline: Instant::now() + CLEANUP_TIMEOUT,
            },
            stdout,
            stderr,
            guardian,
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => _ = runtime.spawn(async move { ending.watch().await }),
            Err(_) => ending.wait(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "nobody else will see the program end"
    )]
    fn wait(&mut self) {
        while !self.group.is_over() {
            std::thread::sleep(LOOK);
        }
        self.group.kill();
    }

    async fn watch(&mut self) {
        let draining = async {
            tokio::join!(drain(self.stdout.as_mut()), drain(self.stderr.as_mut()));
            std::future::pending::<()>().await;
        };
        let looking = async {
            while !self.group.is_over() {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            () = looking => {}
            () = draining => {}
        }
    }
}

async fn drain(stream: Option<&mut (impl AsyncRead + Unpin)>) {
    if let Some(stream) = stream {
        let _ = copy(stream, &mut sink()).await;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // The runtime is going down. Nobody is kept waiting who has a guardian that does the same.
        match self.guardian.take() {
            Some(guardian) if !self.group.is_over() => guardian.take_over(),
            _ => self.wait(),
        }
    }
}

/// The process group of a program and of all that it started.
#[derive(Debug)]
struct EndedGroup {
    id: Pid,
    leader: Child,
    deadline: Instant,
}

impl EndedGroup {
    fn is_over(&mut self) -> bool {
        // The leader stays in its group until it is waited for.
        let _ = self.leader.try_wait();
        self.is_gone() || Instant::now() >= self.deadline
    }

    fn is_gone(&self) -> bool {
        test_kill_process_group(self.id).is_err()
    }

    fn kill(&self) {
        if !self.is_gone() {
            let _ = kill_process_group(self.id, Signal::KILL);
        }
    }
}
