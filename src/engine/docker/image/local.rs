//! Which images are there and current, found without any network.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use super::Images;
use super::{fingerprint, name};
use crate::engine::{Error, Handles, ImageHandle, ImageSpec, Provision};
use crate::model::{Build, HostCommand, Image, Part, Reference};

/// Returns the current image of each spec that needs no work. An image whose base is not current
/// is not either, unless it comes from a source that needs no base.
pub(in crate::engine::docker) async fn current(
    images: &Images,
    provisions: &[Provision],
) -> Result<Handles, Error> {
    let mut found = Handles::new();
    let mut left: Vec<&ImageSpec> = declared(provisions).collect();
    // Bases first; each round settles at least one, and what is left then is a cycle.
    while !left.is_empty() {
        let open: BTreeSet<&str> = left.iter().map(|spec| spec.name.as_str()).collect();
        let (now, later): (Vec<&ImageSpec>, Vec<&ImageSpec>) = left
            .iter()
            .partition(|spec| !bases(&spec.image).any(|base| open.contains(base)));
        if now.is_empty() {
            break;
        }
        let looks = now.iter().map(|spec| copy_of(images, spec, &found));
        let copies = try_join_all(looks).await?;
        let copies = now.iter().zip(copies);
        found.extend(copies.filter_map(|(spec, copy)| Some((spec.name.clone(), copy?))));
        left = later;
    }
    Ok(found)
}

/// Returns those that are images.
pub(super) fn declared(provisions: &[Provision]) -> impl Iterator<Item = &ImageSpec> {
    provisions.iter().filter_map(|provision| match provision {
        Provision::Image(image) => Some(&**image),
        Provision::Program(_) => None,
    })
}

/// Returns the images that an image is built on.
pub(super) fn bases(image: &Image) -> impl Iterator<Item = &str> {
    let build = image.build.iter();
    let templates = build.flat_map(|build| build.args.values());
    let parts = templates.flat_map(|template| &template.parts);
    parts.filter_map(|part| match part {
        Part::Reference(Reference::Image(name)) => Some(name.as_str()),
        Part::Reference(_) | Part::Text(_) | Part::Secret(_) => None,
    })
}

/// Returns a local copy that is current, whichever source it is from.
pub(super) async fn copy_of(
    images: &Images,
    spec: &ImageSpec,
    bases: &Handles,
) -> Result<Option<ImageHandle>, Error> {
    if let Some(reference) = &spec.image.pull
        && name::is_reference(reference)
        && let Some(handle) = find(images, reference).await?
    {
        return Ok(Some(handle));
    }
    if let Some(build) = &spec.image.build
        && let Some(hash) = hash_of_build(images, build, bases).await
        && let Some(handle) = find_ours(images, &spec.name, &hash).await?
    {
        return Ok(Some(handle));
    }
    if let Some(load) = &spec.image.load
        && let Some(hash) = hash_of_load(images, load).await
    {
        return find_ours(images, &spec.name, &hash).await;
    }
    Ok(None)
}

/// Returns the image of a reference.
pub(super) async fn find(images: &Images, reference: &str) -> Result<Option<ImageHandle>, Error> {
    let call = || images.client.api().inspect_image(reference);
    let doing = format!("look at the image {reference}");
    let found = images.client.find(&doing, call).await?;
    Ok(found.map(|image| ImageHandle {
        id: image.id.unwrap_or_default(),
        reference: reference.to_owned(),
    }))
}

async fn find_ours(images: &Images, name: &str, hash: &str) -> Result<Option<ImageHandle>, Error> {
    let (repository, tag) = name::ours(name, hash);
    find(images, &format!("{repository}:{tag}")).await
}

/// Returns the hash that the built image has now; `None` when its inputs cannot be read, which
/// the build itself will say better.
async fn hash_of_build(images: &Images, build: &Build, bases: &Handles) -> Option<String> {
    let arguments = fingerprint::arguments(build, bases).ok()?;
    let (build, workspace) = (build.clone(), images.workspace.clone());
    let hash = tokio::task::spawn_blocking(move || {
        let content = fingerprint::build_content(&build, &workspace).ok()?;
        Some(fingerprint::built(&build, &arguments, &content, &workspace))
    });
    hash.await.ok().flatten()
}

async fn hash_of_load(images: &Images, load: &HostCommand) -> Option<String> {
    let (load, workspace) = (load.clone(), images.workspace.clone());
    let hash = tokio::task::spawn_blocking(move || fingerprint::loaded(&load, &workspace).ok());
    hash.await.ok().flatten()
}
