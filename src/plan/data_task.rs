//! A task that brings data into a database: a seed that it sends, or migrations. It runs like any
//! other task; what it brought is recorded in the database, so that it goes with the data.

use std::path::PathBuf;

use super::declared::{declared, server};
use super::desired::{Database, Desired, DesiredService, SentSeed};
use super::error::Error;
use super::seeded::dump_is_in;
use super::task::{Telling, follow};
use super::work::{image_of, launch, make};
use super::world::{Done, World};
use crate::seed::{self, Brings, Record, Standing, Work};
use crate::tell::StepEvents;

/// A task with what it brings.
#[derive(Clone, Debug, PartialEq)]
pub struct DataTask {
    pub brings: Brings,
    /// The seed's name; of migrations, the task's.
    pub name: String,
    pub inputs: Vec<PathBuf>,
    pub task: DesiredService,
}

impl DataTask {
    /// Returns the task that sends a seed, where the engine can run it.
    pub fn of_seed(desired: &Desired, seed: &SentSeed) -> Option<Self> {
        Some(Self {
            brings: Brings::Seed,
            name: seed.name.clone(),
            inputs: seed.inputs.clone(),
            task: desired.service(&seed.task)?.clone(),
        })
    }

    /// Returns the task that migrates a database, if one does.
    pub fn of_migrations(desired: &Desired, database: &Database) -> Option<Self> {
        let task = database.migration_task.as_ref()?;
        Some(Self {
            brings: Brings::Migrations,
            name: task.clone(),
            inputs: Vec::new(),
            task: desired.service(task)?.clone(),
        })
    }

    /// Returns it as it is recorded; `image` is what it would run from.
    pub(super) async fn work(&self, image: Option<String>) -> Result<Work, Error> {
        Ok(Work {
            brings: self.brings,
            name: self.name.clone(),
            digest: seed::work_digest(&self.task.written_hash(), &self.inputs).await?,
            image,
        })
    }

    /// Compares with what is recorded.
    pub(super) async fn standing(
        &self,
        image: Option<String>,
        records: &[Record],
    ) -> Result<Standing, Error> {
        Ok(match self.work(image).await?.standing(records) {
            // With a secret that was not read, every task would look changed.
            Standing::Stale if self.task.unread => Standing::Whole,
            standing => standing,
        })
    }
}

/// Runs the task unless what it brings is in.
pub(super) async fn bring(
    service: &str,
    database: &Database,
    task: &DataTask,
    (world, events): (&World, &StepEvents),
) -> Result<Done, Error> {
    let server = server(world.engine.as_ref(), service, database).await?;
    if !database.dumps.is_empty() {
        let declared = declared(database, false)?;
        let fingerprint = seed::fingerprint(&declared).await?;
        let state = seed::state(&server, &declared, &fingerprint).await?;
        if !dump_is_in(&state) {
            return Ok(Done::Unchanged(Some("its dump is not in yet".to_owned())));
        }
    }
    let image = image_of(&task.task, world)?.id;
    let work = task.work(Some(image)).await?;
    let records = seed::records(&server, &database.name).await?;
    let again = &database.seed_command;
    match (task.brings, work.standing(&records)) {
        (_, Standing::Whole) => {
            let detail = match task.brings {
                Brings::Seed => "it was sent before",
                Brings::Migrations => "it migrated before",
            };
            return Ok(Done::Unchanged(Some(detail.to_owned())));
        }
        // What half of a seed is in cannot be told from the other half.
        (Brings::Seed, Standing::Partial | Standing::Stale) => {
            let detail = format!("not as declared; `{again}` resets the database first");
            return Ok(Done::Unchanged(Some(detail)));
        }
        (Brings::Seed, Standing::Never)
        | (Brings::Migrations, Standing::Never | Standing::Partial | Standing::Stale) => {}
    }
    seed::begin(&server, &database.name, &work).await?;
    let fail = |failure, ran| match failure {
        Error::Interrupted => Error::Interrupted,
        failure => Error::Data {
            name: task.name.clone(),
            brings: task.brings,
            ran,
            failure: Box::new(failure),
        },
    };
    if let Err(failure) = start(&task.task, world).await {
        // An interruption may come when it runs already; whatever else kept it from running, so
        // that nothing of it is in. The first error is the one to tell.
        if !matches!(failure, Error::Interrupted) {
            let _ = seed::forget(&server, &database.name, &work).await;
        }
        return Err(fail(failure, false));
    }
    let ended = async {
        let done = follow(&task.task, Telling::Output(events), world, events).await?;
        seed::finish(&server, &database.name, &work).await?;
        Ok(done)
    };
    ended.await.map_err(|failure| fail(failure, true))
}

async fn start(task: &DesiredService, world: &World) -> Result<(), Error> {
    let launch = launch(task, world)?;
    make(task, &launch, world).await
}
