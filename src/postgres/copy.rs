//! Sending data to a `COPY … FROM stdin`.

use std::io::{self, Write};

use ::postgres::CopyInWriter;

use super::brake::Brake;
use super::{Error, Target};

/// An open `COPY`; dropped unfinished, the server forgets what was sent.
pub(crate) struct CopyIn<'a> {
    pub(super) writer: CopyInWriter<'a>,
    pub(super) target: &'a Target,
    pub(super) brake: Option<&'a Brake>,
    pub(super) sql: &'a str,
}

impl CopyIn<'_> {
    /// Sends a piece of data; it may end anywhere in a row.
    pub(crate) fn send(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.brake.is_some_and(Brake::is_pulled) {
            return Err(Error::Cancelled);
        }
        self.writer
            .write_all(data)
            .map_err(|error| self.sort_io(error))
    }

    /// Ends the data and returns the number of rows; a bad row is told here.
    pub(crate) fn finish(self) -> Result<u64, Error> {
        let (target, brake, sql) = (self.target, self.brake, self.sql);
        self.writer
            .finish()
            .map_err(|error| super::session::sort(error, target, brake, sql))
    }

    fn sort_io(&self, error: io::Error) -> Error {
        match error.downcast::<::postgres::Error>() {
            Ok(error) => super::session::sort(error, self.target, self.brake, self.sql),
            Err(_) => Error::Closed {
                address: self.target.server.address,
            },
        }
    }
}
