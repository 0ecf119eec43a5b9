//! What belongs into the database of a `postgres` service, and how it is reached.

use std::path::PathBuf;

use super::{Declaration, data_volume};
use crate::model::{Migrations, Postgres, Secret, SeedContent};
use crate::seed::Dump;

/// How the application gets to its database.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    pub service: String,
    pub database: String,
    pub user: String,
    pub password: Secret,
}

/// The database of a `postgres` service, and what belongs into it.
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    pub login: Login,
    pub dumps: Vec<Dump>,
    /// Seeds that tasks send, in this order, once the services run.
    pub sent: Vec<SentSeed>,
    pub migrations: Option<PathBuf>,
    /// The task that migrates, where no folder does.
    pub migration_task: Option<String>,
    /// The volume that holds it.
    pub volume: String,
    /// What a user types to load its seeds: `envctl seed rates`.
    pub seed_command: String,
}

/// A seed that a task sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentSeed {
    pub name: String,
    pub task: String,
    /// Absolute files and folders whose content makes it other data.
    pub inputs: Vec<PathBuf>,
}

impl Database {
    /// Returns the name of its service.
    pub fn service(&self) -> &str {
        &self.login.service
    }

    /// Returns its name on the server.
    pub fn name(&self) -> &str {
        &self.login.database
    }

    /// Whether anything is declared to migrate it.
    pub fn migrates(&self) -> bool {
        self.migrations.is_some() || self.migration_task.is_some()
    }
}

pub(super) fn login(service: &str, postgres: &Postgres) -> Login {
    Login {
        service: service.to_owned(),
        database: postgres.database.clone(),
        user: postgres.user.clone(),
        password: postgres.password.clone(),
    }
}

pub(super) fn database(
    declaration: &Declaration<'_>,
    service: &str,
    postgres: &Postgres,
) -> Database {
    let seeds = declaration.environment.seeds.iter();
    let seeds = seeds.filter(|(_, seed)| seed.service == service);
    let (mut dumps, mut sent) = (Vec::new(), Vec::new());
    for (name, seed) in seeds {
        let name = name.clone();
        match &seed.content {
            SeedContent::Dump { file, superuser } => dumps.push(Dump {
                name,
                file: file.clone(),
                superuser: *superuser,
            }),
            SeedContent::Task { task, inputs } => sent.push(SentSeed {
                name,
                task: task.clone(),
                inputs: inputs.clone(),
            }),
        }
    }
    let (migrations, migration_task) = match &postgres.migrations {
        None => (None, None),
        Some(Migrations::Folder(folder)) => (Some(folder.clone()), None),
        Some(Migrations::Task(task)) => (None, Some(task.clone())),
    };
    Database {
        login: login(service, postgres),
        dumps,
        sent,
        migrations,
        migration_task,
        volume: data_volume(service),
        seed_command: format!("envctl seed {}", declaration.id.arguments()),
    }
}
