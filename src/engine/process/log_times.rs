//! When the lines of a log were written. The service writes them itself, so its supervisor notes
//! how long the log was when: a line has the time of the first note that knows it.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fs_err::os::unix::fs::OpenOptionsExt as _;

use super::folder::Folder;

/// A note: the length in bytes and the nanoseconds since 1970, each as eight bytes.
const NOTE_BYTES: usize = 16;

/// On average there is at most one note for so many bytes of the log, whatever it is written like.
const BYTES_PER_NOTE: u64 = 16;

/// The notes of a log that grows, for its supervisor.
#[derive(Debug)]
pub(super) struct Notes {
    folder: Folder,
    file: Option<File>,
    noted: u64,
    count: u64,
}

impl Notes {
    /// Goes on with the notes of a log.
    pub(super) fn of(folder: Folder) -> Self {
        let mut known = Times::of(folder.times());
        known.read_on();
        Self {
            noted: known.notes.last().map_or(0, |(length, _)| *length),
            count: u64::try_from(known.notes.len()).unwrap_or(0),
            folder,
            file: None,
        }
    }

    /// Notes how long the log is now. A full disk is no reason to end a service.
    pub(super) fn note(&mut self) {
        let length = fs_err::metadata(self.folder.log()).map_or(0, |log| log.len());
        if length < self.noted {
            // The log was cut, and what was noted is of the part that was cut off.
            let _ = fs_err::rename(self.folder.times(), self.folder.old_times());
            (self.file, self.noted, self.count) = (None, 0, 0);
        }
        if length == self.noted || self.count > length / BYTES_PER_NOTE {
            return;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX);
        let note = [length.to_le_bytes(), now.to_le_bytes()].concat();
        let file = self.file.take().or_else(|| append(&self.folder.times()));
        if let Some(mut file) = file
            && file.write_all(&note).is_ok()
        {
            self.file = Some(file);
            (self.noted, self.count) = (length, self.count + 1);
        }
    }
}

fn append(path: &Path) -> Option<File> {
    let mut options = fs_err::OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    Some(options.open(path).ok()?.into_parts().0)
}

/// The notes of a log, for its readers.
pub(super) struct Times {
    path: PathBuf,
    notes: Vec<(u64, SystemTime)>,
}

impl Times {
    pub(super) fn of(path: PathBuf) -> Self {
        Self {
            path,
            notes: Vec::new(),
        }
    }

    /// Returns when the byte before `end` was there, as far as it is noted.
    pub(super) fn at(&mut self, end: u64) -> Option<SystemTime> {
        if self.notes.last().is_none_or(|(length, _)| *length < end) {
            self.read_on();
        }
        let later = self.notes.partition_point(|(length, _)| *length < end);
        self.notes.get(later).map(|(_, at)| *at)
    }

    /// Returns how long the log was at the last note.
    pub(super) fn length(&mut self) -> u64 {
        self.read_on();
        self.notes.last().map_or(0, |(length, _)| *length)
    }

    fn read_on(&mut self) {
        let mut bytes = Vec::new();
        let from = u64::try_from(self.notes.len() * NOTE_BYTES).unwrap_or(0);
        let read = fs_err::File::open(&self.path).and_then(|mut file| {
            file.seek(SeekFrom::Start(from))?;
            file.read_to_end(&mut bytes)
        });
        // Without notes, others know of the time.
        if read.is_err() {
            return;
        }
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
        let notes = bytes.chunks_exact(NOTE_BYTES).map(|note| {
            let (length, nanos) = note.split_at(NOTE_BYTES / 2);
            let at = UNIX_EPOCH + Duration::from_nanos(number(nanos));
            (number(length), at)
        });
        self.notes.extend(notes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_time_of_the_first_note_that_knows_it() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let mut log = folder.log_to_append().unwrap();
        let mut notes = Notes::of(folder.clone());
        let mut times = Times::of(folder.times());
        assert_eq!(times.at(1), None);
        let line = [b'x'; 40];
        let mut moments = vec![SystemTime::now()];
        for _ in 0..3 {
            log.write_all(&line).unwrap();
            notes.note();
            notes.note();
            moments.push(SystemTime::now());
        }
        for (number, pair) in moments.windows(2).enumerate() {
            let end = u64::try_from((number + 1) * line.len()).unwrap();
            for end in [end - 39, end] {
                let at = times.at(end).unwrap();
                assert!(pair[0] <= at && at <= pair[1], "{end}");
            }
        }
        assert_eq!((times.at(121), times.length()), (None, 120));

        // One who comes later goes on; after a cut they begin anew.
        let mut notes = Notes::of(folder.clone());
        log.set_len(0).unwrap();
        log.write_all(&line).unwrap();
        notes.note();
        let mut times = Times::of(folder.times());
        assert!(times.at(40).is_some() && times.at(41).is_none());
        assert_eq!(Times::of(folder.old_times()).length(), 120);
    }

    #[test]
    fn notes_are_bounded_by_the_log() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let mut log = folder.log_to_append().unwrap();
        let mut notes = Notes::of(folder.clone());
        for _ in 0..400 {
            log.write_all(b"x").unwrap();
            notes.note();
        }
        let size = fs_err::metadata(folder.times()).unwrap().len();
        assert!(size <= 400 + 2 * 16, "{size}");
    }
}
