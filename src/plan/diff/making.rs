//! What services are made from: images, or programs.

use super::Diff;
use crate::engine::{ImageHandle, Program, Provision};
use crate::plan::images::DesiredImage;
use crate::plan::step::Step;

impl<'a> Diff<'a> {
    pub(super) fn ensure_images(&mut self, images: &[&'a DesiredImage]) {
        // What nothing builds of its own may be made by the build of another program.
        let (made, found): (Vec<&DesiredImage>, Vec<&DesiredImage>) =
            images.iter().partition(|image| !image.is_only_found());
        let mut builds = Vec::new();
        for image in made.into_iter().chain(found) {
            let name = image.spec.name();
            let seen = self.observation.images.contains_key(name);
            let follows = image.may_be_built_by_others() && !builds.is_empty();
            if !seen || follows {
                let after = image.bases.iter();
                let after = after
                    .filter_map(|base| self.images.get(base.as_str()))
                    .copied();
                let mut after: Vec<usize> = after.collect();
                if image.is_only_found() {
                    after.extend(&builds);
                }
                let step = Step::EnsureImage(Box::new((*image).clone()));
                let cause = if seen {
                    "a build of this run may change it"
                } else {
                    cause_of(image)
                };
                let node = self.plan.push(step, cause, after);
                self.images.insert(name, node);
                if image.is_built_here() {
                    builds.push(node);
                }
            }
        }
    }

    /// Returns an image or a program that was seen, unless a step of this run may change it.
    pub(super) fn settled_image(&self, name: &str) -> Option<&'a ImageHandle> {
        let seen = self.observation.images.get(name);
        seen.filter(|_| !self.images.contains_key(name))
    }

    /// Whether a run that needs this image or program may make another one of it than was seen.
    pub(super) fn may_change(&self, name: &str) -> bool {
        let seen = |image: &DesiredImage| {
            let images = &self.observation.images;
            images.contains_key(image.spec.name())
        };
        let mut images = self.desired.images.iter();
        let others = |image: &DesiredImage| image.is_built_here() && !seen(image);
        images
            .find(|image| image.spec.name() == name)
            .is_some_and(|image| {
                let builds = self.desired.images.iter().any(others);
                !seen(image) || (image.may_be_built_by_others() && builds)
            })
    }
}

/// Returns why an image or a program that is not known to be current has a step.
fn cause_of(image: &DesiredImage) -> &'static str {
    if image.is_unread() {
        return "an argument is a secret whose command was not run";
    }
    if let Provision::Program(spec) = &image.spec
        && let Program::Command {
            build: Some(build), ..
        } = &spec.program
        && build.inputs.is_empty()
    {
        return "its build names no inputs, so it is asked";
    }
    "not there, or made from other inputs"
}
