//! Images that nothing uses any more.

use std::collections::BTreeSet;

use envctl::engine::docker::{Daemon, prune, unused};
use envctl::engine::{KeptImages, Provision, Pruned, Removal, UnusedImage};
use tokio_util::sync::CancellationToken;

use crate::building::built;
use crate::daemon;
use crate::declare::service;
use crate::fixture::Fixture;
use crate::place::endpoint;

/// What this test's images are called. Those of others are none of its business.
const NAME: &str = "conformance-prune";

/// Builds an image of its own content and returns its id and its name.
async fn build(fixture: &Fixture, content: &str) -> (String, String) {
    fixture.write("image/Dockerfile", "FROM scratch\nCOPY file /\n");
    fixture.write("image/file", &format!("{content} {}", fixture.identity.id));
    let spec: Provision = built(NAME, fixture.path("image"));
    let made = fixture.ensure(&spec, &fixture.bases()).await.0.unwrap();
    (made.handle.id, made.handle.reference)
}

/// Returns which of these images can go.
async fn can_go(ids: &[&String], keep: &KeptImages) -> Vec<UnusedImage> {
    let daemon = Daemon::connect(&endpoint()).await.unwrap();
    let all = unused(&daemon, keep).await.unwrap();
    let ours = all.into_iter().filter(|image| ids.contains(&&image.id));
    ours.collect()
}

async fn remove(images: Vec<UnusedImage>) -> Pruned {
    let cancel = CancellationToken::new();
    let daemon = Daemon::connect(&endpoint()).await.unwrap();
    prune(&daemon, images, &cancel).await.unwrap()
}

async fn is_there(id: &str) -> bool {
    let path = format!("/images/{id}/json");
    daemon::request("GET", &path, "").await.0 == 200
}

fn ids(images: &[UnusedImage]) -> BTreeSet<&String> {
    images.iter().map(|image| &image.id).collect()
}

pub(crate) async fn only_images_that_nothing_uses_can_go(fixture: &Fixture) {
    let (used, _) = build(fixture, "used").await;
    let mut launch = fixture.launch("true");
    launch.image.id.clone_from(&used);
    launch.image.reference.clone_from(&used);
    fixture.network().await;
    fixture
        .engine
        .create(&service("uses"), &launch)
        .await
        .unwrap();
    let (current, _) = build(fixture, "current").await;
    let (tagged, _) = build(fixture, "tagged").await;
    let path = format!("/images/{tagged}/tag?repo=conformance-foreign&tag=1");
    daemon::request("POST", &path, "").await;
    let (free, name) = build(fixture, "free").await;
    let all = [&used, &current, &tagged, &free];

    let keep = KeptImages {
        ids: BTreeSet::from([current.clone()]),
        ..KeptImages::default()
    };
    let going = can_go(&all, &keep).await;
    assert_eq!(ids(&going), BTreeSet::from([&free]));
    assert_eq!(going[0].name(), name);
    let pruned = remove(going).await;
    assert_eq!((pruned.removed.len(), pruned.left.len()), (1, 0));
    assert!(pruned.freed_bytes.is_some());
    assert!(!is_there(&free).await && is_there(&current).await);

    // What nobody uses any more can go, and what somebody gave another name stays.
    let handle = fixture.observe().await.services[0].handle.clone();
    let removal = Removal::Service { handle };
    fixture.engine.remove(&removal).await.unwrap();
    let going = can_go(&all, &KeptImages::default()).await;
    assert_eq!(ids(&going), BTreeSet::from([&used, &current]));
    remove(going).await;
    assert!(is_there(&tagged).await);
    for name in ["conformance-foreign:1", tagged.as_str()] {
        daemon::remove_image(name).await;
    }
}

/// Somebody began to use it since it was looked at.
pub(crate) async fn an_image_that_the_engine_refuses_to_remove_is_left(fixture: &Fixture) {
    let (id, name) = build(fixture, "refused").await;
    let going = can_go(&[&id], &KeptImages::default()).await;
    assert_eq!(ids(&going), BTreeSet::from([&id]));
    let mut launch = fixture.launch("true");
    launch.image.id.clone_from(&id);
    launch.image.reference.clone_from(&name);
    fixture.network().await;
    fixture
        .engine
        .create(&service("uses"), &launch)
        .await
        .unwrap();
    let pruned = remove(going).await;
    assert!(pruned.removed.is_empty());
    assert!(pruned.left[0].1.contains("container"), "{:?}", pruned.left);
    // With its name, which the next `up` looks for.
    assert!(is_there(&name).await);
    let handle = fixture.observe().await.services[0].handle.clone();
    let removal = Removal::Service { handle };
    fixture.engine.remove(&removal).await.unwrap();
    remove(can_go(&[&id], &KeptImages::default()).await).await;
    assert!(!is_there(&id).await);
}
