//! Which engine a command works on: the one that was asked for, the one that the instance is on,
//! else the first that can run the environment.

use std::sync::Arc;

use super::failure::Failure;
use super::session::Session;
use crate::config::model::{EngineChoice, Environment, Invocation};
use crate::engine::process::{Home, Process};
use crate::engine::{Capabilities, Engine, Error, Identity, Obstacle, Prospect, Provision, docker};
use crate::plan::{Desired, Unfit};

/// What a command is going to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Make an instance where there is none.
    Make,
    /// Work on one that is there.
    Use,
}

/// What an engine says to an environment.
pub(super) struct Verdict {
    pub engine: Result<Arc<dyn Engine>, Error>,
    pub desired: Desired,
    pub prospects: Vec<Prospect>,
}

/// What stood in the way of each engine.
pub(super) type Obstacles = Vec<(&'static str, Obstacle)>;

/// Chooses the engine for an environment, and says which and why where there was a choice.
pub(super) async fn choose(
    session: &Session,
    invocation: &Invocation,
    environment: &Environment,
    purpose: Purpose,
) -> Result<(Arc<dyn Engine>, Desired), Failure> {
    let wanted = match invocation.engine {
        EngineChoice::Auto => environment.engine,
        chosen => chosen,
    };
    let identity = identity(invocation, environment.profiles.clone());
    let engine = match wanted {
        EngineChoice::Docker => connect_docker(invocation, identity).await?,
        EngineChoice::Process => processes(invocation, identity)?,
        EngineChoice::Auto => automatic(session, invocation, environment, purpose).await?,
    };
    let desired = Desired::new(environment, &invocation.id, engine.capabilities());
    if purpose == Purpose::Make {
        if let Some(other) = elsewhere(invocation, engine.as_ref()).await {
            return Err(Failure::on_another_engine(invocation, engine.name(), other));
        }
        if !desired.unkept.is_empty() {
            let unkept = desired.unkept.join("; ");
            session
                .events
                .info(format!("not kept without containers: {unkept}"));
        }
    }
    if desired.unfit.is_empty() {
        Ok((engine, desired))
    } else {
        Err(Failure::unfit(engine.name(), &desired.unfit))
    }
}

/// Returns the engine that an instance is on, without its environment; where there is none, one
/// that says so.
pub(super) async fn found(invocation: &Invocation) -> Result<Arc<dyn Engine>, Failure> {
    let identity = identity(invocation, Vec::new());
    match invocation.engine {
        EngineChoice::Docker => Ok(connect_docker(invocation, identity).await?),
        // Where a socket is and nobody answers, an instance may be there and cannot be seen.
        EngineChoice::Auto if !runs_as_processes(invocation)? && has_docker(invocation)? => {
            Ok(connect_docker(invocation, identity).await?)
        }
        EngineChoice::Process | EngineChoice::Auto => Ok(processes(invocation, identity)?),
    }
}

async fn automatic(
    session: &Session,
    invocation: &Invocation,
    environment: &Environment,
    purpose: Purpose,
) -> Result<Arc<dyn Engine>, Failure> {
    if purpose == Purpose::Use {
        return found(invocation).await;
    }
    let identity = identity(invocation, environment.profiles.clone());
    if runs_as_processes(invocation)? {
        return Ok(processes(invocation, identity)?);
    }
    let docker = connect_docker(invocation, identity).await;
    if let Ok(docker) = &docker
        && exists(docker.as_ref()).await?
    {
        return Ok(Arc::clone(docker));
    }
    let judging = async {
        let docker = judge(docker, invocation, environment).await;
        if docker.obstacle().is_none() {
            return decide(&docker, None);
        }
        let process = judge_processes(invocation, environment).await;
        decide(&docker, Some(&process))
    };
    let judged: Result<_, Failure> = session
        .unless_interrupted(async { Ok::<_, Failure>(judging.await) })
        .await;
    match judged? {
        Ok((engine, why)) => {
            let name = engine.name();
            session.events.info(format!("engine: {name} ({why})"));
            Ok(engine)
        }
        Err(obstacles) => Err(Failure::no_engine(&obstacles)),
    }
}

/// Returns the engine that `auto` takes and why, or what stood in the way of each.
pub(super) fn decide(
    docker: &Verdict,
    process: Option<&Verdict>,
) -> Result<(Arc<dyn Engine>, String), Obstacles> {
    let no_docker = match (docker.obstacle(), &docker.engine) {
        (None, Ok(engine)) => {
            let why = "its daemon answers, and every image can be had".to_owned();
            return Ok((Arc::clone(engine), why));
        }
        (Some(obstacle), _) => obstacle,
        (None, Err(error)) => of_error(error),
    };
    let Some(process) = process else {
        return Err(vec![("docker", no_docker)]);
    };
    match (process.obstacle(), &process.engine) {
        (None, Ok(engine)) => Ok((
            Arc::clone(engine),
            format!("no Docker: {}", no_docker.reason),
        )),
        (Some(obstacle), _) => Err(vec![("docker", no_docker), ("process", obstacle)]),
        (None, Err(error)) => Err(vec![("docker", no_docker), ("process", of_error(error))]),
    }
}

/// Asks both engines, for `doctor`.
pub(super) async fn judge_docker(invocation: &Invocation, environment: &Environment) -> Verdict {
    let identity = identity(invocation, environment.profiles.clone());
    let docker = connect_docker(invocation, identity).await;
    judge(docker, invocation, environment).await
}

/// Asks whether an environment can run as processes.
pub(super) async fn judge_processes(invocation: &Invocation, environment: &Environment) -> Verdict {
    let identity = identity(invocation, environment.profiles.clone());
    judge(processes(invocation, identity), invocation, environment).await
}

async fn judge(
    engine: Result<Arc<dyn Engine>, Error>,
    invocation: &Invocation,
    environment: &Environment,
) -> Verdict {
    let capabilities = match &engine {
        Ok(engine) => engine.capabilities(),
        Err(_) => Capabilities::CONTAINERS,
    };
    let desired = Desired::new(environment, &invocation.id, capabilities);
    let mut verdict = Verdict {
        engine,
        desired,
        prospects: Vec::new(),
    };
    if let Ok(engine) = &verdict.engine {
        let provisions: Vec<Provision> = verdict.desired.provisions();
        match engine.survey(&provisions).await {
            Ok(prospects) => verdict.prospects = prospects,
            Err(error) => verdict.engine = Err(error),
        }
    }
    verdict
}

impl Verdict {
    /// Returns what keeps the engine from running the environment.
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        if let Err(error) = &self.engine {
            return Some(of_error(error));
        }
        if let Some(Unfit { path, lacks }) = self.desired.unfit.first() {
            return Some(Obstacle {
                reason: format!("`{path}` has no `{lacks}`"),
                hint: None,
            });
        }
        let mut failed = self.prospects.iter().filter_map(|prospect| {
            let obstacle = prospect.outcome.as_ref().err()?;
            Some(Obstacle {
                reason: format!("{}: {}", prospect.name, obstacle.reason),
                hint: obstacle.hint.clone(),
            })
        });
        failed.next()
    }
}

fn of_error(error: &Error) -> Obstacle {
    let source = std::error::Error::source(error);
    let reason = source.map_or_else(|| error.to_string(), |source| format!("{error} ({source})"));
    Obstacle { reason, hint: None }
}

/// Returns the engine that has something of the instance too, where that is another one.
async fn elsewhere(invocation: &Invocation, engine: &dyn Engine) -> Option<&'static str> {
    if engine.capabilities().containers {
        return runs_as_processes(invocation).ok()?.then_some("process");
    }
    if invocation.engine == EngineChoice::Auto {
        return None;
    }
    let docker = connect_docker(invocation, identity(invocation, Vec::new())).await;
    let docker = docker.ok()?;
    exists(docker.as_ref()).await.ok()?.then_some("docker")
}

async fn exists(engine: &dyn Engine) -> Result<bool, Error> {
    let seen = engine.observe(&[]).await?;
    Ok(!seen.services.is_empty() || !seen.volumes.is_empty() || seen.network.is_some())
}

fn has_docker(invocation: &Invocation) -> Result<bool, Error> {
    Ok(docker::Endpoint::find(&invocation.variables)?.exists())
}

fn runs_as_processes(invocation: &Invocation) -> Result<bool, Error> {
    let home = Home::of(&invocation.variables)?;
    Ok(home.instance(&invocation.id).exists())
}

fn identity(invocation: &Invocation, profiles: Vec<String>) -> Identity {
    Identity {
        id: invocation.id.clone(),
        workspace: invocation.workspace.clone(),
        profiles,
        sets: invocation.sets.clone(),
    }
}

async fn connect_docker(
    invocation: &Invocation,
    identity: Identity,
) -> Result<Arc<dyn Engine>, Error> {
    let endpoint = docker::Endpoint::find(&invocation.variables)?;
    let path = invocation.variables.get("PATH").map_or("", String::as_str);
    let docker = docker::connect(&endpoint, identity).await?;
    Ok(Arc::new(docker.searching(path)))
}

fn processes(invocation: &Invocation, identity: Identity) -> Result<Arc<dyn Engine>, Error> {
    let supervisor = std::env::current_exe().map_err(|error| Error::Call {
        doing: "find this program's own file".to_owned(),
        source: error.into(),
    })?;
    let home = Home::of(&invocation.variables)?;
    let variables = invocation.variables.clone();
    Ok(Arc::new(Process::new(
        identity, home, variables, supervisor,
    )))
}
