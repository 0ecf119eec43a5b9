//! What an image is about to be made from, to name what changed since the last time.

use super::Images;
use super::context::BuildContext;
use crate::host::{Listing, Note, declare};
use crate::model::{Build, Digest, HostCommand};

/// Lists what a build counts: the inputs of its `prepare`, else its context.
pub(super) async fn of_build(images: &Images, image: &str, build: &Build) -> Option<Note> {
    if let Some(prepare) = &build.prepare {
        return of_load(images, image, prepare).await;
    }
    let mut name = Digest::new();
    name.field("image", image);
    for path in [&build.context, &build.dockerfile] {
        name.field("path", path.as_os_str().as_encoded_bytes());
    }
    let (build, workspace) = (build.clone(), images.workspace.clone());
    let list = move || {
        let context = BuildContext::read(&build.context, &build.dockerfile);
        context.ok()?.listing(&workspace)
    };
    note(images, name, list).await
}

/// Lists what a command is declared to read.
pub(super) async fn of_load(images: &Images, image: &str, command: &HostCommand) -> Option<Note> {
    let mut name = Digest::new();
    name.field("image", image);
    declare(&mut name, command, &images.workspace);
    for path in &command.inputs {
        name.field("path", path.as_os_str().as_encoded_bytes());
    }
    let (inputs, workspace) = (command.inputs.clone(), images.workspace.clone());
    let list = move || Listing::of_inputs(&inputs, &workspace);
    note(images, name, list).await
}

async fn note(
    images: &Images,
    name: Digest,
    list: impl FnOnce() -> Option<Listing> + Send + 'static,
) -> Option<Note> {
    let (folder, workspace) = (images.notes.clone()?, images.workspace.clone());
    let noting = tokio::task::spawn_blocking(move || {
        let now = list()?;
        Some(Note::take(&folder, (&workspace, &name.finish()), now))
    });
    noting.await.ok().flatten()
}
