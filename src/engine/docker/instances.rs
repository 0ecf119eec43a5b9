//! Every instance of this machine that is on the daemon, from whatever workspace.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use bollard::models::ContainerSummaryStateEnum;
use bollard::query_parameters::{ListContainersOptions, ListNetworksOptions, ListVolumesOptions};

use super::connect::Daemon;
use super::labels;
use crate::engine::{Error, Instance, Role};
use crate::model::InstanceId;

/// Returns every instance that has anything on the daemon.
pub async fn instances(daemon: &Daemon) -> Result<Vec<Instance>, Error> {
    let client = daemon.client();
    let filters = || Some(labels::every_filter());
    let containers = async {
        let options = ListContainersOptions {
            all: true,
            filters: filters(),
            ..ListContainersOptions::default()
        };
        let call = || client.api().list_containers(Some(options.clone()));
        client.read("list the containers", call).await
    };
    let networks = async {
        let options = ListNetworksOptions { filters: filters() };
        let call = || client.api().list_networks(Some(options.clone()));
        client.read("list the networks", call).await
    };
    let volumes = async {
        let options = ListVolumesOptions { filters: filters() };
        let call = || client.api().list_volumes(Some(options.clone()));
        client.read("list the volumes", call).await
    };
    let (containers, networks, volumes) = tokio::try_join!(containers, networks, volumes)?;
    let mut found = FoundInstances::default();
    for container in containers {
        let role = labels::role_text(Role::Service);
        let is_running = container.state == Some(ContainerSummaryStateEnum::RUNNING);
        let of = container.labels.unwrap_or_default();
        if let Some(instance) = found.of(&of)
            && of.get(labels::ROLE).is_some_and(|it| it == role)
        {
            instance.services += 1;
            instance.running += usize::from(is_running);
        }
    }
    for network in networks {
        found.of(&network.labels.unwrap_or_default());
    }
    for volume in volumes.volumes.unwrap_or_default() {
        if let Some(instance) = found.of(&volume.labels) {
            instance.volumes += 1;
        }
    }
    Ok(found.0.into_values().collect())
}

#[derive(Default)]
struct FoundInstances(BTreeMap<InstanceId, Instance>);

impl FoundInstances {
    /// Returns the instance that something with these labels belongs to.
    fn of(&mut self, of: &HashMap<String, String>) -> Option<&mut Instance> {
        let (id, workspace) = labels::origin(of)?;
        let new = || Instance {
            id: id.clone(),
            engine: "docker",
            workspace: Some(PathBuf::from(workspace)),
            services: 0,
            running: 0,
            volumes: 0,
        };
        Some(self.0.entry(id.clone()).or_insert_with(new))
    }
}
