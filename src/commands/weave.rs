//! Logs of several services as one, in order of time. Of each log only the next line is held.

use std::time::{Duration, SystemTime};

use futures_util::future::select_all;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, timeout_at};

use crate::engine::LogLine;

/// How long a line waits for an earlier one of a log that goes on.
const PATIENCE: Duration = Duration::from_millis(150);

/// Gives every line of the logs to `show`, the earliest first. Where they `go_on`, a log that says
/// nothing is not waited for longer than a moment.
pub(super) async fn weave(
    logs: Vec<Receiver<LogLine>>,
    go_on: bool,
    mut show: impl FnMut(LogLine),
) {
    let mut threads: Vec<Thread> = logs.into_iter().map(Thread::of).collect();
    // Until when what is there waits for what may still come.
    let mut patience: Option<Instant> = None;
    loop {
        threads.iter_mut().for_each(Thread::take_what_is_there);
        let all_here = !threads.iter().any(Thread::is_awaited);
        let enough = all_here || (go_on && patience.is_some_and(|until| until <= Instant::now()));
        let next = threads.iter_mut().filter(|thread| thread.next.is_some());
        let Some(earliest) = next.min_by_key(|thread| thread.latest) else {
            if all_here {
                return;
            }
            hear(&mut threads).await;
            patience = Some(Instant::now() + PATIENCE);
            continue;
        };
        if enough {
            earliest.next.take().into_iter().for_each(&mut show);
            if all_here {
                patience = Some(Instant::now() + PATIENCE);
            }
        } else if let (true, Some(until)) = (go_on, patience) {
            // Whoever was not heard by then is not waited for.
            let _ = timeout_at(until, hear(&mut threads)).await;
        } else {
            hear(&mut threads).await;
        }
    }
}

/// Waits until one of the logs that are awaited has a line or its end.
async fn hear(threads: &mut [Thread]) {
    let awaited = threads.iter_mut().filter(|thread| thread.is_awaited());
    let awaited: Vec<_> = awaited.map(|thread| Box::pin(thread.hear())).collect();
    if !awaited.is_empty() {
        select_all(awaited).await;
    }
}

/// One log.
struct Thread {
    log: Receiver<LogLine>,
    next: Option<LogLine>,
    ended: bool,
    /// When its last line was printed. One whose time nobody knows came after the one before it.
    latest: SystemTime,
}

impl Thread {
    fn of(log: Receiver<LogLine>) -> Self {
        Self {
            log,
            next: None,
            ended: false,
            latest: SystemTime::UNIX_EPOCH,
        }
    }

    fn is_awaited(&self) -> bool {
        self.next.is_none() && !self.ended
    }

    fn take_what_is_there(&mut self) {
        if self.is_awaited()
            && let Ok(line) = self.log.try_recv()
        {
            self.heard(Some(line));
        }
    }

    async fn hear(&mut self) {
        let heard = self.log.recv().await;
        self.heard(heard);
    }

    fn heard(&mut self, line: Option<LogLine>) {
        self.ended = line.is_none();
        if let Some(at) = line.as_ref().and_then(|line| line.at) {
            self.latest = self.latest.max(at);
        }
        self.next = line;
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{Sender, channel};

    use super::*;

    fn line(text: &str, second: Option<u64>) -> LogLine {
        LogLine {
            service: text[..1].to_owned(),
            stderr: false,
            at: second.map(|it| SystemTime::UNIX_EPOCH + Duration::from_secs(it)),
            line: text.to_owned(),
        }
    }

    fn log(lines: &[(&str, Option<u64>)]) -> (Sender<LogLine>, Receiver<LogLine>) {
        let (sender, receiver) = channel(16);
        for (text, second) in lines {
            sender.try_send(line(text, *second)).unwrap();
        }
        (sender, receiver)
    }

    #[tokio::test]
    async fn lines_come_in_order_of_time_and_each_log_keeps_its_own() {
        let logs = [
            log(&[
                ("a1", Some(1)),
                ("a2", Some(5)),
                ("a3", None),
                ("a4", Some(4)),
            ]),
            log(&[("b1", Some(2)), ("b2", Some(6))]),
            log(&[]),
            log(&[("c1", None), ("c2", Some(3))]),
        ];
        let logs = logs.into_iter().map(|(_, log)| log).collect();
        let mut shown = Vec::new();
        weave(logs, false, |line| shown.push(line.line)).await;
        assert_eq!(shown, ["c1", "a1", "b1", "c2", "a2", "a3", "a4", "b2"]);
    }

    #[tokio::test]
    async fn a_log_that_says_nothing_holds_the_others_up_for_a_moment_only() {
        let (silent, silent_log) = log(&[]);
        let (talks, talking) = log(&[("a1", Some(1)), ("a2", Some(3))]);
        let mut shown = Vec::new();
        let started = Instant::now();
        let tell = async {
            tokio::time::sleep(PATIENCE / 2).await;
            silent.send(line("b1", Some(2))).await.unwrap();
            tokio::time::sleep(2 * PATIENCE).await;
            talks.send(line("a3", Some(4))).await.unwrap();
            drop((silent, talks));
        };
        let weave = weave(vec![talking, silent_log], true, |line| {
            shown.push((line.line, started.elapsed()));
        });
        tokio::join!(weave, tell);
        let order: Vec<&str> = shown.iter().map(|(line, _)| line.as_str()).collect();
        assert_eq!(order, ["a1", "b1", "a2", "a3"]);
        // It was shown before the last line came.
        assert!(shown[2].1 < shown[3].1, "{shown:?}");
        assert!(shown[3].1 >= 5 * PATIENCE / 2, "{shown:?}");
    }
}
