//! `smoke-test --discover`: checks that a service's own document suggests, printed, and written
//! only when that is asked for.

use indexmap::IndexMap;

use super::choice::Purpose;
use super::failure::Failure;
use super::scene::Scene;
use super::session::Session;
use crate::cli::{OpenApi, SmokeTestArgs};
use crate::config;
use crate::engine::Addresses;
use crate::kinds::POSTGRES;
use crate::model::{Kind, Service};
use crate::plan::password;
use crate::postgres::{Server, Target};
use crate::smoke::discover::{
    Asked, Discover, Discovery, DocumentSource, LeftOut, Proposed, discover, joined,
};
use crate::smoke::{inside, replace};
use crate::tell::{
    Answer, LeftOutOperation, ProposalAnswer, ProposalDocument, ProposedCheck, ProposedValue,
};

pub(super) async fn run(
    session: &Session,
    args: &SmokeTestArgs,
    service: Option<&str>,
) -> Result<Answer, Failure> {
    let scene = Scene::open(session, args.environment.as_ref(), Purpose::Use).await?;
    let observed = session.unless_interrupted(scene.engine.observe()).await?;
    if observed.services.is_empty() {
        return Err(Failure::nothing_runs(&scene.invocation));
    }
    scene.warn_of_differences(session, &observed);
    let outside = scene.outside().await;
    let services = services(&scene, &outside, service)?;
    let source = source(session, args, &services)?;
    let databases = databases(&scene, &outside).await?;
    let discovering = discover(Discover {
        services: &services,
        source: &source,
        databases: &databases,
        checks: &scene.environment.checks,
        cancel: &session.cancel,
    });
    let discovering = async { Ok::<_, Failure>(discovering.await) };
    let found = session.unless_interrupted(discovering).await?;
    if found.documents.is_empty() {
        return Err(Failure::undiscovered(&found.errors));
    }
    tell(session, &found);
    let file = if args.write {
        Some(write(&scene, &found.proposed)?)
    } else {
        None
    };
    if found.proposed.is_empty() && file.is_none() {
        session.events.info("no check to propose");
    }
    Ok(Answer::Proposal(answer(&scene, found, file)))
}

/// Returns the services to ask: the named one, or all that run and have a port for HTTP.
fn services(
    scene: &Scene,
    outside: &Addresses,
    named: Option<&str>,
) -> Result<Vec<Asked>, Failure> {
    let declared = &scene.environment.services;
    let asked = |name: &String, service: &Service| {
        let address = outside.get(&(name.clone(), http_port(service)?.to_owned()))?;
        Some(Asked {
            service: name.clone(),
            base: format!("http://{address}"),
        })
    };
    let Some(named) = named else {
        let all = declared.iter();
        let all: Vec<Asked> = all.filter_map(|(name, it)| asked(name, it)).collect();
        if all.is_empty() {
            return Err(Failure::nothing_answers_http(&scene.invocation));
        }
        return Ok(all);
    };
    let Some((name, service)) = declared.get_key_value(named) else {
        let known: Vec<String> = declared.keys().cloned().collect();
        return Err(Failure::undeclared("service", named, &known));
    };
    if http_port(service).is_none() {
        return Err(Failure::no_http_port(name, service));
    }
    let asked = asked(name, service);
    asked.map_or_else(
        || Err(Failure::not_reached(&scene.invocation, name)),
        |asked| Ok(vec![asked]),
    )
}

/// Returns the port that a check of the service asks unless it names one.
fn http_port(service: &Service) -> Option<&str> {
    if service.kind != Kind::Container || is_reached_otherwise(service) {
        return None;
    }
    let mut names = service.ports.keys().map(String::as_str);
    match service.ports.len() {
        1 => names.next(),
        _ => names.find(|name| *name == "http"),
    }
}

/// Whether all that is said of a service's only port is that it does not speak HTTP.
fn is_reached_otherwise(service: &Service) -> bool {
    let url = service.url.as_ref().filter(|_| service.ports.len() == 1);
    url.is_some_and(|url| !url.to_string().starts_with("http"))
}

fn source(
    session: &Session,
    args: &SmokeTestArgs,
    services: &[Asked],
) -> Result<DocumentSource, Failure> {
    Ok(match &args.openapi {
        None => DocumentSource::Usual,
        Some(OpenApi::Path(path)) => DocumentSource::Path(path.clone()),
        Some(OpenApi::File(file)) => {
            if services.len() > 1 {
                let names: Vec<&str> = services.iter().map(|it| it.service.as_str()).collect();
                return Err(Failure::whose_document(&names));
            }
            DocumentSource::File(session.request.directory.join(file))
        }
    })
}

async fn databases(scene: &Scene, outside: &Addresses) -> Result<Vec<(String, Target)>, Failure> {
    let mut databases = Vec::new();
    for service in &scene.desired.services {
        let name = &service.spec.name;
        let address = outside.get(&(name.clone(), POSTGRES.name.to_owned()));
        if let (Some(database), Some(address)) = (&service.database, address) {
            let server = Server {
                address: *address,
                user: database.login.user.clone(),
                password: password(scene.engine.as_ref(), &database.login).await?,
            };
            databases.push((name.clone(), server.target(database.name())));
        }
    }
    Ok(databases)
}

/// Says what was left out and why.
fn tell(session: &Session, found: &Discovery) {
    for error in &found.errors {
        session.events.info(error.to_string());
    }
    for (service, error) in &found.unread {
        let text = format!("the database of `{service}` gives no values: {error}");
        session.events.warning(text);
    }
    let mut by_reason: IndexMap<&str, Vec<String>> = IndexMap::new();
    for LeftOut {
        method,
        path,
        because,
        ..
    } in &found.left_out
    {
        let operation = format!("{method} {path}");
        by_reason.entry(because).or_default().push(operation);
    }
    for (because, operations) in by_reason {
        let text = format!("left out: {}: {because}", operations.join(", "));
        session.events.info(text);
    }
}

/// Adds the checks to the environment's file, and returns its name. What does not load with them
/// stays as it is.
fn write(scene: &Scene, proposed: &[Proposed]) -> Result<String, Failure> {
    let invocation = &scene.invocation;
    let shown = format!("envs/{}/env.toml", invocation.id.environment);
    if proposed.is_empty() {
        return Ok(shown);
    }
    let file = invocation.workspace.join(&shown);
    let before = fs_err::read_to_string(&file).map_err(|error| Failure::of_io(&error))?;
    let tables: Vec<&str> = proposed.iter().map(|check| check.toml.as_str()).collect();
    let text = joined(&before, &tables.join("\n"));
    config::load_as(invocation, &text)
        .map_err(|mistakes| Failure::not_written(&shown, mistakes))?;
    let file = inside(&file, &invocation.workspace)
        .map_err(|leads_to| Failure::leaves_workspace(&shown, &leads_to))?;
    replace(&file, &text).map_err(|error| Failure::of_io(&error))?;
    Ok(shown)
}

fn answer(scene: &Scene, found: Discovery, file: Option<String>) -> ProposalAnswer {
    let id = &scene.invocation.id;
    let documents = found.documents.into_iter();
    let left_out = found.left_out.into_iter();
    ProposalAnswer {
        environment: id.environment.clone(),
        instance: id.instance.clone(),
        documents: documents
            .map(|(service, place)| ProposalDocument { service, place })
            .collect(),
        checks: found.proposed.into_iter().map(check).collect(),
        left_out: left_out
            .map(|it| LeftOutOperation {
                service: it.service,
                method: it.method,
                path: it.path,
                because: it.because,
            })
            .collect(),
        file,
    }
}

fn check(proposed: Proposed) -> ProposedCheck {
    let values = proposed.values.into_iter();
    ProposedCheck {
        check: proposed.name,
        service: proposed.service,
        path: proposed.path,
        values: values
            .map(|(parameter, value, from)| ProposedValue {
                parameter,
                value,
                from,
            })
            .collect(),
        toml: proposed.toml,
    }
}
