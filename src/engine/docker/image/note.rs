//! What an image is about to be made from, to name what changed since the last time.

use super::context::BuildContext;
use crate::engine::docker::Docker;
use crate::host::{Listing, Note, declare};
use crate::model::{Build, Digest, HostCommand};

/// Lists what a build counts: the inputs of its `prepare`, else its context.
pub(super) async fn of_build(docker: &Docker, image: &str, build: &Build) -> Option<Note> {
    if let Some(prepare) = &build.prepare {
        return of_load(docker, image, prepare).await;
    }
    let mut name = Digest::new();
    name.field("image", image);
    for path in [&build.context, &build.dockerfile] {
        name.field("path", path.as_os_str().as_encoded_bytes());
    }
    let (build, workspace) = (build.clone(), docker.identity.workspace.clone());
    let list = move || {
        let context = BuildContext::read(&build.context, &build.dockerfile);
        context.ok()?.listing(&workspace)
    };
    note(docker, name, list).await
}

/// Lists what a command is declared to read.
pub(super) async fn of_load(docker: &Docker, image: &str, command: &HostCommand) -> Option<Note> {
    let mut name = Digest::new();
    name.field("image", image);
    declare(&mut name, command, &docker.identity.workspace);
    for path in &command.inputs {
        name.field("path", path.as_os_str().as_encoded_bytes());
    }
    let (inputs, workspace) = (command.inputs.clone(), docker.identity.workspace.clone());
    let list = move || Listing::of_inputs(&inputs, &workspace);
    note(docker, name, list).await
}

async fn note(
    docker: &Docker,
    name: Digest,
    list: impl FnOnce() -> Option<Listing> + Send + 'static,
) -> Option<Note> {
    let (folder, workspace) = (docker.notes.clone()?, docker.identity.workspace.clone());
    let noting = tokio::task::spawn_blocking(move || {
        let now = list()?;
        Some(Note::take(&folder, (&workspace, &name.finish()), now))
    });
    noting.await.ok().flatten()
}
