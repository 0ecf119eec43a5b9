//! Starting a container, and saying who holds a port that it needs.

use bollard::models::{NetworkConnectRequest, NetworkDisconnectRequest};
use bollard::query_parameters::StartContainerOptions;

use super::client::Fault;
use super::ports::Fixed;
use super::{Docker, container, create, labels, owner, port_holder, ports};
use crate::engine::port::is_free;
use crate::engine::{Error, ServiceSpec, ServiceState};
use crate::model::HostPort;

/// Starts what was created; a running container stays as it is.
pub(super) async fn start(docker: &Docker, service: &str) -> Result<(), Error> {
    let Some(found) = container::inspect(docker, service).await? else {
        return Err(Error::NoService {
            service: service.to_owned(),
        });
    };
    let before = container::state_of(found.state.as_ref());
    if before == ServiceState::Running {
        return Ok(());
    }
    let fixed = ports::fixed(&found);
    for port in &fixed {
        // Looked at before, so that the daemon leaves nothing half started.
        if !is_free(port.bind, port.host) {
            return Err(taken(docker, service, port).await?);
        }
    }
    if before == ServiceState::Created {
        // Here and not at the creation, so that one that was cut short is made good.
        owner::give(docker, &found).await?;
    }
    let (id, _) = container::identify(&found);
    let declared = container::labels_of(&found).and_then(|labels| labels.get(labels::SERVICE));
    let declared = declared.map_or(service, String::as_str);
    let mut answer = start_this(docker, id).await;
    // It is there, so what was not found is the network that it was created on.
    if matches!(&answer, Err(fault) if fault.status() == Some(404))
        && container::inspect(docker, service).await?.is_some()
    {
        join_network(docker, (service, declared), id).await?;
        answer = start_this(docker, id).await;
    }
    if matches!(&answer, Err(fault) if fault.is_lost()) {
        // It may have been started all the same.
        let now = container::inspect(docker, service).await?;
        let now = now.map(|found| container::pulse_of(&found).state);
        if now.is_some_and(|state| state != before) {
            return Ok(());
        }
        answer = start_this(docker, id).await;
    }
    let Err(fault) = answer else { return Ok(()) };
    for port in &fixed {
        // A taken port is a plain 500, so only looking tells; the daemon's own forwarding rules
        // do not show in a bind, its list of containers does.
        let publisher = port_holder::publisher(docker, port.bind, port.host).await?;
        if publisher.is_some() || !is_free(port.bind, port.host) {
            return Err(taken(docker, service, port).await?);
        }
    }
    Err(refused(docker, service, fault))
}

async fn start_this(docker: &Docker, id: &str) -> Result<(), Fault> {
    let client = docker.client.long();
    let call = client.start_container(id, None::<StartContainerOptions>);
    call.await.map_err(Fault::from)
}

/// Connects a container to the instance's network, which was made anew since.
async fn join_network(
    docker: &Docker,
    (service, declared): (&str, &str),
    id: &str,
) -> Result<(), Error> {
    let name = labels::network_name(&docker.identity);
    let api = docker.client.api();
    let leaving = NetworkDisconnectRequest {
        container: id.to_owned(),
        force: Some(true),
    };
    // It is connected to the new one by name only, and some daemons say that it is not at all.
    let _ = docker
        .client
        .raw(api.disconnect_network(&name, leaving))
        .await;
    let joining = NetworkConnectRequest {
        container: id.to_owned(),
        endpoint_config: Some(create::endpoint(service, declared)),
    };
    let doing = format!("connect `{service}` to the network {name}");
    let call = api.connect_network(&name, joining);
    docker.client.call(&doing, call).await
}

/// Looks whether the host ports of a service that does not run yet are free.
pub(super) async fn check_ports(docker: &Docker, spec: &ServiceSpec) -> Result<(), Error> {
    for port in &spec.ports {
        if let HostPort::Fixed(host) = port.host
            && docker.identity.id.is_default()
            && !is_free(port.bind, host)
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
