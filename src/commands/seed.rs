//! `seed`: brings the data to its declared state; `--reset` starts over.

use super::choice::Purpose;
use super::failure::Failure;
use super::outcome::answer;
use super::question::confirm;
use super::scene::Scene;
use super::session::Session;
use crate::cli::SeedArgs;
use crate::plan::{Database, DatabaseView, Load, Plan, Step};
use crate::report::Answer;
use crate::seed::State;

pub(super) async fn run(session: &Session, args: &SeedArgs) -> Result<Answer, Failure> {
    let verb = if args.reset { "seed --reset" } else { "seed" };
    let command = (Purpose::Use, verb);
    let (scene, _lock) = Scene::hold(session, args.environment.as_ref(), command).await?;
    let observation = scene.observe(session).await?;
    scene.warn_of_differences(session, &observation.engine);
    let mut plan = Plan::default();
    for service in &scene.desired.services {
        let Some(database) = service.database() else {
            continue;
        };
        // Without a dump, the migrations are what a database starts with.
        let resets = args.reset && database.migrations.is_some();
        if database.dumps.is_empty() && !resets {
            continue;
        }
        let name = &service.spec.name;
        let view = observation.databases.get(name);
        let view = view.ok_or_else(|| Failure::database_not_up(&scene.invocation, name))?;
        let Some(cause) = cause(&scene, name, view, args.reset)? else {
            continue;
        };
        if args.reset && loses(database, view) {
            let question = format!(
                "Replace all content of database {} of {name} ({})?",
                database.name, scene.invocation.id
            );
            confirm(session, &question, "seed --reset")?;
        }
        let step = Step::Seed {
            service: name.clone(),
            database: Box::new(database.clone()),
            load: Load {
                reset: args.reset,
                migrate: true,
            },
        };
        plan.add(step, cause);
    }
    let report = scene.run(session, verb, (&plan, &observation)).await?;
    Ok(answer(&scene, &report, Vec::new()))
}

/// Returns why a database is loaded, if it is.
fn cause(
    scene: &Scene,
    service: &str,
    view: &DatabaseView,
    reset: bool,
) -> Result<Option<&'static str>, Failure> {
    match &view.seeds {
        _ if reset => Ok(Some("seed --reset")),
        State::NoDatabase | State::Never => Ok(Some("never seeded")),
        State::Current { .. } => Ok(None),
        State::Stale { changed } => Err(Failure::needs_reset(
            &scene.invocation,
            service,
            &format!("{} changed since", changed.join(", ")),
        )),
        State::Foreign { tables } => {
            let text = format!(
                "it holds tables that no seed put there: {}",
                tables.join(", ")
            );
            Err(Failure::needs_reset(&scene.invocation, service, &text))
        }
    }
}

fn loses(database: &Database, view: &DatabaseView) -> bool {
    match view.seeds {
        State::NoDatabase => false,
        // What migrations made holds what was written since.
        State::Never => database.dumps.is_empty(),
        _ => true,
    }
}
