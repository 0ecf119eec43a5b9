//! `migrate`: applies what is pending; `--status` shows what is applied.

use super::choice::Purpose;
use super::failure::Failure;
use super::outcome::answer;
use super::scene::Scene;
use super::session::Session;
use crate::cli::MigrateArgs;
use crate::plan::{Database, Plan, Step};
use crate::postgres::{MigrationState, migration_status, read_migrations};
use crate::report::{Answer, TableAnswer};

pub(super) async fn run(session: &Session, args: &MigrateArgs) -> Result<Answer, Failure> {
    if args.status {
        let scene = Scene::open(session, args.environment.as_ref(), Purpose::Use).await?;
        return status(session, &scene).await;
    }
    let command = (Purpose::Use, "migrate");
    let (scene, _lock) = Scene::hold(session, args.environment.as_ref(), command).await?;
    let observation = scene.observe(session).await?;
    scene.warn_of_differences(session, &observation.engine);
    let mut plan = Plan::default();
    for (name, database) in migrated(&scene) {
        if !observation.databases.contains_key(name) {
            return Err(Failure::database_not_up(&scene.invocation, name));
        }
        let step = Step::Migrate {
            service: name.to_owned(),
            database: Box::new(database.clone()),
        };
        plan.add(step, "migrate");
    }
    let report = scene.run(session, "migrate", (&plan, &observation)).await?;
    Ok(answer(&scene, &report, Vec::new()))
}

fn migrated(scene: &Scene) -> impl Iterator<Item = (&str, &Database)> {
    let services = scene.desired.services.iter();
    let databases = services.filter_map(|service| {
        service
            .database()
            .map(|database| (&*service.spec.name, database))
    });
    databases.filter(|(_, database)| database.migrations.is_some())
}

async fn status(session: &Session, scene: &Scene) -> Result<Answer, Failure> {
    let columns = ["service", "version", "name", "state", "applied at"].map(ToOwned::to_owned);
    let mut table = TableAnswer {
        columns: columns.to_vec(),
        rows: Vec::new(),
    };
    for (name, database) in migrated(scene) {
        let Some(dir) = &database.migrations else {
            continue;
        };
        let migrations = read_migrations(dir).map_err(Failure::of_migration)?;
        let server = scene.server(name, database).await?;
        let entries =
            migration_status(&server.target(&database.name), &migrations, &session.cancel)
                .await
                .map_err(Failure::of_migration)?;
        for entry in entries {
            let (state, at) = match entry.state {
                MigrationState::Applied { at } => ("applied", Some(at)),
                MigrationState::Pending => ("pending", None),
                MigrationState::Changed => ("changed since", None),
                MigrationState::Missing => ("applied, file missing", None),
            };
            let version = entry.version.to_string();
            let row = [name.to_owned(), version, entry.name, state.to_owned()];
            table
                .rows
                .push(row.into_iter().map(Some).chain([at]).collect());
        }
    }
    Ok(Answer::Table(table))
}
