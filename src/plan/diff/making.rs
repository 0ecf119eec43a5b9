//! What services are made from: images, or programs.

use super::Diff;
use crate::engine::{Program, Provision};
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
            if !self.observation.engine.images.contains_key(name) {
                let after = image.bases.iter();
                let after = after
                    .filter_map(|base| self.images.get(base.as_str()))
                    .copied();
                let mut after: Vec<usize> = after.collect();
                if image.is_only_found() {
                    after.extend(&builds);
                }
                let step = Step::EnsureImage(Box::new((*image).clone()));
                let node = self.plan.push(step, cause_of(image), after);
                self.images.insert(name, node);
                if image.is_built_here() {
                    builds.push(node);
                }
            }
        }
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
