//! Requests to the daemon, each on a connection of its own that counts what comes: a daemon whose
//! answer has no end must not take the machine's memory.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bollard::errors::Error as BollardError;
use bollard::{BollardRequest, ClientVersion};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap, HeaderValue};
use hyper::{Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;

use super::Endpoint;
use super::client::Fault;

/// The longest answer that is held as a whole: a list of some ten thousand containers.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The longest piece of an answer that comes in pieces: a line of a build, a frame of a log.
const PIECE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// An answer that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has more than {} MiB", .0 / 1024 / 1024)]
pub(super) struct TooLong(usize);

/// No connection was made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unconnected(#[source] pub(super) io::Error);

/// Counts what came of an answer.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    came: Arc<AtomicUsize>,
    most: usize,
}

impl Meter {
    fn of(most: usize) -> Self {
        let came = Arc::default();
        Self { came, most }
    }

    /// Returns one of an answer in pieces, of which whoever takes one says so.
    pub(super) fn of_pieces() -> Self {
        Self::of(PIECE_BYTES_MAX)
    }

    /// Takes the next piece. The client library keeps of an error in the middle of an answer only
    /// that there was one.
    pub(super) fn take<T>(&self, piece: Result<T, BollardError>) -> Result<T, Fault> {
        if piece.is_err() && self.came.load(Ordering::Relaxed) > self.most {
            return Err(Fault::Endless(TooLong(self.most)));
        }
        self.came.store(0, Ordering::Relaxed);
        Ok(piece?)
    }

    fn add(&self, bytes: usize) -> io::Result<()> {
        let came = self.came.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if came > self.most {
            return Err(io::Error::other(TooLong(self.most)));
        }
        Ok(())
    }
}

/// Returns a client of the daemon; without a meter each answer is held as a whole.
pub(super) fn open(
    endpoint: &Endpoint,
    version: &ClientVersion,
    meter: Option<Meter>,
) -> bollard::Docker {
    let Endpoint::Unix(socket) = endpoint.clone();
    let transport = move |request| {
        let meter = meter.clone();
        let meter = meter.unwrap_or_else(|| Meter::of(ANSWER_BYTES_MAX));
        send(socket.clone(), request, meter)
    };
    // Where the requests go, the transport knows; its name only makes their addresses whole.
    bollard::Docker::connect_with_custom_transport(transport, Some("http://docker"), 0, version)
        .expect("nothing is opened yet")
}

/// Asks for a path, and returns the head of the answer.
pub(super) async fn head(endpoint: &Endpoint, path: &str) -> Result<HeaderMap, Fault> {
    let Endpoint::Unix(socket) = endpoint.clone();
    let mut request = BollardRequest::new(bollard::body_full(Bytes::new()));
    *request.uri_mut() = path.parse().expect("it is a path");
    let answer = send(socket, request, Meter::of(ANSWER_BYTES_MAX)).await?;
    if !answer.status().is_success() {
        return Err(Fault::Refused {
            status: answer.status().as_u16(),
            message: String::new(),
        });
    }
    Ok(answer.headers().clone())
}

/// Puts the version before the path. The client means to, and then joins the bare path over it,
/// so that a daemon would answer in whatever its newest version is.
pub(super) fn with_version(mut request: BollardRequest, version: ClientVersion) -> BollardRequest {
    let uri = request.uri().to_string();
    let Some(path_at) = uri.find("://").and_then(|at| {
        let after = at + "://".len();
        uri[after..].find('/').map(|slash| after + slash)
    }) else {
        return request;
    };
    let (before, path) = uri.split_at(path_at);
    let prefix = format!("/v{version}");
    if !path.starts_with(&format!("{prefix}/"))
        && let Ok(versioned) = format!("{before}{prefix}{path}").parse()
    {
        *request.uri_mut() = versioned;
    }
    request
}

async fn send(
    socket: PathBuf,
    mut request: BollardRequest,
    meter: Meter,
) -> Result<Response<Incoming>, BollardError> {
    let connected = UnixStream::connect(&socket).await;
    let stream = connected.map_err(|error| io::Error::other(Unconnected(error)))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(Metered { stream, meter })).await?;
    // What goes wrong on it, the answer's reader is told.
    tokio::spawn(connection.with_upgrades());
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    let host = HeaderValue::from_static("docker");
    request.headers_mut().insert(HOST, host);
    Ok(sender.send_request(request).await?)
}

/// A connection that fails when too much comes.
struct Metered {
    stream: UnixStream,
    meter: Meter,
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if matches!(read, Poll::Ready(Ok(()))) {
            self.meter.add(buffer.filled().len() - before)?;
        }
        read
    }
}

impl AsyncWrite for Metered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
