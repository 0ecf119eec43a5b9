//! What can go wrong between a declared seed and the database; facts only.

use std::io;
use std::path::PathBuf;

use crate::model::Place;
use crate::postgres::{self, ServerError};

/// How much of a failed question of ours is told, in characters.
const LONGEST_QUESTION: usize = 60;

/// A failure of a seed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server, or a migration.
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    /// A dump cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The file is no SQL that can be read.
    #[error("{} is {found}; a dump is plain SQL, or that in gzip", file.display())]
    Format { file: PathBuf, found: &'static str },
    /// The file ends too early; the line is where the unfinished part began.
    #[error("{}:{line}: the dump was cut off: {reason}", file.display())]
    Cut {
        file: PathBuf,
        line: usize,
        reason: &'static str,
    },
    /// A statement has bytes that are not UTF-8.
    #[error("{}:{line}: the statement is not UTF-8", file.display())]
    NotUtf8 { file: PathBuf, line: usize },
    /// A statement that only a superuser may run, which the role that loads is not.
    #[error("{}:{}: {reason}", place.file.display(), place.line)]
    NeedsSuperuser {
        place: Box<Place>,
        seed: String,
        reason: String,
    },
    /// A statement or a command of psql that is never run.
    #[error("{}:{}: {reason}", place.file.display(), place.line)]
    Refused { place: Box<Place>, reason: String },
    /// The server refused a statement of a dump.
    #[error("{}:{}:{}: {server}", place.file.display(), place.line, place.column)]
    Statement {
        place: Box<Place>,
        server: Box<ServerError>,
        /// The statement's first line.
        statement: String,
    },
    /// The dump ends inside a transaction that it began, so its work would be lost.
    #[error("{} ends inside a transaction", file.display())]
    OpenTransaction { file: PathBuf },
    /// The file was written while it was loaded.
    #[error("{} changed while it was loaded", file.display())]
    ChangedMeanwhile { file: PathBuf },
    /// Sessions on the old database could not be ended.
    #[error("`{database}` is still in use: {}", holders.join(", "))]
    Busy {
        database: String,
        /// Program, address and process of each session, and prepared transactions.
        holders: Vec<String>,
    },
}

impl Error {
    /// Says of which seed an error is; `limited` when it was loaded as a role that is no superuser.
    pub(super) fn of_seed(self, name: &str, limited: bool) -> Self {
        match self {
            Self::NeedsSuperuser { place, reason, .. } => Self::NeedsSuperuser {
                place,
                seed: name.to_owned(),
                reason,
            },
            Self::Statement { place, server, .. } if limited && server.code == "42501" => {
                Self::NeedsSuperuser {
                    place,
                    seed: name.to_owned(),
                    reason: server.message,
                }
            }
            error => error,
        }
    }

    /// Returns whether the server does not answer (yet), so that nothing can be asked.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Postgres(error) if error.is_transient())
            && !matches!(self, Self::Postgres(postgres::Error::Full { .. }))
    }

    /// Says what failed, with the question that did.
    pub fn told(&self) -> String {
        match self {
            Self::Postgres(postgres::Error::Statement {
                server, statement, ..
            }) => {
                let question: String = statement.chars().take(LONGEST_QUESTION).collect();
                let cut = if question.len() < statement.len() {
                    "…"
                } else {
                    ""
                };
                format!("{server}; asked was: {question}{cut}")
            }
            error => error.to_string(),
        }
    }

    /// Returns whether the caller's cancel ended the work.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Postgres(postgres::Error::Cancelled))
    }
}
