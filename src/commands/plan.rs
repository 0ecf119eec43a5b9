//! `plan`: every step that `up` would take, and why.

use super::choice::Purpose;
use super::failure::Failure;
use super::scene::Scene;
use super::session::Session;
use crate::cli::PlanArgs;
use crate::plan::{Options, diff};
use crate::tell::{Answer, PlanAnswer};

pub(super) async fn run(session: &Session, args: &PlanArgs) -> Result<Answer, Failure> {
    let scene = Scene::open(session, args.environment.as_ref(), Purpose::Make).await?;
    let observation = scene.observe(session).await?;
    let plan = diff(&scene.desired, &observation, options(args));
    for notice in &plan.notices {
        session.events.warning(notice.clone());
    }
    Ok(Answer::Plan(PlanAnswer {
        environment: scene.environment.name.clone(),
        instance: scene.invocation.id.instance.clone(),
        steps: plan.planned(),
    }))
}

/// Returns what a plan leaves out.
pub(super) fn options(args: &PlanArgs) -> Options {
    Options {
        seed: !args.no_seed,
        migrate: !args.no_migrate,
    }
}
