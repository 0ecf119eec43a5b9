//! One connection, used on a blocking thread only.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use ::postgres::{Client, Config, NoTls, SimpleQueryMessage, Statement};

use super::brake::{Brake, Registration};
use super::copy::CopyIn;
use super::{Error, Target};

/// How long connecting may take, the server's greeting and the password included.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// A row of texts; `None` is NULL.
pub(crate) type TextRow = Vec<Option<String>>;

/// A connection to one database.
pub(crate) struct DatabaseSession {
    client: Client,
    target: Target,
    brake: Option<(Brake, Registration)>,
}

impl DatabaseSession {
    /// Connects; what runs later ends when the brake is pulled.
    pub(crate) fn open(target: &Target, brake: &Brake) -> Result<Self, Error> {
        if brake.is_pulled() {
            return Err(Error::Cancelled);
        }
        let mut session = Self::unstoppable(target)?;
        let registration = brake.register(session.client.cancel_token());
        session.brake = Some((brake.clone(), registration));
        Ok(session)
    }

    /// Connects for work that must be finished even after a cancel, such as tidying up.
    pub(crate) fn unstoppable(target: &Target) -> Result<Self, Error> {
        let config = config(target);
        let client = within(CONNECT_WITHIN, target, move || config.connect(NoTls))?
            .map_err(|error| Error::sort(error, target, ""))?;
        Ok(Self {
            client,
            target: target.clone(),
            brake: None,
        })
    }

    /// Frees the session from limits that a role or a database sets for its application.
    pub(crate) fn without_limits(mut self) -> Result<Self, Error> {
        // Not every version knows each of them.
        self.run(
            "SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings \
             WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_session_timeout', \
             'idle_in_transaction_session_timeout', 'transaction_timeout')",
        )?;
        Ok(self)
    }

    /// Lets only the server's own names be found without their schema: what else is in a database
    /// may be called the same. For sessions that run our words only.
    pub(crate) fn for_own_words(mut self) -> Result<Self, Error> {
        self.run("SET search_path = pg_catalog")?;
        Ok(self)
    }

    /// Runs statements and drops their rows.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), Error> {
        self.check_brake()?;
        let result = self.client.batch_execute(sql);
        result.map_err(|error| self.sort(error, sql))
    }

    /// Runs statements and returns every message of the simple protocol.
    pub(crate) fn messages(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, Error> {
        self.check_brake()?;
        let result = self.client.simple_query(sql);
        result.map_err(|error| self.sort(error, sql))
    }

    /// Runs statements and returns how many rows they touched.
    pub(crate) fn affected(&mut self, sql: &str) -> Result<u64, Error> {
        let messages = self.messages(sql)?;
        let counts = messages.iter().map(|message| match message {
            SimpleQueryMessage::CommandComplete(count) => *count,
            _ => 0,
        });
        Ok(counts.sum())
    }

    /// Runs a query of ours and returns its rows as texts.
    pub(crate) fn rows(&mut self, sql: &str) -> Result<Vec<TextRow>, Error> {
        let messages = self.messages(sql)?;
        Ok(messages
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len())
                        .map(|index| row.get(index).map(str::to_owned))
                        .collect(),
                ),
                _ => None,
            })
            .collect())
    }

    /// Runs a query of ours and returns the first value of its first row.
    pub(crate) fn value(&mut self, sql: &str) -> Result<Option<String>, Error> {
        Ok(self
            .rows(sql)?
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next())
            .flatten())
    }

    /// Lets the server describe a statement without running it.
    pub(crate) fn prepare(&mut self, sql: &str) -> Result<Statement, Error> {
        self.check_brake()?;
        let result = self.client.prepare(sql);
        result.map_err(|error| self.sort(error, sql))
    }

    /// Starts a `COPY … FROM stdin`.
    pub(crate) fn copy_in<'a>(&'a mut self, sql: &'a str) -> Result<CopyIn<'a>, Error> {
        self.check_brake()?;
        let target = &self.target;
        let brake = self.brake.as_ref().map(|(brake, _)| brake);
        match self.client.copy_in(sql) {
            Ok(writer) => Ok(CopyIn {
                writer,
                target,
                brake,
                sql,
            }),
            Err(error) => Err(sort(error, target, brake, sql)),
        }
    }

    /// Ends the connection.
    pub(crate) fn close(self) {
        // What it held is gone either way.
        let _ = self.client.close();
    }

    fn sort(&self, error: ::postgres::Error, sql: &str) -> Error {
        let brake = self.brake.as_ref().map(|(brake, _)| brake);
        sort(error, &self.target, brake, sql)
    }

    fn check_brake(&self) -> Result<(), Error> {
        match &self.brake {
            Some((brake, _)) if brake.is_pulled() => Err(Error::Cancelled),
            _ => Ok(()),
        }
    }
}

/// Runs `work` on a thread of its own and gives up on it after `limit`: a server that accepts
/// and says nothing would hold it for ever, and a runtime waits for its blocking threads.
pub(super) fn within<T: Send + 'static>(
    limit: Duration,
    target: &Target,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let (sender, receiver) = sync_channel(1);
    let working = thread::Builder::new().spawn(move || {
        // Nobody listens any more when the limit has passed.
        let _ = sender.send(work());
    });
    working.map_err(|source| Error::NoThread { source })?;
    let address = target.server.address;
    receiver.recv_timeout(limit).map_err(|error| match error {
        RecvTimeoutError::Timeout => Error::TimedOut {
            address,
            waited: limit,
        },
        RecvTimeoutError::Disconnected => Error::Closed { address },
    })
}

pub(super) fn sort(
    error: ::postgres::Error,
    target: &Target,
    brake: Option<&Brake>,
    sql: &str,
) -> Error {
    if brake.is_some_and(Brake::is_pulled) {
        return Error::Cancelled;
    }
    // An empty text would make it look like a failed login.
    let sql = if sql.is_empty() { ";" } else { sql };
    Error::sort(error, target, sql)
}

pub(super) fn config(target: &Target) -> Config {
    let mut config = Config::new();
    config
        .hostaddr(target.server.address.ip())
        .port(target.server.address.port())
        .user(&target.server.user)
        .password(target.server.password.expose())
        .dbname(&target.database)
        .application_name("envctl")
        .connect_timeout(CONNECT_WITHIN)
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(30))
        .keepalives_interval(Duration::from_secs(10))
        .notice_callback(|_| {});
    config
}
