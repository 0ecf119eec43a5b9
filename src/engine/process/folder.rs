//! The folder of one service: what was declared, what is known of its processes, its log.

use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use fs_err::OpenOptions;
use fs_err::os::unix::fs::OpenOptionsExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::engine::refused;
use super::record::{Record, SCHEMA};
use super::status::Status;
use crate::host::whole::{self, OWNER_ALONE};

/// A service's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The service's name.
    pub(super) fn name(&self) -> &str {
        let name = self.0.file_name().and_then(|name| name.to_str());
        name.unwrap_or_default()
    }

    pub(super) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// What was in the log before it was cut.
    pub(super) fn old_log(&self) -> PathBuf {
        self.0.join("log.1")
    }

    /// When the log was how long.
    pub(super) fn times(&self) -> PathBuf {
        self.0.join("times")
    }

    /// The same of what was in the log before it was cut.
    pub(super) fn old_times(&self) -> PathBuf {
        self.0.join("times.1")
    }

    /// The file of the record.
    pub(super) fn record_file(&self) -> PathBuf {
        self.0.join("record.json")
    }

    /// Returns what was declared; `None` before it was created. One that another version of
    /// envctl made is an error.
    pub(super) fn record(&self) -> std::io::Result<Option<Record>> {
        let file = self.record_file();
        let Some(record) = read::<Value>(&file)? else {
            return Ok(None);
        };
        let schema = record.get("schema").and_then(Value::as_u64);
        if schema != Some(SCHEMA.into()) {
            let reason = format!("{}: another version of envctl made it", file.display());
            return Err(Error::new(ErrorKind::InvalidData, reason));
        }
        let record = serde_json::from_value(record);
        record.map(Some).map_err(|error| broken(&file, &error))
    }

    /// Returns what was declared of a service that has to be there.
    pub(super) fn created(&self) -> Result<Record, crate::engine::Error> {
        let service = self.name().to_owned();
        let doing = || format!("read what `{service}` was created with");
        let record = self.record().map_err(|error| refused(doing(), error))?;
        record.ok_or(crate::engine::Error::NoService { service })
    }

    pub(super) fn write_record(&self, record: &Record) -> std::io::Result<()> {
        write(&self.record_file(), record)
    }

    /// Returns what is known of its processes; `None` before it was started.
    pub(super) fn status(&self) -> std::io::Result<Option<Status>> {
        read(&self.0.join("state.json"))
    }

    pub(super) fn write_status(&self, status: &Status) -> std::io::Result<()> {
        write(&self.0.join("state.json"), status)
    }

    /// Whether a supervisor was ever started for it, be it one that did nothing.
    pub(super) fn was_supervised(&self) -> bool {
        self.lock_path().exists()
    }

    fn lock_path(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// Opens the file whose lock a supervisor holds as long as it lives.
    pub(super) fn lock_file(&self) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let file = options.mode(OWNER_ALONE).open(self.lock_path())?;
        Ok(file.into_parts().0)
    }

    /// Opens the log to write at its end, wherever that is by then.
    pub(super) fn log_to_append(&self) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(OWNER_ALONE);
        Ok(options.open(self.log())?.into_parts().0)
    }
}

/// Reads JSON; only a file that is not there is `None`.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> std::io::Result<Option<T>> {
    let text = match fs_err::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let value = serde_json::from_slice(&text);
    value.map(Some).map_err(|error| broken(path, &error))
}

fn broken(path: &Path, error: &serde_json::Error) -> Error {
    let reason = format!("{} cannot be understood: {error}", path.display());
    Error::new(ErrorKind::InvalidData, reason)
}

/// Writes JSON that only its owner reads; a reader sees the old text or the new one.
pub(super) fn write(path: &Path, value: &impl Serialize) -> std::io::Result<()> {
    whole::write_own(path, serde_json::to_vec_pretty(value)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::process::record::tests::record;

    #[test]
    fn only_a_record_that_is_not_there_is_none() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        assert!(folder.record().unwrap().is_none());
        folder.write_record(&record("api")).unwrap();
        assert_eq!(folder.record().unwrap().unwrap().name, "api");

        let text = fs_err::read_to_string(folder.record_file()).unwrap();
        fs_err::write(folder.record_file(), &text[..text.len() / 2]).unwrap();
        let error = folder.record().err().unwrap().to_string();
        assert!(
            error.contains("record.json cannot be understood"),
            "{error}"
        );

        let later = text.replace("\"schema\": 1", "\"schema\": 2");
        fs_err::write(folder.record_file(), later).unwrap();
        let error = folder.record().err().unwrap().to_string();
        assert!(
            error.ends_with("another version of envctl made it"),
            "{error}"
        );
    }
}
