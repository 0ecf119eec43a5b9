//! Loading an image archive, whose own names must not stay: nothing home-made carries the tag
//! of an official image.

use std::collections::BTreeMap;
use std::io;

use bollard::query_parameters::{
    ImportImageOptions, ListImagesOptions, RemoveImageOptions, TagImageOptions,
};
use futures_util::{Stream, StreamExt as _};
use tokio_util::bytes::Bytes;

use super::Images;
use super::name;
use crate::engine::docker::client::Fault;
use crate::host::Lines;

/// Loads an archive and returns the id of its one image. Names that it brought are taken away,
/// and go back to the images that had them.
pub(super) async fn load(
    images: &Images,
    body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Result<String, Fault> {
    let before = names(images).await?;
    let loaded = read_answer(images, body).await?;
    let mut ids = Vec::new();
    for what in loaded {
        match what {
            LoadedImage::Id(id) => ids.push(id),
            LoadedImage::Name(name) => {
                let call = images.client.api().inspect_image(&name);
                ids.extend(images.client.raw(call).await?.id);
                give_back(images, &name, before.get(&name)).await?;
            }
        }
    }
    ids.sort_unstable();
    ids.dedup();
    match ids.as_slice() {
        [id] => Ok(id.clone()),
        [] => Err(Fault::Reported("the archive holds no image".to_owned())),
        more => Err(Fault::Reported(format!(
            "the archive holds {} images instead of one",
            more.len()
        ))),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum LoadedImage {
    Name(String),
    Id(String),
}

async fn read_answer(
    images: &Images,
    body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
) -> Result<Vec<LoadedImage>, Fault> {
    let options = ImportImageOptions::default();
    let body = bollard::body_try_stream(body);
    let (api, meter) = images.client.long_streaming();
    let mut answers = api.import_image(options, body, None);
    let mut lines = Lines::default();
    let mut loaded = Vec::new();
    while let Some(answer) = answers.next().await {
        let text = meter.take(answer)?.stream.unwrap_or_default();
        loaded.extend(
            lines
                .push(text.as_bytes())
                .iter()
                .filter_map(|line| read(line)),
        );
    }
    Ok(loaded)
}

/// Reads the only form in which the daemon says what it loaded.
fn read(line: &str) -> Option<LoadedImage> {
    if let Some(id) = line.strip_prefix("Loaded image ID: ") {
        return Some(LoadedImage::Id(id.to_owned()));
    }
    let name = line.strip_prefix("Loaded image: ")?;
    Some(LoadedImage::Name(name.to_owned()))
}

/// Returns every name and the image that has it.
async fn names(images: &Images) -> Result<BTreeMap<String, String>, Fault> {
    let call = images.client.api().list_images(None::<ListImagesOptions>);
    let images = images.client.raw(call).await?.into_iter();
    Ok(images
        .flat_map(|image| {
            let id = image.id;
            let names = image.repo_tags.into_iter();
            names.map(move |name| (name, id.clone()))
        })
        .collect())
}

async fn give_back(images: &Images, name: &str, owner: Option<&String>) -> Result<(), Fault> {
    let Some(owner) = owner else {
        let options = RemoveImageOptions {
            // The image itself stays: it is about to get our name.
            noprune: true,
            ..RemoveImageOptions::default()
        };
        let call = images.client.api().remove_image(name, Some(options), None);
        return images.client.raw(call).await.map(drop);
    };
    let (repository, tag) = name::split(name);
    let options = TagImageOptions {
        repo: Some(repository.to_owned()),
        tag: Some(tag.to_owned()),
    };
    let call = images.client.api().tag_image(owner, Some(options));
    images.client.raw(call).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let name = LoadedImage::Name("a:b".to_owned());
        assert_eq!(read("Loaded image: a:b"), Some(name));
        let id = LoadedImage::Id("sha256:0".to_owned());
        assert_eq!(read("Loaded image ID: sha256:0"), Some(id));
        assert_eq!(read("Loading layer"), None);
    }
}
