//! Pulling from a registry: with a deadline, and without asking one again that gave no answer.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptions;
use futures_util::StreamExt as _;

use super::Images;
use super::source::NoImage;
use super::{local, name};
use crate::engine::ImageHandle;
use crate::engine::docker::client::Fault;
use crate::tell::{Progress, StepEvents, Unit};

/// How long a registry may take to say whether it has an image.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// Pulls a reference, with its layers as progress.
pub(super) async fn pull(
    images: &Images,
    reference: &str,
    timeout: Duration,
    step: &StepEvents,
) -> Result<ImageHandle, NoImage> {
    if !name::is_reference(reference) {
        return Err(NoImage::because("this is not an image's reference"));
    }
    let registry = name::registry(reference);
    if let Some(why) = silent(images, registry) {
        return Err(NoImage::because(format!(
            "the registry {registry} did not answer earlier in this run ({why})"
        )));
    }
    step.message(format!("pulling {reference}"));
    let doing = format!("pull {reference}");
    let fault = match tokio::time::timeout(timeout, attempts(images, reference, step)).await {
        Ok(Ok(())) => {
            let found = local::find(images, reference).await?;
            return found.ok_or_else(|| NoImage::because("the image was gone after the pull"));
        }
        Ok(Err(fault)) => fault,
        Err(_) => Fault::Reported(format!("not done within {} s", timeout.as_secs())),
    };
    if blames_the_registry(&fault) {
        remember(images, registry, fault.to_string());
    }
    Err(NoImage::call(&images.client, &doing, fault))
}

/// Pulls, and once more when a transfer that had begun broke off: the layers that came whole are
/// kept. A registry that refused or gave no answer is not asked a second time.
async fn attempts(images: &Images, reference: &str, step: &StepEvents) -> Result<(), Fault> {
    let mut layers = Layers::default();
    match attempt(images, reference, &mut layers, step).await {
        Err(Fault::Reported(_)) if layers.has_bytes() => {
            step.message(format!("pulling {reference} again"));
            attempt(images, reference, &mut layers, step).await
        }
        answer => answer,
    }
}

async fn attempt(
    images: &Images,
    reference: &str,
    layers: &mut Layers,
    step: &StepEvents,
) -> Result<(), Fault> {
    let (repository, tag) = name::split(reference);
    let options = CreateImageOptions {
        from_image: Some(repository.to_owned()),
        tag: Some(tag.to_owned()),
        ..CreateImageOptions::default()
    };
    let (api, meter) = images.client.long_streaming();
    let mut answers = api.create_image(Some(options), None, None);
    while let Some(answer) = answers.next().await {
        if let Some(progress) = layers.take_in(&meter.take(answer)?) {
            step.progress(progress);
        }
    }
    Ok(())
}

/// Asks whether the registry has an image; the error is the reason why it cannot be pulled.
pub(super) async fn look(images: &Images, reference: &str) -> Result<(), NoImage> {
    if !name::is_reference(reference) {
        return Err(NoImage::because("this is not an image's reference"));
    }
    let registry = name::registry(reference);
    if let Some(why) = silent(images, registry) {
        return Err(NoImage::because(format!(
            "the registry {registry} did not answer earlier in this run ({why})"
        )));
    }
    let call = images.client.api().inspect_registry_image(reference, None);
    let fault = match tokio::time::timeout(LOOK_TIMEOUT, call).await {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => Fault::from(error),
        Err(_) => Fault::Reported(format!("no answer within {} s", LOOK_TIMEOUT.as_secs())),
    };
    if blames_the_registry(&fault) {
        remember(images, registry, fault.to_string());
    }
    let doing = format!("ask for {reference}");
    Err(NoImage::call(&images.client, &doing, fault))
}

/// Whether the failure says something about the registry, not about this image: a refusal with a
/// 4xx is an answer, except for "too many requests".
fn blames_the_registry(fault: &Fault) -> bool {
    match fault {
        Fault::Refused { status, .. } => *status == 429 || *status >= 500,
        Fault::Reported(_) => true,
        Fault::Late(_) | Fault::Gone(_) | Fault::Denied | Fault::Broken(_) | Fault::Endless(_) => {
            false
        }
    }
}

fn silent(images: &Images, registry: &str) -> Option<String> {
    let silent = images.silent_registries.lock();
    silent.ok()?.get(registry).cloned()
}

fn remember(images: &Images, registry: &str, why: String) {
    if let Ok(mut silent) = images.silent_registries.lock() {
        silent.insert(registry.to_owned(), why);
    }
}

/// The layers of a pull, by id: bytes that are here, bytes in all.
#[derive(Debug, Default)]
struct Layers(BTreeMap<String, (u64, u64)>);

impl Layers {
    fn has_bytes(&self) -> bool {
        self.0.values().any(|(done, _)| *done > 0)
    }

    /// Takes in one line of the daemon's report and returns the sum, when it changed.
    fn take_in(&mut self, line: &CreateImageInfo) -> Option<Progress> {
        let layer = self.0.get_mut(line.id.as_ref()?);
        // The daemon has no codes here, only these words; other words change nothing.
        match (line.status.as_deref()?, layer) {
            ("Pulling fs layer", None) => {
                self.0.insert(line.id.clone()?, (0, 0));
            }
            ("Downloading", Some(layer)) => {
                let detail = line.progress_detail.as_ref()?;
                let current = detail.current.and_then(|it| u64::try_from(it).ok())?;
                let total = detail.total.and_then(|it| u64::try_from(it).ok());
                *layer = (current, total.unwrap_or(layer.1).max(current));
            }
            ("Download complete" | "Pull complete", Some(layer)) => layer.0 = layer.1,
            _ => return None,
        }
        let (done, total) = self
            .0
            .values()
            .fold((0, 0), |sum, layer| (sum.0 + layer.0, sum.1 + layer.1));
        let whole = self
            .0
            .values()
            .filter(|it| it.1 > 0 && it.0 == it.1)
            .count();
        Some(Progress {
            done,
            total: (total > 0).then_some(total),
            unit: Unit::Bytes,
            doing: Some(format!("{whole} of {} layers", self.0.len())),
        })
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ProgressDetail;

    use super::*;

    fn line(id: &str, status: &str, bytes: Option<(i64, i64)>) -> CreateImageInfo {
        CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: bytes.map(|(current, total)| ProgressDetail {
                current: Some(current),
                total: Some(total),
            }),
            ..CreateImageInfo::default()
        }
    }

    #[test]
    fn layers_add_up() {
        let mut layers = Layers::default();
        let mut sum = |line| {
            let progress = layers.take_in(&line)?;
            Some((progress.done, progress.total, progress.doing.unwrap()))
        };
        let expect = |done, total, doing: &str| Some((done, total, doing.to_owned()));
        assert_eq!(
            sum(line("13.5", "Pulling from library/postgres", None)),
            None
        );
        assert_eq!(
            sum(line("a", "Pulling fs layer", None)),
            expect(0, None, "0 of 1 layers")
        );
        sum(line("b", "Pulling fs layer", None));
        let progress = sum(line("a", "Downloading", Some((10, 40))));
        assert_eq!(progress, expect(10, Some(40), "0 of 2 layers"));
        sum(line("b", "Downloading", Some((5, 60))));
        let progress = sum(line("a", "Download complete", None));
        assert_eq!(progress, expect(45, Some(100), "1 of 2 layers"));
        assert_eq!(sum(line("a", "Extracting", Some((1, 40)))), None);
        assert_eq!(sum(line("c", "Already exists", None)), None);
    }
}
