//! An image from what a command writes: an image archive, or a root file system.

use std::io;

use bollard::query_parameters::CreateImageOptions;
use futures_util::{Stream, StreamExt as _};
use tokio::io::AsyncReadExt as _;
use tokio::process::ChildStdout;
use tokio_util::bytes::Bytes;

use super::Images;
use super::build::{blocking, give_name};
use super::sniff::{HEAD_BYTES_MAX, Payload, sniff};
use super::source::NoImage;
use super::upload::{Uploader, channel_of_bytes};
use super::{archive, ensure, fingerprint};
use crate::engine::ImageHandle;
use crate::engine::docker::client::Fault;
use crate::engine::docker::labels;
use crate::host::{LastLines, RunningProgram, Waiter, beside, print};
use crate::model::HostCommand;
use crate::tell::{Progress, StepEvents, Unit};

/// How much is read from the command at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Runs the command and makes an image of its output. The image gets its name only after the
/// command exited 0: a root file system that was cut between two entries looks whole.
pub(super) async fn load(
    images: &Images,
    (image, command): (&str, &HostCommand),
    step: &StepEvents,
) -> Result<ImageHandle, NoImage> {
    let (declared, workspace) = (command.clone(), images.workspace.clone());
    let hash = blocking(move || fingerprint::loaded(&declared, &workspace)).await?;
    step.message(format!("running {}", command.command.join(" ")));
    let mut program = RunningProgram::start(command)?;
    let (waiter, stdout, stderr) = program.sides();
    let last = std::sync::Mutex::new(LastLines::default());
    let work = take_in(images, image, (waiter, stdout), step);
    let made = beside(work, print(stderr, step, &last)).await;
    let id = made.map_err(|error| with_output(error, last.into_inner().unwrap_or_default()))?;
    give_name(images, image, &hash, id).await
}

fn with_output(error: NoImage, last: LastLines) -> NoImage {
    match error {
        NoImage::Failed { reason, .. } => NoImage::Failed {
            reason,
            output: last.into_vec(),
        },
        NoImage::Engine(error) => NoImage::Engine(error),
    }
}

/// Sends the command's output to the daemon while it comes, and returns the image's id.
async fn take_in(
    images: &Images,
    image: &str,
    (waiter, stdout): (&mut Waiter, &mut ChildStdout),
    step: &StepEvents,
) -> Result<String, NoImage> {
    let (head, payload) = read_head(stdout).await;
    if head.is_empty() {
        let ended = waiter.finish().await;
        return Err(NoImage::because(
            ended.err().unwrap_or_else(|| "it wrote nothing".to_owned()),
        ));
    }
    let (uploader, body) = channel_of_bytes();
    let feeding = feed(uploader, waiter, (head, stdout), step);
    match payload {
        Payload::RootFs => {
            let (fed, made) = tokio::join!(feeding, import(images, image, body));
            judge(images, "import the root file system", fed, made).await
        }
        Payload::Archive => {
            let (fed, made) = tokio::join!(feeding, archive::load(images, body));
            judge(images, "load the image archive", fed, made).await
        }
    }
}

/// The command's failure explains the daemon's, so it comes first.
async fn judge(
    images: &Images,
    doing: &str,
    fed: Result<(), String>,
    made: Result<String, Fault>,
) -> Result<String, NoImage> {
    match (fed, made) {
        (Ok(()), Ok(id)) => Ok(id),
        (Ok(()), Err(fault)) | (Err(_), Err(fault @ Fault::Gone(_))) => {
            Err(NoImage::call(&images.client, doing, fault))
        }
        (Err(reason), Ok(id)) => {
            ensure::remove(images, &id).await;
            Err(NoImage::because(reason))
        }
        (Err(reason), Err(_)) => Err(NoImage::because(reason)),
    }
}

/// Reads until it can be told what the stream holds.
async fn read_head(stdout: &mut ChildStdout) -> (Vec<u8>, Payload) {
    let mut head = Vec::with_capacity(HEAD_BYTES_MAX);
    loop {
        match sniff(&head) {
            Some(payload) => return (head, payload),
            None => match stdout.read_buf(&mut head).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return (head, Payload::RootFs),
            },
        }
    }
}

/// Sends the stream on. Only a command that exited 0 ends the body; otherwise it breaks off, and
/// the daemon throws away what it has.
async fn feed(
    uploader: Uploader,
    waiter: &mut Waiter,
    (head, stdout): (Vec<u8>, &mut ChildStdout),
    step: &StepEvents,
) -> Result<(), String> {
    let mut done = 0;
    let mut piece = Bytes::from(head);
    loop {
        done += piece.len() as u64;
        if !uploader.send(piece).await {
            // The daemon wants no more, and its answer says why.
            return Ok(());
        }
        step.progress(Progress {
            done,
            total: None,
            unit: Unit::Bytes,
            doing: None,
        });
        let mut buffer = Vec::with_capacity(CHUNK_BYTES);
        match stdout.read_buf(&mut buffer).await {
            Ok(0) => break,
            Ok(_) => piece = Bytes::from(buffer),
            Err(error) => return Err(format!("its output cannot be read: {error}")),
        }
    }
    waiter.finish().await?;
    uploader.end().await;
    Ok(())
}

/// Imports a root file system, without a name.
async fn import(
    images: &Images,
    image: &str,
    body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Result<String, Fault> {
    let changes = labels::of_image(image)
        .into_iter()
        .map(|(key, value)| format!("LABEL {key}={value}"))
        .collect();
    let options = CreateImageOptions {
        from_src: Some("-".to_owned()),
        changes,
        ..CreateImageOptions::default()
    };
    let body = bollard::body_try_stream(body);
    let (api, meter) = images.client.long_streaming();
    let mut answers = api.create_image(Some(options), Some(body), None);
    let mut id = None;
    while let Some(answer) = answers.next().await {
        if let Some(status) = meter.take(answer)?.status
            && status.starts_with("sha256:")
        {
            id = Some(status);
        }
    }
    id.ok_or_else(|| Fault::Reported("the daemon named no image".to_owned()))
}
