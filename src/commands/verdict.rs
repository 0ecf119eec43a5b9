//! Whether an engine can run an environment, and which of them is taken.

use std::sync::Arc;

use crate::engine::{Capabilities, Engine, Error, Prospect};
use crate::host::Obstacle;
use crate::model::{Environment, Invocation};
use crate::plan::{Desired, Unfit};

/// What an engine says to an environment.
pub(super) struct EngineVerdict {
    pub engine: Result<Arc<dyn Engine>, Error>,
    pub desired: Desired,
    pub prospects: Vec<Prospect>,
}

/// What stood in the way of each engine.
pub(super) type Obstacles = Vec<(&'static str, Obstacle)>;

/// Returns the engine that `auto` takes and why, or what stood in the way of each.
pub(super) fn decide(
    docker: &EngineVerdict,
    process: Option<&EngineVerdict>,
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
            format!("not Docker: {}", no_docker.reason),
        )),
        (Some(obstacle), _) => Err(vec![("docker", no_docker), ("process", obstacle)]),
        (None, Err(error)) => Err(vec![("docker", no_docker), ("process", of_error(error))]),
    }
}

impl EngineVerdict {
    /// Asks an engine how it would run an environment.
    pub(super) async fn of(
        engine: Result<Arc<dyn Engine>, Error>,
        invocation: &Invocation,
        environment: &Environment,
    ) -> Self {
        let capabilities = match &engine {
            Ok(engine) => engine.capabilities(),
            Err(_) => Capabilities::CONTAINERS,
        };
        let mut verdict = Self {
            engine,
            desired: Desired::new(environment, &invocation.id, capabilities),
            prospects: Vec::new(),
        };
        if let Ok(engine) = &verdict.engine {
            match engine
                .provider()
                .survey(&verdict.desired.provisions())
                .await
            {
                Ok(prospects) => verdict.prospects = prospects,
                Err(error) => verdict.engine = Err(error),
            }
        }
        verdict
    }

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
