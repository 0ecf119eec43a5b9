//! `status`: what runs. It works without a readable env.toml, and says more with one.

use super::choice::{Purpose, found};
use super::failure::Failure;
use super::scene::Scene;
use super::session::Session;
use crate::cli::StatusArgs;
use crate::config;
use crate::engine::{Defect, Engine, ObservedService, Role};
use crate::model::Invocation;
use crate::plan::{
    Database, DatabaseView, Observation, Readiness, SentSeed, SentSeeds, state_text,
};
use crate::seed::{Standing, State};
use crate::tell::{Answer, ServiceStatus, StatusAnswer};

pub(super) async fn run(session: &Session, args: &StatusArgs) -> Result<Answer, Failure> {
    let invocation = session.invocation(args.environment.as_ref())?;
    match Scene::open(session, args.environment.as_ref(), Purpose::Use).await {
        Ok(scene) => {
            let observation = scene.observe(session).await?;
            scene.warn_of_differences(session, &observation.engine);
            Ok(answer(
                &invocation,
                scene.engine.as_ref(),
                &observation,
                Some(&scene),
            ))
        }
        Err(failure) if failure.is_configuration() => {
            let engine = found(session, &invocation).await?;
            let observed = session.unless_interrupted(engine.observe()).await?;
            let is_empty = observed.services.is_empty() && observed.volumes.is_empty();
            if is_empty && config::exists(&invocation).is_err() {
                return Err(failure);
            }
            session
                .events
                .warning(format!("{failure}; `envctl config validate` shows more"));
            let observation = Observation {
                engine: observed,
                ..Observation::default()
            };
            Ok(answer(&invocation, engine.as_ref(), &observation, None))
        }
        Err(failure) => Err(failure),
    }
}

fn answer(
    invocation: &Invocation,
    engine: &dyn Engine,
    observation: &Observation,
    scene: Option<&Scene>,
) -> Answer {
    let seen = &observation.engine.services;
    let present = seen.iter().map(|service| {
        let status = status(service, observation, (engine, scene));
        (service.service.as_str(), status)
    });
    let mut services: Vec<(&str, ServiceStatus)> = present.collect();
    if let Some(scene) = scene {
        services.extend(missing(scene, seen));
        // As it was written, with the replicas of a service beside each other.
        services.sort_by_key(|(declared, _)| scene.place_of(declared));
    }
    let services = services.into_iter().map(|(_, status)| status).collect();
    Answer::Status(StatusAnswer {
        environment: invocation.id.environment.clone(),
        instance: invocation.id.instance.clone(),
        engine: engine.name().to_owned(),
        services,
        volumes: observation.engine.volumes.keys().cloned().collect(),
    })
}

/// Returns the services that are declared and not there.
fn missing<'a>(
    scene: &'a Scene,
    seen: &[ObservedService],
) -> impl Iterator<Item = (&'a str, ServiceStatus)> {
    let services = scene.desired.services.iter();
    let missing = services.filter(|service| {
        let is_there = seen.iter().any(|seen| seen.name == service.spec.name);
        !is_there && service.spec.role == Role::Service
    });
    missing.map(|service| {
        let status = ServiceStatus {
            service: service.spec.name.clone(),
            role: "service".to_owned(),
            state: "missing".to_owned(),
            image: service.image.clone(),
            ports: Vec::new(),
            notes: Vec::new(),
        };
        (service.spec.service.as_str(), status)
    })
}

fn status(
    seen: &ObservedService,
    observation: &Observation,
    (engine, scene): (&dyn Engine, Option<&Scene>),
) -> ServiceStatus {
    let is_proxied = engine.capabilities().proxied_ports;
    let ready = observation.ready.get(&seen.name);
    let state = match ready {
        Some(true) => "ready".to_owned(),
        Some(false) => "running, not ready".to_owned(),
        None => state_text(&seen.state),
    };
    let ports = seen.ports.values();
    ServiceStatus {
        service: seen.name.clone(),
        role: match seen.role {
            Role::Service => "service".to_owned(),
            Role::Task => "task".to_owned(),
        },
        state,
        image: seen.image.reference.clone(),
        ports: ports
            .map(|port| {
                let inside = format!(" -> {}", port.container);
                let inside = if is_proxied { inside.as_str() } else { "" };
                format!("{}:{}{inside}", port.bind, port.host)
            })
            .collect(),
        notes: notes(seen, observation, scene),
    }
}

fn notes(seen: &ObservedService, observation: &Observation, scene: Option<&Scene>) -> Vec<String> {
    let mut notes = Vec::new();
    let defect = seen.defect.map(|defect| match defect {
        Defect::OffNetwork => "not on the network",
        Defect::Unsupervised => "its supervisor is gone, `up` gives it a new one",
    });
    notes.extend(defect.map(ToOwned::to_owned));
    if let Some(scene) = scene {
        match scene.desired.service(&seen.name) {
            None => notes.push("no longer declared".to_owned()),
            Some(service) => {
                let image = observation.images.get(&service.image);
                let addresses = &observation.engine.addresses;
                if service.is_uncertain(seen, image) {
                    let why = "a secret's command was not run";
                    notes.push(format!("not compared with its declaration: {why}"));
                } else if image
                    .is_none_or(|image| seen.hash != service.launch_hash(&image.id, addresses))
                {
                    notes.push("differs from its declaration".to_owned());
                }
            }
        }
    }
    let probe = scene.and_then(|scene| scene.desired.service(&seen.name));
    let probe = probe.map(|service| &service.readiness);
    if let Some(Readiness::Probe(_)) = probe
        && observation.unasked.contains(&seen.name)
    {
        notes.push("its health check is a command, which was not run".to_owned());
    }
    if observation.stale_files.contains(&seen.name) {
        notes.push("its files changed, `up` makes them anew".to_owned());
    }
    if let Some(why) = observation.unreadable.get(&seen.name) {
        notes.push(format!("its database cannot be looked at: {why}"));
    }
    if let Some(view) = observation.databases.get(&seen.name) {
        let service = scene.and_then(|scene| scene.desired.service(&seen.name));
        notes.extend(of_database(
            view,
            service.and_then(|it| it.database.as_deref()),
        ));
    }
    notes
}

/// Says what a database holds.
fn of_database(view: &DatabaseView, database: Option<&Database>) -> Vec<String> {
    let mut notes = Vec::new();
    let sends_all = database.is_some_and(|it| it.dumps.is_empty() && !it.sent.is_empty());
    match &view.seeds {
        State::NoDatabase => notes.push("no database".to_owned()),
        State::Never => notes.push("not seeded".to_owned()),
        State::Foreign { .. } => notes.push("holds content that no seed put there".to_owned()),
        // Nothing is declared to be in it.
        State::Current { seeds } if sends_all || seeds.is_empty() => {}
        State::Current { .. } => notes.push("seeded".to_owned()),
        State::Stale { changed } => notes.push(format!("stale: {} changed", changed.join(", "))),
    }
    if let Some(database) = database {
        notes.extend(of_sent(database, &view.sent));
    }
    if !view.pending.is_empty() {
        notes.push(format!("pending: {}", view.pending.join(", ")));
    }
    if !view.left.is_empty() {
        let left = view.left.iter().map(|left| match &left.size {
            Some(size) => format!("{} ({size})", left.name),
            None => left.name.clone(),
        });
        let left = left.collect::<Vec<_>>().join(" and ");
        notes.push(format!(
            "a killed load left {left}: `up` or `seed` takes it away"
        ));
    }
    notes
}

/// Says of each seed that a task sends how it stands.
fn of_sent(database: &Database, sent: &SentSeeds) -> Vec<String> {
    let declared = database.sent.iter().filter_map(|seed| {
        let mut standings = sent.standings.iter();
        let (_, standing) = standings.find(|(name, _)| *name == seed.name)?;
        let SentSeed { name, task, .. } = seed;
        Some(match standing {
            Standing::Never => format!("{name} was not sent"),
            Standing::Partial => format!("partial: {name} was not sent to its end"),
            Standing::Stale => format!("stale: {name} changed"),
            Standing::Whole => format!("seeded from {task}"),
        })
    });
    let removed = sent.removed.iter();
    let removed = removed.map(|name| format!("stale: {name} is no longer declared"));
    declared.chain(removed).collect()
}
