//! `build`: every declared image, ready to be used.

use super::choice::Purpose;
use super::failure::Failure;
use super::outcome::answer;
use super::scene::Scene;
use super::session::Session;
use crate::cli::BuildArgs;
use crate::plan::{Observation, Plan};
use crate::tell::Answer;

pub(super) async fn run(session: &Session, args: &BuildArgs) -> Result<Answer, Failure> {
    let scene = Scene::open(session, args.environment.as_ref(), Purpose::Make).await?;
    let specs = scene.desired.provisions();
    let images = scene.engine.provider().current(&specs);
    let observation = Observation {
        images: session.unless_interrupted(images).await?,
        ..Observation::default()
    };
    let plan = Plan::of_images(&scene.desired, &observation);
    let report = scene.run(session, "build", (&plan, &observation)).await?;
    Ok(answer(&scene, &report, Vec::new()))
}
