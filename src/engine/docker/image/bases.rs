//! Whether what a Dockerfile is built on can be had, found out before it is built.

use std::collections::BTreeMap;

use super::Images;
use super::dockerfile::{Arguments, Base, needs};
use super::source::NoImage;
use super::survey::because;
use super::{ensure, local, name, pull};
use crate::engine::{Error, ImageHandle};
use crate::host::Obstacle;
use crate::model::{Build, Part, Reference, Template};

/// Returns what of the Dockerfile keeps the daemon from building it. Nothing is known of one that
/// `prepare` makes.
pub(super) async fn obstacle(
    images: &Images,
    build: &Build,
    current: &BTreeMap<String, ImageHandle>,
) -> Result<Option<Obstacle>, Error> {
    let file = build.context.join(&build.dockerfile);
    if build.prepare.is_some() {
        return Ok(None);
    }
    // One that cannot be read is named better by the build.
    let Ok(text) = fs_err::read_to_string(&file) else {
        return Ok(None);
    };
    let needs = needs(&text, &arguments(build, current), build.target.as_deref());
    let shown = ensure::relative(&file, &images.workspace);
    if let (false, Some(target)) = (needs.has_target, &build.target) {
        return Ok(Some(because(format!("{shown} has no stage `{target}`"))));
    }
    if let Some((line, what)) = needs.buildkit
        && !is_podman(images).await
    {
        let reason = format!(
            "{shown}:{line}: {what} needs BuildKit, and envctl builds with the daemon's classic \
             builder"
        );
        return Ok(Some(because(reason)));
    }
    for base in &needs.bases {
        if let Some(reason) = missing(images, base).await? {
            return Ok(Some(because(format!("{shown}:{}: {reason}", base.line))));
        }
    }
    Ok(None)
}

/// Returns the arguments as far as they are known: an image of the environment that is still to be
/// made was asked for by itself.
fn arguments(build: &Build, current: &BTreeMap<String, ImageHandle>) -> Arguments {
    let value = |template: &Template| {
        let parts = template.parts.iter().map(|part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Secret(secret) if secret.is_unread() => None,
            Part::Secret(secret) => Some(secret.expose().to_owned()),
            Part::Reference(Reference::Image(name)) => Some(current.get(name)?.reference.clone()),
            Part::Reference(_) => None,
        });
        parts.collect::<Option<String>>()
    };
    let arguments = build.args.iter();
    arguments
        .map(|(name, template)| (name.clone(), value(template)))
        .collect()
}

/// Says why a base cannot be had: it is not there, and its registry does not give it.
async fn missing(images: &Images, base: &Base) -> Result<Option<String>, Error> {
    let Some(reference) = &base.reference else {
        return Ok(None);
    };
    if !name::is_reference(reference) {
        return Ok(Some(format!(
            "its base `{reference}` is no image's reference"
        )));
    }
    if local::find(images, reference).await?.is_some() {
        return Ok(None);
    }
    match pull::look(images, reference).await {
        Ok(()) => Ok(None),
        Err(NoImage::Engine(error)) => Err(error),
        Err(NoImage::Failed { reason, .. }) => {
            let what = format!("its base {reference} is not there and cannot be pulled");
            Ok(Some(format!("{what}: {reason}")))
        }
    }
}

/// Whether it is Podman, which builds as `BuildKit` does.
async fn is_podman(images: &Images) -> bool {
    let version = images.client.api().version().await;
    let components = version.ok().and_then(|version| version.components);
    let mut components = components.into_iter().flatten();
    components.any(|component| component.name.to_ascii_lowercase().contains("podman"))
}
