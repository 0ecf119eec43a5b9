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
use crate::engine::Role;
use crate::plan::{DesiredService, Observation, restart, rolling_restart};
use crate::report::Answer;

pub(super) async fn run(session: &Session, args: &RestartArgs) -> Result<Answer, Failure> {
    let command = (Purpose::Use, "restart");
    let (scene, _lock) = Scene::hold(session, args.environment.as_ref(), command).await?;
    let names = chosen(&scene, &args.services)?;
    let provisions = scene.desired.provisions();
    let engine = session.unless_interrupted(scene.engine.observe(&provisions));
    let engine = engine.await?;
    let there = |name: &&str| engine.services.iter().any(|seen| seen.name == **name);
    if engine.services.is_empty() {
        return Err(Failure::nothing_runs(&scene.invocation));
    }
    let (names, missing): (BTreeSet<&str>, BTreeSet<&str>) = names.into_iter().partition(there);
    if let Some(missing) = missing.first().filter(|_| !args.services.is_empty()) {
        return Err(Failure::not_there(&scene.invocation, missing));
    }
    for name in missing {
        let warning = format!("`{name}` is not there; `envctl up` makes it");
        session.events.warning(warning);
    }
    let plan = if args.rolling {
        rolling_restart(&scene.desired, &engine, &names)
    } else {
        restart(&scene.desired, &engine, &names)
    };
    let observation = Observation {
        engine,
        ..Observation::default()
    };
    let report = scene.run(session, "restart", (&plan, &observation)).await?;
    let outside = scene.outside().await;
    Ok(answer(&scene, &report, endpoints(&scene, &outside)))
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
            let known: Vec<String> = declared.iter().map(|it| it.spec.name.clone()).collect();
            return Err(Failure::undeclared("service", wanted, &known));
        }
        chosen.extend(meant);
    }
    Ok(chosen)
}
