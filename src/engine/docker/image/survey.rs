//! How each image would be had, found out without making one: the sources in the order in which
//! they would be tried, each asked only when those before it have nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Images;
use super::source::NoImage;
use super::{bases, ensure, local, pull};
use crate::engine::{Error, ImageHandle, ImageSpec, Prospect, Provision};
use crate::host::{Obstacle, can_run};
use crate::model::Build;

/// Looks for a local copy of each image, else for a source that can give it. What others are made
/// from stands before them.
pub(in crate::engine::docker) async fn survey(
    images: &Images,
    provisions: &[Provision],
) -> Result<Vec<Prospect>, Error> {
    let current = local::current(images, provisions).await?;
    let mut prospects: Vec<Prospect> = Vec::with_capacity(provisions.len());
    for image in local::declared(provisions) {
        let had = prospects.iter().filter(|it| it.outcome.is_ok());
        let had = had.map(|it| it.name.as_str()).collect();
        prospects.push(Prospect {
            name: image.name.clone(),
            outcome: prospect(images, image, &current, &had).await?,
        });
    }
    Ok(prospects)
}

async fn prospect(
    images: &Images,
    spec: &ImageSpec,
    current: &BTreeMap<String, ImageHandle>,
    had: &BTreeSet<&str>,
) -> Result<Result<String, Obstacle>, Error> {
    if let Some(handle) = current.get(&spec.name) {
        return Ok(Ok(format!("there: {}", handle.reference)));
    }
    let mut obstacles = SourceObstacles::default();
    if let Some(reference) = &spec.image.pull {
        let source = format!("pull {reference}");
        match pull::look(images, reference).await {
            Ok(()) => return Ok(Ok(source)),
            Err(NoImage::Engine(error)) => return Err(error),
            Err(NoImage::Failed { reason, .. }) => obstacles.add(&source, &reason, None),
        }
    }
    if let Some(build) = &spec.image.build {
        let folder = ensure::relative(&build.context, &images.workspace);
        let source = format!("build {folder}");
        let missing = match can_build(images, build, local::bases(&spec.image), had) {
            Ok(()) => bases::obstacle(images, build, current).await?,
            Err(missing) => Some(missing),
        };
        match missing {
            None => return Ok(Ok(source)),
            Some(missing) => obstacles.add(&source, &missing.reason, missing.hint),
        }
    }
    if let Some(command) = &spec.image.load {
        let source = format!("load {}", command.command.join(" "));
        match can_run(command, &images.search_path) {
            Ok(()) => return Ok(Ok(source)),
            Err(missing) => obstacles.add(&source, &missing.reason, missing.hint),
        }
    }
    Ok(Err(obstacles.into_one()))
}

fn can_build<'a>(
    images: &Images,
    build: &Build,
    mut bases: impl Iterator<Item = &'a str>,
    had: &BTreeSet<&str>,
) -> Result<(), Obstacle> {
    if let Some(base) = bases.find(|base| !had.contains(base)) {
        return Err(because(format!("its base `{base}` cannot be had")));
    }
    match &build.prepare {
        Some(prepare) => can_run(prepare, &images.search_path),
        None if build.context.join(&build.dockerfile).is_file() => Ok(()),
        None => {
            let file = build.context.join(&build.dockerfile);
            let file = ensure::relative(&file, &images.workspace);
            Err(because(format!("there is no file {file}")))
        }
    }
}

pub(super) fn because(reason: String) -> Obstacle {
    Obstacle { reason, hint: None }
}

/// What stands in the way of each source.
#[derive(Default)]
struct SourceObstacles {
    reasons: Vec<String>,
    hint: Option<String>,
}

impl SourceObstacles {
    fn add(&mut self, source: &str, reason: &str, hint: Option<String>) {
        self.reasons.push(format!("{source}: {reason}"));
        self.hint = self.hint.take().or(hint);
    }

    fn into_one(self) -> Obstacle {
        Obstacle {
            reason: self.reasons.join("; "),
            hint: self.hint,
        }
    }
}
