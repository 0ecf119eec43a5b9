//! A service's log, line by line.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt as _;
use tokio::sync::mpsc::Sender;

use super::client::Fault;
use super::{Docker, labels};
use crate::engine::{Error, LogLine, LogMark, LogOptions};
use crate::host::Lines;

/// No time that the daemon writes is longer.
const STAMP_BYTES_MAX: usize = 40;

/// Sends a service's log lines until it ends or the sink closes; returns where they ended.
pub(super) async fn logs(
    docker: &Docker,
    service: &str,
    options: LogOptions,
    sink: Sender<LogLine>,
) -> Result<LogMark, Error> {
    let name = labels::container_name(&docker.identity, service);
    let from = options.since.map(|mark| mark.at).or(options.from);
    let query = LogsOptions {
        follow: options.follow,
        stdout: true,
        stderr: true,
        tail: options
            .tail
            .map_or_else(|| "all".to_owned(), |lines| lines.to_string()),
        // The daemon takes whole seconds here; the rest is looked at line by line.
        since: from.map_or(0, seconds),
        timestamps: true,
        ..LogsOptions::default()
    };
    let (api, meter) = docker.client.streaming();
    let mut pieces = api.logs(&name, Some(query));
    let mut splitter = Splitter {
        service,
        stdout: Stream::default(),
        stderr: Stream::default(),
    };
    let mut end = options.since.map_or(UNIX_EPOCH, |mark| mark.at);
    let is_new = |line: &LogLine| match (line.at, options.since) {
        (Some(at), Some(mark)) => at >= mark.at,
        _ => true,
    };
    loop {
        let piece = tokio::select! {
            piece = pieces.next() => piece,
            () = sink.closed() => break,
        };
        let (lines, ended) = match piece.map(|piece| meter.take(piece)) {
            Some(Ok(piece)) => (splitter.push(&piece), false),
            Some(Err(fault)) => return Err(failed(docker, service, fault)),
            None => (splitter.finish(), true),
        };
        for line in lines.into_iter().filter(is_new) {
            // What comes next is later.
            end = end.max(line.at.unwrap_or(end) + Duration::from_nanos(1));
            if sink.send(line).await.is_err() {
                return Ok(mark(end));
            }
        }
        if ended {
            break;
        }
    }
    Ok(mark(end))
}

fn mark(at: SystemTime) -> LogMark {
    LogMark {
        at,
        length: 0,
        file: 0,
    }
}

fn seconds(from: SystemTime) -> i32 {
    let since = from.duration_since(UNIX_EPOCH).unwrap_or_default();
    i32::try_from(since.as_secs()).unwrap_or(i32::MAX)
}

/// Returns the time that the daemon put before a piece, and the piece.
fn stamped(piece: &[u8]) -> (Option<SystemTime>, &[u8]) {
    let space = piece
        .iter()
        .take(STAMP_BYTES_MAX)
        .position(|it| *it == b' ');
    let stamp = space.and_then(|space| {
        let text = std::str::from_utf8(&piece[..space]).ok()?;
        Some((humantime::parse_rfc3339(text).ok()?, space))
    });
    match stamp {
        Some((at, space)) => (Some(at), &piece[space + 1..]),
        None => (None, piece),
    }
}

fn failed(docker: &Docker, service: &str, fault: Fault) -> Error {
    if fault.status() == Some(404) {
        return Error::NoService {
            service: service.to_owned(),
        };
    }
    let doing = format!("read the log of `{service}`");
    docker.client.error(&doing, fault)
}

/// Puts the two streams of a log into lines.
struct Splitter<'a> {
    service: &'a str,
    stdout: Stream,
    stderr: Stream,
}

#[derive(Default)]
struct Stream {
    lines: Lines,
    /// When the line that is not whole yet began.
    begun: Option<SystemTime>,
}

impl Splitter<'_> {
    /// Takes in a piece, which is a line or, of a long one, a part: each has its own time.
    fn push(&mut self, piece: &LogOutput) -> Vec<LogLine> {
        let stderr = matches!(piece, LogOutput::StdErr { .. });
        let (at, text) = stamped(piece.as_ref());
        let stream = if stderr {
            &mut self.stderr
        } else {
            &mut self.stdout
        };
        let begun = stream.begun.or(at);
        let lines = stream.lines.push(text);
        stream.begun = if text.ends_with(b"\n") { None } else { begun };
        lines
            .into_iter()
            .map(|line| self.line(line, stderr, begun))
            .collect()
    }

    fn finish(&mut self) -> Vec<LogLine> {
        let (out, err) = (&mut self.stdout, &mut self.stderr);
        let rest = [
            (out.lines.finish(), false, out.begun),
            (err.lines.finish(), true, err.begun),
        ];
        rest.into_iter()
            .filter_map(|(line, stderr, at)| Some(self.line(line?, stderr, at)))
            .collect()
    }

    fn line(&self, line: String, stderr: bool, at: Option<SystemTime>) -> LogLine {
        LogLine {
            service: self.service.to_owned(),
            stderr,
            at,
            line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_long_line_lose_their_times() {
        let mut splitter = Splitter {
            service: "api",
            stdout: Stream::default(),
            stderr: Stream::default(),
        };
        let part = |text: &str| LogOutput::StdOut {
            message: text.to_owned().into(),
        };
        assert!(
            splitter
                .push(&part("2021-01-31T00:00:00.123456789Z one "))
                .is_empty()
        );
        let lines = splitter.push(&part("2021-01-31T00:00:01.000000000Z two\n"));
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].line, "one two");
        let at = humantime::parse_rfc3339("2021-01-31T00:00:00.123456789Z");
        assert_eq!(lines[0].at, at.ok());
        assert_eq!(splitter.push(&part("no time\n"))[0].line, "no time");
    }
}
