//! The bytes of a dump: decompressed, counted, and hashed as they lie on the disk.

use std::cell::RefCell;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

use crate::config::model::Digest;

use super::Error;

/// How much is read at once, and sent to the server at once.
const CHUNK: usize = 256 * 1024;

/// How many bytes tell what a file is.
const HEAD: usize = 512;

/// Tells what was read of the file itself.
#[derive(Clone, Default)]
pub(super) struct Meter(Rc<RefCell<(u64, Digest)>>);

impl Meter {
    /// Returns how many bytes were read.
    pub(super) fn bytes(&self) -> u64 {
        self.0.borrow().0
    }

    /// Returns the SHA-256 of the bytes that were read.
    pub(super) fn digest(&self) -> String {
        self.0.borrow().1.clone().finish()
    }
}

struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let mut meter = self.meter.0.borrow_mut();
        meter.0 += read as u64;
        meter.1.update(&buffer[..read]);
        Ok(read)
    }
}

/// A dump's text, in chunks.
pub(super) struct Input {
    file: PathBuf,
    reader: Box<dyn Read>,
    meter: Meter,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
}

impl Input {
    /// Opens a file, and looks at its first bytes rather than at its name.
    pub(super) fn open(file: &Path) -> Result<Self, Error> {
        let opened = fs_err::File::open(file).map_err(|source| Error::Read {
            file: file.to_owned(),
            source,
        })?;
        Self::read(file, opened)
    }

    pub(super) fn read(file: &Path, inner: impl Read + 'static) -> Result<Self, Error> {
        let read_error = |source| Error::Read {
            file: file.to_owned(),
            source,
        };
        let meter = Meter::default();
        let mut metered = Metered {
            inner,
            meter: meter.clone(),
        };
        let mut head = Vec::new();
        let wanted = HEAD as u64;
        metered
            .by_ref()
            .take(wanted)
            .read_to_end(&mut head)
            .map_err(read_error)?;
        if let Some(found) = unreadable(&head) {
            return Err(Error::Format {
                file: file.to_owned(),
                found,
            });
        }
        let packed = head.starts_with(&[0x1f, 0x8b]);
        let raw = BufReader::with_capacity(CHUNK, Cursor::new(head).chain(metered));
        let reader: Box<dyn Read> = if packed {
            Box::new(MultiGzDecoder::new(raw))
        } else {
            Box::new(raw)
        };
        let mut input = Self {
            file: file.to_owned(),
            reader,
            meter,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            ended: false,
        };
        let begin = input.at_least(3).map_err(|error| cut(error, 1))?;
        if begin.starts_with("\u{feff}".as_bytes()) {
            input.consume(3);
        }
        if let Some(found) = unreadable(input.rest()) {
            return Err(Error::Format {
                file: file.to_owned(),
                found,
            });
        }
        Ok(input)
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn meter(&self) -> Meter {
        self.meter.clone()
    }

    /// Returns what is there, at least one byte unless the text has ended.
    pub(super) fn available(&mut self) -> Result<&[u8], Error> {
        self.at_least(1)
    }

    /// Returns what is there, at least `wanted` bytes (a few) unless the text ends before.
    pub(super) fn at_least(&mut self, wanted: usize) -> Result<&[u8], Error> {
        while self.end - self.start < wanted && !self.ended {
            if self.buffer.len() - self.start < CHUNK / 2 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            let read = match self.reader.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(|source| Error::Read {
                    file: self.file.clone(),
                    source,
                })?,
            };
            self.end += read;
            self.ended = read == 0;
        }
        Ok(self.rest())
    }

    /// Takes bytes off the front of what is there.
    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        debug_assert!(self.start <= self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
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
