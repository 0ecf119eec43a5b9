//! Services, images and words as an environment declares them, with what tests leave out.

use std::path::PathBuf;
use std::time::Duration;

use envctl::engine::{ImageSpec, PortSpec, Provision, Role, ServiceSpec};
use envctl::model::{HostCommand, HostPort, Image, ImageSource, Mount, MountSource, Secret};
use indexmap::IndexMap;

use crate::networking::LOOPBACK;

/// What a service does that only has to be there; it ends at once when it is told to.
pub(crate) const IDLE: &str = "trap 'exit 0' TERM; while true; do sleep 0.05; done";

pub(crate) fn secrets(words: &[&str]) -> Vec<Secret> {
    words.iter().map(|word| Secret::new(*word)).collect()
}

/// Returns a service that stops within a second.
pub(crate) fn service(name: &str) -> ServiceSpec {
    let image = ImageSource::Named("busybox".to_owned());
    ServiceSpec {
        stop_grace_period: Duration::from_secs(1),
        order: 1,
        ..ServiceSpec::new(name, Role::Service, image)
    }
}

/// Returns a port that only this machine reaches.
pub(crate) fn port(name: &str, container: u16, host: HostPort) -> PortSpec {
    PortSpec {
        name: name.to_owned(),
        container,
        host,
        bind: LOOPBACK,
    }
}

/// Returns the volume `data`, mounted on a folder.
pub(crate) fn data_on(target: &str) -> Mount {
    Mount {
        source: MountSource::Volume("data".to_owned()),
        target: target.to_owned(),
        read_only: false,
    }
}

/// Returns an image that a command writes.
pub(crate) fn loaded(name: &str, command: &[&str], working_dir: &str) -> Provision {
    image(
        name,
        Image {
            load: Some(HostCommand {
                command: command.iter().map(|word| (*word).to_owned()).collect(),
                working_dir: PathBuf::from(working_dir),
                inputs: Vec::new(),
                environment: IndexMap::new(),
            }),
            ..Image::default()
        },
    )
}

pub(crate) fn image(name: &str, image: Image) -> Provision {
    Provision::Image(Box::new(ImageSpec {
        name: name.to_owned(),
        image,
        pull_timeout: Duration::from_secs(20),
    }))
}

/// Returns what an image declares, to be changed.
pub(crate) fn declared(provision: &mut Provision) -> &mut Image {
    match provision {
        Provision::Image(spec) => &mut spec.image,
        Provision::Program(_) => panic!("this is no image"),
    }
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap().trim_end()
}
