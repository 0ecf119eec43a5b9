//! What a service logged while a check of it was made.

use std::collections::VecDeque;
use std::time::Duration;

use super::runner::Session;
use crate::engine::{LogMark, LogOptions};

/// How many lines of a service's log stand in a result: the last ones.
const LINES_MAX: usize = 50;

/// How long a line may be on its way from a service to its log.
const ON_ITS_WAY: Duration = Duration::from_millis(50);

/// Returns the lines since the mark, masked.
pub(super) async fn since(session: &Session<'_>, service: &str, mark: LogMark) -> Vec<String> {
    let mut lines = read(session, service, mark).await;
    if lines.is_empty() {
        // What was just printed may still be on its way.
        tokio::time::sleep(ON_ITS_WAY).await;
        lines = read(session, service, mark).await;
    }
    let hidden = session.mask();
    lines.into_iter().map(|line| hidden.apply(&line)).collect()
}

async fn read(session: &Session<'_>, service: &str, mark: LogMark) -> VecDeque<String> {
    let options = LogOptions {
        since: Some(mark),
        ..LogOptions::default()
    };
    let (sender, mut receiver) = tokio::sync::mpsc::channel(64);
    let reading = session.places.engine.logs(service, options, sender);
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
