//! Volumes.

use envctl::config::model::{Mount, MountSource};
use envctl::engine::{Removal, Resource};

use crate::building::built;
use crate::daemon;
use crate::fixture::{Fixture, service, text};

pub(crate) async fn a_named_volume_outlives_its_container(fixture: &Fixture) {
    let volume = Resource::Volume("data".to_owned());
    fixture.engine.ensure(&volume).await.unwrap();
    let mut spec = service("writes");
    spec.mounts = vec![Mount {
        source: MountSource::Volume("data".to_owned()),
        target: "/data".to_owned(),
        read_only: false,
    }];
    let idle = "trap 'exit 0' TERM; while true; do sleep 0.05; done";
    fixture
        .start(&spec, &format!("echo kept > /data/file; {idle}"))
        .await;
    fixture.start(&spec, idle).await;
    let outcome = fixture.exec("writes", &["cat", "/data/file"]).await;
    assert_eq!(text(&outcome.stdout), "kept");
    let seen = fixture.observe().await;
    assert_eq!(seen.volumes.keys().collect::<Vec<_>>(), ["data"]);
}

pub(crate) async fn an_anonymous_volume_goes_with_its_container(fixture: &Fixture) {
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
