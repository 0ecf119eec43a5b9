//! `seed`: brings the data to its declared state; `--reset` starts over.

use std::time::Instant;

use super::failure::Failure;
use super::lock;
use super::question::confirm;
use super::scene::Scene;
use super::session::Session;
use super::up::phases;
use crate::cli::SeedArgs;
use crate::plan::{DatabaseView, Plan, Step};
use crate::report::{Answer, UpAnswer};
use crate::seed::State;

pub(super) async fn run(session: &Session, args: &SeedArgs) -> Result<Answer, Failure> {
    let start = Instant::now();
    let scene = Scene::open(session, args.environment.as_ref()).await?;
    let command = format!("seed {}", scene.environment.name);
    let _lock = lock::hold(session, &scene.invocation.id, &command).await?;
    let observation = scene.observe().await?;
    scene.warn_of_differences(session, &observation.engine);
    let mut plan = Plan::default();
    for service in &scene.desired.services {
        let Some(database) = service.database() else {
            continue;
        };
        if database.dumps.is_empty() {
            continue;
        }
        let name = &service.spec.name;
        let view = observation.databases.get(name);
        let view = view.ok_or_else(|| Failure::database_not_up(&scene.invocation, name))?;
        let Some(cause) = cause(name, view, args.reset)? else {
            continue;
        };
        if args.reset && loses(view) {
            let question = format!(
                "Replace all content of database {} of {name} ({})?",
                database.name, scene.invocation.id
            );
            confirm(session, &question, "seed --reset")?;
        }
        let step = Step::Seed {
            service: name.clone(),
            database: Box::new(database.clone()),
            reset: args.reset,
            migrate: true,
        };
        plan.add(step, cause);
    }
    let report = scene.run(session, &command, (&plan, &observation)).await?;
    Ok(Answer::Up(UpAnswer {
        environment: scene.environment.name.clone(),
        instance: scene.invocation.id.instance.clone(),
        changed: report.finished.iter().filter(|step| step.changed).count(),
        endpoints: Vec::new(),
        phases: phases(&report),
        elapsed_s: start.elapsed().as_secs_f64(),
    }))
}

/// Returns why a database is loaded, if it is.
fn cause(service: &str, view: &DatabaseView, reset: bool) -> Result<Option<&'static str>, Failure> {
    match &view.seeds {
        _ if reset => Ok(Some("seed --reset")),
        State::NoDatabase | State::Never => Ok(Some("never seeded")),
        State::Current { .. } => Ok(None),
        State::Stale { changed } => Err(Failure::needs_reset(
            service,
            &format!("{} changed since", changed.join(", ")),
        )),
        State::Foreign { tables } => {
            let text = format!(
                "it holds tables that no seed put there: {}",
                tables.join(", ")
            );
            Err(Failure::needs_reset(service, &text))
        }
    }
}

fn loses(view: &DatabaseView) -> bool {
    !matches!(view.seeds, State::NoDatabase | State::Never)
}
