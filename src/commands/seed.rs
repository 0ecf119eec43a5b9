//! `seed`: brings the data to its declared state; `--reset` starts over.

use super::asked::asked;
use super::choice::Purpose;
use super::failure::Failure;
use super::outcome::answer;
use super::question::confirm;
use super::scene::Scene;
use super::session::Session;
use super::up::endpoints;
use crate::cli::SeedArgs;
use crate::plan::{Consent, Decided, Loss, Plan, Step, Wish};
use crate::tell::Answer;

pub(super) async fn run(session: &Session, args: &SeedArgs) -> Result<Answer, Failure> {
    let verb = if args.reset { "seed --reset" } else { "seed" };
    let command = (Purpose::Use, verb);
    let (scene, _lock) = Scene::hold(session, args.environment.as_ref(), command).await?;
    let observation = scene.observe(session).await?;
    scene.warn_of_differences(session, &observation.engine);
    let wish = Wish::Seed { reset: args.reset };
    let decided = asked(&scene, &observation, wish)?;
    let mut consent = Consent::to_nothing();
    for decided in &decided {
        if decided.decision.resets {
            consent.add(agree(session, &scene, (verb, decided))?);
        }
    }
    let plan = Plan::of_seeds(&scene.desired, &observation, &decided);
    let report = scene
        .run_agreed(session, verb, (&plan, &observation), &consent)
        .await?;
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

/// Asks whether the content of a database may go; says why where nobody wished that.
fn agree(
    session: &Session,
    scene: &Scene,
    (verb, decided): (&str, &Decided<'_>),
) -> Result<Loss, Failure> {
    let database = decided.database;
    let name = database.service();
    let cause = decided.decision.load.as_ref().and_then(|it| it.cause());
    if let (Wish::Seed { reset: false }, Some(reason)) = (decided.wish, cause) {
        let text = format!("{name} is reset first: {reason}");
        session.events.warning(text);
    }
    let question = format!(
        "Replace all content of database {} of {name} ({})?",
        database.name(),
        scene.invocation.id
    );
    confirm(session, &question, &format!("`{verb}` loses data"))?;
    Ok(Loss::content_of(name))
}
