//! How each image would be had, found out without making one.

use crate::engine::docker::Docker;
use crate::engine::{Error, ImageSpec, Obstacle, Prospect, Provision};

/// Looks for a local copy of each image, else for a source that can give it.
pub(in crate::engine::docker) async fn survey(
    docker: &Docker,
    provisions: &[Provision],
) -> Result<Vec<Prospect>, Error> {
    let images = provisions.iter().filter_map(|provision| match provision {
        Provision::Image(image) => Some((**image).clone()),
        Provision::Program(_) => None,
    });
    let images: Vec<ImageSpec> = images.collect();
    let current = super::current(docker, &images).await?;
    let prospect = |image: &ImageSpec| {
        let outcome = match current.get(&image.name) {
            Some(handle) => Ok(format!("there: {}", handle.reference)),
            None => Err(Obstacle {
                reason: "not there".to_owned(),
                hint: None,
            }),
        };
        Prospect {
            name: image.name.clone(),
            outcome,
        }
    };
    Ok(images.iter().map(prospect).collect())
}
