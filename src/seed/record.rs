//! What tasks brought into a database, as it is recorded there: a task that sends a seed, or one
//! that migrates. Knows no task, only what it was declared as.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use crate::host::Digests;
use crate::model::Digest;
use crate::postgres::{
    self, Brake, DatabaseSession, OwnTable, OwnTables, Server, Target, literal, on_thread,
};

use super::Error;

/// Where it is recorded.
pub(super) const TASKS: OwnTable = OwnTable {
    name: "tasks",
    columns: "brings text NOT NULL, \
              name text NOT NULL, \
              digest text NOT NULL, \
              image text NOT NULL, \
              whole boolean NOT NULL, \
              began_at timestamptz NOT NULL DEFAULT pg_catalog.now(), \
              ended_at timestamptz, \
              PRIMARY KEY (brings, name)",
};

/// What a task does to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brings {
    Seed,
    Migrations,
}

/// What a task brings, as it is declared now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskWork {
    pub brings: Brings,
    /// The seed's name; of migrations, the task's.
    pub name: String,
    /// Of the task's declaration and of its inputs.
    pub digest: String,
    /// The image or program that it runs from; `None` while that is not known.
    pub image: Option<String>,
}

/// What is known of a task that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRecord {
    pub brings: Brings,
    pub name: String,
    pub digest: String,
    pub image: String,
    /// Whether it ended well.
    pub whole: bool,
}

/// How a database stands against a task that is declared to bring something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was never begun.
    Never,
    /// It was begun and did not end well.
    Partial,
    /// It ended well, and is declared otherwise now.
    Stale,
    Whole,
}

impl TaskWork {
    /// Compares with what is recorded.
    pub fn standing(&self, records: &[TaskRecord]) -> Standing {
        let mut records = records.iter();
        let Some(record) =
            records.find(|record| record.brings == self.brings && record.name == self.name)
        else {
            return Standing::Never;
        };
        let same_image = match &self.image {
            Some(image) => *image == record.image,
            None => true,
        };
        match record.whole {
            false => Standing::Partial,
            true if record.digest == self.digest && same_image => Standing::Whole,
            true => Standing::Stale,
        }
    }
}

/// Returns the digest of a task's declaration and of the files that it reads.
pub async fn work_digest(
    declaration: &str,
    inputs: &[PathBuf],
    known: &Digests,
) -> Result<String, Error> {
    let (declaration, inputs) = (declaration.to_owned(), inputs.to_vec());
    let known = known.clone();
    on_thread(&CancellationToken::new(), move |_| {
        let mut digest = Digest::new();
        digest.field("task", &declaration);
        for input in inputs {
            let content = known.of_path(&input).map_err(|source| Error::Read {
                file: input,
                source,
            })?;
            digest.field("input", content);
        }
        Ok(digest.finish())
    })
    .await
}

/// Records that a task begins, so that a killed one is known.
pub async fn begin(server: &Server, database: &str, work: &TaskWork) -> Result<(), Error> {
    let key = key(work);
    let sql = format!(
        "BEGIN; DELETE FROM envctl.tasks WHERE {key}; \
         INSERT INTO envctl.tasks (brings, name, digest, image, whole) \
         VALUES ({}, {}, {}, {}, false); COMMIT",
        literal(brings(work.brings)),
        literal(&work.name),
        literal(&work.digest),
        literal(work.image.as_deref().unwrap_or_default()),
    );
    let target = server.target(database);
    on_thread(&CancellationToken::new(), move |brake| {
        let mut session = open(&target, brake)?;
        session.make_own_table(&TASKS)?;
        Ok(session.run(&sql)?)
    })
    .await
}

/// Records that a task ended well.
pub async fn finish(server: &Server, database: &str, work: &TaskWork) -> Result<(), Error> {
    let key = key(work);
    let sql =
        format!("UPDATE envctl.tasks SET whole = true, ended_at = pg_catalog.now() WHERE {key}");
    run(server, database, sql).await
}

/// Takes back that a task began, where it never ran.
pub async fn forget(server: &Server, database: &str, work: &TaskWork) -> Result<(), Error> {
    let sql = format!("DELETE FROM envctl.tasks WHERE {}", key(work));
    run(server, database, sql).await
}

async fn run(server: &Server, database: &str, sql: String) -> Result<(), Error> {
    let target = server.target(database);
    on_thread(&CancellationToken::new(), move |brake| {
        Ok(open(&target, brake)?.run(&sql)?)
    })
    .await
}

fn open(target: &Target, brake: &Brake) -> Result<DatabaseSession, postgres::Error> {
    DatabaseSession::open(target, brake)?
        .without_limits()?
        .for_own_words()
}

pub(super) fn read(
    session: &mut DatabaseSession,
    own: &OwnTables,
) -> Result<Vec<TaskRecord>, Error> {
    if !own.have(&TASKS) {
        return Ok(Vec::new());
    }
    let rows = session.rows(
        "SELECT brings, name, digest, image, whole FROM envctl.tasks ORDER BY began_at, name",
    )?;
    let records = rows.into_iter().map(|row| {
        let mut texts = row.into_iter().map(Option::unwrap_or_default);
        let mut text = || texts.next().unwrap_or_default();
        TaskRecord {
            brings: if text() == brings(Brings::Seed) {
                Brings::Seed
            } else {
                Brings::Migrations
            },
            name: text(),
            digest: text(),
            image: text(),
            whole: text() == "t",
        }
    });
    Ok(records.collect())
}

fn brings(brings: Brings) -> &'static str {
    match brings {
        Brings::Seed => "seed",
        Brings::Migrations => "migrations",
    }
}

fn key(work: &TaskWork) -> String {
    let (brings, name) = (literal(brings(work.brings)), literal(&work.name));
    format!("brings = {brings} AND name = {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(whole: bool, digest: &str, image: Option<&str>, expect: Standing) {
        let record = TaskRecord {
            brings: Brings::Seed,
            name: "samples".to_owned(),
            digest: "d".to_owned(),
            image: "i".to_owned(),
            whole,
        };
        let work = TaskWork {
            brings: Brings::Seed,
            name: "samples".to_owned(),
            digest: digest.to_owned(),
            image: image.map(ToOwned::to_owned),
        };
        assert_eq!(work.standing(&[record]), expect);
    }

    #[test]
    fn a_record_is_compared_with_the_declaration() {
        check(true, "d", Some("i"), Standing::Whole);
        check(true, "d", Some("other"), Standing::Stale);
        check(true, "other", Some("i"), Standing::Stale);
        check(false, "d", Some("i"), Standing::Partial);
        // An image that is not there yet is no other one.
        check(true, "d", None, Standing::Whole);
        let migrations = TaskWork {
            brings: Brings::Migrations,
            name: "samples".to_owned(),
            digest: "d".to_owned(),
            image: None,
        };
        assert_eq!(migrations.standing(&[]), Standing::Never);
    }

    #[tokio::test]
    async fn another_content_is_another_digest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rows.csv");
        fs_err::write(&file, "1").unwrap();
        let (inputs, known) = ([file.clone()], Digests::default());
        let first = work_digest("task", &inputs, &known).await.unwrap();
        assert_eq!(work_digest("task", &inputs, &known).await.unwrap(), first);
        assert_ne!(work_digest("other", &inputs, &known).await.unwrap(), first);
        fs_err::write(&file, "2").unwrap();
        assert_ne!(work_digest("task", &inputs, &known).await.unwrap(), first);
    }
}
