//! Every instance of this machine, from whatever workspace, and the one of an id.

use super::choice::{daemon, has_docker};
use super::failure::Failure;
use super::session::Session;
use crate::engine::{Error, Instance, docker, process};
use crate::host::Home;
use crate::model::Invocation;
use crate::tell::{Answer, InstanceAnswer, InstancesAnswer};

/// Lists every instance of this machine.
pub(super) async fn list(session: &Session) -> Result<Answer, Failure> {
    let instances = session.unless_interrupted(Box::pin(all(session))).await?;
    let instances = instances.into_iter().map(|it| InstanceAnswer {
        environment: it.id.environment.clone(),
        instance: it.id.instance.clone(),
        workspace_is_gone: it.workspace.as_ref().is_some_and(|it| !it.is_dir()),
        workspace: it.workspace.map(|it| it.display().to_string()),
        engine: it.engine.to_owned(),
        services: it.services,
        running: it.running,
        volumes: it.volumes,
        id: it.id.to_string(),
    });
    Ok(Answer::Instances(InstancesAnswer {
        instances: instances.collect(),
    }))
}

/// Returns what a command on the instance of an id means.
pub(super) async fn invocation(session: &Session, id: &str) -> Result<Invocation, Failure> {
    let all = session.unless_interrupted(Box::pin(all(session))).await?;
    let Some(found) = all.iter().find(|instance| instance.id.to_string() == id) else {
        let known = all.iter().map(|instance| instance.id.to_string());
        return Err(Failure::unknown_instance(id, &known.collect::<Vec<_>>()));
    };
    let request = &session.request;
    Ok(Invocation {
        workspace: found.workspace.clone().unwrap_or_default(),
        id: found.id.clone(),
        engine: request.engine.unwrap_or_default(),
        profiles: Vec::new(),
        sets: Vec::new(),
        timeout: request.timeout,
        yes: request.yes,
        reach: request.reach,
        variables: request.variables.clone(),
    })
}

/// Returns the instances on all engines, those of a workspace beside each other.
async fn all(session: &Session) -> Result<Vec<Instance>, Failure> {
    let variables = &session.request.variables;
    let mut all = process::instances(&Home::of(variables)?)?;
    match on_docker(session).await {
        Ok(found) => all.extend(found),
        Err(error) if has_docker(variables) => {
            let text = format!("{error}, so only processes were looked for");
            session.events.warning(text);
        }
        Err(_) => {}
    }
    all.sort_by(|a, b| (&a.workspace, &a.id).cmp(&(&b.workspace, &b.id)));
    Ok(all)
}

async fn on_docker(session: &Session) -> Result<Vec<Instance>, Error> {
    docker::instances(daemon(session).await?).await
}
