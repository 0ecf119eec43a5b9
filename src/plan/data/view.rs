//! What a look at a database shows.

use std::time::SystemTime;

use super::store::{DataTask, Store};
use crate::engine::Handles;
use crate::host::Digests;
use crate::plan::desired::Database;
use crate::plan::error::Error;
use crate::postgres::{self, Migration, MigrationState, Server};
use crate::seed::{self, Brings, Declared, Fingerprint, Left, Standing, Survey};

/// What is seen of a database.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseView {
    pub seeds: seed::State,
    /// Migrations that are not in as declared: `V2__more`, `V1__index (changed since)`.
    pub pending: Vec<String>,
    pub sent: SentSeeds,
    /// When a load put it into place.
    pub loaded_at: Option<SystemTime>,
    /// What killed loads left beside it.
    pub left: Vec<Left>,
}

/// What is seen of the seeds that tasks send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentSeeds {
    /// Of each declared one, in their order.
    pub standings: Vec<(String, Standing)>,
    /// Recorded ones that are no longer declared.
    pub removed: Vec<String>,
}

impl SentSeeds {
    fn of(&self, standing: Standing) -> Vec<&str> {
        let standings = self.standings.iter();
        let met = standings.filter(|(_, one)| *one == standing);
        met.map(|(name, _)| name.as_str()).collect()
    }

    /// Returns how a declared one stands.
    pub fn standing(&self, seed: &str) -> Option<Standing> {
        let mut standings = self.standings.iter();
        let found = standings.find(|(name, _)| name == seed);
        found.map(|(_, standing)| *standing)
    }

    /// Returns those that were begun and did not end well.
    pub fn partial(&self) -> Vec<&str> {
        self.of(Standing::Partial)
    }

    /// Says why the database has to be reset before anything more is sent, if it has.
    pub(super) fn reset_reason(&self) -> Option<String> {
        let reasons = [
            (self.partial().join(", "), "was not sent to its end"),
            (
                self.of(Standing::Stale).join(", "),
                "changed since it was sent",
            ),
            (self.removed.join(", "), "is no longer declared"),
        ];
        let mut reasons = reasons.into_iter().filter(|(names, _)| !names.is_empty());
        reasons
            .next()
            .map(|(names, reason)| format!("{names} {reason}"))
    }
}

/// The files that belong into a database, read.
pub(in crate::plan) struct Material {
    pub declared: Declared,
    pub fingerprint: Fingerprint,
}

impl Material {
    /// Reads the dumps, and the folder of the migrations where they are asked for.
    pub(in crate::plan) async fn read(
        database: &Database,
        migrations: bool,
        digests: &Digests,
    ) -> Result<Self, Error> {
        let migrations = match &database.migrations {
            Some(folder) if migrations => {
                postgres::read_migrations(folder).map_err(Error::Migration)?
            }
            _ => Vec::new(),
        };
        let declared = Declared {
            database: database.name().to_owned(),
            dumps: database.dumps.clone(),
            migrations,
        };
        let fingerprint = seed::fingerprint(&declared, digests).await?;
        Ok(Self {
            declared,
            fingerprint,
        })
    }
}

/// Looks at a database and compares it with what belongs into it; `images` are the known ones. The
/// inner error is what the server says.
pub(in crate::plan) async fn look(
    server: &Server,
    store: &Store,
    material: &Material,
    (images, digests): (&Handles, &Digests),
) -> Result<Result<DatabaseView, seed::Error>, Error> {
    match seed::survey(server, &material.declared, &material.fingerprint).await {
        Ok(survey) => Ok(Ok(
            compared(survey, store, material, (images, digests)).await?
        )),
        Err(error) => Ok(Err(error)),
    }
}

/// Compares what a look at a database showed with what belongs into it.
pub(in crate::plan) async fn compared(
    mut survey: Survey,
    store: &Store,
    material: &Material,
    (images, digests): (&Handles, &Digests),
) -> Result<DatabaseView, Error> {
    // What a folder once brought is nothing to a task that migrates now.
    let mut pending = match &store.migrating {
        Some(_) => Vec::new(),
        None => pending(&material.declared.migrations, &survey),
    };
    let records = std::mem::take(&mut survey.records);
    let standing = async |task: &DataTask| {
        let image = images.get(&task.task.image);
        task.standing(image, (&records, digests)).await
    };
    if let Some(task) = &store.migrating
        && standing(task).await? != Standing::Whole
    {
        pending.push(format!("task {}", task.name));
    }
    let mut sent = SentSeeds::default();
    for task in &store.sending {
        let standing = standing(task).await?;
        sent.standings.push((task.name.clone(), standing));
    }
    let declared = &store.database.sent;
    let recorded = records.into_iter().filter(|one| one.brings == Brings::Seed);
    let removed = recorded.filter(|one| declared.iter().all(|seed| seed.name != one.name));
    sent.removed = removed.map(|one| one.name).collect();
    Ok(DatabaseView {
        seeds: survey.state,
        pending,
        sent,
        loaded_at: survey.loaded_at,
        left: survey.left,
    })
}

fn pending(migrations: &[Migration], survey: &Survey) -> Vec<String> {
    if survey.state == seed::State::NoDatabase {
        let names = migrations.iter().map(|migration| migration.name.clone());
        return names.collect();
    }
    let pending = survey.migrations.iter().filter_map(|entry| {
        let name = format!("V{}__{}", entry.version, entry.name);
        match entry.state {
            MigrationState::Applied { .. } => None,
            MigrationState::Pending => Some(name),
            // The step for these fails, and says what to do.
            MigrationState::Changed => Some(name + " (changed since)"),
            MigrationState::Missing => Some(name + " (file missing)"),
        }
    });
    pending.collect()
}
