//! A body of a request that is made while it is sent: bounded in memory, and never mistaken for
//! whole when its maker stopped half-way.

use std::io::{self, Write};

use futures_util::Stream;
use futures_util::stream::poll_fn;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::bytes::Bytes;

/// Pieces on their way at once.
const PIECES_MAX: usize = 16;

/// How much a [`Pieces`] collects before it sends.
const PIECE_BYTES: usize = 64 * 1024;

/// What its maker says about a body.
#[derive(Debug)]
enum UploadPiece {
    Bytes(Bytes),
    /// All of it was sent. Without this, the body ends in an error, and so does the request.
    End,
}

/// The end that makes the body.
#[derive(Debug)]
pub(super) struct Uploader(Sender<UploadPiece>);

/// Returns the maker's end and the body.
pub(super) fn channel_of_bytes() -> (
    Uploader,
    impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static,
) {
    let (sender, receiver) = channel(PIECES_MAX);
    (Uploader(sender), body(receiver))
}

fn body(
    mut receiver: Receiver<UploadPiece>,
) -> impl Stream<Item = Result<Bytes, io::Error>> + Send {
    let mut is_over = false;
    poll_fn(move |context| {
        if is_over {
            return std::task::Poll::Ready(None);
        }
        receiver.poll_recv(context).map(|piece| match piece {
            Some(UploadPiece::Bytes(bytes)) => Some(Ok(bytes)),
            Some(UploadPiece::End) => {
                is_over = true;
                None
            }
            None => {
                is_over = true;
                Some(Err(io::Error::other("what was being sent broke off")))
            }
        })
    })
}

impl Uploader {
    /// Sends bytes; false when nobody takes them any more.
    pub(super) async fn send(&self, bytes: Bytes) -> bool {
        self.0.send(UploadPiece::Bytes(bytes)).await.is_ok()
    }

    /// Says that all was sent.
    pub(super) async fn end(self) {
        let _ = self.0.send(UploadPiece::End).await;
    }

    /// Returns a writer for a blocking thread.
    pub(super) fn into_writer(self) -> Pieces {
        Pieces {
            uploader: self,
            buffer: Vec::with_capacity(PIECE_BYTES),
        }
    }
}

/// Writes a body from a blocking thread.
#[derive(Debug)]
pub(super) struct Pieces {
    uploader: Uploader,
    buffer: Vec<u8>,
}

impl Pieces {
    /// Says that all was written.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.flush()?;
        self.uploader
            .0
            .blocking_send(UploadPiece::End)
            .map_err(|_| gone())
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the daemon stopped listening")
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE_BYTES));
        let piece = UploadPiece::Bytes(Bytes::from(full));
        self.uploader.0.blocking_send(piece).map_err(|_| gone())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn a_body_without_an_end_is_an_error() {
        let (uploader, body) = channel_of_bytes();
        assert!(uploader.send(Bytes::from_static(b"half")).await);
        drop(uploader);
        let pieces: Vec<_> = body.collect().await;
        assert_eq!(pieces.len(), 2);
        assert!(pieces[0].is_ok() && pieces[1].is_err());
    }

    #[tokio::test]
    async fn a_written_body_arrives_whole() {
        let (uploader, body) = channel_of_bytes();
        let writing = tokio::task::spawn_blocking(move || {
            let mut writer = uploader.into_writer();
            for _ in 0..100 {
                writer.write_all(&[7; 10_000]).unwrap();
            }
            writer.end().unwrap();
        });
        let pieces: Vec<_> = body.collect().await;
        writing.await.unwrap();
        let length: usize = pieces
            .iter()
            .map(|piece| piece.as_ref().unwrap().len())
            .sum();
        assert_eq!(length, 1_000_000);
    }
}
