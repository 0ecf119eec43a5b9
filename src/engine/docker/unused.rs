//! The images that envctl made and nothing uses any more, of every instance and workspace, and their
//! removal.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::ImageSummary;
use bollard::query_parameters::{ListContainersOptions, ListImagesOptions, RemoveImageOptions};
use tokio_util::sync::CancellationToken;

use super::client::{Client, Fault};
use super::connect::Daemon;
use super::image::{horizon, is_ours};
use super::{labels, usage};
use crate::engine::{Error, KeptImages, Pruned, UnusedImage};

/// Returns what can go, what is made from others before these.
pub async fn unused(daemon: &Daemon, keep: &KeptImages) -> Result<Vec<UnusedImage>, Error> {
    let client = daemon.client();
    let options = ListImagesOptions {
        all: true,
        ..ListImagesOptions::default()
    };
    let call = || client.api().list_images(Some(options.clone()));
    let all = client.read("list the images", call).await?;
    let used = used(client).await?;
    let inner: BTreeSet<&str> = all.iter().map(|image| image.parent_id.as_str()).collect();
    let nameless = |image: &&ImageSummary| {
        is_marked(image) && is_nameless(image) && !inner.contains(image.id.as_str())
    };
    let mut foreign = BTreeSet::new();
    for image in all.iter().filter(nameless) {
        if !is_made_by_us(client, &image.id).await? {
            foreign.insert(image.id.clone());
        }
    }
    Ok(choose(&all, (&used, &foreign), keep, horizon()))
}

/// Removes images, never by force; what the daemon refuses is left.
pub async fn prune(
    daemon: &Daemon,
    images: Vec<UnusedImage>,
    cancel: &CancellationToken,
) -> Result<Pruned, Error> {
    let client = daemon.client();
    // To count may take long, and nobody waits for that who interrupts.
    let count = async || {
        tokio::select! {
            () = cancel.cancelled() => None,
            bytes = usage::layers(client) => bytes,
        }
    };
    let before = count().await;
    let mut pruned = Pruned::default();
    for image in images {
        if cancel.is_cancelled() {
            break;
        }
        match remove(client, &image).await {
            Ok(()) => pruned.removed.push(image),
            Err(fault @ (Fault::Gone(_) | Fault::Denied)) => {
                let doing = format!("remove the image {}", image.name());
                return Err(client.error(&doing, fault));
            }
            Err(fault) => pruned.left.push((image, fault.to_string())),
        }
    }
    let after = count().await;
    pruned.freed_bytes = before
        .zip(after)
        .map(|(before, after)| before.saturating_sub(after));
    Ok(pruned)
}

/// Removes an image by its id, which fails as a whole where anything needs it: by its name, it would
/// only lose that.
async fn remove(client: &Client, image: &UnusedImage) -> Result<(), Fault> {
    let remove = async |what: &str| {
        let options = RemoveImageOptions::default();
        let call = client.api().remove_image(what, Some(options), None);
        match client.raw(call).await {
            Err(fault) if fault.status() == Some(404) => Ok(()),
            answer => answer.map(drop),
        }
    };
    // One that has names of several images is refused by its id.
    for name in image.names.iter().skip(1) {
        remove(name).await?;
    }
    remove(&image.id).await
}

/// Returns the images of all containers, whoever's they are and whether they run.
async fn used(client: &Client) -> Result<BTreeSet<String>, Error> {
    let options = ListContainersOptions {
        all: true,
        ..ListContainersOptions::default()
    };
    let call = || client.api().list_containers(Some(options.clone()));
    let containers = client.read("list the containers", call).await?;
    let images = containers.into_iter().filter_map(|it| it.image_id);
    Ok(images.collect())
}

/// Whether envctl itself was the last to work on an image: labels are also those of an image that
/// somebody built on one of ours.
async fn is_made_by_us(client: &Client, id: &str) -> Result<bool, Error> {
    let call = || client.api().image_history(id);
    let doing = format!("look at the image {id}");
    let history = client.find(&doing, call).await?.unwrap_or_default();
    let last = history.first();
    let label = format!("LABEL {}", labels::MARK);
    Ok(last.is_some_and(|last| {
        last.created_by.contains(&label) || last.comment.starts_with("Imported from")
    }))
}

fn is_marked(image: &ImageSummary) -> bool {
    image.labels.get(labels::MARK).is_some_and(|it| it == "1")
}

fn names(image: &ImageSummary) -> impl Iterator<Item = &String> {
    let tags = image.repo_tags.iter();
    tags.filter(|tag| *tag != "<none>:<none>")
}

fn is_nameless(image: &ImageSummary) -> bool {
    let mut digests = image.repo_digests.iter();
    names(image).next().is_none() && digests.all(|digest| digest == "<none>@<none>")
}

/// Chooses what can go: ours for certain, used by no container, not to be kept, and nothing that stays
/// is made from it.
fn choose(
    all: &[ImageSummary],
    (used, foreign): (&BTreeSet<String>, &BTreeSet<String>),
    keep: &KeptImages,
    horizon: i64,
) -> Vec<UnusedImage> {
    let parents: BTreeMap<&str, &str> = all
        .iter()
        .map(|image| (image.id.as_str(), image.parent_id.as_str()))
        .collect();
    let inner: BTreeSet<&str> = parents.values().copied().collect();
    let newest = newest_of_each(all);
    let can_go = |image: &&ImageSummary| {
        let kept = used.contains(&image.id)
            || keep.ids.contains(&image.id)
            || (keep.newest_of_each && newest.contains(image.id.as_str()));
        let nameless = is_nameless(image);
        let kept = kept || (image.created >= horizon && (nameless || keep.young));
        let ours = if nameless {
            !foreign.contains(&image.id)
        } else {
            names(image).all(|name| is_ours(name)) && image.repo_digests.is_empty()
        };
        is_marked(image) && ours && !kept && !(nameless && inner.contains(image.id.as_str()))
    };
    let mut going: BTreeMap<&str, &ImageSummary> = all
        .iter()
        .filter(can_go)
        .map(|image| (image.id.as_str(), image))
        .collect();
    // Steps of a build have no name and go with what they led to.
    let stays = |image: &&ImageSummary| {
        let ends = !is_nameless(image) || !inner.contains(image.id.as_str());
        ends && !going.contains_key(image.id.as_str())
    };
    for image in all.iter().filter(stays).collect::<Vec<_>>() {
        for above in chain(&parents, &image.id) {
            going.remove(above);
        }
    }
    let mut going: Vec<&ImageSummary> = going.into_values().collect();
    going.sort_by_key(|image| {
        let depth = chain(&parents, &image.id).count();
        std::cmp::Reverse((image.created, depth))
    });
    let going = going.into_iter();
    going
        .map(|image| UnusedImage {
            id: image.id.clone(),
            names: names(image).cloned().collect(),
            bytes: u64::try_from(image.size).unwrap_or_default(),
        })
        .collect()
}

/// Returns what an image is made from, the nearest first.
fn chain<'a>(parents: &BTreeMap<&str, &'a str>, id: &str) -> impl Iterator<Item = &'a str> {
    let next = |id: &str| parents.get(id).copied().filter(|id| !id.is_empty());
    let above = std::iter::successors(next(id), move |id| next(id));
    // No daemon tells of more layers.
    above.take(512)
}

/// Returns the newest image of each name that envctl gives.
fn newest_of_each(all: &[ImageSummary]) -> BTreeSet<&str> {
    let mut newest: BTreeMap<&str, &ImageSummary> = BTreeMap::new();
    for image in all {
        for name in names(image).filter(|name| is_ours(name)) {
            let repository = name.split(':').next().unwrap_or_default();
            let known = newest.entry(repository).or_insert(image);
            if image.created > known.created {
                *known = image;
            }
        }
    }
    newest.values().map(|image| image.id.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `id < parent = name name`, of which the last two may be missing; `~` marks one that has no
    /// label of ours. The first one is the oldest.
    fn images(lines: &[&str]) -> Vec<ImageSummary> {
        let read = |(at, line): (usize, &&str)| {
            let (made, names) = line.split_once(" = ").unwrap_or((line, ""));
            let (id, parent) = made.split_once(" < ").unwrap_or((made, ""));
            let ours = !id.starts_with('~');
            let labels = ours.then(|| (labels::MARK.to_owned(), "1".to_owned()));
            ImageSummary {
                id: id.to_owned(),
                parent_id: parent.to_owned(),
                repo_tags: names.split_whitespace().map(str::to_owned).collect(),
                created: i64::try_from(at).unwrap(),
                labels: labels.into_iter().collect(),
                ..ImageSummary::default()
            }
        };
        lines.iter().enumerate().map(read).collect()
    }

    const API: &str = "envctl/api:000000000001";
    const WEB: &str = "envctl/web:000000000002";

    #[track_caller]
    fn check(lines: &[&str], used: &[&str], keep: &KeptImages, expect: &[&str]) {
        let used = used.iter().map(|id| (*id).to_owned()).collect();
        let foreign = BTreeSet::from(["foreign".to_owned()]);
        let chosen = choose(&images(lines), (&used, &foreign), keep, 5);
        let chosen: Vec<&str> = chosen.iter().map(|image| image.id.as_str()).collect();
        assert_eq!(chosen, expect);
    }

    #[test]
    fn only_what_is_ours_for_certain_goes() {
        let named = |id: &str, names: &str| format!("{id} = {names}");
        let lines = [
            named("api", API),
            named("both", &format!("{API} {WEB}")),
            named("extra", &format!("{API} shop/api:latest")),
            named("~other", "envctl/api:00000000000a"),
            named("latest", "envctl/api:latest"),
            named("theirs", "shop/api:1"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        check(&lines, &[], &KeptImages::default(), &["both", "api"]);
        check(&lines, &["both"], &KeptImages::default(), &["api"]);
        let keep = KeptImages {
            ids: BTreeSet::from(["api".to_owned()]),
            ..KeptImages::default()
        };
        check(&lines, &[], &keep, &["both"]);
    }

    #[test]
    fn what_others_are_made_from_goes_after_them_or_stays() {
        let api = format!("api < step = {API}");
        let base = format!("base = {WEB}");
        let lines = [base.as_str(), "step < base", api.as_str()];
        check(&lines, &[], &KeptImages::default(), &["api", "base"]);
        check(&lines, &["api"], &KeptImages::default(), &[]);
        let theirs = [lines[0], lines[1], lines[2], "~their < api = shop/api:1"];
        check(&theirs, &[], &KeptImages::default(), &[]);
    }

    #[test]
    fn the_nameless_go_when_they_are_old_and_nothing_is_made_from_them() {
        let lines = [
            "old",
            "foreign",
            "step",
            "~their < step = shop/api:1",
            "4",
            "5",
            "young",
        ];
        check(&lines, &[], &KeptImages::default(), &["4", "old"]);
    }

    #[test]
    fn where_nobody_knows_what_is_current_the_newest_of_each_name_stays() {
        let lines = [
            "one = envctl/api:000000000001",
            "two = envctl/api:000000000002",
            "web = envctl/web:000000000003",
        ];
        let keep = KeptImages {
            newest_of_each: true,
            ..KeptImages::default()
        };
        check(&lines, &[], &keep, &["one"]);
    }
}
