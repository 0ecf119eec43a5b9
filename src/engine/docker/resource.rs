//! The network and the volumes of the instance, and the removal of what `observe` saw.

use std::time::Duration;

use bollard::models::{Network, NetworkCreateRequest, VolumeCreateRequest};
use bollard::query_parameters::{ListNetworksOptions, RemoveVolumeOptions};

use super::client::Fault;
use super::{Docker, container, labels, removal};
use crate::engine::{Error, Removal, Resource};

/// How long the daemon may take to let go of a network or a volume after its last container, whose
/// endpoints and mounts go a moment after it; which of these it answers then depends on its version.
const RELEASE: (Duration, &[u16]) = (Duration::from_secs(15), &[403, 409, 500]);

/// Makes a network or a volume that is not there.
pub(super) async fn ensure(docker: &Docker, resource: &Resource) -> Result<(), Error> {
    match resource {
        Resource::Network => ensure_network(docker).await,
        Resource::Volume(name) => ensure_volume(docker, name).await,
    }
}

/// Returns the id of the instance's network.
pub(super) async fn network(docker: &Docker) -> Result<Option<String>, Error> {
    let options = ListNetworksOptions {
        filters: Some(labels::filter(&docker.identity)),
    };
    let call = || docker.client.api().list_networks(Some(options.clone()));
    let networks = docker.client.read("list the networks", call).await?;
    let ours = |network: &&Network| labels::is_ours(&docker.identity, network.labels.as_ref());
    let ours = networks.iter().find(ours);
    Ok(ours.and_then(|network| network.id.clone()))
}

async fn ensure_network(docker: &Docker) -> Result<(), Error> {
    // Looked up first: older daemons make a second network of the same name.
    if network(docker).await?.is_some() {
        return Ok(());
    }
    let name = labels::network_name(&docker.identity);
    let request = NetworkCreateRequest {
        labels: Some(labels::of_resource(&docker.identity, "network", "default")),
        name: name.clone(),
        ..NetworkCreateRequest::default()
    };
    let doing = format!("create the network {name}");
    let create = async || {
        let call = docker.client.api().create_network(request.clone());
        docker.client.raw(call).await
    };
    let mut made = create().await;
    // Whether it was made is looked at: older daemons would make a second one.
    if matches!(&made, Err(fault) if fault.is_lost()) {
        if network(docker).await?.is_some() {
            return Ok(());
        }
        made = create().await;
    }
    made.map(drop)
        .map_err(|fault| docker.client.error(&doing, fault))
}

async fn ensure_volume(docker: &Docker, volume: &str) -> Result<(), Error> {
    let name = labels::volume_name(&docker.identity, volume);
    let request = VolumeCreateRequest {
        name: Some(name.clone()),
        labels: Some(labels::of_resource(&docker.identity, "volume", volume)),
        ..VolumeCreateRequest::default()
    };
    // The daemon returns the volume that has the name, if there is one: asked again, it looks.
    let call = || docker.client.api().create_volume(request.clone());
    let doing = format!("create the volume {name}");
    let made = docker.client.read(&doing, call).await?;
    if labels::is_ours(&docker.identity, Some(&made.labels)) {
        return Ok(());
    }
    let reason = "there is a volume of that name that is not this instance's".to_owned();
    Err(docker.client.error(&doing, Fault::Reported(reason)))
}

/// Removes something that `observe` saw.
pub(super) async fn remove(docker: &Docker, what: &Removal) -> Result<(), Error> {
    match what {
        Removal::Service { handle } => container::remove(docker, handle).await,
        Removal::Network { handle } => remove_network(docker, handle).await,
        Removal::Volume { handle } => remove_volume(docker, handle).await,
        // Whatever is made carries its labels from the start, so all of it is seen.
        Removal::Remains => Ok(()),
    }
}

async fn remove_network(docker: &Docker, id: &str) -> Result<(), Error> {
    let ask = || docker.client.api().remove_network(id);
    removal::until_gone(docker, &format!("network {id}"), RELEASE, ask).await
}

async fn remove_volume(docker: &Docker, name: &str) -> Result<(), Error> {
    let ask = || {
        let options = Some(RemoveVolumeOptions { force: false });
        docker.client.api().remove_volume(name, options)
    };
    removal::until_gone(docker, &format!("volume {name}"), RELEASE, ask).await
}
