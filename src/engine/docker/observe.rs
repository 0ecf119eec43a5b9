//! Reading all that exists of the instance, by its labels alone.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, UNIX_EPOCH};

use bollard::models::{ContainerInspectResponse, ContainerSummary};
use bollard::query_parameters::{ListContainersOptions, ListVolumesOptions};
use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use futures_util::stream;

use super::{Docker, container, files, labels, ports, resource};
use crate::engine::{
    Addresses, Defect, Error, ImageHandle, MadeWith, Observed, ObservedService, Outline, Role,
};

/// How many containers are looked at at once.
const LOOKS_MAX: usize = 8;

/// Reads containers, network and volumes side by side.
pub(super) async fn observe(docker: &Docker) -> Result<Observed, Error> {
    let (services, network, volumes) =
        tokio::try_join!(services(docker), resource::network(docker), volumes(docker),)?;
    Ok(Observed {
        addresses: Addresses::new(),
        network,
        volumes,
        services,
    })
}

/// Reads what lists tell, and looks at no container.
pub(super) async fn outline(docker: &Docker) -> Result<Outline, Error> {
    let mut containers = containers(docker).await?;
    containers.retain(|it| labels::is_ours(&docker.identity, it.labels.as_ref()));
    let service = labels::role_text(Role::Service);
    let made = containers.iter().filter_map(|container| {
        let labels = container.labels.as_ref()?;
        let role = labels.get(labels::ROLE)?;
        let since = u64::try_from(container.created?).ok()?;
        (role == service).then(|| MadeWith {
            profiles: labels::from_json(labels.get(labels::PROFILES)),
            sets: labels::from_json(labels.get(labels::SETS)),
            created: Some(UNIX_EPOCH + Duration::from_secs(since)),
        })
    });
    // The newest is the first of the list; of two of one second the last one is the maximum.
    let made: Vec<MadeWith> = made.collect();
    let made = made.into_iter().rev().max_by_key(|made| made.created);
    let is_there = !containers.is_empty() || {
        let (network, volumes) = tokio::try_join!(resource::network(docker), volumes(docker))?;
        network.is_some() || !volumes.is_empty()
    };
    Ok(Outline { is_there, made })
}

async fn containers(docker: &Docker) -> Result<Vec<ContainerSummary>, Error> {
    let options = ListContainersOptions {
        all: true,
        filters: Some(labels::filter(&docker.identity)),
        ..ListContainersOptions::default()
    };
    let call = || docker.client.api().list_containers(Some(options.clone()));
    docker.client.read("list the containers", call).await
}

async fn services(docker: &Docker) -> Result<Vec<ObservedService>, Error> {
    let containers = containers(docker).await?;
    let ids = containers.into_iter().filter_map(|container| container.id);
    let network = labels::network_name(&docker.identity);
    let looks = ids.map(|id| look(docker, id, &network));
    let found: Vec<Option<ObservedService>> = stream::iter(looks)
        .buffer_unordered(LOOKS_MAX)
        .try_collect()
        .await?;
    let mut services: Vec<ObservedService> = found.into_iter().flatten().collect();
    services.sort_by(|a, b| (a.order, &a.name, &a.handle).cmp(&(b.order, &b.name, &b.handle)));
    Ok(services)
}

/// Looks at one service.
pub(super) async fn seen(docker: &Docker, service: &str) -> Result<Option<ObservedService>, Error> {
    let found = container::inspect(docker, service).await?;
    let network = labels::network_name(&docker.identity);
    understand(docker, found, &network).await
}

/// Looks at one container. One that was removed since the list was made is simply gone.
async fn look(
    docker: &Docker,
    id: String,
    network: &str,
) -> Result<Option<ObservedService>, Error> {
    let found = container::inspect_by(docker, &id).await?;
    understand(docker, found, network).await
}

async fn understand(
    docker: &Docker,
    found: Option<ContainerInspectResponse>,
    network: &str,
) -> Result<Option<ObservedService>, Error> {
    let Some(found) = found.filter(|found| container::is_ours(docker, found)) else {
        return Ok(None);
    };
    let labels = container::labels_of(&found);
    let has_files = labels.is_some_and(|labels| labels.contains_key(labels::FILES));
    let mut service = service(found, network);
    if has_files {
        service.files = files::digests_of(docker, &service.handle).await?;
    }
    Ok(Some(service))
}

fn service(container: ContainerInspectResponse, network: &str) -> ObservedService {
    let ports = ports::published(&container);
    let settings = container.network_settings.as_ref();
    let networks = settings.and_then(|settings| settings.networks.as_ref());
    let attached = networks.is_some_and(|networks| networks.contains_key(network));
    let created = container.created.as_deref();
    let created = created.and_then(|time| humantime::parse_rfc3339_weak(time).ok());
    let pulse = container::pulse_of(&container);
    let started = container::started(container.state.as_ref());
    let (reference, mut labels) = match container.config {
        Some(config) => (
            config.image.unwrap_or_default(),
            config.labels.unwrap_or_default(),
        ),
        None => (String::new(), HashMap::new()),
    };
    let is_task = labels
        .get(labels::ROLE)
        .is_some_and(|role| role == labels::role_text(Role::Task));
    let name = labels.remove(labels::NAME).unwrap_or_default();
    let service = labels.remove(labels::SERVICE);
    ObservedService {
        service: service.unwrap_or_else(|| name.clone()),
        name,
        role: if is_task { Role::Task } else { Role::Service },
        handle: container.id.unwrap_or_default(),
        hash: labels.remove(labels::HASH).unwrap_or_default(),
        image: ImageHandle {
            id: container.image.unwrap_or_default(),
            reference,
        },
        state: pulse.state,
        restarts: pulse.restarts,
        ran: pulse.ran,
        started,
        defect: (!attached).then_some(Defect::OffNetwork),
        order: labels
            .get(labels::ORDER)
            .and_then(|order| order.parse().ok())
            .unwrap_or_default(),
        ports,
        made: MadeWith {
            profiles: labels::from_json(labels.get(labels::PROFILES)),
            sets: labels::from_json(labels.get(labels::SETS)),
            created,
        },
        files: BTreeMap::new(),
    }
}

async fn volumes(docker: &Docker) -> Result<BTreeMap<String, String>, Error> {
    let options = ListVolumesOptions {
        filters: Some(labels::filter(&docker.identity)),
    };
    let call = || docker.client.api().list_volumes(Some(options.clone()));
    let answer = docker.client.read("list the volumes", call).await?;
    let volumes = answer.volumes.unwrap_or_default().into_iter();
    Ok(volumes
        .filter(|volume| labels::is_ours(&docker.identity, Some(&volume.labels)))
        .map(|mut volume| {
            let name = volume.labels.remove(labels::NAME);
            (name.unwrap_or_else(|| volume.name.clone()), volume.name)
        })
        .collect())
}
