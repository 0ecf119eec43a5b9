//! What a service logged while a check of it was made.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::runner::CheckContext;
use crate::engine::{Engine, LogMark, LogOptions};

/// How many lines of a service's log stand in a result: the last ones.
const LINES_MAX: usize = 50;

/// How much of a line is shown.
const LINE_BYTES_MAX: usize = 1000;

/// How often to look whether a service says more: what it says of a failure, a traceback say, often
/// comes behind its answer.
const LOOK: Duration = Duration::from_millis(50);

/// After how many looks without a new line it has said all.
const QUIET_LOOKS: u32 = 4;

/// How long it may go on.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The ends that logs have now. Checks that begin together share them, so that no file is looked
/// at for each.
#[derive(Debug, Default)]
pub(super) struct LogEnds(Mutex<HashMap<String, LogMark>>);

impl LogEnds {
    /// Returns the end that a service's log has; nothing where its log cannot be read.
    pub(super) fn of(&self, engine: &dyn Engine, service: &str) -> Option<LogMark> {
        let mut known = self.locked();
        if let Some(mark) = known.get(service) {
            return Some(*mark);
        }
        let mark = engine.inside().ok()?.log_mark(service);
        known.insert(service.to_owned(), mark);
        Some(mark)
    }

    /// Forgets them, since a check has ended.
    pub(super) fn forget(&self) {
        self.locked().clear();
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<String, LogMark>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the lines since the mark, masked.
pub(super) async fn since(session: &CheckContext<'_>, service: &str, mark: LogMark) -> Vec<String> {
    let mut lines = read(session, service, mark).await;
    let (started, mut quiet) = (Instant::now(), 0);
    while quiet < QUIET_LOOKS && started.elapsed() < LAST_WORDS {
        tokio::time::sleep(LOOK).await;
        let now = read(session, service, mark).await;
        quiet = if now == lines { quiet + 1 } else { 0 };
        lines = now;
    }
    let hidden = session.mask();
    let shown = |line: String| hidden.excerpt(&line, LINE_BYTES_MAX);
    lines.into_iter().map(shown).collect()
}

async fn read(session: &CheckContext<'_>, service: &str, mark: LogMark) -> VecDeque<String> {
    let options = LogOptions {
        since: Some(mark),
        ..LogOptions::default()
    };
    let (sender, mut receiver) = tokio::sync::mpsc::channel(64);
    let engine = session.places.engine;
    let reading = async { engine.inside()?.logs(service, options, sender).await };
    let mut lines = VecDeque::new();
    let keep = async {
        while let Some(line) = receiver.recv().await {
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(line.line);
        }
    };
    // A log that cannot be read is no failure of the check.
    let (_, ()) = tokio::join!(reading, keep);
    lines
}
