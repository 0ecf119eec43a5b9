//! What a service logged while a check of it was made.

use super::runner::Session;
use crate::engine::{LogMark, LogOptions};

/// How many lines of a service's log stand in a result: the last ones.
const LINES_MAX: usize = 50;

/// Returns the lines since the mark, masked.
pub(super) async fn since(session: &Session<'_>, service: &str, mark: LogMark) -> Vec<String> {
    let options = LogOptions {
        since: Some(mark),
        ..LogOptions::default()
    };
    let (sender, mut receiver) = tokio::sync::mpsc::channel(64);
    let read = session.places.engine.logs(service, options, sender);
    let mut lines = std::collections::VecDeque::new();
    let keep = async {
        while let Some(line) = receiver.recv().await {
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(line.line);
        }
    };
    // A log that cannot be read is no failure of the check.
    let (_, ()) = tokio::join!(read, keep);
    let mask = session.mask();
    lines.into_iter().map(|line| mask.apply(&line)).collect()
}
