//! Starting a container, and saying who holds a port that it needs.

use std::net::IpAddr;

use bollard::query_parameters::StartContainerOptions;

use super::client::Fault;
use super::{Docker, container, labels, port_holder, ports};
use crate::engine::{Error, ServiceState};

/// Starts what was created; a running container stays as it is.
pub(super) async fn start(docker: &Docker, service: &str) -> Result<(), Error> {
    let Some(found) = container::inspect(docker, service).await? else {
        return Err(Error::NoService {
            service: service.to_owned(),
        });
    };
    if container::state_of(found.state.as_ref()) == ServiceState::Running {
        return Ok(());
    }
    let fixed = ports::fixed(&found);
    for (bind, port) in &fixed {
        // Looked at before, so that the daemon leaves nothing half started.
        if !ports::is_free(*bind, *port) {
            return Err(taken(docker, service, (*bind, *port)).await?);
        }
    }
    let (id, _) = container::identify(&found);
    let call = docker
        .client
        .long()
        .start_container(id, None::<StartContainerOptions>);
    let fault = match call.await.map_err(Fault::from) {
        Ok(()) => return Ok(()),
        Err(fault) => fault,
    };
    for (bind, port) in &fixed {
        // A taken port is a plain 500, so only looking tells; the daemon's own forwarding rules
        // do not show in a bind, its list of containers does.
        let publisher = port_holder::publisher(docker, *bind, *port).await?;
        if publisher.is_some() || !ports::is_free(*bind, *port) {
            return Err(taken(docker, service, (*bind, *port)).await?);
        }
    }
    Err(refused(docker, service, fault))
}

async fn taken(
    docker: &Docker,
    service: &str,
    (bind, port): (IpAddr, u16),
) -> Result<Error, Error> {
    Ok(Error::PortTaken {
        service: service.to_owned(),
        port,
        bind: bind.to_string(),
        holder: port_holder::find(docker, bind, port).await?,
    })
}

fn refused(docker: &Docker, service: &str, fault: Fault) -> Error {
    match fault {
        Fault::Refused { status: 404, .. } => Error::NoService {
            service: service.to_owned(),
        },
        Fault::Refused { message, .. } => Error::Start {
            service: service.to_owned(),
            reason: message,
        },
        other => {
            let name = labels::container_name(&docker.identity, service);
            docker
                .client
                .error(&format!("start the container {name}"), other)
        }
    }
}
