//! The images of an environment, in the order in which they can be made.

use std::time::Duration;

use crate::engine::{ImageSpec, Program, ProgramSpec, Provision};
use crate::model::{Environment, Image, ImageSource, Reference, Template};

/// How long a pull may take.
const PULL_TIMEOUT: Duration = Duration::from_mins(15);

/// An image, and the images that it is made from; or a program.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredImage {
    pub spec: Provision,
    pub bases: Vec<String>,
}

impl DesiredImage {
    /// Whether it is a program with a build.
    pub(crate) fn is_built_here(&self) -> bool {
        let Provision::Program(program) = &self.spec else {
            return false;
        };
        matches!(&program.program, Program::Command { build, .. } if build.is_some())
    }

    /// Whether it is a program of the workspace that has no build of its own.
    pub(crate) fn is_only_found(&self) -> bool {
        let Provision::Program(program) = &self.spec else {
            return false;
        };
        matches!(&program.program, Program::Command { build, .. } if build.is_none())
    }

    /// Whether the build of another program may make it: only a file of its own place is made, and
    /// not what is found by its name.
    pub(crate) fn may_be_built_by_others(&self) -> bool {
        let Provision::Program(program) = &self.spec else {
            return false;
        };
        let named =
            matches!(&program.program, Program::Command { program, .. } if program.contains('/'));
        named && self.is_only_found()
    }

    /// Whether what it is built from is not known, since the command of a secret was not run.
    pub fn is_unread(&self) -> bool {
        let Provision::Image(image) = &self.spec else {
            return false;
        };
        let mut builds = image.image.build.iter();
        builds.any(|build| build.args.values().any(Template::is_unread))
    }
}

/// Returns the declared images, bases first, and one for each plain reference.
pub(super) fn desired_images<'a>(
    environment: &Environment,
    sources: impl Iterator<Item = &'a ImageSource>,
) -> Vec<DesiredImage> {
    let mut images: Vec<DesiredImage> = Vec::new();
    let mut waiting: Vec<&String> = environment.images.keys().collect();
    // The declaration has no cycle, so every round places at least one.
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|name| {
            let bases = bases(&environment.images[*name]);
            let placed = |base: &String| images.iter().any(|image| image.spec.name() == base);
            let ready = bases.iter().all(placed);
            if ready {
                let image = environment.images[*name].clone();
                images.push(DesiredImage {
                    spec: image_spec(name, image),
                    bases,
                });
            }
            !ready
        });
        assert!(
            waiting.len() < before,
            "configuration refuses images that need each other"
        );
    }
    for source in sources {
        let ImageSource::Reference(reference) = source else {
            continue;
        };
        if images.iter().all(|image| image.spec.name() != reference) {
            let image = Image {
                pull: Some(reference.clone()),
                ..Image::default()
            };
            images.push(DesiredImage {
                spec: image_spec(reference, image),
                bases: Vec::new(),
            });
        }
    }
    images
}

/// Returns the program of a service that runs as a process.
pub(super) fn program(service: &str, program: Program) -> DesiredImage {
    DesiredImage {
        spec: Provision::Program(Box::new(ProgramSpec {
            service: service.to_owned(),
            program,
        })),
        bases: Vec::new(),
    }
}

fn image_spec(name: &str, image: Image) -> Provision {
    Provision::Image(Box::new(ImageSpec {
        name: name.to_owned(),
        image,
        pull_timeout: PULL_TIMEOUT,
    }))
}

fn bases(image: &Image) -> Vec<String> {
    let args = image.build.iter().flat_map(|build| build.args.values());
    args.flat_map(Template::references)
        .filter_map(|reference| match reference {
            Reference::Image(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}
