//! Building with the daemon's classic builder. The image gets its name when it is whole.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, PoisonError};

use bollard::models::BuildInfo;
use bollard::query_parameters::{BuildImageOptions, TagImageOptions};
use futures_util::StreamExt as _;

use super::Images;
use super::TurnLock;
use super::context::BuildContext;
use super::fingerprint::{self, Argument};
use super::source::NoImage;
use super::upload::channel_of_bytes;
use super::{ensure, local, name};
use crate::engine::ImageHandle;
use crate::engine::docker::client::Fault;
use crate::engine::docker::labels;
use crate::host::{LastLines, Lines};
use crate::model::Build;
use crate::tell::{Progress, StepEvents, Unit};

/// Builds an image; `prepare` makes its context before.
pub(super) async fn build(
    images: &Images,
    (image, build): (&str, &Build),
    bases: &BTreeMap<String, ImageHandle>,
    step: &StepEvents,
) -> Result<ImageHandle, NoImage> {
    let arguments = fingerprint::arguments(build, bases).map_err(NoImage::because)?;
    let workspace = &images.workspace;
    // Read before `prepare` runs: what changes meanwhile makes another hash the next time.
    let inputs = if build.prepare.is_some() {
        Some(content_of(build, workspace).await?)
    } else {
        None
    };
    if let Some(prepare) = &build.prepare {
        let made_from = inputs.as_deref().unwrap_or_default();
        images.prepared.run(prepare, made_from, step).await?;
    }
    let turn = turn(images, build);
    let _turn = turn.lock().await;
    let context = read_context(build).await?;
    step.message("building");
    let mut log = BuildLog::new(step);
    let (id, sent) = match send(images, (image, build), (&arguments, context), &mut log).await {
        Ok(made) => made,
        Err(NoImage::Failed { reason, .. }) => {
            let output = log.into_last_lines();
            return Err(NoImage::Failed { reason, output });
        }
        Err(error @ NoImage::Engine(_)) => return Err(error),
    };
    let made_from = inputs.unwrap_or(sent);
    let hash = fingerprint::built(build, &arguments, &made_from, workspace);
    give_name(images, image, &hash, id).await
}

/// Returns what equal builds of this run wait for.
fn turn(images: &Images, build: &Build) -> TurnLock {
    let mut builds = images.builds.lock().unwrap_or_else(PoisonError::into_inner);
    let known = builds.iter().find(|(other, _)| other == build);
    if let Some((_, turn)) = known {
        return Arc::clone(turn);
    }
    let turn = TurnLock::default();
    builds.push((build.clone(), Arc::clone(&turn)));
    turn
}

async fn content_of(build: &Build, workspace: &std::path::Path) -> Result<String, NoImage> {
    let (build, workspace) = (build.clone(), workspace.to_owned());
    blocking(move || fingerprint::build_content(&build, &workspace)).await
}

async fn read_context(build: &Build) -> Result<BuildContext, NoImage> {
    let (root, dockerfile) = (build.context.clone(), build.dockerfile.clone());
    blocking(move || BuildContext::read(&root, &dockerfile)).await
}

/// Does file work off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, NoImage> {
    let result = tokio::task::spawn_blocking(work).await;
    let result = result.unwrap_or_else(|broken| Err(io::Error::other(broken)));
    result.map_err(|error| NoImage::because(error.to_string()))
}

/// Gives a whole image its name. When another run was faster, its image stays, since containers
/// may have been made from it, and ours goes.
pub(super) async fn give_name(
    images: &Images,
    image: &str,
    hash: &str,
    id: String,
) -> Result<ImageHandle, NoImage> {
    let (repository, tag) = name::ours(image, hash);
    let reference = format!("{repository}:{tag}");
    if let Some(there) = local::find(images, &reference).await? {
        if there.id != id {
            ensure::remove(images, &id).await;
        }
        return Ok(there);
    }
    let options = TagImageOptions {
        repo: Some(repository),
        tag: Some(tag),
    };
    let call = images.client.api().tag_image(&id, Some(options));
    match images.client.raw(call).await {
        Ok(()) => Ok(ImageHandle { id, reference }),
        Err(fault) => {
            let doing = format!("name the image {reference}");
            Err(NoImage::call(&images.client, &doing, fault))
        }
    }
}

/// Sends the context and follows the build; returns the image's id and the digest of what was
/// sent, which is what the image is named by.
async fn send(
    images: &Images,
    (image, build): (&str, &Build),
    (arguments, context): (&[Argument], BuildContext),
    log: &mut BuildLog<'_>,
) -> Result<(String, String), NoImage> {
    let (uploader, body) = channel_of_bytes();
    let writing = blocking(move || {
        let mut writer = uploader.into_writer();
        let digest = context.write(&mut writer)?;
        writer.end()?;
        Ok(digest)
    });
    let body = bollard::body_try_stream(body);
    let options = options(image, build, arguments);
    let (api, meter) = images.client.long_streaming();
    let mut answers = api.build_image(options, None, Some(body));
    // It owns the answer, so that an early end also ends the upload.
    let following = async move {
        let mut id = None;
        while let Some(answer) = answers.next().await {
            if let Some(made) = log.take_in(meter.take(answer)?) {
                id = Some(made);
            }
        }
        Ok::<_, Fault>(id)
    };
    // A file that cannot be read breaks the upload off, and both sides say so.
    let (digest, id) = tokio::join!(writing, following);
    let id = match (id, &digest) {
        (Ok(id), _) => id,
        (Err(Fault::Broken(_)), Err(_)) => None,
        (Err(fault), _) => return Err(NoImage::call(&images.client, "build", fault)),
    };
    let digest = digest?;
    let id = id.ok_or_else(|| NoImage::because("the builder named no image"))?;
    Ok((id, digest))
}

fn options(image: &str, build: &Build, arguments: &[Argument]) -> BuildImageOptions {
    let arguments: HashMap<String, String> = arguments
        .iter()
        .map(|argument| (argument.name.clone(), argument.value.clone()))
        .collect();
    BuildImageOptions {
        dockerfile: build.dockerfile.display().to_string(),
        buildargs: Some(arguments),
        labels: Some(labels::of_image(image)),
        target: build.target.clone().unwrap_or_default(),
        rm: true,
        forcerm: true,
        ..BuildImageOptions::default()
    }
}

/// What the builder prints.
struct BuildLog<'a> {
    step: &'a StepEvents,
    lines: Lines,
    last: LastLines,
}

impl<'a> BuildLog<'a> {
    fn new(step: &'a StepEvents) -> Self {
        Self {
            step,
            lines: Lines::default(),
            last: LastLines::default(),
        }
    }

    /// Takes in a piece of the answer and returns the id of the image when it is made.
    fn take_in(&mut self, info: BuildInfo) -> Option<String> {
        // A base that the daemon pulls reports by `status`, without line ends.
        let status = info.status.map(|status| status + "\n");
        let text = info.stream.or(status).unwrap_or_default();
        for line in self.lines.push(text.as_bytes()) {
            self.line(line);
        }
        info.aux?.id
    }

    fn line(&mut self, line: String) {
        if line.is_empty() {
            return;
        }
        if let Some((done, total)) = step_of(&line) {
            self.step.progress(Progress {
                done,
                total: Some(total),
                unit: Unit::Steps,
                doing: Some(line.clone()),
            });
        }
        self.step.output(line.clone());
        self.last.push(line);
    }

    fn into_last_lines(mut self) -> Vec<String> {
        if let Some(line) = self.lines.finish() {
            self.line(line);
        }
        self.last.into_vec()
    }
}

/// Reads `Step 3/7 : RUN …`: two steps are done when the third begins.
fn step_of(line: &str) -> Option<(u64, u64)> {
    let (numbers, _) = line.strip_prefix("Step ")?.split_once(" : ")?;
    let (current, total) = numbers.split_once('/')?;
    let (current, total): (u64, u64) = (current.parse().ok()?, total.parse().ok()?);
    Some((current.checked_sub(1)?, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read() {
        assert_eq!(step_of("Step 3/7 : RUN true"), Some((2, 7)));
        assert_eq!(step_of("Step 1/7 : FROM a"), Some((0, 7)));
        assert_eq!(step_of(" ---> Running in 0123"), None);
        assert_eq!(step_of("Step by step : x"), None);
    }
}
