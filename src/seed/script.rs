//! Reads a plain dump as psql does: statements, meta-commands and COPY data, whatever its size.

use std::path::Path;

use crate::model::Place;
use crate::postgres::{ScanStep, Scanner};

use super::Error;
use super::input::{Input, cut};

/// The longest statement that is taken. All of it is held in memory, a few times; the data of a
/// COPY is not, whatever its size.
const LONGEST: usize = 256 << 20;

const ANOTHER: &str = "another dump begins before its end";

/// One thing that a script says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    Statement(DumpStatement),
    /// A line that begins with a backslash; without it.
    Meta {
        text: String,
        line: usize,
    },
}

/// A statement with its first line's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DumpStatement {
    pub(super) sql: String,
    pub(super) line: usize,
}

/// A script that is being read.
pub(super) struct Script {
    input: Input,
    scanner: Scanner,
    buffer: Vec<u8>,
    /// The line of the next byte, from 1.
    line: usize,
    /// The line of the buffer's first byte.
    begin: usize,
    /// The line of a header of `pg_dump` that waits for its trailer.
    header: Option<usize>,
    /// How long a statement may be.
    longest: usize,
}

impl Script {
    pub(super) fn new(input: Input) -> Self {
        Self {
            input,
            scanner: Scanner::new(),
            buffer: Vec::new(),
            line: 1,
            begin: 1,
            header: None,
            longest: LONGEST,
        }
    }

    pub(super) fn file(&self) -> &Path {
        self.input.file()
    }

    /// Returns how much of the file was read.
    pub(super) fn bytes(&self) -> u64 {
        self.input.bytes()
    }

    /// Returns the SHA-256 of the file, once its script has ended.
    pub(super) fn digest(&self) -> Option<&str> {
        self.input.digest()
    }

    /// Says whether a backslash in a plain literal is an ordinary character.
    pub(super) fn set_standard_strings(&mut self, standard: bool) {
        self.scanner.set_standard_strings(standard);
    }

    /// Returns the next statement or meta-command.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Error> {
        self.scanner.reset();
        self.buffer.clear();
        loop {
            let line = self.line;
            let data = self.input.available().map_err(|error| cut(error, line))?;
            if data.is_empty() {
                return self.end();
            }
            let mut used = 0;
            let mut found = None;
            for &byte in data {
                used += 1;
                if self.buffer.is_empty() {
                    self.begin = self.line;
                }
                self.line += usize::from(byte == b'\n');
                match self.scanner.push(byte) {
                    ScanStep::Keep => self.buffer.push(byte),
                    ScanStep::Clear => {
                        if !note_comment(&mut self.header, &self.buffer, self.begin) {
                            found = Some(ScanStep::Clear);
                            break;
                        }
                        self.buffer.clear();
                    }
                    step => {
                        found = Some(step);
                        break;
                    }
                }
            }
            self.input.consume(used);
            match found {
                None if self.buffer.len() > self.longest => {
                    return Err(self.refuse(
                        "a statement is longer than 256 MiB; data of any size comes as COPY, which \
                         `pg_dump` writes without `--inserts`",
                    ));
                }
                None => {}
                Some(ScanStep::End) if self.buffer.is_empty() => self.scanner.reset(),
                Some(ScanStep::End) => return self.statement().map(Some),
                Some(ScanStep::Backslash) => return self.meta().map(Some),
                Some(ScanStep::Keep | ScanStep::Clear) => {
                    return Err(self.cut_at(self.begin, ANOTHER));
                }
            }
        }
    }

    fn statement(&mut self) -> Result<Item, Error> {
        let bytes = std::mem::take(&mut self.buffer);
        let sql = String::from_utf8(bytes).map_err(|error| {
            let mut lines =
                error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n');
            Error::NotUtf8 {
                file: self.file().to_owned(),
                line: self.begin + lines.by_ref().skip(1).count(),
            }
        })?;
        Ok(Item::Statement(DumpStatement {
            sql,
            line: self.begin,
        }))
    }

    fn meta(&mut self) -> Result<Item, Error> {
        let line = self.line;
        let inside = self.scanner.has_begun();
        let text = self.rest_of_line()?;
        if inside {
            return Err(Error::Refused {
                place: Box::new(Place {
                    file: self.file().to_owned(),
                    line,
                    column: 1,
                    text: format!("\\{text}"),
                    width: 1,
                }),
                reason: "a command of psql stands inside a statement".to_owned(),
            });
        }
        Ok(Item::Meta { text, line })
    }

    /// Takes the rest of the line, without its end.
    pub(super) fn rest_of_line(&mut self) -> Result<String, Error> {
        let mut text = Vec::new();
        loop {
            let data = self.input.available()?;
            let end = data.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(data.len(), |end| end + 1);
            text.extend_from_slice(&data[..taken]);
            let over = taken == 0 || end.is_some();
            self.input.consume(taken);
            if over {
                self.line += usize::from(end.is_some());
                return Ok(String::from_utf8_lossy(&text).trim_end().to_owned());
            }
            if text.len() > LONGEST {
                return Err(self.refuse("a line is longer than 256 MiB"));
            }
        }
    }

    /// Hands the data of the COPY on line `copy` to `send`, without the `\.` that ends it.
    /// Returns the line of its first row. `send` also hears how much of the file was read.
    pub(super) fn copy_data(
        &mut self,
        copy: usize,
        mut send: impl FnMut(&[u8], u64) -> Result<(), Error>,
    ) -> Result<usize, Error> {
        let first = self.line;
        let mut at_line_start = true;
        loop {
            let line = self.line;
            self.input.at_least(4).map_err(|error| cut(error, line))?;
            let data = self.input.rest();
            if data.is_empty() {
                return Err(self.cut_at(copy, "the data of the COPY here has no end"));
            }
            let mut seen = 0;
            let mut marker = None;
            while seen < data.len() {
                if at_line_start {
                    // The bytes that tell may still be on their way.
                    if seen > 0 && data[seen] == b'\\' && data.len() - seen < 4 {
                        break;
                    }
                    marker = end_marker(&data[seen..]);
                    if marker.is_some() {
                        break;
                    }
                }
                let end = data[seen..].iter().position(|byte| *byte == b'\n');
                at_line_start = end.is_some();
                self.line += usize::from(at_line_start);
                seen += end.map_or(data.len() - seen, |end| end + 1);
            }
            if seen > 0 {
                send(&data[..seen], self.input.bytes())?;
            }
            self.input.consume(seen + marker.unwrap_or(0));
            if marker.is_some() {
                self.line += 1;
                return Ok(first);
            }
        }
    }

    fn end(&mut self) -> Result<Option<Item>, Error> {
        if !self.scanner.has_begun() && !note_comment(&mut self.header, &self.buffer, self.begin) {
            return Err(self.cut_at(self.begin, ANOTHER));
        }
        if let Some(open) = self.scanner.open() {
            return Err(self.cut_at(self.begin, open.unfinished()));
        }
        if let Some(line) = self.header {
            return Err(self.cut_at(line, "pg_dump's header here has no trailer"));
        }
        if self.scanner.has_begun() {
            return self.statement().map(Some);
        }
        Ok(None)
    }

    fn cut_at(&self, line: usize, reason: &'static str) -> Error {
        Error::Cut {
            file: self.file().to_owned(),
            line,
            reason,
        }
    }

    fn refuse(&self, reason: &str) -> Error {
        Error::Refused {
            place: Box::new(Place {
                file: self.file().to_owned(),
                line: self.begin,
                column: 1,
                text: String::new(),
                width: 1,
            }),
            reason: reason.to_owned(),
        }
    }
}

/// Keeps an eye on `pg_dump`'s header and trailer; returns false for a header before the trailer
/// of the last one.
fn note_comment(header: &mut Option<usize>, comment: &[u8], line: usize) -> bool {
    const HEADER: &[u8] = b"-- PostgreSQL database dump";
    let Some(rest) = comment.strip_prefix(HEADER) else {
        return true;
    };
    match rest.trim_ascii() {
        b"" => header.replace(line).is_none(),
        b"complete" => {
            *header = None;
            true
        }
        _ => true,
    }
}

/// Returns the length of the line that ends the data of a COPY, when the text begins with it.
fn end_marker(data: &[u8]) -> Option<usize> {
    match data.strip_prefix(b"\\.")? {
        [] => Some(2),
        [b'\n', ..] | [b'\r'] => Some(3),
        [b'\r', b'\n', ..] => Some(4),
        _ => None,
    }
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
