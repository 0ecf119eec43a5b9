//! What the tests share: a database of their own, dumps, and looking at what is in.

use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use envctl::host::Digests;
use envctl::model::Secret;
use envctl::postgres::{self, Server};
use envctl::probe::{Attempt, Poll};
use envctl::seed::{self, Declared, Dump, LoadOutcome, State};
use envctl::tell::{Event, Events, StepEvents, StepId};
use tokio_util::sync::CancellationToken;

use super::server::server;

/// One test's corner of the server.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) database: String,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) cancel: CancellationToken,
    pub(crate) step: StepEvents,
    pub(crate) events: Receiver<Event>,
}

impl Bench {
    /// Returns a corner with a database of this name (not made yet), once the server answers.
    pub(crate) async fn new(database: &str) -> Option<Self> {
        Some(Self::on(server()?, database).await)
    }

    /// Returns a corner of this server.
    pub(crate) async fn on(server: Server, database: &str) -> Self {
        let target = server.target("postgres");
        let cancel = CancellationToken::new();
        let ready = Poll::within(Duration::from_mins(1))
            .until(
                &cancel,
                async || match postgres::probe(&target).await {
                    Ok(version) => Attempt::Done(version),
                    Err(error) if error.is_transient() => Attempt::NotYet(error.to_string()),
                    Err(error) => Attempt::Hopeless(error),
                },
                |_| {},
            )
            .await;
        let (version, _) = ready.expect("the server answers");
        assert!(version.number >= 100_000, "{version:?}");
        let (events, receiver) = Events::channel();
        Self {
            server,
            database: database.to_owned(),
            folder: tempfile::tempdir().expect("a folder"),
            cancel,
            step: events.step(StepId(1)),
            events: receiver,
        }
    }

    /// Makes the database.
    pub(crate) async fn create(&self) {
        let ensured = postgres::ensure_database(&self.server, &self.database, &self.cancel).await;
        assert_eq!(ensured.expect("it is made"), postgres::Ensured::Created);
    }

    /// Makes a role with these attributes and goes on as it.
    pub(crate) async fn log_in_as(&mut self, role: &str, attributes: &str) {
        let sql = format!("CREATE ROLE {role} LOGIN {attributes} PASSWORD 'own'");
        self.sql_on("postgres", &sql).await;
        role.clone_into(&mut self.server.user);
        self.server.password = Secret::new("own");
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let file = self.folder.path().join(name);
        fs_err::write(&file, text).expect("the file");
        file
    }

    /// Declares one dump with this text.
    pub(crate) fn declare(&self, text: impl AsRef<[u8]>) -> Declared {
        Declared {
            database: self.database.clone(),
            dumps: vec![Dump {
                name: "dump".to_owned(),
                file: self.write("dump.sql", text),
                superuser: false,
            }],
            migrations: Vec::new(),
        }
    }

    /// Loads what is declared.
    pub(crate) async fn load(&self, declared: &Declared) -> Result<LoadOutcome, seed::Error> {
        let fingerprint = seed::fingerprint(declared, &Digests::default()).await?;
        seed::load(
            &self.server,
            declared,
            &fingerprint,
            &self.step,
            &self.cancel,
        )
        .await
    }

    pub(crate) async fn state(&self, declared: &Declared) -> State {
        let known = Digests::default();
        let fingerprint = seed::fingerprint(declared, &known).await;
        let fingerprint = fingerprint.expect("a fingerprint");
        let survey = seed::survey(&self.server, declared, &fingerprint).await;
        survey.expect("a state").state
    }

    /// Runs SQL on the database and returns its first column, lines joined by a space.
    pub(crate) async fn sql(&self, sql: &str) -> String {
        self.sql_on(&self.database, sql).await
    }

    pub(crate) async fn sql_on(&self, database: &str, sql: &str) -> String {
        let target = self.server.target(database);
        let rows = postgres::query(&target, sql, &CancellationToken::new()).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}")).rows;
        let first = |row: Vec<Option<String>>| row.into_iter().next().flatten();
        let texts: Vec<_> = rows
            .into_iter()
            .map(|row| first(row).unwrap_or_default())
            .collect();
        texts.join(" ")
    }

    /// Returns the databases that a load makes beside this one.
    pub(crate) async fn beside(&self) -> String {
        let sql = format!(
            "SELECT datname FROM pg_database WHERE datname LIKE 'envctl%\\_{}\\_%'",
            self.database
        );
        self.sql_on("postgres", &sql).await
    }

    /// Waits until a query on `postgres` gives this text.
    pub(crate) async fn eventually(&self, sql: &str, expected: &str) {
        let result = Poll::within(Duration::from_secs(30))
            .until(
                &CancellationToken::new(),
                async || match self.sql_on("postgres", sql).await {
                    text if text == expected => Attempt::<_, ()>::Done(()),
                    text => Attempt::NotYet(text),
                },
                |_| {},
            )
            .await;
        result.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}
