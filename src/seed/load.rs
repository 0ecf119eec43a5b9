//! A load from its lock to its swap: all or nothing, while the old data keeps serving.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::postgres::{self, Applied, Brake, Server, Session, literal, migrate_here, on_thread};
use crate::report::StepEvents;

use super::dump::{Counts, Scene, load_dump};
use super::fingerprint::seed_digest;
use super::keeper::Keeper;
use super::names::{Beside, name};
use super::progress::LoadProgress;
use super::shape::Shape;
use super::swap::{check_free, swap};
use super::{Declared, Error, Fingerprint};

/// What a load brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Of the dumps' files.
    pub bytes: u64,
    /// By COPY and INSERT.
    pub rows: u64,
    pub statements: u64,
    /// Roles that the dumps name and the server lacked.
    pub roles_created: Vec<String>,
    pub migrations_applied: Vec<Applied>,
    pub elapsed: Duration,
}

/// Brings the database to what is declared, whatever it holds now. A failed or cancelled load
/// leaves it as it is.
pub async fn load(
    server: &Server,
    declared: &Declared,
    fingerprint: &Fingerprint,
    step: &StepEvents,
    cancel: &CancellationToken,
) -> Result<Loaded, Error> {
    let job = Job {
        server: server.clone(),
        declared: declared.clone(),
        fingerprint: fingerprint.clone(),
        step: step.clone(),
    };
    on_thread(cancel, move |brake| job.run(brake)).await
}

struct Job {
    server: Server,
    declared: Declared,
    fingerprint: Fingerprint,
    step: StepEvents,
}

impl Job {
    fn run(&self, brake: &Brake) -> Result<Loaded, Error> {
        let start = Instant::now();
        let database = &self.declared.database;
        let mut keeper = Keeper::wait(&self.server, database, brake, &self.step)?;
        keeper.heal()?;
        for kept in keeper.sweep()? {
            self.warn_of(&kept);
        }
        let old = Shape::of(&mut keeper, database)?;
        if let Some(old) = &old {
            check_free(&mut keeper, old)?;
        }
        let default;
        let shape = if let Some(old) = &old {
            old
        } else {
            default = Shape::default_for(&mut keeper, &self.server.user)?;
            default
                .as_ref()
                .ok_or_else(|| postgres::Error::NoDatabase {
                    database: "template1".to_owned(),
                })?
        };
        let scratch = name(Beside::Scratch, database);
        keeper.session.run(&shape.create(&scratch))?;
        let filled = self.fill(&scratch, brake).and_then(|loaded| {
            if brake.is_pulled() {
                return Err(postgres::Error::Cancelled.into());
            }
            self.step.message("putting the new database into place");
            let away = swap(&mut keeper, &scratch, old.as_ref())?;
            Ok((loaded, away))
        });
        match filled {
            Ok((mut loaded, away)) => {
                if let Some(away) = away
                    && keeper.drop_database(&away).is_err()
                {
                    self.warn_of(&away);
                }
                loaded.elapsed = start.elapsed();
                Ok(loaded)
            }
            Err(error) => {
                // What cannot be dropped now is dropped by the next load.
                if keeper.drop_database(&scratch).is_err() {
                    self.warn_of(&scratch);
                }
                Err(error)
            }
        }
    }

    fn warn_of(&self, name: &str) {
        let text = format!("database `{name}` could not be dropped; the next seed tries again");
        self.step.events.warning(text);
    }

    /// Dumps, migrations, fingerprint: everything that happens inside the scratch database.
    fn fill(&self, scratch: &str, brake: &Brake) -> Result<Loaded, Error> {
        let target = self.server.target(scratch);
        let mut scene = Scene {
            server: &self.server,
            scratch: &target,
            database: &self.declared.database,
            brake,
            roles: self.roles(brake)?,
            roles_created: Vec::new(),
        };
        let mut progress = LoadProgress::new(self.step.clone(), self.total());
        let mut loaded = Loaded::default();
        let mut seeds = Vec::new();
        for dump in &self.declared.dumps {
            let counts = load_dump(&mut scene, &dump.file, &mut progress)?;
            let digest = seed_digest(&counts.digest);
            let mut expected = self.fingerprint.seeds.iter();
            if !expected.any(|seed| seed.name == dump.name && seed.digest == digest) {
                return Err(Error::ChangedMeanwhile {
                    file: dump.file.clone(),
                });
            }
            loaded.bytes += counts.bytes;
            loaded.rows += counts.rows;
            loaded.statements += counts.statements;
            seeds.push((&dump.name, counts));
        }
        loaded.roles_created = scene.roles_created;
        loaded.migrations_applied =
            migrate_here(&target, &self.declared.migrations, &self.step, brake)?;
        let mut session = Session::open(&target, brake)?.without_limits()?;
        session.run(&record(&seeds))?;
        self.step.message("collecting statistics");
        match session.run("ANALYZE") {
            // The data is whole without them, and the server collects them by itself as well.
            Err(error @ postgres::Error::Statement { .. }) => {
                let text = format!("the statistics could not be collected: {error}");
                self.step.events.warning(text);
            }
            other => other?,
        }
        session.close();
        Ok(loaded)
    }

    fn roles(&self, brake: &Brake) -> Result<HashSet<String>, Error> {
        let beside = self.server.beside(&self.declared.database);
        let rows =
            Session::open(&beside, brake)?.rows("SELECT rolname FROM pg_catalog.pg_roles")?;
        Ok(rows.into_iter().flatten().flatten().collect())
    }

    fn total(&self) -> u64 {
        let sizes = self.declared.dumps.iter().map(|dump| {
            // A file that cannot be read is told when it is opened.
            fs_err::metadata(&dump.file).map_or(0, |metadata| metadata.len())
        });
        sizes.sum()
    }
}

/// Returns the SQL that writes the fingerprint. A dump of such a database brings an old one.
fn record(seeds: &[(&String, Counts)]) -> String {
    let mut sql = String::from(
        "BEGIN; CREATE SCHEMA IF NOT EXISTS envctl; \
         DROP TABLE IF EXISTS envctl.tasks; \
         DROP TABLE IF EXISTS envctl.seeds; \
         CREATE TABLE envctl.seeds (\
             name text PRIMARY KEY, \
             position int NOT NULL, \
             digest text NOT NULL, \
             loaded_at timestamptz NOT NULL DEFAULT now(), \
             bytes bigint NOT NULL, \
             rows bigint NOT NULL);",
    );
    for (position, (name, counts)) in seeds.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(
            sql,
            "INSERT INTO envctl.seeds (name, position, digest, bytes, rows) \
             VALUES ({}, {position}, {}, {}, {});",
            literal(name),
            literal(&seed_digest(&counts.digest)),
            counts.bytes,
            counts.rows
        );
    }
    sql + "COMMIT"
}
