//! The bytes of a dump, read and decompressed on a thread of their own, a few chunks ahead.

use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use flate2::bufread::MultiGzDecoder;

use crate::model::Digest;
use crate::postgres::{self, Brake};

use super::Error;

/// How much is read at once, and sent to the server at once.
const CHUNK: usize = 256 * 1024;
/// How many chunks may wait for the server.
const AHEAD: usize = 4;
/// How many bytes tell what a file is.
const HEAD: u64 = 512;

/// What the reading thread hands over.
enum DumpPiece {
    Data {
        text: Vec<u8>,
        /// How much of the file itself was read so far.
        read: u64,
    },
    End {
        read: u64,
        digest: String,
    },
    Failed(io::Error),
}

/// A dump's text, in chunks.
pub(super) struct Input {
    file: PathBuf,
    pieces: Receiver<DumpPiece>,
    buffer: Vec<u8>,
    start: usize,
    /// How much of the file itself was read, and its SHA-256 once that is all.
    read: u64,
    digest: Option<String>,
    /// What ends the reading, whatever comes out of a file.
    brake: Option<Brake>,
}

impl Input {
    /// Opens a file, and looks at its first bytes rather than at its name.
    pub(super) fn open(file: &Path) -> Result<Self, Error> {
        let opened = fs_err::File::open(file).map_err(|source| Error::Read {
            file: file.to_owned(),
            source,
        })?;
        let input = Self::read(file, opened)?;
        if input.rest().is_empty() {
            // What a failed `pg_dump > file` leaves.
            return Err(Error::Cut {
                file: file.to_owned(),
                line: 1,
                reason: "it is empty",
            });
        }
        Ok(input)
    }

    pub(super) fn read(file: &Path, inner: impl Read + Send + 'static) -> Result<Self, Error> {
        let meter = Arc::default();
        let mut metered = MeteredFile {
            inner,
            meter: Arc::clone(&meter),
        };
        let mut head = Vec::new();
        let taken = metered.by_ref().take(HEAD).read_to_end(&mut head);
        taken.map_err(|source| Error::Read {
            file: file.to_owned(),
            source,
        })?;
        let format = |found| Error::Format {
            file: file.to_owned(),
            found,
        };
        if let Some(found) = unreadable(&head) {
            return Err(format(found));
        }
        let (sender, pieces) = sync_channel(AHEAD);
        let packed = head.starts_with(&[0x1f, 0x8b]);
        let raw = BufReader::with_capacity(CHUNK, Cursor::new(head).chain(metered));
        let text: Box<dyn Read + Send> = if packed {
            Box::new(MultiGzDecoder::new(raw))
        } else {
            Box::new(raw)
        };
        // It ends with the file, or when nobody takes its pieces any more.
        let reading = thread::Builder::new().spawn(move || hand_over(text, &meter, &sender));
        reading.map_err(|source| Error::Read {
            file: file.to_owned(),
            source,
        })?;
        let mut input = Self {
            file: file.to_owned(),
            pieces,
            buffer: Vec::new(),
            start: 0,
            read: 0,
            digest: None,
            brake: None,
        };
        let begin = input.at_least(3).map_err(|error| cut(error, 1))?;
        if let Some(found) = unreadable(begin) {
            return Err(format(found));
        }
        if begin.starts_with("\u{feff}".as_bytes()) {
            input.consume(3);
        }
        Ok(input)
    }

    /// Ends the reading when the brake is pulled.
    pub(super) fn until(mut self, brake: &Brake) -> Self {
        self.brake = Some(brake.clone());
        self
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Returns how many bytes of the file were read for what is there.
    pub(super) fn bytes(&self) -> u64 {
        self.read
    }

    /// Returns the SHA-256 of the file, once its text has ended.
    pub(super) fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Returns what is there, at least one byte unless the text has ended.
    pub(super) fn available(&mut self) -> Result<&[u8], Error> {
        self.at_least(1)
    }

    /// Returns what is there, at least `wanted` bytes (a few) unless the text ends before.
    pub(super) fn at_least(&mut self, wanted: usize) -> Result<&[u8], Error> {
        while self.buffer.len() - self.start < wanted && self.digest.is_none() {
            if self.brake.as_ref().is_some_and(Brake::is_pulled) {
                return Err(postgres::Error::Cancelled.into());
            }
            match self.pieces.recv() {
                Ok(DumpPiece::Data { text, read }) => {
                    self.read = read;
                    if self.start == self.buffer.len() {
                        self.buffer = text;
                    } else {
                        self.buffer.drain(..self.start);
                        self.buffer.extend_from_slice(&text);
                    }
                    self.start = 0;
                }
                Ok(DumpPiece::End { read, digest }) => {
                    self.read = read;
                    self.digest = Some(digest);
                }
                Ok(DumpPiece::Failed(source)) => return Err(self.failed(source)),
                // The thread panicked.
                Err(_) => return Err(self.failed(io::ErrorKind::BrokenPipe.into())),
            }
        }
        Ok(self.rest())
    }

    /// Returns what is there already.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Takes bytes off the front of what is there.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        debug_assert!(self.start <= self.buffer.len());
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Read {
            file: self.file.clone(),
            source,
        }
    }
}

/// How much of the file itself was read, and the digest of that.
type FileMeter = Mutex<(u64, Digest)>;

fn look(meter: &FileMeter) -> MutexGuard<'_, (u64, Digest)> {
    meter.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts and hashes what is read of the file itself.
struct MeteredFile<R> {
    inner: R,
    meter: Arc<FileMeter>,
}

impl<R: Read> Read for MeteredFile<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let mut meter = look(&self.meter);
        meter.0 += read as u64;
        meter.1.update(&buffer[..read]);
        Ok(read)
    }
}

/// Reads to the end, whatever comes out of it, as far as somebody listens.
fn hand_over(mut text: impl Read, meter: &FileMeter, pieces: &SyncSender<DumpPiece>) {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let result = text.by_ref().take(CHUNK as u64).read_to_end(&mut chunk);
        if !chunk.is_empty() {
            let read = look(meter).0;
            if pieces.send(DumpPiece::Data { text: chunk, read }).is_err() {
                return;
            }
        }
        let last = match result {
            Ok(0) => {
                let (read, digest) = look(meter).clone();
                DumpPiece::End {
                    read,
                    digest: digest.finish(),
                }
            }
            Ok(_) => continue,
            Err(error) => DumpPiece::Failed(error),
        };
        // Whoever stopped listening has a reason of its own to tell.
        let _ = pieces.send(last);
        return;
    }
}

/// Returns what a file is whose first bytes are no SQL.
fn unreadable(head: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 6] = [
        (b"PGDMP", "in pg_dump's custom format"),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
        (b"\xfd7zXZ", "compressed with xz"),
        (b"BZh", "compressed with bzip2"),
        (b"\xff\xfe", "in UTF-16"),
        (b"\xfe\xff", "in UTF-16"),
    ];
    let found = KNOWN.iter().find(|(magic, _)| head.starts_with(magic));
    found.map(|(_, name)| *name).or_else(|| {
        (head.get(257..262) == Some(b"ustar"))
            .then_some("in pg_dump's tar format, or a tar archive")
    })
}

/// Tells compressed data that ends too early from other failures.
pub(super) fn cut(error: Error, line: usize) -> Error {
    match error {
        Error::Read { file, source } if source.kind() == io::ErrorKind::UnexpectedEof => {
            Error::Cut {
                file,
                line,
                reason: "its compressed data ends here",
            }
        }
        error => error,
    }
}
