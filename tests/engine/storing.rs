//! Volumes.

use envctl::engine::{FileSpec, ImageHandle, MadeFile, Readers, Removal, Resource, ServiceSpec};
use envctl::model::{Mount, MountSource, Secret};

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

/// Returns who has the volume at a service's `/data`, and its mode: `1000:0 drwxr-xr-x`.
async fn owner(fixture: &Fixture, service: &str) -> String {
    owner_at(fixture, service, "/data").await
}

async fn owner_at(fixture: &Fixture, service: &str, folder: &str) -> String {
    let outcome = fixture.exec(service, &["ls", "-ldn", folder]).await;
    let line = text(&outcome.stdout).to_owned();
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [mode, _, user, group, ..] => format!("{user}:{group} {mode}"),
        _ => line,
    }
}

pub(crate) async fn a_new_volume_belongs_to_who_writes_to_it(fixture: &Fixture) {
    for (user, expect) in [
        ("1000", "1000:0 drwxr-xr-x"),
        ("1000:50", "1000:50 drwxr-xr-x"),
        ("app", "1234:77 drwxr-xr-x"),
        ("app:staff", "1234:99 drwxr-xr-x"),
        ("1234", "1234:77 drwxr-xr-x"),
    ] {
        let mut spec = service("writes");
        spec.user = Some(user.to_owned());
        spec.mounts = vec![data_on("/data")];
        let image = with_users(fixture, "").await;
        run_from(fixture, &spec, &image).await;
        assert_eq!(owner(fixture, "writes").await, expect, "{user}");
        let written = fixture
            .exec("writes", &["sh", "-c", "echo x > /data/file"])
            .await;
        assert_eq!(written.exit_code, 0, "{user}");
        take_volume_away(fixture).await;
    }
    daemon::remove_image(&with_users(fixture, "").await.reference).await;
}

pub(crate) async fn a_new_volume_belongs_to_the_user_of_the_image(fixture: &Fixture) {
    let image = with_users(fixture, "USER app\n").await;
    let mut spec = service("writes");
    spec.mounts = vec![data_on("/data")];
    run_from(fixture, &spec, &image).await;
    assert_eq!(owner(fixture, "writes").await, "1234:77 drwxr-xr-x");
    take_volume_away(fixture).await;
    daemon::remove_image(&image.reference).await;
}

pub(crate) async fn a_new_volume_is_given_with_what_is_made_in_it(fixture: &Fixture) {
    let mut spec = service("writes");
    spec.user = Some("1000".to_owned());
    let inner = Mount {
        source: MountSource::Volume("inner".to_owned()),
        ..data_on("/data/sub/deep")
    };
    fixture.write("conf/file", "of the workspace\n");
    let bind = Mount {
        source: MountSource::Bind(fixture.path("conf")),
        ..data_on("/data/conf")
    };
    spec.mounts = vec![data_on("/data"), inner, bind];
    spec.files = vec![FileSpec {
        name: "app".to_owned(),
        path: "/data/app.conf".to_owned(),
        readers: Readers::All,
    }];
    let mut launch = fixture.launch(IDLE);
    launch.files = vec![MadeFile {
        spec: spec.files[0].clone(),
        content: Secret::new("made\n"),
    }];
    fixture.network().await;
    fixture.engine.create(&spec, &launch).await.unwrap();
    fixture.engine.start("writes").await.unwrap();
    for folder in ["/data", "/data/sub/deep"] {
        let found = owner_at(fixture, "writes", folder).await;
        assert_eq!(found, "1000:0 drwxr-xr-x", "{folder}");
    }
    let outcome = fixture.exec("writes", &["cat", "/data/app.conf"]).await;
    assert_eq!(text(&outcome.stdout), "made");
}

pub(crate) async fn a_giving_that_was_cut_short_is_made_good(fixture: &Fixture) {
    let mut spec = service("writes");
    spec.user = Some("1000".to_owned());
    spec.mounts = vec![data_on("/data")];
    fixture.create(&spec, IDLE).await;
    // Whatever the creation did with the volume, it is as the daemon makes it.
    let handle = fixture.observe().await.services[0].handle.clone();
    let mut folder = tar::Header::new_gnu();
    folder.set_entry_type(tar::EntryType::Directory);
    folder.set_mode(0o755);
    folder.set_uid(0);
    folder.set_gid(0);
    folder.set_size(0);
    let mut archive = tar::Builder::new(Vec::new());
    archive
        .append_data(&mut folder, "data/", std::io::empty())
        .unwrap();
    let archive = String::from_utf8(archive.into_inner().unwrap()).unwrap();
    let path = format!("/containers/{handle}/archive?path=/");
    assert_eq!(daemon::request("PUT", &path, &archive).await.0, 200);
    fixture.engine.start("writes").await.unwrap();
    assert_eq!(owner(fixture, "writes").await, "1000:0 drwxr-xr-x");
    // Later starts leave it as it is.
    fixture.engine.stop("writes").await.unwrap();
    assert_eq!(daemon::request("PUT", &path, &archive).await.0, 200);
    fixture.engine.start("writes").await.unwrap();
    assert_eq!(owner(fixture, "writes").await, "0:0 drwxr-xr-x");
}

pub(crate) async fn a_volume_that_is_somebodys_stays_theirs(fixture: &Fixture) {
    let mut spec = service("writes");
    spec.mounts = vec![data_on("/data")];
    let volume = Resource::Volume("data".to_owned());
    fixture.engine.ensure(&volume).await.unwrap();
    // What is in it is nobody's but root's, and so is the folder.
    fixture
        .start(&spec, &format!("echo kept > /data/file; echo done; {IDLE}"))
        .await;
    until_line(fixture, "writes", "done").await;
    spec.user = Some("1000".to_owned());
    fixture.start(&spec, IDLE).await;
    assert_eq!(owner(fixture, "writes").await, "0:0 drwxr-xr-x");
    take_volume_away(fixture).await;

    // The first one that runs there has it, and the next one does not take it away.
    fixture.engine.ensure(&volume).await.unwrap();
    fixture.start(&spec, IDLE).await;
    let mut other = service("other");
    other.mounts = vec![data_on("/data")];
    other.user = Some("1001".to_owned());
    fixture.start(&other, IDLE).await;
    assert_eq!(owner(fixture, "other").await, "1000:0 drwxr-xr-x");
}

pub(crate) async fn a_new_volume_is_as_the_image_has_its_folder(fixture: &Fixture) {
    let folder = "RUN mkdir /data && chown 55:66 /data && chmod 700 /data\n";
    let image = with_users(fixture, folder).await;
    let mut spec = service("writes");
    spec.user = Some("1000".to_owned());
    spec.mounts = vec![data_on("/data")];
    run_from(fixture, &spec, &image).await;
    assert_eq!(owner(fixture, "writes").await, "55:66 drwx------");
    take_volume_away(fixture).await;
    daemon::remove_image(&image.reference).await;
}

/// Makes an image that knows the user `app` and the group `staff`.
async fn with_users(fixture: &Fixture, more: &str) -> ImageHandle {
    fixture.write(
        "image/passwd",
        "root:x:0:0::/:/bin/sh\napp:x:1234:77::/:/bin/sh\n",
    );
    fixture.write("image/group", "root:x:0:\nstaff:x:99:\n");
    let file = format!("ARG BASE\nFROM ${{BASE}}\nCOPY passwd group /etc/\n{more}");
    fixture.write("image/Dockerfile", &file);
    let spec = built("conformance-users", fixture.path("image"));
    fixture
        .ensure(&spec, &fixture.bases())
        .await
        .0
        .unwrap()
        .handle
}

async fn run_from(fixture: &Fixture, spec: &ServiceSpec, image: &ImageHandle) {
    let volume = Resource::Volume("data".to_owned());
    fixture.engine.ensure(&volume).await.unwrap();
    fixture.network().await;
    let mut launch = fixture.launch(IDLE);
    launch.image = image.clone();
    fixture.engine.create(spec, &launch).await.unwrap();
    fixture.engine.start(&spec.name).await.unwrap();
}

/// Removes the volume and what uses it.
async fn take_volume_away(fixture: &Fixture) {
    let seen = fixture.observe().await;
    let services = seen.services.into_iter();
    let services = services.map(|it| Removal::Service { handle: it.handle });
    let volumes = seen.volumes.into_values();
    let volumes = volumes.map(|handle| Removal::Volume { handle });
    for removal in services.chain(volumes) {
        fixture.engine.remove(&removal).await.unwrap();
    }
}
