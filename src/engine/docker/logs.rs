//! A service's log, line by line.

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptions;
use futures_util::StreamExt as _;
use tokio::sync::mpsc::Sender;

use super::client::Fault;
use super::{Docker, labels};
use crate::engine::lines::Lines;
use crate::engine::{Error, LogLine, LogOptions};

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
        for line in lines {
            if sink.send(line).await.is_err() {
                return Ok(());
            }
        }
    }
    for line in splitter.finish() {
        if sink.send(line).await.is_err() {
            break;
        }
    }
    Ok(())
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
