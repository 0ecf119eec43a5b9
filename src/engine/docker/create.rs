//! Making a service's container.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, Mount, MountType, MountVolumeOptions,
    NetworkingConfig, PortBinding, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::CreateContainerOptions;

use super::{Docker, container, files, labels};
use crate::engine::{Error, Identity, Launch, PortSpec, ServiceSpec, host_of_replica};
use crate::model::{HostPort, MountSource, Restart, Secret};

/// How often the name may be taken again between a removal and a creation.
const ATTEMPTS_MAX: u32 = 3;

/// Creates a container; one of this instance that has its name gives way.
pub(super) async fn create(
    docker: &Docker,
    spec: &ServiceSpec,
    launch: &Launch,
) -> Result<(), Error> {
    let name = labels::container_name(&docker.identity, &spec.name);
    let doing = format!("create the container {name}");
    let mut body = body(&docker.identity, spec, launch);
    if spec.is_told() {
        body.stop_signal = Some(stop_signal(docker, spec, launch).await?);
    }
    let mut attempts = 0;
    loop {
        let options = CreateContainerOptions {
            name: Some(name.clone()),
            platform: String::new(),
        };
        let call = docker
            .client
            .api()
            .create_container(Some(options), body.clone());
        let fault = match docker.client.raw(call).await {
            Ok(made) => {
                let given = files::give(docker, &made.id, &launch.files).await;
                if given.is_err() {
                    // The failure that led here is the one to report.
                    let _ = container::remove(docker, &made.id).await;
                }
                return given;
            }
            Err(fault) => fault,
        };
        attempts += 1;
        // Where the answer was lost, the name says whether it was made: it is taken then.
        let again = fault.status() == Some(409) || fault.is_lost();
        if !again || attempts == ATTEMPTS_MAX {
            return Err(docker.client.error(&doing, fault));
        }
        Box::pin(make_room(docker, &spec.name, &name)).await?;
    }
}

/// Returns the signal that stops a container, which has to be said where it is sent others: without
/// one the daemon takes every signal for the end, and starts the container never again.
async fn stop_signal(
    docker: &Docker,
    spec: &ServiceSpec,
    launch: &Launch,
) -> Result<String, Error> {
    if let Some(signal) = &spec.stop_signal {
        return Ok(signal.clone());
    }
    let reference = &launch.image.reference;
    let call = || docker.client.api().inspect_image(reference);
    let doing = format!("look at the image {reference}");
    let image = docker.client.read(&doing, call).await?;
    let declared = image.config.and_then(|config| config.stop_signal);
    let declared = declared.filter(|signal| !signal.is_empty());
    Ok(declared.unwrap_or_else(|| "SIGTERM".to_owned()))
}

/// Takes away the container that has the name, if it is this instance's.
async fn make_room(docker: &Docker, service: &str, name: &str) -> Result<(), Error> {
    let Some(holder) = container::inspect_by(docker, name).await? else {
        return Ok(());
    };
    if container::is_ours(docker, &holder) {
        return container::take_away(docker, &holder).await;
    }
    let (id, _) = container::identify(&holder);
    let owner = container::labels_of(&holder).and_then(|labels| labels.get(labels::ID));
    Err(Error::NameTaken {
        service: service.to_owned(),
        name: name.to_owned(),
        id: id.get(..12).unwrap_or(id).to_owned(),
        instance: owner.cloned(),
    })
}

fn body(identity: &Identity, spec: &ServiceSpec, launch: &Launch) -> ContainerCreateBody {
    let network = labels::network_name(identity);
    let exposed = spec.ports.iter().map(port_key).collect();
    let environment = launch.environment.iter();
    let environment = environment.map(|(name, value)| format!("{name}={}", value.expose()));
    let of_server = spec.told_variables();
    let of_server = of_server.map(|(name, value)| format!("{name}={value}"));
    ContainerCreateBody {
        hostname: Some(spec.name.clone()),
        image: Some(launch.image.reference.clone()),
        cmd: launch.command.as_deref().map(words),
        entrypoint: launch.entrypoint.as_deref().map(entrypoint),
        env: Some(environment.chain(of_server).collect()),
        exposed_ports: Some(exposed),
        user: spec.user.clone(),
        working_dir: spec.working_dir.clone(),
        labels: Some(labels::of_container(identity, spec, launch)),
        stop_signal: spec.stop_signal.clone(),
        // Rounded up: the daemon counts whole seconds, and 0 would kill at once.
        stop_timeout: i64::try_from(spec.stop_grace_period.as_millis().div_ceil(1000)).ok(),
        host_config: Some(host_config(identity, spec)),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(
                network,
                endpoint(&spec.name, &spec.service),
            )])),
        }),
        ..ContainerCreateBody::default()
    }
}

/// Returns how a service is connected to the instance's network: found by its name, and replicas
/// all by the name that they share. The name with a dot is that of one replica, whichever it is.
pub(super) fn endpoint(name: &str, service: &str) -> EndpointSettings {
    let mut aliases = vec![service.to_owned(), name.to_owned()];
    // Only a replica has both.
    aliases.dedup();
    aliases.push(host_of_replica(service, name));
    EndpointSettings {
        aliases: Some(aliases),
        ..EndpointSettings::default()
    }
}

fn words(command: &[Secret]) -> Vec<String> {
    command
        .iter()
        .map(|word| word.expose().to_owned())
        .collect()
}

/// An empty list means "none" in Compose; to the daemon it means "the image's".
fn entrypoint(command: &[Secret]) -> Vec<String> {
    if command.is_empty() {
        return vec![String::new()];
    }
    words(command)
}

fn host_config(identity: &Identity, spec: &ServiceSpec) -> HostConfig {
    let limits = spec.limits;
    let bindings = spec
        .ports
        .iter()
        .map(|port| (port_key(port), Some(vec![binding(identity, port)])));
    HostConfig {
        network_mode: Some(labels::network_name(identity)),
        port_bindings: Some(bindings.collect()),
        mounts: Some(mounts(identity, spec)),
        tmpfs: Some(spec.tmpfs.iter().map(|text| tmpfs(text)).collect()),
        nano_cpus: limits.nano_cpus.map(saturate),
        memory: limits.memory_bytes.map(saturate),
        pids_limit: limits.pids.map(i64::from),
        shm_size: spec.shm_size_bytes.map(saturate),
        restart_policy: Some(restart_policy(spec)),
        init: Some(false),
        ..HostConfig::default()
    }
}

fn port_key(port: &PortSpec) -> String {
    format!("{}/tcp", port.container)
}

/// Only the default instance takes the host ports that the environment names.
fn binding(identity: &Identity, port: &PortSpec) -> PortBinding {
    let host = match port.host {
        HostPort::Fixed(host) if identity.id.is_default() => host.to_string(),
        HostPort::Fixed(_) | HostPort::Any => String::new(),
    };
    PortBinding {
        host_ip: Some(port.bind.to_string()),
        host_port: Some(host),
    }
}

fn mounts(identity: &Identity, spec: &ServiceSpec) -> Vec<Mount> {
    let one = |mount: &crate::model::Mount| {
        let common = Mount {
            target: Some(mount.target.clone()),
            read_only: Some(mount.read_only),
            ..Mount::default()
        };
        match &mount.source {
            MountSource::Bind(path) => Mount {
                typ: Some(MountType::BIND),
                source: Some(path.display().to_string()),
                ..common
            },
            MountSource::Volume(name) => Mount {
                typ: Some(MountType::VOLUME),
                source: Some(labels::volume_name(identity, name)),
                // The daemon makes a volume that was removed in the meantime, and then with these.
                volume_options: Some(MountVolumeOptions {
                    labels: Some(labels::of_resource(identity, "volume", name)),
                    ..MountVolumeOptions::default()
                }),
                ..common
            },
        }
    };
    spec.mounts.iter().map(one).collect()
}

/// `/run` or, as in Compose, `/run:size=64m`.
fn tmpfs(text: &str) -> (String, String) {
    let (path, options) = text.split_once(':').unwrap_or((text, ""));
    (path.to_owned(), options.to_owned())
}

fn restart_policy(spec: &ServiceSpec) -> RestartPolicy {
    let (name, retries) = match spec.restart {
        // To the daemon, one that was ever sent a signal was stopped by hand.
        Restart::UnlessStopped if spec.is_told() => (RestartPolicyNameEnum::ALWAYS, None),
        Restart::No => (RestartPolicyNameEnum::NO, None),
        Restart::Always => (RestartPolicyNameEnum::ALWAYS, None),
        Restart::UnlessStopped => (RestartPolicyNameEnum::UNLESS_STOPPED, None),
        Restart::OnFailure { max_retries } => (RestartPolicyNameEnum::ON_FAILURE, max_retries),
    };
    RestartPolicy {
        name: Some(name),
        maximum_retry_count: retries.map(i64::from),
    }
}

fn saturate(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
