//! A stream of bytes to a server, with TLS or without. Knows no protocol above.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

use super::{HttpError, InvalidRequest, Tls, TlsError};

/// How much of what a server says first is remembered.
pub(super) const FIRST_BYTES: usize = 32;

/// Where a channel leads; two that are equal may share their channels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Destination {
    pub(super) host: String,
    pub(super) port: u16,
    /// `None` is a channel without TLS.
    pub(super) tls: Option<Tls>,
}

impl Destination {
    /// Returns the place of `url`, which is found at another address where `at` is one.
    pub(super) fn of(
        url: &Url,
        at: Option<&str>,
        tls: Option<&Tls>,
    ) -> Result<Self, InvalidRequest> {
        let is_secure = matches!(url.scheme(), "https" | "wss");
        let host = match (at, url.host()) {
            (Some(at), _) => at.to_owned(),
            (None, Some(Host::Domain(name))) => name.to_owned(),
            (None, Some(Host::Ipv4(address))) => address.to_string(),
            (None, Some(Host::Ipv6(address))) => address.to_string(),
            (None, None) => return Err(InvalidRequest::Url),
        };
        Ok(Self {
            host,
            port: url.port_or_known_default().ok_or(InvalidRequest::Url)?,
            tls: is_secure.then(|| tls.cloned().unwrap_or_default()),
        })
    }

    /// Connects; `config` is what `tls` makes.
    pub(super) async fn connect(
        &self,
        config: Option<Arc<ClientConfig>>,
    ) -> Result<Channel, HttpError> {
        let stream = self.tcp().await?;
        let link = match (&self.tls, config) {
            (Some(tls), Some(config)) => {
                let name = tls.server_name.as_ref().unwrap_or(&self.host);
                let name = ServerName::try_from(name.clone())
                    .map_err(|_| TlsError::ServerName(name.clone()))?;
                let connected = TlsConnector::from(config).connect(name, stream).await;
                Link::Tls(Box::new(
                    connected.map_err(|error| broken_handshake(&error))?,
                ))
            }
            _ => Link::Plain(stream),
        };
        Ok(Channel {
            link,
            first: First::default(),
        })
    }

    async fn tcp(&self) -> Result<TcpStream, HttpError> {
        let connected = if let Ok(address) = self.host.parse::<IpAddr>() {
            TcpStream::connect((address, self.port)).await
        } else {
            let found = lookup_host((self.host.as_str(), self.port)).await;
            let found = found.map_err(|_| HttpError::Unknown(self.host.clone()))?;
            TcpStream::connect(found.collect::<Vec<_>>().as_slice()).await
        };
        let stream = connected.map_err(|error| HttpError::of_io(&error))?;
        // A request is written whole; waiting for more of it would only cost time.
        let _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

fn broken_handshake(error: &io::Error) -> HttpError {
    match error.kind() {
        ErrorKind::UnexpectedEof => {
            HttpError::Broken("the connection was closed within the TLS handshake".to_owned())
        }
        _ => HttpError::of_io(error),
    }
}

/// What a server says first, shared with who has given the channel away.
#[derive(Clone, Debug, Default)]
pub(super) struct First(Arc<Mutex<Vec<u8>>>);

impl First {
    /// Returns the first bytes, when some have come.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.locked().clone()
    }

    /// Forgets them: the next answer has first bytes of its own.
    pub(super) fn forget(&self) {
        self.locked().clear();
    }

    fn remember(&self, bytes: &[u8]) {
        let mut first = self.locked();
        if first.is_empty() {
            first.extend_from_slice(&bytes[..bytes.len().min(FIRST_BYTES)]);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection.
#[derive(Debug)]
pub(super) struct Channel {
    link: Link,
    first: First,
}

#[derive(Debug)]
enum Link {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Channel {
    /// Returns where the first bytes will be seen.
    pub(super) fn first(&self) -> First {
        self.first.clone()
    }
}

impl AsyncRead for Channel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = match &mut self.link {
            Link::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Link::Tls(stream) => Pin::new(stream).poll_read(context, into),
        };
        self.first.remember(&into.filled()[before..]);
        read
    }
}

impl AsyncWrite for Channel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.link {
            Link::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Link::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.link {
            Link::Plain(stream) => Pin::new(stream).poll_write_vectored(context, pieces),
            Link::Tls(stream) => Pin::new(stream).poll_write_vectored(context, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.link {
            Link::Plain(stream) => stream.is_write_vectored(),
            Link::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.link {
            Link::Plain(stream) => Pin::new(stream).poll_flush(context),
            Link::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.link {
            Link::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Link::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
