//! `doctor`: what each engine needs to run an environment. It makes nothing.

use super::choice::{ask_both, place_of, wanted};
use super::failure::{Failure, FailureKind};
use super::images;
use super::session::Session;
use super::verdict::{EngineVerdict, Obstacles, decide};
use crate::cli::DoctorArgs;
use crate::engine::Prospect;
use crate::model::{EngineChoice, Environment, Invocation};
use crate::tell::{Answer, DoctorAnswer, EngineReport, PartReport};

pub(super) async fn run(session: &Session, args: &DoctorArgs) -> Result<Answer, Failure> {
    let invocation = session.invocation(args.environment.as_ref())?;
    let environment = session.load(&invocation)?.environment;
    let asking = async { Ok::<_, Failure>(ask_both(session, &invocation, &environment).await) };
    let (docker, process) = session.unless_interrupted(asking).await?;
    let (takes, why) = match taken(&invocation, &environment, (&docker, &process)).await? {
        Ok((engine, why)) => (Some(engine.to_owned()), why),
        Err(obstacles) => {
            let texts = obstacles.iter();
            let texts = texts.map(|(engine, obstacle)| format!("{engine}: {}", obstacle.reason));
            (None, texts.collect::<Vec<_>>().join("; "))
        }
    };
    let usable = takes.is_some();
    let unused_images = if docker.engine.is_ok() {
        let counting = async { Ok::<_, Failure>(images::count_unused(session).await) };
        session.unless_interrupted(Box::pin(counting)).await?
    } else {
        None
    };
    let answer = Answer::Doctor(DoctorAnswer {
        environment: Some(environment.name.clone()),
        engines: vec![report("docker", &docker), report("process", &process)],
        takes,
        why,
        unused_images,
    });
    if usable {
        return Ok(answer);
    }
    Err(Failure {
        kind: FailureKind::Engine,
        diagnostics: Vec::new(),
        answer: Some(Box::new(answer)),
    })
}

/// Returns the engine that `up` takes and why, or what stands in the way.
async fn taken(
    invocation: &Invocation,
    environment: &Environment,
    (docker, process): (&EngineVerdict, &EngineVerdict),
) -> Result<Result<(&'static str, String), Obstacles>, Failure> {
    let named = |name: &'static str, verdict: &EngineVerdict, why: &str| match verdict.obstacle() {
        None => Ok((name, why.to_owned())),
        Some(obstacle) => Err(vec![(name, obstacle)]),
    };
    let asked = "it is asked for";
    match wanted(invocation, environment) {
        EngineChoice::Docker => return Ok(named("docker", docker, asked)),
        EngineChoice::Process => return Ok(named("process", process, asked)),
        EngineChoice::Auto => {}
    }
    let daemon = docker.engine.as_ref().ok().map(AsRef::as_ref);
    let there = "the instance is there";
    Ok(match place_of(invocation, daemon).await? {
        Some("docker") => named("docker", docker, there),
        Some(_) => named("process", process, there),
        None => decide(docker, Some(process)).map(|(engine, why)| (engine.name(), why)),
    })
}

fn report(name: &str, verdict: &EngineVerdict) -> EngineReport {
    let unfit = verdict.desired.unfit.iter().map(|unfit| PartReport {
        name: unfit.path.clone(),
        usable: false,
        text: format!("has no `{}`", unfit.lacks),
        hint: None,
    });
    let parts = verdict.prospects.iter().map(part).chain(unfit);
    EngineReport {
        engine: name.to_owned(),
        usable: verdict.obstacle().is_none(),
        text: match (&verdict.engine, verdict.obstacle()) {
            (Ok(engine), _) => engine.place(),
            (Err(_), Some(obstacle)) => obstacle.reason,
            (Err(error), None) => error.to_string(),
        },
        parts: parts.collect(),
    }
}

fn part(prospect: &Prospect) -> PartReport {
    let (text, hint) = match &prospect.outcome {
        Ok(text) => (text.clone(), None),
        Err(obstacle) => (obstacle.reason.clone(), obstacle.hint.clone()),
    };
    PartReport {
        name: prospect.name.clone(),
        usable: prospect.outcome.is_ok(),
        text,
        hint,
    }
}
