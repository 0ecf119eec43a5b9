//! A database together with the tasks that bring data into it: a seed that one sends, or migrations.
//! They run like any other task; what they brought is recorded in the database, so that it goes with
//! the data.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::ImageHandle;
use crate::host::Digests;
use crate::plan::desired::{Database, Desired, DesiredService};
use crate::plan::error::Error;
use crate::seed::{self, Brings, Standing, TaskRecord, TaskWork};

/// A database, with all that brings data into it and can run on the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    pub database: Arc<Database>,
    /// The one that migrates it, where one does.
    pub migrating: Option<DataTask>,
    /// Those that send seeds, in their order.
    pub sending: Vec<DataTask>,
}

/// A task with what it brings.
#[derive(Clone, Debug, PartialEq)]
pub struct DataTask {
    pub brings: Brings,
    /// The seed's name; of migrations, the task's.
    pub name: String,
    pub inputs: Vec<PathBuf>,
    pub task: DesiredService,
}

impl Store {
    pub fn new(desired: &Desired, database: &Arc<Database>) -> Self {
        let migrating = database.migration_task.as_ref().and_then(|task| {
            Some(DataTask {
                brings: Brings::Migrations,
                name: task.clone(),
                inputs: Vec::new(),
                task: desired.service(task)?.clone(),
            })
        });
        let sending = database.sent.iter().filter_map(|seed| {
            Some(DataTask {
                brings: Brings::Seed,
                name: seed.name.clone(),
                inputs: seed.inputs.clone(),
                task: desired.service(&seed.task)?.clone(),
            })
        });
        Self {
            database: Arc::clone(database),
            migrating,
            sending: sending.collect(),
        }
    }

    /// Returns the task that sends a seed, where the engine can run it.
    pub(in crate::plan) fn sends(&self, seed: &str) -> Option<&DataTask> {
        self.sending.iter().find(|task| task.name == seed)
    }
}

impl DataTask {
    /// Returns it as it is recorded; `image` is what it would run from, where that is known.
    pub(super) async fn work(
        &self,
        image: Option<&ImageHandle>,
        digests: &Digests,
    ) -> Result<TaskWork, Error> {
        let declaration = self.task.written_hash();
        Ok(TaskWork {
            brings: self.brings,
            name: self.name.clone(),
            digest: seed::work_digest(&declaration, &self.inputs, digests).await?,
            image: image.map(|image| image.id.clone()),
        })
    }

    /// Compares with what is recorded.
    pub(super) async fn standing(
        &self,
        image: Option<&ImageHandle>,
        (records, digests): (&[TaskRecord], &Digests),
    ) -> Result<Standing, Error> {
        Ok(match self.work(image, digests).await?.standing(records) {
            // With a secret that was not read, every task would look changed.
            Standing::Stale if self.task.unread => Standing::Whole,
            standing => standing,
        })
    }
}
