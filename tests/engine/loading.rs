//! Images that a command writes, and registries that do not answer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use envctl::engine::{Error, Provenance};
use envctl::model::Image;
use envctl::tell::{Events, StepId};

use crate::daemon;
use crate::declare::{declared, image, loaded};
use crate::fixture::Fixture;

/// Writes a root file system that is whole, and does something after it.
fn tar_and(then: &str) -> String {
    format!("mkdir -p root && echo x > root/file && tar -C root -c . ; {then}")
}

fn workspace(fixture: &Fixture) -> &str {
    fixture.identity.workspace.to_str().unwrap()
}

async fn attempts(fixture: &Fixture, spec: &envctl::engine::Provision) -> (String, Vec<String>) {
    let error = fixture.ensure(spec, &BTreeMap::new()).await.0;
    let Err(Error::Image {
        attempts, output, ..
    }) = error
    else {
        panic!("{error:?}");
    };
    (attempts.last().unwrap().1.clone(), output)
}

pub(crate) async fn a_failing_command_leaves_no_image(fixture: &Fixture) {
    let script = tar_and("echo broke off >&2; exit 3");
    let spec = loaded(
        "conformance-failing",
        &["sh", "-c", &script],
        workspace(fixture),
    );
    let (reason, output) = attempts(fixture, &spec).await;
    assert_eq!(reason, "`sh` exited with code 3");
    assert_eq!(output, ["broke off"]);
    assert_eq!(daemon::images_of("conformance-failing").await, 0);
    let seen = fixture.engine.provider().current(&[spec]).await.unwrap();
    assert!(seen.is_empty());

    let spec = loaded(
        "conformance-failing",
        &["sh", "-c", "exit 4"],
        workspace(fixture),
    );
    assert_eq!(attempts(fixture, &spec).await.0, "`sh` exited with code 4");
    let spec = loaded(
        "conformance-failing",
        &["echo", "no archive"],
        workspace(fixture),
    );
    attempts(fixture, &spec).await;
    assert_eq!(daemon::images_of("conformance-failing").await, 0);
}

pub(crate) async fn a_missing_program_is_named(fixture: &Fixture) {
    let spec = loaded("conformance-missing", &["no-such-program"], "/");
    let expect = "there is no program `no-such-program` on this machine";
    assert_eq!(attempts(fixture, &spec).await.0, expect);
}

pub(crate) async fn an_image_archive_keeps_none_of_its_names(fixture: &Fixture) {
    // Two names: one is taken by another image, one by none.
    let tag = |id: &str, name: &str| format!("/images/{id}/tag?repo={name}&tag=1");
    let script = tar_and("");
    let spec = loaded(
        "conformance-first",
        &["sh", "-c", &script],
        workspace(fixture),
    );
    let first = fixture
        .ensure(&spec, &BTreeMap::new())
        .await
        .0
        .unwrap()
        .handle;
    for name in ["conformance-taken", "conformance-fresh"] {
        daemon::request("POST", &tag(&first.id, name), "").await;
    }
    let path = "/images/get?names=conformance-taken:1&names=conformance-fresh:1";
    let (_, archive) = daemon::request("GET", path, "").await;
    fs_err::write(fixture.path("archive.tar"), archive).unwrap();
    daemon::remove_image("conformance-fresh:1").await;
    daemon::request("POST", &tag(&fixture.busybox.id, "conformance-taken"), "").await;

    let spec = loaded(
        "conformance-archive",
        &["cat", "archive.tar"],
        workspace(fixture),
    );
    let outcome = fixture.ensure(&spec, &BTreeMap::new()).await.0.unwrap();
    let taken = daemon::get("/images/conformance-taken:1/json").await;
    let fresh = daemon::request("GET", "/images/conformance-fresh:1/json", "")
        .await
        .0;
    for reference in [
        "conformance-taken:1",
        &outcome.handle.reference,
        &first.reference,
    ] {
        daemon::remove_image(reference).await;
    }
    assert_eq!(outcome.source, Provenance::Loaded);
    assert_eq!(outcome.handle.id, first.id);
    assert!(
        outcome
            .handle
            .reference
            .starts_with("envctl/conformance-archive:")
    );
    assert_eq!(taken["Id"], fixture.busybox.id);
    assert_eq!(fresh, 404);
}

pub(crate) async fn a_dropped_load_leaves_nothing(fixture: &Fixture) {
    let script = tar_and("touch written; sleep 300; touch survived");
    let spec = loaded(
        "conformance-dropped",
        &["sh", "-c", &script],
        workspace(fixture),
    );
    let (events, _receiver) = Events::channel();
    let step = events.step(StepId(0));
    let bases = BTreeMap::new();
    let loading = fixture.engine.provider().provide(&spec, &bases, &step);
    let until_written = async {
        while !fixture.path("written").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        result = loading => panic!("{result:?}"),
        () = until_written => {}
    }
    // A daemon that took the cut stream for a whole one would have made its image by then.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(daemon::images_of("conformance-dropped").await, 0);
    let seen = fixture.engine.provider().current(&[spec]).await.unwrap();
    assert!(seen.is_empty());
}

pub(crate) async fn a_registry_that_failed_is_not_asked_again(fixture: &Fixture) {
    let script = tar_and("");
    let mut spec = loaded(
        "conformance-pulled",
        &["sh", "-c", &script],
        workspace(fixture),
    );
    declared(&mut spec).pull = Some("registry.invalid/some/image:1".to_owned());
    let start = Instant::now();
    let outcome = fixture.ensure(&spec, &BTreeMap::new()).await.0.unwrap();
    daemon::remove_image(&outcome.handle.reference).await;
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(outcome.source, Provenance::Loaded);
    let [passed_over] = outcome.passed_over.as_slice() else {
        panic!("{outcome:?}");
    };
    let expect = "pull registry.invalid/some/image:1: ";
    assert!(passed_over.starts_with(expect), "{passed_over}");

    let other = image(
        "conformance-other",
        Image {
            pull: Some("registry.invalid/other".to_owned()),
            ..Image::default()
        },
    );
    let (reason, _) = attempts(fixture, &other).await;
    let expect = "the registry registry.invalid did not answer earlier in this run (";
    assert!(reason.starts_with(expect), "{reason}");
}
