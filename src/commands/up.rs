//! `up`: images, databases, data and services, ready when it returns.

use super::choice::Purpose;
use super::failure::Failure;
use super::line;
use super::outcome::answer;
use super::plan::options;
use super::remember;
use super::scene::{Scene, execute, published, settle};
use super::session::Session;
use super::timings::Course;
use crate::cli::UpArgs;
use crate::engine::Addresses;
use crate::plan::{Consent, DesiredService, check, diff};
use crate::tell::{Answer, ServiceAddress};

pub(super) async fn run(session: &Session, args: &UpArgs) -> Result<Answer, Failure> {
    let command = (Purpose::Make, "up");
    let (mut scene, _lock) = Scene::hold(session, args.plan.environment.as_ref(), command).await?;
    scene.engine.assign(&scene.desired.specs()).await?;
    let observation = scene.observe(session).await?;
    scene.lap("look at what is there");
    for (service, why) in &observation.unreadable {
        let text = format!("the database of {service} cannot be looked at: {why}");
        session.events.warning(text);
    }
    let plan = diff(&scene.desired, &observation, options(&args.plan));
    session
        .unless_interrupted(check(&plan, scene.engine.as_ref()))
        .await?;
    scene.lap("look at the ports");
    let world = scene.world(session, &observation);
    let report = execute(
        &world,
        (&scene.invocation, "up"),
        &plan,
        &Consent::to_nothing(),
    )
    .await?;
    let course = Course::new(&scene.laps, &plan, &report);
    course.tell(&session.events);
    if let Some(file) = &args.timings
        && let Err(error) = course.write(file, &scene).await
    {
        // The run itself is what the answer and the exit code are about.
        session
            .events
            .warning(format!("the timings are not written: {error}"));
    }
    let report = settle(&scene.invocation, "up", report)?;
    remember::note(
        session,
        &scene.invocation.id,
        scene.layers(),
        &observation.engine,
    )?;
    let outside = if plan.nodes.is_empty() {
        published(observation.engine.services.iter())
    } else {
        scene.outside().await
    };
    Ok(answer(&scene, &report, endpoints(&scene, &outside)))
}

/// Returns where the services of an environment can be called.
pub(super) fn endpoints(scene: &Scene, outside: &Addresses) -> Vec<ServiceAddress> {
    let mut endpoints: Vec<ServiceAddress> = Vec::new();
    let mut services: Vec<&DesiredService> = scene.desired.services.iter().collect();
    services.sort_by_key(|service| scene.place_of(&service.spec.service));
    for service in services {
        let name = &service.spec.name;
        for ((_, port), address) in outside.iter().filter(|((other, _), _)| other == name) {
            let service_name = &service.spec.service;
            let mut url = scene
                .desired
                .wiring
                .public_url(service_name, port, *address);
            let declared = scene.environment.services.get(service_name);
            let path = declared.and_then(|service| service.ports.get(port)?.path.as_ref());
            let curl = line::curl(&url, path.map_or("/", String::as_str));
            if let Some(path) = path.filter(|_| url.starts_with("http")) {
                url.push_str(path);
            }
            let try_it = match &service.database {
                Some(_) => Some(format!(
                    "{} -c \"SELECT 'alive'\"",
                    line::inside(&scene.invocation.id, "psql")
                )),
                None => url.starts_with("http").then_some(curl),
            };
            endpoints.push(ServiceAddress {
                service: name.clone(),
                port: port.clone(),
                url,
                try_it,
            });
        }
    }
    endpoints
}
