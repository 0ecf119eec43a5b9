//! Who holds a port of this machine: a container, or a process.

use std::net::IpAddr;

use bollard::query_parameters::ListContainersOptions;

use super::{Docker, labels};
use crate::engine::{Error, HeldBy, PortHolder, port};

/// Returns the holder of a port that is taken, as far as it can be known.
pub(super) async fn find(docker: &Docker, bind: IpAddr, number: u16) -> Result<PortHolder, Error> {
    if let Some(holder) = publisher(docker, bind, number).await? {
        return Ok(holder);
    }
    let process = tokio::task::spawn_blocking(move || port::holder(number));
    Ok(process.await.ok().flatten().unwrap_or(PortHolder::Unknown))
}

/// Returns the container that publishes a port, whoever's it is.
pub(super) async fn publisher(
    docker: &Docker,
    bind: IpAddr,
    port: u16,
) -> Result<Option<PortHolder>, Error> {
    let call = || {
        let api = docker.client.api();
        api.list_containers(None::<ListContainersOptions>)
    };
    let containers = docker.client.read("list the containers", call).await?;
    let holder = containers.into_iter().find(|container| {
        container.ports.iter().flatten().any(|published| {
            let ip = published.ip.as_deref().unwrap_or_default();
            published.public_port == Some(port) && overlap(bind, ip.parse().ok())
        })
    });
    Ok(holder.map(|container| {
        let name = container.names.unwrap_or_default().into_iter().next();
        let of = container.labels.unwrap_or_default();
        PortHolder::Container {
            name: name.unwrap_or_default().trim_start_matches('/').to_owned(),
            of: labels::origin(&of).map(|(id, workspace)| HeldBy {
                id: id.to_string(),
                service: of.get(labels::NAME).cloned().unwrap_or_default(),
                workspace: Some(workspace.into()),
            }),
        }
    }))
}

fn overlap(wanted: IpAddr, held: Option<IpAddr>) -> bool {
    let Some(held) = held else { return true };
    wanted == held || wanted.is_unspecified() || held.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_overlap() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        let every: IpAddr = "0.0.0.0".parse().unwrap();
        let other: IpAddr = "10.0.0.1".parse().unwrap();
        assert!(overlap(loopback, Some(every)));
        assert!(overlap(every, Some(loopback)));
        assert!(!overlap(loopback, Some(other)));
    }
}
