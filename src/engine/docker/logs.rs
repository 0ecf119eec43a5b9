//! A service's log, line by line.

use std::time::UNIX_EPOCH;

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt as _;
use tokio::sync::mpsc::Sender;

use super::client::Fault;
use super::{Docker, labels};
use crate::engine::lines::Lines;
use crate::engine::{Error, LogLine, LogMark, LogOptions};

/// Sends a service's log lines until it ends or the sink closes.
pub(super) async fn logs(
    docker: &Docker,
    service: &str,
    options: LogOptions,
    sink: Sender<LogLine>,
) -> Result<(), Error> {
    let name = labels::container_name(&docker.identity, service);
    let query = LogsOptions {
        follow: options.follow,
        stdout: true,
        stderr: true,
        tail: options
            .tail
            .map_or_else(|| "all".to_owned(), |lines| lines.to_string()),
        // The daemon takes whole seconds here; the rest is looked at line by line.
        since: options.since.map_or(0, seconds),
        timestamps: options.since.is_some(),
        ..LogsOptions::default()
    };
    let mut pieces = docker.client.api().logs(&name, Some(query));
    let mut splitter = Splitter {
        service,
        stdout: Lines::default(),
        stderr: Lines::default(),
    };
    loop {
        let piece = tokio::select! {
            piece = pieces.next() => piece,
            () = sink.closed() => return Ok(()),
        };
        let lines = match piece {
            Some(Ok(piece)) => splitter.push(&piece),
            Some(Err(error)) => return Err(failed(docker, service, error.into())),
            None => break,
        };
        for line in lines
            .into_iter()
            .filter_map(|line| later(line, options.since))
        {
            if sink.send(line).await.is_err() {
                return Ok(());
            }
        }
    }
    let rest = splitter.finish().into_iter();
    for line in rest.filter_map(|line| later(line, options.since)) {
        if sink.send(line).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn seconds(mark: LogMark) -> i32 {
    let since = mark.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i32::try_from(since.as_secs()).unwrap_or(i32::MAX)
}

/// Takes its time off a line; none when it was printed before the mark.
fn later(mut line: LogLine, mark: Option<LogMark>) -> Option<LogLine> {
    let Some(mark) = mark else {
        return Some(line);
    };
    if let Some((time, text)) = line.line.split_once(' ')
        && let Ok(time) = humantime::parse_rfc3339(time)
    {
        if time < mark.at {
            return None;
        }
        line.line = String::from(text);
    }
    Some(line)
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
    stdout: Lines,
    stderr: Lines,
}

impl Splitter<'_> {
    fn push(&mut self, piece: &LogOutput) -> Vec<LogLine> {
        let stderr = matches!(piece, LogOutput::StdErr { .. });
        let lines = if stderr {
            &mut self.stderr
        } else {
            &mut self.stdout
        };
        let lines = lines.push(piece.as_ref());
        lines
            .into_iter()
            .map(|line| self.line(line, stderr))
            .collect()
    }

    fn finish(&mut self) -> Vec<LogLine> {
        let rest = [(self.stdout.finish(), false), (self.stderr.finish(), true)];
        rest.into_iter()
            .filter_map(|(line, stderr)| Some(self.line(line?, stderr)))
            .collect()
    }

    fn line(&self, line: String, stderr: bool) -> LogLine {
        LogLine {
            service: self.service.to_owned(),
            stderr,
            line,
        }
    }
}
