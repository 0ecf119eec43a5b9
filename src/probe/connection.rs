//! One HTTP connection, driven by whoever waits for an answer on it: no task of its own outlives
//! a check. Knows neither redirects nor cookies.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;

use super::body::Outgoing;
use super::channel::{Channel, Destination, FIRST_BYTES, First};
use super::{BODY_LIMIT_BYTES, HttpError};

/// How much is read ahead, and how long a head may be. What a server sends without an end, as
/// `100 Continue` again and again, is looked through at once as far as it was read, and keeps
/// everybody else waiting for so long.
const READ_BYTES_MAX: usize = 64 * 1024;

/// A TLS record that is an alert begins so; every version from SSL 3 on has the 3.
const TLS_ALERT: [u8; 2] = [0x15, 0x03];

/// Boxed, so that a kept connection is moved cheaply.
type Driver = Box<http1::Connection<TokioIo<Channel>, Outgoing>>;

/// A connection that carries one request at a time.
#[derive(Debug)]
pub(super) struct Connection {
    sender: http1::SendRequest<Outgoing>,
    /// Reads and writes; `None` when it has ended.
    driver: Option<Driver>,
    first: First,
    secure: bool,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(
        place: &Destination,
        config: Option<Arc<ClientConfig>>,
    ) -> Result<Self, HttpError> {
        let channel = place.connect(config).await?;
        let first = channel.first();
        let (sender, driver) = http1::Builder::new()
            .max_buf_size(READ_BYTES_MAX)
            .handshake(TokioIo::new(channel))
            .await
            .map_err(|error| HttpError::of(&error))?;
        Ok(Self {
            sender,
            driver: Some(Box::new(driver)),
            first,
            secure: place.tls.is_some(),
        })
    }

    /// Returns whether it can take a request right now.
    pub(super) async fn is_idle(&mut self) -> bool {
        std::future::poll_fn(|context| Poll::Ready(self.poll_idle(context))).await
    }

    fn poll_idle(&mut self, context: &mut Context<'_>) -> bool {
        // The driver needs one turn to see the end of the last answer, and one to say that it
        // takes another request.
        for _ in 0..3 {
            if let Poll::Ready(ready) = self.sender.poll_ready(context) {
                return ready.is_ok();
            }
            match self
                .driver
                .as_mut()
                .map(|driver| Pin::new(driver).poll(context))
            {
                Some(Poll::Pending) => {}
                Some(Poll::Ready(_)) | None => return false,
            }
        }
        false
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn head(
        &mut self,
        request: hyper::Request<Outgoing>,
    ) -> Result<hyper::Response<Incoming>, HttpError> {
        self.first.forget();
        let answer = self.sender.send_request(request);
        let answer = drive(&mut self.driver, answer).await;
        answer.map_err(|error| self.explain(&error))
    }

    /// Reads a body to its end into `bytes`.
    pub(super) async fn body(
        &mut self,
        mut incoming: Incoming,
        bytes: &mut Vec<u8>,
    ) -> Result<(), HttpError> {
        let announced = incoming.size_hint().exact();
        if incoming.size_hint().lower() > BODY_LIMIT_BYTES as u64 {
            return Err(HttpError::TooLong);
        }
        while let Some(frame) = drive(&mut self.driver, incoming.frame()).await {
            let frame = frame.map_err(|error| cut(&error, bytes.len(), announced))?;
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            if bytes.len() + piece.len() > BODY_LIMIT_BYTES {
                return Err(HttpError::TooLong);
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// Says why there is no answer, by what the server sent instead.
    fn explain(&self, error: &hyper::Error) -> HttpError {
        match HttpError::of(error) {
            HttpError::NotHttp(..) if self.first.bytes().starts_with(b"HTTP/1.") => {
                HttpError::BadHead(error.to_string())
            }
            HttpError::NotHttp(..) => not_http(&self.first, self.secure),
            other => other,
        }
    }
}

/// Names what came instead of HTTP.
pub(super) fn not_http(first: &First, secure: bool) -> HttpError {
    let bytes = first.bytes();
    if !secure && bytes.starts_with(&TLS_ALERT) {
        return HttpError::Secure;
    }
    HttpError::NotHttp(bytes.escape_ascii().to_string(), bytes.len() == FIRST_BYTES)
}

/// Waits for `work`, which the driver makes progress.
async fn drive<T>(driver: &mut Option<Driver>, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    if let Some(running) = driver {
        tokio::select! {
            biased;
            done = &mut work => return done,
            // How it ended is told to the work.
            _ = running => *driver = None,
        }
    }
    work.await
}

fn cut(error: &hyper::Error, got: usize, announced: Option<u64>) -> HttpError {
    match HttpError::of(error) {
        HttpError::Closed => HttpError::Cut { got, announced },
        other => other,
    }
}
