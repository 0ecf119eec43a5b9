//! Which engine a command works on: the one that was asked for, the one that the instance is on,
//! else the first that can run the environment.

use std::sync::Arc;

use super::failure::Failure;
use super::session::Session;
use super::verdict::{EngineVerdict, decide};
use crate::engine::process::ProcessEngine;
use crate::engine::{Engine, Error, Identity, docker};
use crate::host::Home;
use crate::model::{EngineChoice, Environment, Invocation, Reach, Variables};
use crate::plan::Desired;

/// What a command is going to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Make an instance where there is none.
    Make,
    /// Work on one that is there.
    Use,
}

/// Chooses the engine for an environment, and says which and why where there was a choice.
pub(super) async fn choose(
    session: &Session,
    invocation: &Invocation,
    environment: &Environment,
    purpose: Purpose,
) -> Result<(Arc<dyn Engine>, Desired), Failure> {
    let identity = identity(invocation, environment.profiles.clone());
    let wanted = wanted(invocation, environment);
    let mut engine = match (wanted, purpose) {
        (EngineChoice::Auto, Purpose::Make) => {
            automatic(session, invocation, environment, identity.clone()).await?
        }
        _ => open(session, invocation, wanted, identity.clone()).await?,
    };
    let mut desired = Desired::new(environment, &invocation.id, engine.capabilities());
    if wanted == EngineChoice::Auto && !desired.unfit.is_empty() {
        // Where nothing is yet, the engine that could run it is the one to speak of.
        let other = processes(session, invocation, identity)?;
        let on_other = Desired::new(environment, &invocation.id, other.capabilities());
        if on_other.unfit.is_empty() && !exists(engine.as_ref()).await? {
            (engine, desired) = (other, on_other);
        }
    }
    if purpose == Purpose::Make {
        if wanted != EngineChoice::Auto
            && let Some(other) = elsewhere(session, invocation, engine.as_ref()).await?
        {
            return Err(Failure::on_another_engine(invocation, engine.name(), other));
        }
        if !desired.unkept.is_empty() {
            let unkept = desired.unkept.join("; ");
            let text = format!("not kept without containers: {unkept}");
            session.events.info(text);
        }
    }
    // What cannot run here was not made here, so what works on the rest can go on.
    if desired.unfit.is_empty() || purpose == Purpose::Use {
        Ok((engine, desired))
    } else {
        Err(Failure::unfit(engine.name(), &desired.unfit))
    }
}

/// Returns the engine that an instance is on, without its environment; where there is none, one
/// that says so.
pub(super) async fn found(
    session: &Session,
    invocation: &Invocation,
) -> Result<Arc<dyn Engine>, Failure> {
    let identity = identity(invocation, Vec::new());
    let engine = open(session, invocation, invocation.engine, identity).await?;
    if invocation.engine != EngineChoice::Auto
        && !exists(engine.as_ref()).await?
        && let Some(other) = elsewhere(session, invocation, engine.as_ref()).await?
    {
        return Err(Failure::on_another_engine(invocation, engine.name(), other));
    }
    Ok(engine)
}

/// Returns the engine that may hold something of an instance, and says nothing where none answers.
pub(super) async fn holder(session: &Session, invocation: &Invocation) -> Option<Arc<dyn Engine>> {
    let identity = identity(invocation, Vec::new());
    let as_processes = runs_as_processes(invocation).unwrap_or(false);
    match invocation.engine {
        EngineChoice::Process | EngineChoice::Auto if as_processes => {
            processes(session, invocation, identity).ok()
        }
        EngineChoice::Process => None,
        EngineChoice::Docker | EngineChoice::Auto => {
            connect_docker(session, invocation, identity).await.ok()
        }
    }
}

/// Returns the engine that the command line or the environment asks for.
pub(super) fn wanted(invocation: &Invocation, environment: &Environment) -> EngineChoice {
    match invocation.engine {
        EngineChoice::Auto => environment.engine,
        chosen => chosen,
    }
}

async fn open(
    session: &Session,
    invocation: &Invocation,
    wanted: EngineChoice,
    identity: Identity,
) -> Result<Arc<dyn Engine>, Error> {
    match wanted {
        EngineChoice::Docker => connect_docker(session, invocation, identity).await,
        EngineChoice::Auto if !runs_as_processes(invocation)? => {
            match connect_docker(session, invocation, identity.clone()).await {
                Ok(docker) => Ok(docker),
                Err(error) => {
                    if has_docker(&invocation.variables) {
                        // An instance may be there and cannot be seen.
                        let text = format!("{error}, so only processes were looked for");
                        session.events.warning(text);
                    }
                    processes(session, invocation, identity)
                }
            }
        }
        EngineChoice::Process | EngineChoice::Auto => processes(session, invocation, identity),
    }
}

async fn automatic(
    session: &Session,
    invocation: &Invocation,
    environment: &Environment,
    identity: Identity,
) -> Result<Arc<dyn Engine>, Failure> {
    if runs_as_processes(invocation)? {
        return Ok(processes(session, invocation, identity)?);
    }
    let docker = connect_docker(session, invocation, identity.clone()).await;
    if let Ok(docker) = &docker
        && exists(docker.as_ref()).await?
    {
        return Ok(Arc::clone(docker));
    }
    let hidden = docker.is_err() && has_docker(&invocation.variables);
    let judging = async {
        let docker = EngineVerdict::of(docker, invocation, environment).await;
        if docker.obstacle().is_none() {
            return Ok::<_, Failure>(decide(&docker, None));
        }
        let process = processes(session, invocation, identity);
        let process = EngineVerdict::of(process, invocation, environment).await;
        Ok(decide(&docker, Some(&process)))
    };
    match session.unless_interrupted(judging).await? {
        Ok((engine, why)) => {
            let text = format!("engine: {} ({why})", engine.name());
            if hidden {
                // An instance that is there could not be seen.
                session.events.warning(text);
            } else {
                session.events.info(text);
            }
            Ok(engine)
        }
        Err(obstacles) => Err(Failure::no_engine(&obstacles)),
    }
}

/// Asks both engines about an environment, for `doctor`.
pub(super) async fn ask_both(
    session: &Session,
    invocation: &Invocation,
    environment: &Environment,
) -> (EngineVerdict, EngineVerdict) {
    let identity = identity(invocation, environment.profiles.clone());
    let docker = async {
        let docker = connect_docker(session, invocation, identity.clone()).await;
        EngineVerdict::of(docker, invocation, environment).await
    };
    let process = processes(session, invocation, identity.clone());
    let process = EngineVerdict::of(process, invocation, environment);
    futures_util::future::join(docker, process).await
}

/// Returns the engine that an instance is on; `docker` is the daemon, if it answers.
pub(super) async fn place_of(
    invocation: &Invocation,
    docker: Option<&dyn Engine>,
) -> Result<Option<&'static str>, Error> {
    if runs_as_processes(invocation)? {
        return Ok(Some("process"));
    }
    match docker {
        Some(docker) => Ok(exists(docker).await?.then_some("docker")),
        None => Ok(None),
    }
}

/// Returns the engine that has something of the instance too, where that is another one.
async fn elsewhere(
    session: &Session,
    invocation: &Invocation,
    engine: &dyn Engine,
) -> Result<Option<&'static str>, Error> {
    if engine.name() == "docker" {
        return Ok(runs_as_processes(invocation)?.then_some("process"));
    }
    // Without a daemon there is nothing that could be in the way now.
    match connect_docker(session, invocation, identity(invocation, Vec::new())).await {
        Ok(docker) => Ok(exists(docker.as_ref()).await?.then_some("docker")),
        Err(_) => Ok(None),
    }
}

async fn exists(engine: &dyn Engine) -> Result<bool, Error> {
    Ok(engine.outline().await?.is_there)
}

/// Whether this machine seems to have a daemon, be it one that does not answer.
pub(super) fn has_docker(variables: &Variables) -> bool {
    docker::Endpoint::find(variables).map_or(true, |endpoint| endpoint.exists())
}

/// Whether the instance is on processes, be it what a killed `up` had just begun.
fn runs_as_processes(invocation: &Invocation) -> Result<bool, Error> {
    let home = Home::of(&invocation.variables)?;
    Ok(home.instance(&invocation.id).exists())
}

pub(super) fn identity(invocation: &Invocation, profiles: Vec<String>) -> Identity {
    Identity {
        id: invocation.id.clone(),
        workspace: invocation.workspace.clone(),
        profiles,
        sets: invocation.sets.clone(),
    }
}

/// Returns the daemon, which is connected to once.
pub(super) async fn daemon(session: &Session) -> Result<&docker::Daemon, Error> {
    let connecting = async || {
        let endpoint = docker::Endpoint::find(&session.request.variables)?;
        docker::Daemon::connect(&endpoint).await
    };
    session.daemon.get_or_try_init(connecting).await
}

async fn connect_docker(
    session: &Session,
    invocation: &Invocation,
    identity: Identity,
) -> Result<Arc<dyn Engine>, Error> {
    let daemon = daemon(session).await?;
    let path = invocation.variables.get("PATH").map_or("", String::as_str);
    let docker = daemon.engine(identity).searching(path);
    Ok(Arc::new(match Home::of(&invocation.variables) {
        Ok(home) => docker.noting(&home.cache),
        // What changed is not named then.
        Err(_) => docker,
    }))
}

fn processes(
    session: &Session,
    invocation: &Invocation,
    identity: Identity,
) -> Result<Arc<dyn Engine>, Error> {
    let supervisor = session.lent.program.clone();
    let home = Home::of(&invocation.variables)?;
    let variables = invocation.variables.clone();
    let process = ProcessEngine::new(identity, home, variables, supervisor);
    let command = format!("{} {}", session.command, invocation.id.arguments());
    let process = process.working_for(command, session.events.clone());
    Ok(Arc::new(match invocation.reach {
        Reach::Look => process.only_looking(),
        Reach::Act => process,
    }))
}
