//! `seed`: brings the data to its declared state; `--reset` starts over.

use super::choice::Purpose;
use super::failure::Failure;
use super::outcome::answer;
use super::question::confirm;
use super::run::task;
use super::scene::Scene;
use super::session::Session;
use super::up::endpoints;
use crate::cli::SeedArgs;
use crate::plan::{
    Database, DatabaseView, DesiredService, Load, Observation, Plan, SentSeed, SentSeeds, Sowing,
    Step, unmet,
};
use crate::seed::State;
use crate::tell::Answer;

pub(super) async fn run(session: &Session, args: &SeedArgs) -> Result<Answer, Failure> {
    let verb = if args.reset { "seed --reset" } else { "seed" };
    let command = (Purpose::Use, verb);
    let (scene, _lock) = Scene::hold(session, args.environment.as_ref(), command).await?;
    let observation = scene.observe(session).await?;
    scene.warn_of_differences(session, &observation.engine);
    // A reset need not know what it throws away.
    let unknown = DatabaseView {
        seeds: State::Foreign { tables: Vec::new() },
        pending: Vec::new(),
        sent: SentSeeds::default(),
        loaded_at: None,
        left: Vec::new(),
    };
    let mut sowings = Vec::new();
    for service in &scene.desired.services {
        let Some(database) = service.database() else {
            continue;
        };
        // Without a dump, the migrations are what a database starts with.
        let resets = args.reset && database.migrations.is_some();
        if database.dumps.is_empty() && database.sent.is_empty() && !resets {
            continue;
        }
        let name = &service.spec.name;
        let view = observation.databases.get(name);
        let blind = args.reset && observation.unreadable.contains_key(name);
        let view = view.or(blind.then_some(&unknown));
        let view = view.ok_or_else(|| Failure::unseen(&scene.invocation, name, &observation))?;
        let sowing = sowing(&scene, (service, database, view), args.reset)?;
        check_tasks(&scene, &observation, &sowing)?;
        let resets = sowing.load.as_ref().filter(|(load, _)| load.reset);
        if let Some((_, reason)) = resets {
            if !args.reset {
                session
                    .events
                    .warning(format!("{name} is reset first: {reason}"));
            }
            if loses(database, view) {
                let question = format!(
                    "Replace all content of database {} of {name} ({})?",
                    database.name, scene.invocation.id
                );
                confirm(session, &question, &format!("`{verb}` loses data"))?;
            }
        }
        sowings.push(sowing);
    }
    let plan = Plan::of_seeds(&scene.desired, &observation, &sowings);
    let report = scene.run(session, verb, (&plan, &observation)).await?;
    let mut nodes = plan.nodes.iter();
    let restarts = nodes.any(|node| matches!(node.step, Step::Reconnect { .. }));
    let endpoints = if restarts {
        // A free port of the host may be another one now.
        endpoints(&scene, &scene.outside().await)
    } else {
        Vec::new()
    };
    Ok(answer(&scene, &report, endpoints))
}

/// Decides what happens to a database.
fn sowing<'a>(
    scene: &Scene,
    (service, database, view): (&'a DesiredService, &'a Database, &DatabaseView),
    reset: bool,
) -> Result<Sowing<'a>, Failure> {
    let name = &service.spec.name;
    let load = match cause(scene, name, view, reset)? {
        Some(cause) => Some((reset, cause.to_owned())),
        None => view.sent.reset_reason().map(|reason| (true, reason)),
    };
    let missing = view.sent.missing();
    let seeds = database.sent.iter();
    let seeds = seeds.filter(|seed| load.is_some() || missing.contains(&seed.name.as_str()));
    let send: Vec<&SentSeed> = seeds.collect();
    let load = load.map(|(reset, cause)| {
        let migrate = true;
        (Load { reset, migrate }, cause)
    });
    Ok(Sowing {
        service,
        database,
        load,
        send,
        pending: !view.pending.is_empty(),
    })
}

/// Fails unless what the tasks depend on runs.
fn check_tasks(
    scene: &Scene,
    observation: &Observation,
    sowing: &Sowing<'_>,
) -> Result<(), Failure> {
    for name in sowing.task_names() {
        let unmet = unmet(task(scene, name)?, observation);
        if !unmet.is_empty() {
            return Err(Failure::unmet(&scene.invocation, ("task", name), &unmet));
        }
    }
    Ok(())
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
