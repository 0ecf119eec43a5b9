//! The walk along an image's sources: a local copy, pull, build, load.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::query_parameters::{ListImagesOptions, RemoveImageOptions};

use super::Images;
use super::source::NoImage;
use super::{build, load, local, note, pull};
use crate::engine::docker::labels;
use crate::engine::{Error, ImageHandle, ImageOutcome, ImageSpec, Provenance};
use crate::host::Note;
use crate::tell::StepEvents;

/// An image is young until then: a run may be about to name it, or to use it. A nameless one that is
/// older was left by a run that is gone.
const YOUNG: Duration = Duration::from_mins(10);

/// Returns when images were made, in Unix seconds, that are just young no more.
pub(in crate::engine::docker) fn horizon() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let horizon = now.unwrap_or_default().saturating_sub(YOUNG);
    i64::try_from(horizon.as_secs()).unwrap_or(i64::MAX)
}

/// Makes an image available from the first source that can give it.
pub(in crate::engine::docker) async fn ensure(
    images: &Images,
    spec: &ImageSpec,
    bases: &BTreeMap<String, ImageHandle>,
    step: &StepEvents,
) -> Result<ImageOutcome, Error> {
    let mut tried = Tried::default();
    if let Some(handle) = local::copy_of(images, spec, bases).await? {
        return Ok(tried.followed_by(handle, Provenance::Local));
    }
    if let Some(reference) = &spec.image.pull {
        let answer = pull::pull(images, reference, spec.pull_timeout, step).await;
        if let Some(handle) = tried.note(format!("pull {reference}"), answer)? {
            return Ok(tried.followed_by(handle, Provenance::Pulled));
        }
    }
    if spec.image.build.is_some() || spec.image.load.is_some() {
        remove_leftovers(images, &spec.name).await;
    }
    if let Some(declared) = &spec.image.build {
        let note = note::of_build(images, &spec.name, declared).await;
        let folder = relative(&declared.context, &images.workspace);
        let answer = Box::pin(build::build(images, (&spec.name, declared), bases, step)).await;
        if let Some(handle) = tried.note(format!("build {folder}"), answer)? {
            return Ok(tried.made_by(handle, Provenance::Built, note));
        }
    }
    if let Some(command) = &spec.image.load {
        let note = note::of_load(images, &spec.name, command).await;
        let answer = Box::pin(load::load(images, (&spec.name, command), step)).await;
        if let Some(handle) = tried.note(format!("load {}", command.command.join(" ")), answer)? {
            return Ok(tried.made_by(handle, Provenance::Loaded, note));
        }
    }
    Err(Error::Image {
        image: spec.name.clone(),
        attempts: tried.attempts,
        output: tried.output,
    })
}

/// The sources that gave nothing.
#[derive(Default)]
struct Tried {
    attempts: Vec<(String, String)>,
    output: Vec<String>,
}

impl Tried {
    fn note(
        &mut self,
        source: String,
        answer: Result<ImageHandle, NoImage>,
    ) -> Result<Option<ImageHandle>, Error> {
        match answer {
            Ok(handle) => Ok(Some(handle)),
            Err(NoImage::Engine(error)) => Err(error),
            Err(NoImage::Failed { reason, output }) => {
                self.attempts.push((source, reason));
                if !output.is_empty() {
                    self.output = output;
                }
                Ok(None)
            }
        }
    }

    fn made_by(self, handle: ImageHandle, source: Provenance, note: Option<Note>) -> ImageOutcome {
        note.iter().for_each(Note::keep);
        ImageOutcome {
            since: note.and_then(|note| note.since),
            ..self.followed_by(handle, source)
        }
    }

    fn followed_by(self, handle: ImageHandle, source: Provenance) -> ImageOutcome {
        let attempts = self.attempts.into_iter();
        ImageOutcome {
            handle,
            source,
            since: None,
            passed_over: attempts
                .map(|(source, reason)| format!("{source}: {reason}"))
                .collect(),
            warning: None,
        }
    }
}

/// Returns a path as people write it: from the workspace on.
pub(super) fn relative(path: &Path, workspace: &Path) -> String {
    let path = path.strip_prefix(workspace).unwrap_or(path);
    path.display().to_string()
}

/// Removes imports that a killed run left without a name; whatever prevents that is no harm.
async fn remove_leftovers(images: &Images, name: &str) {
    let label = format!("{}={name}", labels::IMAGE);
    let options = ListImagesOptions {
        filters: Some(HashMap::from([
            ("dangling".to_owned(), vec!["true".to_owned()]),
            ("label".to_owned(), vec![label]),
        ])),
        ..ListImagesOptions::default()
    };
    let call = images.client.api().list_images(Some(options));
    let Ok(left) = images.client.raw(call).await else {
        return;
    };
    let old = 0..horizon();
    for image in left.into_iter().filter(|it| old.contains(&it.created)) {
        remove(images, &image.id).await;
    }
}

/// Removes an image that got no name, if it can be removed.
pub(super) async fn remove(images: &Images, id: &str) {
    let options = RemoveImageOptions::default();
    let call = images.client.api().remove_image(id, Some(options), None);
    let _ = images.client.raw(call).await;
}
