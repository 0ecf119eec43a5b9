//! Images that are built.

use std::path::PathBuf;

use envctl::engine::{Error, Provenance, Provision};
use envctl::model::{Build, HostCommand, Image, Part, Reference, Template};
use indexmap::IndexMap;

use crate::daemon;
use crate::declare::{declared, image, service, text};
use crate::fixture::Fixture;

/// Returns an image that is built on busybox.
pub(crate) fn built(name: &str, context: PathBuf) -> Provision {
    let base = Part::Reference(Reference::Image("busybox".to_owned()));
    let base = Template { parts: vec![base] };
    let build = Build {
        context,
        dockerfile: PathBuf::from("Dockerfile"),
        args: IndexMap::from([("BASE".to_owned(), base)]),
        target: None,
        prepare: None,
    };
    image(
        name,
        Image {
            build: Some(build),
            ..Image::default()
        },
    )
}

/// Returns whether the image is current, as a plan sees it.
async fn is_current(fixture: &Fixture, spec: &Provision) -> bool {
    let mut base = crate::declare::loaded("busybox", &["false"], "/");
    declared(&mut base).pull = Some(fixture.busybox.reference.clone());
    let provisions = [spec.clone(), base];
    let seen = fixture
        .engine
        .provider()
        .current(&provisions)
        .await
        .unwrap();
    seen.contains_key(spec.name())
}

pub(crate) async fn an_unchanged_context_is_current(fixture: &Fixture) {
    fixture.write("image/Dockerfile", "ARG BASE\nFROM ${BASE}\nCOPY file /\n");
    fixture.write("image/file", "one");
    let spec = built("conformance-context", fixture.path("image"));
    assert!(!is_current(fixture, &spec).await);

    let (first, output) = fixture.ensure(&spec, &fixture.bases()).await;
    let first = first.unwrap();
    assert_eq!(first.source, Provenance::Built);
    assert!(
        output.iter().any(|line| line.starts_with("Step 3/")),
        "{output:?}"
    );
    assert!(
        first
            .handle
            .reference
            .starts_with("envctl/conformance-context:")
    );
    assert!(is_current(fixture, &spec).await);
    let (again, output) = fixture.ensure(&spec, &fixture.bases()).await;
    let again = again.unwrap();
    assert_eq!(
        (again.source, again.handle),
        (Provenance::Local, first.handle.clone())
    );
    assert_eq!(output, [""; 0]);

    fixture.write("image/file", "two");
    assert!(!is_current(fixture, &spec).await);
    let second = fixture.ensure(&spec, &fixture.bases()).await.0.unwrap();
    daemon::remove_image(&first.handle.reference).await;
    daemon::remove_image(&second.handle.reference).await;
    assert_ne!(second.handle.id, first.handle.id);
}

pub(crate) async fn ignored_files_are_not_sent(fixture: &Fixture) {
    fixture.write(
        "image/Dockerfile",
        "ARG BASE\nFROM ${BASE}\nCOPY . /context\n",
    );
    fixture.write(
        "image/.dockerignore",
        "**/*.log\n!keep.log\nsecret\nDockerfile\n",
    );
    for name in ["a.log", "keep.log", "secret/key", "src/b.log", "src/main"] {
        fixture.write(&format!("image/{name}"), name);
    }
    let spec = built("conformance-ignore", fixture.path("image"));
    let made = fixture.ensure(&spec, &fixture.bases()).await.0.unwrap();
    let mut launch = fixture.launch("trap 'exit 0' TERM; while true; do sleep 0.05; done");
    launch.image = made.handle.clone();
    fixture.network().await;
    fixture
        .engine
        .create(&service("looks"), &launch)
        .await
        .unwrap();
    fixture.engine.start("looks").await.unwrap();
    let outcome = fixture
        .exec("looks", &["sh", "-c", "cd /context; ls -A . src"])
        .await;
    fixture.take_away().await;
    daemon::remove_image(&made.handle.reference).await;
    let expect = ".:\n.dockerignore\nkeep.log\nsrc\n\nsrc:\nmain";
    assert_eq!(text(&outcome.stdout), expect);
}

pub(crate) async fn a_failing_dockerfile_gives_its_last_lines(fixture: &Fixture) {
    let dockerfile = "ARG BASE\nFROM ${BASE}\nRUN echo about to fail; exit 9\n";
    fixture.write("image/Dockerfile", dockerfile);
    let spec = built("conformance-broken", fixture.path("image"));
    let error = fixture.ensure(&spec, &fixture.bases()).await.0;
    let Err(Error::Image {
        image,
        attempts,
        output,
    }) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(image, "conformance-broken");
    let [(source, reason)] = attempts.as_slice() else {
        panic!("{attempts:?}");
    };
    assert_eq!(source, "build image");
    assert!(reason.contains("returned a non-zero code: 9"), "{reason}");
    assert!(output.contains(&"about to fail".to_owned()), "{output:?}");
    assert_eq!(daemon::images_of("conformance-broken").await, 0);

    fixture.write("image/Dockerfile", "FORM scratch\n");
    let error = fixture.ensure(&spec, &fixture.bases()).await.0;
    let Err(Error::Image { attempts, .. }) = error else {
        panic!("{error:?}");
    };
    assert!(
        attempts[0].1.to_lowercase().contains("form"),
        "{attempts:?}"
    );
}

pub(crate) async fn prepare_runs_only_when_its_inputs_change(fixture: &Fixture) {
    fixture.write("source/main", "1");
    let mut spec = built("conformance-prepare", fixture.path("made"));
    let script = "echo run >> runs; mkdir -p made; cp source/main made/; \
                  printf 'ARG BASE\\nFROM ${BASE}\\nCOPY main /\\n' > made/Dockerfile; echo ready";
    declared(&mut spec).build.as_mut().unwrap().prepare = Some(HostCommand {
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        working_dir: fixture.identity.workspace.clone(),
        inputs: vec![fixture.path("source")],
        environment: IndexMap::new(),
    });
    let runs = || {
        fs_err::read_to_string(fixture.path("runs"))
            .unwrap()
            .lines()
            .count()
    };

    assert!(!is_current(fixture, &spec).await);
    let (first, output) = fixture.ensure(&spec, &fixture.bases()).await;
    let first = first.unwrap();
    assert!(output.contains(&"ready".to_owned()), "{output:?}");
    // What it made may change or go; only its inputs count.
    fs_err::remove_dir_all(fixture.path("made")).unwrap();
    assert!(is_current(fixture, &spec).await);
    let again = fixture.ensure(&spec, &fixture.bases()).await.0.unwrap();
    assert_eq!((again.source, runs()), (Provenance::Local, 1));

    fixture.write("source/main", "2");
    let second = fixture.ensure(&spec, &fixture.bases()).await.0.unwrap();
    daemon::remove_image(&first.handle.reference).await;
    daemon::remove_image(&second.handle.reference).await;
    assert_eq!((second.source, runs()), (Provenance::Built, 2));
}

pub(crate) async fn a_build_needs_its_base(fixture: &Fixture) {
    fixture.write("image/Dockerfile", "ARG BASE\nFROM ${BASE}\n");
    let spec = built("conformance-baseless", fixture.path("image"));
    let error = fixture
        .ensure(&spec, &std::collections::BTreeMap::new())
        .await
        .0;
    let Err(Error::Image { attempts, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(attempts[0].1, "its base `busybox` is not there");
    let seen = fixture.engine.provider().current(&[spec]).await.unwrap();
    assert!(seen.is_empty());
}
