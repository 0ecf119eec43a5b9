//! A service's log, line by line: what was cut off first, then what is written now.

use std::fs::{File, Metadata};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc::Sender;

use super::engine::refused;
use super::folder::Folder;
use super::log_times::Times;
use super::observe;
use super::procfs::ProcessId;
use crate::engine::{Error, LogLine, LogMark, LogOptions, ServiceState};
use crate::host::Lines;

/// How often to look for new lines.
const LOOK: Duration = Duration::from_millis(50);

/// How much is read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Sends a service's log lines until it ends or the sink closes.
pub(super) async fn logs(
    folder: &Folder,
    options: LogOptions,
    sink: Sender<LogLine>,
) -> Result<LogMark, Error> {
    let service = folder.name();
    if !folder.record_file().exists() {
        return Err(Error::NoService {
            service: service.to_owned(),
        });
    }
    let failed = |error| refused(format!("read the log of `{service}`"), error);
    let line = |line, at| LogLine {
        service: service.to_owned(),
        stderr: false,
        at,
        line,
    };
    let mut reader = LogReader::open(folder, options.tail).map_err(failed)?;
    if let Some(mark) = options.since {
        reader.skip_to(mark).map_err(failed)?;
    }
    let mut clocks = Clocks::of(folder);
    let mut lines = Lines::default();
    let run = main_process(folder);
    loop {
        // Looked at before reading, so that its last words are not missed.
        let goes_on = options.follow && runs(folder) && main_process(folder) == run;
        let last = !goes_on || reader.is_replaced();
        let end = reader.turn(last).map_err(failed)?;
        while let Some(read) = reader.read(end).map_err(failed)? {
            for piece in reader.pieces(&read) {
                for text in lines.push(piece.text) {
                    let at = clocks.at(&piece);
                    if sink.send(line(text, at)).await.is_err() {
                        return Ok(reader.mark());
                    }
                }
            }
        }
        if last && !reader.is_behind(end) {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = sink.closed() => return Ok(reader.mark()),
        }
    }
    if let Some(text) = lines.finish() {
        let _ = sink.send(line(text, clocks.latest())).await;
    }
    Ok(reader.mark())
}

/// Returns the end that a log has now.
pub(super) fn mark(folder: &Folder) -> LogMark {
    let log = fs_err::metadata(folder.log()).ok();
    LogMark {
        at: SystemTime::now(),
        length: log.as_ref().map_or(0, Metadata::len),
        file: log.as_ref().map_or(0, identity),
    }
}

/// Returns what tells a file from all others: the number alone goes on to the next one that is made
/// when it is removed.
fn identity(file: &Metadata) -> u64 {
    let made = file.created().ok();
    let made = made.and_then(|made| made.duration_since(SystemTime::UNIX_EPOCH).ok());
    let made = made.map_or(0, |made| {
        made.as_secs() << 30 | u64::from(made.subsec_nanos())
    });
    file.ino().rotate_left(32) ^ made
}

fn runs(folder: &Folder) -> bool {
    observe::state(folder).is_some_and(ServiceState::is_up)
}

/// Returns the process that a run of the service is.
fn main_process(folder: &Folder) -> Option<ProcessId> {
    folder
        .status()
        .ok()
        .flatten()
        .and_then(|status| status.main)
}

/// When the lines of both parts of a log were written.
struct Clocks<'a> {
    folder: &'a Folder,
    old: Times,
    /// How much of the beginning was lost when the log was cut.
    lost: u64,
    log: Times,
}

impl<'a> Clocks<'a> {
    fn of(folder: &'a Folder) -> Self {
        let mut old = Times::of(folder.old_times());
        let kept = fs_err::metadata(folder.old_log()).map_or(0, |old| old.len());
        Self {
            lost: old.length().saturating_sub(kept),
            old,
            log: Times::of(folder.times()),
            folder,
        }
    }

    fn at(&mut self, piece: &LogPiece<'_>) -> Option<SystemTime> {
        let noted = match piece.part {
            LogPart::Old => self.old.at(piece.end + self.lost),
            LogPart::Log => self.log.at(piece.end),
        };
        noted.or_else(|| self.latest())
    }

    /// Returns when the log was written to last.
    fn latest(&self) -> Option<SystemTime> {
        let log = fs_err::metadata(self.folder.log()).ok()?;
        log.modified().ok()
    }
}

/// Which part of a log something stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LogPart {
    Old,
    Log,
}

/// Bytes that were read: up to where they reach in their part.
struct Read {
    part: LogPart,
    end: u64,
    count: usize,
}

/// At most one line of them.
struct LogPiece<'a> {
    part: LogPart,
    end: u64,
    text: &'a [u8],
}

/// Reads a log on, over its cuts.
struct LogReader<'a> {
    folder: &'a Folder,
    /// The part that was cut off before, from its first wanted byte on; read first.
    old: Option<File>,
    /// The inode of that part: another one means that the log was cut again.
    cut: u64,
    /// A cut was seen; by the next turn it is done.
    cutting: bool,
    log: Option<File>,
    position: u64,
    piece: Vec<u8>,
}

impl<'a> LogReader<'a> {
    fn open(folder: &'a Folder, tail: Option<usize>) -> std::io::Result<Self> {
        let cut = inode(&folder.old_log());
        let mut old = open(&folder.old_log())?;
        let mut log = open(&folder.log())?;
        let mut position = 0;
        if let Some(wanted) = tail {
            let found = match &mut log {
                Some(log) => last_lines(log, wanted)?,
                None => LastBytes::default(),
            };
            position = found.start;
            if found.lines >= wanted {
                old = None;
            } else if let Some(old) = &mut old {
                let start = last_lines(old, wanted - found.lines)?.start;
                old.seek(SeekFrom::Start(start))?;
            }
        }
        Ok(Self {
            folder,
            old,
            cut,
            cutting: false,
            log,
            position,
            piece: vec![0; PIECE_BYTES],
        })
    }

    /// Leaves out what was printed before a mark. A log that is shorter than it was then has been
    /// cut since, so the rest of that time is at the end of what was cut off.
    fn skip_to(&mut self, mark: LogMark) -> std::io::Result<()> {
        let log = self.log.as_ref().map(File::metadata).transpose()?;
        let other = log
            .as_ref()
            .is_some_and(|log| mark.file != 0 && identity(log) != mark.file);
        if other {
            // All of it is of a service that was made since.
            self.old = None;
            self.position = 0;
        } else if log.map_or(0, |log| log.len()) >= mark.length {
            self.old = None;
            self.position = mark.length;
        } else if let Some(old) = &mut self.old {
            old.seek(SeekFrom::Start(mark.length))?;
        }
        Ok(())
    }

    /// Begins a turn of reading: finds out whether the log was cut, and how far it may be read.
    /// One that is written faster than it is read has no end but the one that it has now.
    fn turn(&mut self, last: bool) -> std::io::Result<Option<u64>> {
        let cut = inode(&self.folder.old_log());
        if std::mem::take(&mut self.cutting) && !self.is_replaced() {
            self.cut = cut;
            // What was not read yet is in the part that was cut off, at the same place.
            self.old = open(&self.folder.old_log())?;
            if let Some(old) = &mut self.old {
                old.seek(SeekFrom::Start(self.position))?;
            }
            self.position = 0;
        } else {
            self.cutting = cut != self.cut;
        }
        if self.log.is_none() {
            self.log = open(&self.folder.log())?;
        }
        let log = self.log.as_ref().map(File::metadata).transpose()?;
        let end = log.map_or(0, |log| log.len());
        Ok(last.then_some(end))
    }

    /// Returns the next bytes; `None` when there are none now.
    fn read(&mut self, end: Option<u64>) -> std::io::Result<Option<Read>> {
        if let Some(old) = &mut self.old {
            let count = old.read(&mut self.piece)?;
            if count > 0 {
                let end = old.stream_position()?;
                return Ok(Some(Read {
                    part: LogPart::Old,
                    end,
                    count,
                }));
            }
            self.old = None;
        }
        let Some(log) = &mut self.log else {
            return Ok(None);
        };
        let left = end.map_or(u64::MAX, |end| end.saturating_sub(self.position));
        let room = self
            .piece
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        log.seek(SeekFrom::Start(self.position))?;
        let count = log.read(&mut self.piece[..room])?;
        self.position += u64::try_from(count).unwrap_or(0);
        Ok((count > 0).then_some(Read {
            part: LogPart::Log,
            end: self.position,
            count,
        }))
    }

    /// Returns the bytes that were just read, cut behind the ends of lines.
    fn pieces(&self, read: &Read) -> impl Iterator<Item = LogPiece<'_>> {
        let bytes = &self.piece[..read.count];
        let part = read.part;
        let mut end = read.end - u64::try_from(read.count).unwrap_or(0);
        bytes
            .split_inclusive(|byte| *byte == b'\n')
            .map(move |text| {
                end += u64::try_from(text.len()).unwrap_or(0);
                LogPiece { part, end, text }
            })
    }

    /// Returns where it has come to.
    fn mark(&self) -> LogMark {
        let log = self.log.as_ref().map(File::metadata);
        LogMark {
            at: SystemTime::now(),
            length: self.position,
            file: log.and_then(Result::ok).as_ref().map_or(0, identity),
        }
    }

    /// Whether the log is another service's by now, which was created in place of this one.
    fn is_replaced(&self) -> bool {
        let open = self.log.as_ref().map(File::metadata);
        let open = open.and_then(Result::ok).map(|it| it.ino());
        open.is_some_and(|open| open != inode(&self.folder.log()))
    }

    /// Whether a cut took away what was to be read.
    fn is_behind(&self, end: Option<u64>) -> bool {
        self.cutting && end.is_some_and(|end| self.position > end)
    }
}

fn open(path: &Path) -> std::io::Result<Option<File>> {
    match fs_err::File::open(path) {
        Ok(file) => Ok(Some(file.into_parts().0)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn inode(path: &Path) -> u64 {
    fs_err::metadata(path).map_or(0, |metadata| metadata.ino())
}

/// The last lines of a file.
#[derive(Debug, Default, PartialEq, Eq)]
struct LastBytes {
    start: u64,
    lines: usize,
}

/// Finds where the last lines of a file start, read from its end.
fn last_lines(file: &mut File, wanted: usize) -> std::io::Result<LastBytes> {
    let size = file.metadata()?.len();
    let mut piece = vec![0; PIECE_BYTES];
    let mut tail = LastBytes {
        start: size,
        lines: 0,
    };
    let mut from = size;
    while wanted > 0 && from > 0 {
        let length = from.min(u64::try_from(PIECE_BYTES).unwrap_or(u64::MAX));
        from -= length;
        let bytes = &mut piece[..usize::try_from(length).unwrap_or(PIECE_BYTES)];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(bytes)?;
        for (before, byte) in (0..length).zip(bytes.iter().rev()) {
            let after = from + length - before;
            // The end of the last line begins no other.
            if *byte == b'\n' && after < size {
                tail.lines += 1;
                tail.start = after;
                if tail.lines == wanted {
                    return Ok(tail);
                }
            }
        }
    }
    if wanted > 0 && size > 0 {
        tail.lines += 1;
        tail.start = 0;
    }
    Ok(tail)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn check(text: &str, wanted: usize, expect: &str) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let tail = last_lines(&mut file, wanted).unwrap();
        let start = usize::try_from(tail.start).unwrap();
        assert_eq!(&text[start..], expect);
        assert_eq!(tail.lines, expect.lines().count());
    }

    #[test]
    fn the_last_lines_are_found_from_the_end() {
        check("", 2, "");
        check("one", 2, "one");
        check("one\ntwo\nthree\n", 2, "two\nthree\n");
        check("one\ntwo\nthree", 2, "two\nthree");
        check("one\ntwo\n", 2, "one\ntwo\n");
        check("one\ntwo\n", 9, "one\ntwo\n");
        check("\n\n\n", 2, "\n\n");
        check("one\n", 0, "");
        let long = "x".repeat(PIECE_BYTES * 2);
        check(&format!("{long}\n{long}\ny\n"), 2, &format!("{long}\ny\n"));
    }

    fn text(reader: &mut LogReader<'_>, last: bool) -> String {
        let end = reader.turn(last).unwrap();
        let mut text = Vec::new();
        while let Some(read) = reader.read(end).unwrap() {
            text.extend_from_slice(&reader.piece[..read.count]);
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_reader_goes_on_over_a_cut() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        fs_err::write(folder.old_log(), "a\nb\n").unwrap();
        let mut log = folder.log_to_append().unwrap();
        log.write_all(b"c\nd\n").unwrap();
        assert_eq!(
            text(&mut LogReader::open(&folder, Some(3)).unwrap(), true),
            "b\nc\nd\n"
        );
        assert_eq!(
            text(&mut LogReader::open(&folder, Some(1)).unwrap(), true),
            "d\n"
        );

        let mut reader = LogReader::open(&folder, None).unwrap();
        assert_eq!(text(&mut reader, false), "a\nb\nc\nd\n");
        log.write_all(b"e\n").unwrap();
        fs_err::copy(folder.log(), place.path().join("log.new")).unwrap();
        fs_err::rename(place.path().join("log.new"), folder.old_log()).unwrap();
        log.set_len(0).unwrap();
        log.write_all(b"f\n").unwrap();
        assert_eq!(text(&mut reader, false), "");
        assert_eq!(text(&mut reader, false), "e\nf\n");
        log.write_all(b"g\n").unwrap();
        assert_eq!(text(&mut reader, true), "g\n");

        assert!(!reader.is_replaced());
        fs_err::remove_file(folder.log()).unwrap();
        assert!(reader.is_replaced());
        drop(folder.log_to_append().unwrap());
        assert!(reader.is_replaced());
    }
}
