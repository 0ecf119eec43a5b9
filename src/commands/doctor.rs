//! `doctor`: what each engine needs to run an environment. It makes nothing.

use super::choice::{Verdict, decide, judge_docker, judge_processes};
use super::failure::{Failure, FailureKind};
use super::session::Session;
use crate::cli::DoctorArgs;
use crate::engine::Prospect;
use crate::report::{Answer, DoctorAnswer, EngineReport, PartReport};

pub(super) async fn run(session: &Session, args: &DoctorArgs) -> Result<Answer, Failure> {
    let invocation = session.invocation(args.environment.as_ref())?;
    let environment = session.load(&invocation)?.environment;
    let asking = async {
        let docker = judge_docker(&invocation, &environment);
        let processes = judge_processes(&invocation, &environment);
        Ok::<_, Failure>(futures_util::future::join(docker, processes).await)
    };
    let (docker, process) = session.unless_interrupted(asking).await?;
    let (takes, why) = match decide(&docker, Some(&process)) {
        Ok((engine, why)) => (Some(engine.name().to_owned()), why),
        Err(obstacles) => {
            let texts = obstacles.iter();
            let texts = texts.map(|(engine, obstacle)| format!("{engine}: {}", obstacle.reason));
            (None, texts.collect::<Vec<_>>().join("; "))
        }
    };
    let usable = takes.is_some();
    let answer = Answer::Doctor(DoctorAnswer {
        environment: Some(environment.name.clone()),
        engines: vec![report("docker", &docker), report("process", &process)],
        takes,
        why,
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

fn report(name: &str, verdict: &Verdict) -> EngineReport {
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
