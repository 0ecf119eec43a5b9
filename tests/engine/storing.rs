//! Volumes.

use envctl::engine::{Removal, Resource};

use crate::building::built;
use crate::daemon;
use crate::declare::{IDLE, data_on, service, text};
use crate::fixture::Fixture;
use crate::logging::until_line;

pub(crate) async fn a_volume_is_mounted_and_outlives_what_used_it(fixture: &Fixture) {
    let volume = Resource::Volume("data".to_owned());
    fixture.engine.ensure(&volume).await.unwrap();
    let mut spec = service("writes");
    spec.mounts = vec![data_on("/data")];
    fixture
        .start(&spec, &format!("echo kept > /data/file; echo done; {IDLE}"))
        .await;
    until_line(fixture, "writes", "done").await;
    fixture.start(&spec, IDLE).await;
    let outcome = fixture.exec("writes", &["cat", "/data/file"]).await;
    assert_eq!(text(&outcome.stdout), "kept");
    let seen = fixture.observe().await;
    assert_eq!(seen.volumes.keys().collect::<Vec<_>>(), ["data"]);
}

pub(crate) async fn a_volume_that_an_image_declares_goes_with_its_service(fixture: &Fixture) {
    fixture.write("image/Dockerfile", "ARG BASE\nFROM ${BASE}\nVOLUME /data\n");
    let spec = built("conformance-volume", fixture.path("image"));
    let made = fixture.ensure(&spec, &fixture.bases()).await.0.unwrap();
    let mut launch = fixture.launch("true");
    launch.image = made.handle.clone();
    fixture.network().await;
    fixture
        .engine
        .create(&service("declares"), &launch)
        .await
        .unwrap();

    let handle = fixture.observe().await.services[0].handle.clone();
    let container = daemon::get(&format!("/containers/{handle}/json")).await;
    let volume = container["Mounts"][0]["Name"].as_str().unwrap();
    let path = format!("/volumes/{volume}");
    let before = daemon::request("GET", &path, "").await.0;
    fixture
        .engine
        .remove(&Removal::Service { handle })
        .await
        .unwrap();
    let after = daemon::request("GET", &path, "").await.0;
    daemon::remove_image(&made.handle.reference).await;
    assert_eq!((before, after), (200, 404));
}

pub(crate) async fn a_volume_outlives_all_services(fixture: &Fixture) {
    let volume = Resource::Volume("data".to_owned());
    fixture.engine.ensure(&volume).await.unwrap();
    let before = fixture.observe().await.volumes;
    fixture.idle("idle").await;
    let handle = fixture.observe().await.services[0].handle.clone();
    let removal = Removal::Service { handle };
    fixture.engine.remove(&removal).await.unwrap();
    let seen = fixture.observe().await;
    assert_eq!((seen.services.len(), &seen.volumes), (0, &before));
    assert_eq!(before.keys().collect::<Vec<_>>(), ["data"]);
}
