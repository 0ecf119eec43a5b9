//! `build`: every declared image, ready to be used.

use std::time::Instant;

use super::failure::Failure;
use super::scene::Scene;
use super::session::Session;
use super::up::phases;
use crate::cli::BuildArgs;
use crate::plan::{Observation, Plan};
use crate::report::{Answer, UpAnswer};

pub(super) async fn run(session: &Session, args: &BuildArgs) -> Result<Answer, Failure> {
    let start = Instant::now();
    let scene = Scene::open(session, args.environment.as_ref()).await?;
    let command = format!("build {}", scene.environment.name);
    let specs = scene.desired.image_specs();
    let engine = scene.engine.observe(&specs).await?;
    let observation = Observation {
        engine,
        ..Observation::default()
    };
    let plan = Plan::of_images(&scene.desired, &observation);
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
