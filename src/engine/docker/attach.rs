//! A command inside a running container, on this program's own standard streams.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{ResizeExecOptions, StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures_util::{Stream, StreamExt as _};
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, stderr, stdin, stdout,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::terminal::{RawTerminal, size};
use super::transport::Meter;
use super::{Docker, exec, hijack};
use crate::engine::{Error, Exec};
use crate::probe::{Attempt, Poll};

/// The exit code of a command that nobody reads, as a shell gives it for SIGPIPE.
const NOBODY_READS: i64 = 141;

/// How long the daemon may take until a started command has a terminal to be sized.
const SIZE_TIMEOUT: Duration = Duration::from_secs(5);

/// Nothing is left to come back to, so the keys that leave a command running are ones that nobody
/// types; the daemon's own, ctrl-p first, would hold back every ctrl-p until the next key.
const DETACH_KEYS: &str = "ctrl-^,ctrl-@,ctrl-^,ctrl-@";

type AttachedOutput = Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>;

/// Runs a command in the service's container and returns its exit code.
pub(super) async fn attach(
    docker: &Docker,
    service: &str,
    command: &Exec,
    terminal: bool,
) -> Result<i64, Error> {
    let doing = exec::doing(service, command);
    let config = ExecConfig {
        attach_stdin: Some(true),
        tty: Some(terminal),
        // Daemons before 23.0 know nothing of it, and are told once the command runs.
        console_size: size().filter(|_| terminal).map(|(lines, columns)| {
            let size = [lines, columns].map(usize::from);
            size.to_vec()
        }),
        detach_keys: terminal.then(|| DETACH_KEYS.to_owned()),
        ..exec::config(command)
    };
    let id = exec::prepare(docker, service, &doing, config).await?;
    let is_read = if terminal {
        on_terminal(docker, &id, &doing).await?
    } else {
        on_streams(docker, &id, &doing).await?
    };
    if is_read {
        exec::exit_code(docker, &id, &doing).await
    } else {
        Ok(NOBODY_READS)
    }
}

/// Copies the three streams until the command's output ends; `false` when nobody reads it.
async fn on_streams(docker: &Docker, id: &str, doing: &str) -> Result<bool, Error> {
    let options = StartExecOptions::default();
    let (api, meter) = docker.client.streaming();
    let call = api.start_exec(id, Some(options));
    let StartExecResults::Attached { output, input } = docker.client.call(doing, call).await?
    else {
        unreachable!("the command was not started detached");
    };
    // The command may end, and its output with it, before it has read all of its input.
    tokio::select! {
        shown = show(docker, (id, doing), output, &meter) => shown,
        never = feed(input) => match never {},
    }
}

/// Writes what comes, as it comes, to the stream that it is for.
async fn show(
    docker: &Docker,
    (id, doing): (&str, &str),
    mut output: AttachedOutput,
    meter: &Meter,
) -> Result<bool, Error> {
    let (mut out, mut err) = (stdout(), stderr());
    let mut is_first = true;
    while let Some(piece) = output.next().await {
        let piece = meter.take(piece);
        let piece = piece.map_err(|fault| docker.client.error(doing, fault))?;
        let is_error = match piece {
            LogOutput::StdErr { .. } => true,
            // The daemon says on standard output why it could not start a command.
            _ if is_first => never_ran(docker, id).await,
            _ => false,
        };
        is_first = false;
        let written = if is_error {
            write(&mut err, piece.as_ref()).await
        } else {
            write(&mut out, piece.as_ref()).await
        };
        if !still_read(written).map_err(|error| failed(doing, error))? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn never_ran(docker: &Docker, id: &str) -> bool {
    let asked = docker
        .client
        .raw(docker.client.api().inspect_exec(id))
        .await;
    asked.is_ok_and(|exec| exec.running != Some(true) && exec.pid.unwrap_or(0) == 0)
}

/// Copies both directions with the terminal left to the command; `false` when nobody reads it.
async fn on_terminal(docker: &Docker, id: &str, doing: &str) -> Result<bool, Error> {
    // Put back as it was when this is dropped, at its end or before.
    let _raw = RawTerminal::enter().map_err(|error| failed(doing, error))?;
    let stream = hijack::start_exec(&docker.client, id).await;
    let stream = stream.map_err(|fault| docker.client.error(doing, fault))?;
    let (output, input) = stream.into_split();
    let result = tokio::select! {
        shown = copy_out(output) => shown,
        never = feed(input) => match never {},
        sized = keep_size(docker, id) => sized.map(|never| match never {}),
    };
    still_read(result).map_err(|error| failed(doing, error))
}

async fn copy_out(mut output: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut out = stdout();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match output.read(&mut buffer).await? {
            0 => return Ok(()),
            count => write(&mut out, &buffer[..count]).await?,
        }
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// Copies standard input to its end, closes the command's, and then waits for ever. A command that
/// ends before it has read all is judged by its exit code.
async fn feed(mut input: impl AsyncWrite + Unpin) -> Infallible {
    let mut typed = stdin();
    let mut buffer = vec![0; 16 * 1024];
    // One that cannot be read is one that has ended.
    while let Ok(count @ 1..) = typed.read(&mut buffer).await {
        if write(&mut input, &buffer[..count]).await.is_err() {
            break;
        }
    }
    let _ = input.shutdown().await;
    std::future::pending().await
}

/// Gives the command's terminal the size of ours, now and whenever that changes.
async fn keep_size(docker: &Docker, id: &str) -> io::Result<Infallible> {
    let mut changes = signal(SignalKind::window_change())?;
    let resize = async || {
        let Some((height, width)) = size() else {
            return Attempt::Done(());
        };
        let size = ResizeExecOptions { height, width };
        let call = docker.client.api().resize_exec(id, size);
        match docker.client.raw(call).await {
            Ok(()) => Attempt::<(), Infallible>::Done(()),
            // It is about to start, or has just ended.
            Err(fault) => Attempt::NotYet(fault.to_string()),
        }
    };
    let never = CancellationToken::new();
    loop {
        let mut turns = Poll::within(SIZE_TIMEOUT).turns(&never);
        while turns.take(resize(), |_| {}).await.is_none() {}
        changes.recv().await;
    }
}

/// Tells a reader that is gone (`envctl exec … | head`) from a failure.
fn still_read(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

fn failed(doing: &str, error: io::Error) -> Error {
    Error::Call {
        doing: doing.to_owned(),
        source: Box::new(error),
    }
}
