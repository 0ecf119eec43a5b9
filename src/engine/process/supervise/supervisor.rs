//! The supervisor's life: watch, start again, stop.

use std::time::Duration;

use rustix::process::{Signal, WaitOptions, WaitStatus};
use tokio::signal::unix::{self, SignalKind};
use tokio::time::{Instant, sleep_until};

use super::backoff::Backoff;
use super::bound::bound;
use super::rhythm::Rhythm;
use super::spawn::spawn;
use crate::engine::process::folder::Folder;
use crate::engine::process::marks::Marks;
use crate::engine::process::members::{Members, Sight};
use crate::engine::process::procfs::{self, ProcessId};
use crate::engine::process::record::{self, Record};
use crate::engine::process::status::{Phase, Status};
use crate::model::Variables;

/// How soon the log's size is looked at again while it grows, and while it does not.
const LOG_LOOKS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));

/// A log that grew by less since it was looked at is nowhere near too long.
const GROWTH: u64 = 64 * 1024;

/// How soon the processes are written down again while they change, and while they do not.
const CENSUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// What a shell says of a program that it cannot start.
const NOT_STARTED: i64 = 127;

/// What is told to the supervisor: only to stop.
struct Orders([unix::Signal; 3]);

impl Orders {
    fn listen() -> std::io::Result<Self> {
        Ok(Self([
            unix::signal(SignalKind::terminate())?,
            unix::signal(SignalKind::interrupt())?,
            unix::signal(SignalKind::hangup())?,
        ]))
    }

    async fn stop(&mut self) {
        let [terminate, interrupt, hangup] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// A service and what is known of it.
pub(super) struct Supervisor {
    folder: Folder,
    record: Record,
    caller: Variables,
    orders: Orders,
    watch: WatchedService,
    backoff: Backoff,
    /// Where its processes are: what was taken over does not descend from here.
    sight: Sight,
}

impl Supervisor {
    /// Starts the service, or takes over the one that a killed supervisor left.
    pub(super) fn begin(folder: Folder, record: Record, caller: Variables) -> Result<Self, String> {
        // Before anything is started, since an order may come as soon as somebody knows of it.
        let orders = Orders::listen().map_err(|error| error.to_string())?;
        let children = unix::signal(SignalKind::child()).map_err(|error| error.to_string())?;
        // What cannot be read says nothing of a process that could be taken over.
        let old = folder.status().ok().flatten();
        let left = old.as_ref().filter(|old| old.phase == Phase::Running);
        let main = match left.and_then(Status::live_main) {
            Some(main) => main,
            None => spawn(&folder, &record, &caller)?,
        };
        let adopted = left.filter(|left| left.main == Some(main));
        let status = Status {
            boot: procfs::boot().to_owned(),
            supervisor: ProcessId::of(std::process::id()),
            main: Some(main),
            others: adopted.map_or_else(Vec::new, |left| left.others.clone()),
            phase: Phase::Running,
            restarts: adopted.map_or(0, |left| left.restarts),
        };
        let sight = match adopted {
            Some(_) => Sight::Far,
            None => Sight::Near,
        };
        let watch = WatchedService {
            folder: folder.clone(),
            marks: record.marks.clone(),
            status,
            code: None,
            children,
        };
        if let Err(error) = watch.save() {
            main.signal(Signal::KILL);
            return Err(error.to_string());
        }
        Ok(Self {
            folder,
            record,
            caller,
            orders,
            watch,
            backoff: Backoff::default(),
            sight,
        })
    }

    /// Returns when the service has ended for good.
    pub(super) async fn run(mut self) {
        loop {
            let since = Instant::now();
            let told = tokio::select! {
                () = self.watch.main_ended() => false,
                () = self.orders.stop() => true,
            };
            if told {
                let code = self.stop().await;
                return self.watch.finish(code);
            }
            let code = self.watch.clear(Sight::Far).await;
            if !self.start_again(code, since).await {
                return self.watch.finish(code);
            }
        }
    }

    /// Stops it as it asked to be stopped, and returns its code.
    async fn stop(&mut self) -> Option<i64> {
        let signal = record::signal(&self.record.stop_signal).unwrap_or(Signal::TERM);
        let members = self.watch.members();
        members.signal_group(self.sight, signal).await;
        let grace = self.record.stop_grace_period;
        let _ = tokio::time::timeout(grace, self.watch.main_ended()).await;
        // Who gives the order looks farther, once for all that it stops.
        self.watch.clear(self.sight).await
    }

    /// Starts it again if it is to be; returns whether it runs.
    async fn start_again(&mut self, code: Option<i64>, since: Instant) -> bool {
        let mut ending = (code, since.elapsed());
        loop {
            let count = self.watch.status.restarts;
            let policy = (self.record.restart, count);
            let Some(wait) = self.backoff.next(policy, ending.0, ending.1) else {
                return false;
            };
            self.watch.change(Phase::Restarting, None);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.orders.stop() => return false,
            }
            self.watch.status.restarts = count.saturating_add(1);
            match spawn(&self.folder, &self.record, &self.caller) {
                Ok(main) => {
                    self.sight = Sight::Near;
                    self.watch.change(Phase::Running, Some(main));
                    return true;
                }
                Err(reason) => self.note(&reason),
            }
            ending = (Some(NOT_STARTED), Duration::ZERO);
        }
    }

    /// Writes into the service's log why it does not run.
    fn note(&self, reason: &str) {
        use std::io::Write as _;
        if let Ok(mut log) = self.folder.log_to_append() {
            let _ = writeln!(log, "envctl: it cannot be started again: {reason}");
        }
    }
}

/// The processes of a service, and what is written down of them.
struct WatchedService {
    folder: Folder,
    marks: Marks,
    status: Status,
    /// The code of the main process, once it was waited for.
    code: Option<i64>,
    /// Says when children have ended.
    children: unix::Signal,
}

impl WatchedService {
    /// Waits until the main process has ended; meanwhile bounds the log, takes away ended
    /// children, and writes down which there are.
    async fn main_ended(&mut self) {
        let Some(main) = self.status.main else { return };
        let ended = main.ended();
        tokio::pin!(ended);
        let mut log = Rhythm::new(LOG_LOOKS.0, LOG_LOOKS.1);
        let mut census = Rhythm::new(CENSUSES.0, CENSUSES.1);
        let mut size = 0;
        loop {
            tokio::select! {
                () = &mut ended => return,
                _ = self.children.recv() => self.reap(),
                () = sleep_until(log.next.min(census.next)) => {}
            }
            if log.is_due() {
                // A full disk or a log that was taken away is no reason to end a service.
                let (found, left) = bound(&self.folder).unwrap_or_default();
                log.looked(found.saturating_sub(size) > GROWTH);
                size = left;
            }
            if census.is_due() {
                census.looked(self.take_census());
            }
        }
    }

    /// Kills what is left of the service, and returns the code that its main process ended with.
    async fn clear(&mut self, sight: Sight) -> Option<i64> {
        let members = self.members();
        // One that does not go is the kernel's; the next stop finds it by its marks.
        let _ = members.clear(sight, || self.reap()).await;
        self.reap();
        // What it said last may have been too much.
        let _ = bound(&self.folder);
        self.code.take()
    }

    fn members(&self) -> Members {
        Members {
            supervisor: Some(std::process::id()),
            main: self.status.main,
            others: self.status.others.clone(),
            marks: self.marks.clone(),
        }
    }

    /// Waits for children that have ended; those of others come here when their parents end.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            let number = u32::try_from(pid.as_raw_nonzero().get()).ok();
            if self.status.main.map(|main| main.pid) == number {
                self.code = exit_code(status);
            }
        }
    }

    /// Writes down the service's other processes, by which they are known should this one be
    /// killed: they may have left its group and cleared their environment. Returns whether they
    /// are others than before.
    fn take_census(&mut self) -> bool {
        let main = self.status.main;
        let others = self.members().near().into_iter().map(|seen| seen.id);
        let others: Vec<ProcessId> = others.filter(|id| Some(*id) != main).collect();
        let changed = others != self.status.others;
        if changed {
            self.status.others = others;
            let _ = self.save();
        }
        changed
    }

    fn change(&mut self, phase: Phase, main: Option<ProcessId>) {
        self.status.phase = phase;
        self.status.main = main;
        self.status.others.clear();
        self.code = None;
        let _ = self.save();
    }

    fn finish(&self, code: Option<i64>) {
        let status = Status::ended(code, self.status.restarts);
        let _ = self.folder.write_status(&status);
    }

    fn save(&self) -> std::io::Result<()> {
        self.folder.write_status(&self.status)
    }
}

/// Returns what a shell calls the code: that of the exit, or 128 and the signal.
fn exit_code(status: WaitStatus) -> Option<i64> {
    let by_signal = status.terminating_signal().map(|signal| 128 + signal);
    status.exit_status().or(by_signal).map(i64::from)
}
