//! Starting a container, and saying who holds a port that it needs.

use bollard::query_parameters::StartContainerOptions;

use super::client::Fault;
use super::ports::Fixed;
use super::{Docker, container, labels, port_holder, ports};
use crate::config::model::HostPort;
use crate::engine::{Error, ServiceSpec, ServiceState};

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
    for port in &fixed {
        // Looked at before, so that the daemon leaves nothing half started.
        if !ports::is_free(port.bind, port.host) {
            return Err(taken(docker, service, port).await?);
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
    for port in &fixed {
        // A taken port is a plain 500, so only looking tells; the daemon's own forwarding rules
        // do not show in a bind, its list of containers does.
        let publisher = port_holder::publisher(docker, port.bind, port.host).await?;
        if publisher.is_some() || !ports::is_free(port.bind, port.host) {
            return Err(taken(docker, service, port).await?);
        }
    }
    Err(refused(docker, service, fault))
}

/// Looks whether the host ports of a service that does not run yet are free.
pub(super) async fn check_ports(docker: &Docker, spec: &ServiceSpec) -> Result<(), Error> {
    for port in &spec.ports {
        if let HostPort::Fixed(host) = port.host
            && docker.identity.id.is_default()
            && !ports::is_free(port.bind, host)
        {
            let fixed = Fixed {
                name: port.name.clone(),
                bind: port.bind,
                host,
            };
            return Err(taken(docker, &spec.name, &fixed).await?);
        }
    }
    Ok(())
}

async fn taken(docker: &Docker, service: &str, port: &Fixed) -> Result<Error, Error> {
    Ok(Error::PortTaken {
        service: service.to_owned(),
        name: port.name.clone(),
        port: port.host,
        bind: port.bind.to_string(),
        holder: port_holder::find(docker, port.bind, port.host).await?,
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
