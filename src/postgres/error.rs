//! What can go wrong between envctl and a server; facts only, matched on SQLSTATE.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ::postgres::error::{DbError, ErrorPosition};

use crate::model::Place;

use super::Target;

/// A failure of a connection, a statement or a migration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing listens there (yet).
    #[error("{address} refused the connection")]
    Refused { address: SocketAddr },
    /// The server answers that it starts, stops or recovers (57P03).
    #[error("the server at {address} does not take connections yet: {message}")]
    Starting {
        address: SocketAddr,
        message: String,
    },
    /// The connection ended before its work did.
    #[error("the connection to {address} was closed")]
    Closed { address: SocketAddr },
    /// The server did not answer in time.
    #[error("{address} did not answer within {} s", waited.as_secs_f64())]
    TimedOut {
        address: SocketAddr,
        waited: Duration,
    },
    /// The system makes no thread for it.
    #[error("no thread can be made")]
    NoThread {
        #[source]
        source: std::io::Error,
    },
    /// All connection slots are taken (53300).
    #[error("the server at {address} has no free connection: {message}")]
    Full {
        address: SocketAddr,
        message: String,
    },
    /// The address cannot be reached, or what answers is no PostgreSQL.
    #[error("cannot talk to a PostgreSQL server at {address}")]
    Unreachable {
        address: SocketAddr,
        #[source]
        source: Box<::postgres::Error>,
    },
    /// The password is wrong (28P01); a role that does not exist looks the same.
    #[error("the password of `{user}` is not the declared one, or the role does not exist")]
    WrongPassword { user: String },
    /// The role does not exist, or may not log in (28000).
    #[error("`{user}` may not log in: {message}")]
    NoLogin { user: String, message: String },
    /// The database does not exist (3D000).
    #[error("database `{database}` does not exist")]
    NoDatabase { database: String },
    /// The server refused a statement.
    #[error("{server}")]
    Statement {
        server: Box<ServerError>,
        /// The statement's first line.
        statement: String,
        /// Line and column in the text that was sent, from 1.
        at: Option<(usize, usize)>,
    },
    /// A query has more rows than are kept in memory.
    #[error("the query has more than {limit} rows")]
    TooManyRows { limit: usize },
    /// A file or folder of migrations cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// A file is not UTF-8; the line is the first that is not.
    #[error("{}:{line}: the text is not UTF-8", file.display())]
    NotUtf8 { file: PathBuf, line: usize },
    /// A file looks like a migration, but its name is none.
    #[error("{} is not named `V<number>__<name>.sql`", file.display())]
    MigrationName { file: PathBuf },
    /// Two files have one number.
    #[error("{} and {} have the same number", one.display(), other.display())]
    SameVersion { one: PathBuf, other: PathBuf },
    /// A migration cannot be run as it is written.
    #[error("{}:{}: {reason}", place.file.display(), place.line)]
    MigrationText {
        place: Box<Place>,
        reason: &'static str,
    },
    /// The server refused a statement of a migration.
    #[error("{}:{}:{}: {server}", place.file.display(), place.line, place.column)]
    Migration {
        place: Box<Place>,
        server: Box<ServerError>,
        /// The statement's first line.
        statement: String,
        /// Whether earlier statements of the file stay (`-- envctl: no-transaction`).
        partly_applied: bool,
    },
    /// A pending migration has a lower number than one that is in.
    #[error("{} comes before V{applied_version}__{applied_name}, which is applied", pending.display())]
    OutOfOrder {
        pending: PathBuf,
        applied_version: u64,
        applied_name: String,
    },
    /// An applied migration was edited.
    #[error("{} was changed after it was applied", file.display())]
    MigrationChanged { file: PathBuf },
    /// An applied migration is gone from the folder.
    #[error("V{version}__{name} is applied, but its file is missing")]
    MigrationMissing { version: u64, name: String },
    /// The caller cancelled.
    #[error("interrupted")]
    Cancelled,
}

/// What a server said about a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} (SQLSTATE {code})")]
pub struct ServerError {
    /// The SQLSTATE: `42601`.
    pub code: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// Where it happened, in the server's words: `COPY prices, line 3, column day: "x"`.
    pub context: Option<String>,
    /// The character of the sent text, from 1.
    pub position: Option<u32>,
    /// The constraint that was violated.
    pub constraint: Option<String>,
}

impl From<&DbError> for ServerError {
    fn from(error: &DbError) -> Self {
        Self {
            code: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
            context: error.where_().map(str::to_owned),
            position: match error.position() {
                Some(ErrorPosition::Original(position)) => Some(*position),
                Some(ErrorPosition::Internal { .. }) | None => None,
            },
            constraint: error.constraint().map(str::to_owned),
        }
    }
}

impl Error {
    /// Returns whether waiting can help: the server is not there yet, or was lost.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. }
                | Self::Starting { .. }
                | Self::Closed { .. }
                | Self::TimedOut { .. }
                | Self::Full { .. }
                | Self::Unreachable { .. }
        )
    }

    /// Returns the SQLSTATE of a refused statement.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Statement { server, .. } | Self::Migration { server, .. } => Some(&server.code),
            _ => None,
        }
    }

    /// Sorts what the client library says about a connection to `target`; `sql` was sent.
    pub(crate) fn sort(error: ::postgres::Error, target: &Target, sql: &str) -> Self {
        let address = target.server.address;
        if let Some(db) = error.as_db_error() {
            return Self::sort_server(db, target, sql);
        }
        let io = std::error::Error::source(&error)
            .and_then(|source| source.downcast_ref::<io::Error>())
            .map(io::Error::kind);
        match io {
            Some(io::ErrorKind::ConnectionRefused) => Self::Refused { address },
            Some(
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof,
            ) => Self::Closed { address },
            _ if error.is_closed() => Self::Closed { address },
            _ => Self::Unreachable {
                address,
                source: Box::new(error),
            },
        }
    }

    fn sort_server(db: &DbError, target: &Target, sql: &str) -> Self {
        let address = target.server.address;
        let user = || target.server.user.clone();
        let message = || db.message().to_owned();
        match (db.code().code(), sql.is_empty()) {
            ("57P03", _) => Self::Starting {
                address,
                message: message(),
            },
            ("57P01" | "57P02" | "57P05", _) => Self::Closed { address },
            ("53300", _) => Self::Full {
                address,
                message: message(),
            },
            ("28P01", true) => Self::WrongPassword { user: user() },
            ("28000", true) => Self::NoLogin {
                user: user(),
                message: message(),
            },
            ("3D000", true) => Self::NoDatabase {
                database: target.database.clone(),
            },
            _ => {
                let server = ServerError::from(db);
                Self::Statement {
                    at: server
                        .position
                        .map(|position| super::place::line_and_column(sql, position)),
                    statement: super::place::first_line(sql),
                    server: Box::new(server),
                }
            }
        }
    }
}
