//! One container of the instance: looking at it, stopping it, removing it.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum};
use bollard::query_parameters::{
    InspectContainerOptions, RemoveContainerOptions, StopContainerOptions,
};

use super::client::Fault;
use super::{Docker, labels, removal};
use crate::engine::{Error, Given, Pulse, ServiceState};
use crate::model::Secret;
use crate::probe::Exhausted;

/// What the daemon takes for a stop beyond the grace period.
const STOP_MARGIN: Duration = Duration::from_secs(30);

/// The grace period of a container that names none: Docker's own.
const DEFAULT_GRACE_S: i64 = 10;

/// How long a removal that is already under way may take.
const REMOVAL_TIMEOUT: Duration = Duration::from_mins(1);

/// Returns the service's container; `None` when there is none, or one that is not ours.
pub(super) async fn inspect(
    docker: &Docker,
    service: &str,
) -> Result<Option<ContainerInspectResponse>, Error> {
    let name = labels::container_name(&docker.identity, service);
    let found = inspect_by(docker, &name).await?;
    Ok(found.filter(|container| is_ours(docker, container)))
}

/// Returns whether a container belongs to the instance.
pub(super) fn is_ours(docker: &Docker, container: &ContainerInspectResponse) -> bool {
    labels::is_ours(&docker.identity, labels_of(container))
}

/// Returns a container's labels.
pub(super) fn labels_of(container: &ContainerInspectResponse) -> Option<&HashMap<String, String>> {
    container.config.as_ref()?.labels.as_ref()
}

/// Returns the container of a name or an id, whoever's it is.
pub(super) async fn inspect_by(
    docker: &Docker,
    name: &str,
) -> Result<Option<ContainerInspectResponse>, Error> {
    let call = || {
        let api = docker.client.api();
        api.inspect_container(name, None::<InspectContainerOptions>)
    };
    let doing = format!("look at the container {name}");
    docker.client.find(&doing, call).await
}

/// Returns what a service is doing.
pub(super) async fn pulse(docker: &Docker, service: &str) -> Result<Option<Pulse>, Error> {
    let container = inspect(docker, service).await?;
    Ok(container.map(|container| pulse_of(&container)))
}

/// Returns what a container is doing, and since when it does.
pub(super) fn pulse_of(container: &ContainerInspectResponse) -> Pulse {
    let state = state_of(container.state.as_ref());
    let restarts = container.restart_count.unwrap_or_default();
    Pulse {
        state,
        restarts: u32::try_from(restarts).unwrap_or_default(),
        ran: match state {
            ServiceState::Running => ran(container.state.as_ref()),
            _ => Duration::ZERO,
        },
    }
}

/// Returns when a running container was started, by the daemon's clock.
pub(super) fn started(state: Option<&ContainerState>) -> Option<SystemTime> {
    let state = state.filter(|state| state.running == Some(true))?;
    humantime::parse_rfc3339_weak(state.started_at.as_deref()?).ok()
}

/// Returns how long a running container has run; nothing where the daemon's clock is ahead.
fn ran(state: Option<&ContainerState>) -> Duration {
    let ran = started(state).and_then(|started| SystemTime::now().duration_since(started).ok());
    ran.unwrap_or_default()
}

/// Returns what a service was made with.
pub(super) async fn given(docker: &Docker, service: &str) -> Result<Given, Error> {
    let container = inspect(docker, service).await?;
    let config = container.and_then(|container| container.config);
    let lines = config.and_then(|config| config.env).unwrap_or_default();
    let pairs = lines.iter().filter_map(|line| line.split_once('='));
    let variables = pairs.map(|(name, value)| (name.to_owned(), Secret::new(value)));
    Ok(Given::by(variables.collect()))
}

/// Translates the daemon's state.
pub(super) fn state_of(state: Option<&ContainerState>) -> ServiceState {
    use ContainerStateStatusEnum as Status;
    let Some(state) = state else {
        return ServiceState::Dead;
    };
    match state.status {
        Some(Status::CREATED | Status::EMPTY) | None => ServiceState::Created,
        Some(Status::RUNNING | Status::STOPPING) => ServiceState::Running,
        Some(Status::RESTARTING) => ServiceState::Restarting,
        Some(Status::PAUSED) => ServiceState::Paused,
        Some(Status::EXITED) => ServiceState::Exited {
            code: state.exit_code.unwrap_or_default(),
            out_of_memory: state.oom_killed.unwrap_or_default(),
        },
        Some(Status::REMOVING | Status::DEAD) => ServiceState::Dead,
    }
}

/// Stops a service; the signal and the grace period are those it was created with.
pub(super) async fn stop(docker: &Docker, service: &str) -> Result<(), Error> {
    match inspect(docker, service).await? {
        Some(container) => stop_this(docker, &container).await,
        None => Ok(()),
    }
}

async fn stop_this(docker: &Docker, container: &ContainerInspectResponse) -> Result<(), Error> {
    let (id, name) = identify(container);
    let configured = container.config.as_ref().and_then(|it| it.stop_timeout);
    let grace_s = configured.unwrap_or(DEFAULT_GRACE_S);
    let deadline = Duration::from_secs(u64::try_from(grace_s).unwrap_or(0)) + STOP_MARGIN;
    let stop = async || {
        let client = docker.client.long();
        let call = client.stop_container(id, None::<StopContainerOptions>);
        match tokio::time::timeout(deadline, call).await {
            Ok(answer) => answer.map_err(Fault::from),
            Err(_) => Err(Fault::Late(deadline)),
        }
    };
    let mut answer = stop().await;
    if matches!(&answer, Err(fault) if fault.is_lost()) {
        let now = inspect_by(docker, id).await?;
        if now.is_none_or(|now| !pulse_of(&now).state.is_up()) {
            return Ok(());
        }
        answer = stop().await;
    }
    let Err(fault) = answer else { return Ok(()) };
    if fault.status() == Some(404) {
        return Ok(());
    }
    let doing = format!("stop the container {name}");
    Err(docker.client.error(&doing, fault))
}

/// Stops and removes a container that another one is to replace.
pub(super) async fn take_away(
    docker: &Docker,
    container: &ContainerInspectResponse,
) -> Result<(), Error> {
    stop_this(docker, container).await?;
    remove(docker, identify(container).0).await
}

/// Removes a container with its anonymous volumes, and returns when it is gone.
pub(super) async fn remove(docker: &Docker, id: &str) -> Result<(), Error> {
    let ask = || {
        let options = RemoveContainerOptions {
            v: true,
            force: true,
            link: false,
        };
        docker.client.api().remove_container(id, Some(options))
    };
    // Someone else's removal is under way.
    let patience = (REMOVAL_TIMEOUT, [409].as_slice());
    removal::until_gone(docker, &format!("container {id}"), patience, ask).await
}

/// Returns what a poll of the daemon ended with.
pub(super) fn settled<T>(
    docker: &Docker,
    doing: &str,
    end: Result<(T, u32), Exhausted<Fault>>,
) -> Result<T, Error> {
    let fault = match end {
        Ok((value, _)) => return Ok(value),
        Err(Exhausted::Hopeless(fault)) => fault,
        Err(Exhausted::TimedOut { last, .. }) => Fault::Reported(last),
        Err(Exhausted::Cancelled) => Fault::Reported("it was cancelled".to_owned()),
    };
    Err(docker.client.error(doing, fault))
}

/// Returns a container's id, and the name that people know it by.
pub(super) fn identify(container: &ContainerInspectResponse) -> (&str, &str) {
    let id = container.id.as_deref().unwrap_or_default();
    let name = container.name.as_deref().unwrap_or(id);
    (id, name.trim_start_matches('/'))
}
