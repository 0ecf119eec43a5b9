//! `up`: images, databases, data and services, ready when it returns.

use std::time::Duration;

use super::failure::Failure;
use super::lock;
use super::scene::Scene;
use super::session::Session;
use crate::cli::UpArgs;
use crate::plan::{Finished, Options, Outside, Report, check, diff};
use crate::report::{Answer, Endpoint, Phase, UpAnswer};

pub(super) async fn run(session: &Session, args: &UpArgs) -> Result<Answer, Failure> {
    let start = std::time::Instant::now();
    let scene = Scene::open(session, args.environment.as_ref()).await?;
    let command = format!("up {}", scene.environment.name);
    let _lock = lock::hold(session, &scene.invocation.id, &command).await?;
    let observation = scene.observe().await?;
    let options = Options {
        seed: !args.no_seed,
        migrate: !args.no_migrate,
    };
    let plan = diff(&scene.desired, &observation, options);
    check(&plan, scene.engine.as_ref()).await?;
    let report = scene.run(session, &command, (&plan, &observation)).await?;
    let outside = scene.outside().await;
    Ok(Answer::Up(UpAnswer {
        environment: scene.environment.name.clone(),
        instance: scene.invocation.id.instance.clone(),
        changed: report.finished.iter().filter(|step| step.changed).count(),
        endpoints: endpoints(&scene, &outside),
        phases: phases(&report),
        elapsed_s: start.elapsed().as_secs_f64(),
    }))
}

fn endpoints(scene: &Scene, outside: &Outside) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for service in &scene.desired.services {
        let name = &service.spec.name;
        for ((_, port), address) in outside.iter().filter(|((other, _), _)| other == name) {
            let url = scene.wiring.public_url(name, port, *address);
            let try_it = match service.database() {
                Some(_) => Some(format!(
                    "envctl psql -e {} -c \"SELECT 'alive'\"",
                    scene.environment.name
                )),
                None => url.starts_with("http").then(|| format!("curl {url}/")),
            };
            endpoints.push(Endpoint {
                service: name.clone(),
                port: port.clone(),
                url,
                try_it,
            });
        }
    }
    endpoints
}

/// Returns how long each phase took: the time in which at least one of its steps ran.
pub(super) fn phases(report: &Report) -> Vec<Phase> {
    let mut steps: Vec<&Finished> = report.finished.iter().collect();
    steps.sort_by_key(|step| step.from);
    // Name, time so far, and until when that reaches.
    let mut phases: Vec<(&str, Duration, Duration)> = Vec::new();
    for step in steps {
        let at = phases.iter().position(|(name, ..)| *name == step.phase);
        let at = at.unwrap_or_else(|| {
            phases.push((step.phase, Duration::ZERO, Duration::ZERO));
            phases.len() - 1
        });
        let (_, elapsed, reached) = &mut phases[at];
        *elapsed += step.until.saturating_sub(step.from.max(*reached));
        *reached = (*reached).max(step.until);
    }
    let phase = |(name, elapsed, _): (&str, Duration, Duration)| Phase {
        name: name.to_owned(),
        elapsed_s: elapsed.as_secs_f64(),
    };
    phases.into_iter().map(phase).collect()
}
