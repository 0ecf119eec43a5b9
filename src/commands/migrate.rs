//! `migrate`: applies what is pending; `--status` shows what is applied.

use super::asked::asked;
use super::choice::Purpose;
use super::failure::Failure;
use super::outcome::answer;
use super::scene::Scene;
use super::session::Session;
use crate::cli::MigrateArgs;
use crate::plan::{Database, Plan, Wish};
use crate::postgres::{MigrationState, migration_status, read_migrations};
use crate::tell::{Answer, TableAnswer};

pub(super) async fn run(session: &Session, args: &MigrateArgs) -> Result<Answer, Failure> {
    if args.status {
        let scene = Scene::open(session, args.environment.as_ref(), Purpose::Use).await?;
        return status(session, &scene).await;
    }
    let command = (Purpose::Use, "migrate");
    let (scene, _lock) = Scene::hold(session, args.environment.as_ref(), command).await?;
    let observation = scene.observe(session).await?;
    scene.warn_of_differences(session, &observation.engine);
    let decided = asked(&scene, &observation, Wish::Migrate)?;
    let plan = Plan::of_migrations(&scene.desired, &observation, &decided);
    let report = scene.run(session, "migrate", (&plan, &observation)).await?;
    Ok(answer(&scene, &report, Vec::new()))
}

fn migrated(scene: &Scene) -> impl Iterator<Item = &Database> {
    let services = scene.desired.services.iter();
    let databases = services.filter_map(|service| service.database.as_deref());
    databases.filter(|database| database.migrates())
}

async fn status(session: &Session, scene: &Scene) -> Result<Answer, Failure> {
    let columns = ["service", "version", "name", "state", "applied at"].map(ToOwned::to_owned);
    let mut table = TableAnswer {
        columns: columns.to_vec(),
        rows: Vec::new(),
    };
    for database in migrated(scene) {
        let name = database.service();
        let Some(dir) = &database.migrations else {
            table.rows.extend(task_row(session, scene, database).await?);
            continue;
        };
        let migrations = read_migrations(dir).map_err(Failure::of_migration)?;
        let server = scene.server(database).await?;
        let entries = migration_status(
            &server.target(database.name()),
            &migrations,
            &session.cancel,
        )
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

/// Returns the row of a database that a task migrates.
async fn task_row(
    session: &Session,
    scene: &Scene,
    database: &Database,
) -> Result<Option<Vec<Option<String>>>, Failure> {
    let Some(migrating) = &database.migration_task else {
        return Ok(None);
    };
    let name = database.service();
    let observation = scene.observe(session).await?;
    let view = observation.databases.get(name);
    let view = view.ok_or_else(|| Failure::unseen(&scene.invocation, name, &observation))?;
    let state = if view.pending.is_empty() {
        "applied"
    } else {
        "pending"
    };
    let row = [Some(name), None, Some(&**migrating), Some(state), None];
    Ok(Some(row.map(|text| text.map(ToOwned::to_owned)).to_vec()))
}
