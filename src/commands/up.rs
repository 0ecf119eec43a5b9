//! `up`: images, databases, data and services, ready when it returns.

use super::failure::Failure;
use super::line;
use super::outcome::answer;
use super::scene::Scene;
use super::session::Session;
use crate::cli::UpArgs;
use crate::engine::Addresses;
use crate::plan::{Options, check, diff};
use crate::report::{Answer, Endpoint};

pub(super) async fn run(session: &Session, args: &UpArgs) -> Result<Answer, Failure> {
    let scene = Scene::open(session, args.environment.as_ref()).await?;
    let _lock = scene.hold(session, "up").await?;
    let assigning = scene.engine.assign(&scene.desired.specs()).await;
    assigning?;
    let observation = scene.observe(session).await?;
    let options = Options {
        seed: !args.no_seed,
        migrate: !args.no_migrate,
    };
    let plan = diff(&scene.desired, &observation, options);
    session
        .unless_interrupted(check(&plan, scene.engine.as_ref()))
        .await?;
    let report = scene.run(session, "up", (&plan, &observation)).await?;
    let outside = scene.outside().await;
    Ok(answer(&scene, &report, endpoints(&scene, &outside)))
}

/// Returns where the services of an environment can be called.
pub(super) fn endpoints(scene: &Scene, outside: &Addresses) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for service in &scene.desired.services {
        let name = &service.spec.name;
        for ((_, port), address) in outside.iter().filter(|((other, _), _)| other == name) {
            let url = scene.wiring.public_url(name, port, *address);
            let try_it = match service.database() {
                Some(_) => Some(format!(
                    "{} -c \"SELECT 'alive'\"",
                    line::inside(&scene.invocation.id, "psql")
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
