//! `restart`: services stopped and started again, ready when it returns. What they are made from
//! stays as it is; `up` brings changes.

use std::collections::BTreeSet;

use super::choice::Purpose;
use super::failure::Failure;
use super::outcome::answer;
use super::scene::Scene;
use super::session::Session;
use super::up::endpoints;
use crate::cli::RestartArgs;
use crate::engine::{Observed, Role, ServiceState};
use crate::plan::{DesiredService, Observation, restart, rolling_restart, state_text, unmet};
use crate::tell::Answer;

pub(super) async fn run(session: &Session, args: &RestartArgs) -> Result<Answer, Failure> {
    let command = (Purpose::Use, "restart");
    let (scene, _lock) = Scene::hold(session, args.environment.as_ref(), command).await?;
    let names = chosen(&scene, &args.services)?;
    let provisions = scene.desired.provisions();
    let looking = async {
        let images = scene.engine.provider().current(&provisions);
        tokio::try_join!(scene.engine.observe(), images)
    };
    let (engine, images) = session.unless_interrupted(looking).await?;
    let there = |name: &str| engine.services.iter().any(|seen| seen.name == name);
    if engine.services.is_empty() {
        return Err(Failure::nothing_runs(&scene.invocation));
    }
    if let Some(missing) = names.iter().find(|name| !there(name)) {
        let failed = failed_tasks(&engine);
        return Err(Failure::not_there(&scene.invocation, missing, failed));
    }
    check_what_starts(&scene, &engine, &names)?;
    let observation = Observation {
        engine,
        images,
        ..Observation::default()
    };
    let plan = if args.rolling {
        rolling_restart(&scene.desired, &observation, &names)
    } else {
        restart(&scene.desired, &observation, &names)
    };
    let report = scene.run(session, "restart", (&plan, &observation)).await?;
    let outside = scene.outside().await;
    Ok(answer(&scene, &report, endpoints(&scene, &outside)))
}

/// Says which tasks did not end well, for which services may never have been made.
fn failed_tasks(seen: &Observed) -> Vec<String> {
    let tasks = seen.services.iter().filter(|it| it.role == Role::Task);
    let failed = tasks.filter(|it| !matches!(it.state, ServiceState::Exited { code: 0, .. }));
    let said = failed.map(|it| format!("task `{}`: {}", it.name, state_text(&it.state)));
    said.collect()
}

/// Fails where a service would be started of which what it depends on is neither there nor
/// started too.
fn check_what_starts(
    scene: &Scene,
    seen: &Observed,
    names: &BTreeSet<&str>,
) -> Result<(), Failure> {
    let running = seen.services.iter().filter(|it| it.state.is_up());
    let observation = Observation {
        engine: seen.clone(),
        // Whether they answer is not asked.
        ready: running.clone().map(|it| (it.name.clone(), true)).collect(),
        ..Observation::default()
    };
    let is_up = |name: &str| running.clone().any(|it| it.name == name);
    let services = scene.desired.services.iter();
    let started = services.filter(|service| {
        let name = service.spec.name.as_str();
        names.contains(name) && !is_up(name)
    });
    for service in started {
        let mut others = service.clone();
        let is_other = |name: &String, _: &mut _| !names.contains(name.as_str());
        others.depends_on.retain(is_other);
        let unmet = unmet(&others, &observation);
        if !unmet.is_empty() {
            let name = &service.spec.name;
            return Err(Failure::unmet(&scene.invocation, ("service", name), &unmet));
        }
    }
    Ok(())
}

/// Returns the containers that are meant: those of the named services, or of all.
fn chosen<'a>(scene: &'a Scene, services: &[String]) -> Result<BTreeSet<&'a str>, Failure> {
    let declared = scene.desired.services.iter();
    let declared = declared.filter(|service| service.spec.role == Role::Service);
    let declared: Vec<&DesiredService> = declared.collect();
    let name = |service: &&'a DesiredService| service.spec.name.as_str();
    if services.is_empty() {
        return Ok(declared.iter().map(name).collect());
    }
    let mut chosen = BTreeSet::new();
    for wanted in services {
        let meant = declared
            .iter()
            .filter(|it| it.spec.name == *wanted || it.spec.service == *wanted);
        let meant: Vec<&str> = meant.map(name).collect();
        if meant.is_empty() {
            if scene.desired.service(wanted).is_some() {
                return Err(Failure::is_a_task(&scene.invocation, wanted));
            }
            let known: Vec<String> = declared.iter().map(|it| it.spec.name.clone()).collect();
            return Err(Failure::undeclared("service", wanted, &known));
        }
        chosen.extend(meant);
    }
    Ok(chosen)
}
