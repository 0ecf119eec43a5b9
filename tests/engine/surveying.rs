//! How images would be had, found out without making any.

use envctl::engine::{Program, ProgramSpec, Provision};
use envctl::host::Obstacle;
use envctl::model::{HostCommand, Image};

use crate::building::built;
use crate::daemon;
use crate::declare::{declared, image, loaded};
use crate::fixture::Fixture;

fn pulled(name: &str, reference: &str) -> Provision {
    let image_of = Image {
        pull: Some(reference.to_owned()),
        ..Image::default()
    };
    image(name, image_of)
}

async fn survey(fixture: &Fixture, specs: &[Provision]) -> Vec<Result<String, Obstacle>> {
    let found = fixture.engine.provider().survey(specs).await.unwrap();
    let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
    let expected: Vec<&str> = specs.iter().map(Provision::name).collect();
    assert_eq!(names, expected);
    found.into_iter().map(|it| it.outcome).collect()
}

pub(crate) async fn a_survey_names_the_source_of_each_image(fixture: &Fixture) {
    fixture.write("image/Dockerfile", "ARG BASE\nFROM ${BASE}\n");
    let there = pulled("busybox", &fixture.busybox.reference);
    let build = built("conformance-surveyed", fixture.path("image"));
    let mut load = loaded("conformance-surveyed", &["/bin/sh", "-c", "exit 1"], "/");
    declared(&mut load).pull = Some("127.0.0.1:1/none:1".to_owned());
    let found = survey(fixture, &[there, build, load]).await;
    let expect = [
        format!("there: {}", fixture.busybox.reference),
        format!("build {}", fixture.path("image").display()),
        "load /bin/sh -c exit 1".to_owned(),
    ];
    let found: Vec<String> = found.into_iter().map(Result::unwrap).collect();
    // Paths are told from the workspace on.
    let root = format!("{}/", fixture.identity.workspace.display());
    assert_eq!(found, expect.map(|text| text.replace(&root, "")));
    assert_eq!(daemon::images_of("conformance-surveyed").await, 0);
}

pub(crate) async fn a_survey_says_what_stands_in_the_way_of_every_source(fixture: &Fixture) {
    let mut base = loaded("busybox", &["mmdebstrap", "bullseye", "-"], "/");
    declared(&mut base).pull = Some("127.0.0.1:1/none:1".to_owned());
    let on_it = built("conformance-surveyed", fixture.path("image"));
    let mut prepared = built("conformance-prepared", fixture.path("image"));
    if let Some(build) = &mut declared(&mut prepared).build {
        build.args.clear();
        build.prepare = Some(HostCommand {
            command: vec!["no-such-program".to_owned()],
            working_dir: "/".into(),
            inputs: Vec::new(),
            environment: indexmap::IndexMap::new(),
        });
    }
    let mut plain = built("conformance-bare", fixture.path("image"));
    if let Some(build) = &mut declared(&mut plain).build {
        build.args.clear();
    }
    let found = survey(fixture, &[base, on_it, prepared, plain]).await;
    let found: Vec<Obstacle> = found.into_iter().map(Result::unwrap_err).collect();
    let (pull, load) = found[0].reason.split_once("; ").unwrap();
    assert!(pull.starts_with("pull 127.0.0.1:1/none:1: "), "{pull}");
    let missing = "there is no program `mmdebstrap` on this machine";
    assert_eq!(load, format!("load mmdebstrap bullseye -: {missing}"));
    let hint = Some("apt-get install mmdebstrap".to_owned());
    assert_eq!(found[0].hint, hint);
    let reasons: Vec<&str> = found[1..].iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "build image: its base `busybox` cannot be had",
            "build image: there is no program `no-such-program` on this machine",
            "build image: there is no file image/Dockerfile",
        ]
    );
}

pub(crate) async fn a_survey_asks_for_what_a_dockerfile_is_built_on(fixture: &Fixture) {
    let there = &fixture.busybox.reference;
    let none = "127.0.0.1:1/none:1";
    let dockerfiles = [
        format!("ARG OF=none\nFROM {there} AS a\nRUN true\nFROM 127.0.0.1:1/${{OF}}:1\n"),
        format!("FROM {there}\nCOPY --from={none} / /\n"),
        format!("FROM {there}\nRUN --mount=type=cache,target=/c true\n"),
        format!("FROM {there} AS wanted\nFROM {none}\n"),
        format!("FROM {there} AS wanted\nFROM wanted\nFROM scratch\n"),
    ];
    let mut specs = Vec::new();
    for (number, text) in dockerfiles.iter().enumerate() {
        fixture.write(&format!("{number}/Dockerfile"), text);
        let mut spec = built("conformance-surveyed", fixture.path(&number.to_string()));
        let Some(build) = &mut declared(&mut spec).build else {
            unreachable!("it is built")
        };
        build.args.clear();
        build.target = (number == 3).then(|| "wanted".to_owned());
        specs.push(spec);
    }
    let Some(build) = &mut declared(&mut specs[4]).build else {
        unreachable!("it is built")
    };
    build.target = Some("other".to_owned());
    let found = survey(fixture, &specs).await;
    let of = |number: usize| found[number].as_ref().map_err(|it| it.reason.as_str());
    let missing = format!("its base {none} is not there and cannot be pulled: ");
    for (number, place) in [(0, "0/Dockerfile:4"), (1, "1/Dockerfile:2")] {
        let reason = of(number).unwrap_err();
        let expect = format!("build {number}: {place}: {missing}");
        assert!(reason.starts_with(&expect), "{reason}");
    }
    let needs = "build 2: 2/Dockerfile:2: `RUN --mount` needs BuildKit, and envctl builds with the \
                 daemon's classic builder";
    assert_eq!(of(2), Err(needs));
    assert_eq!(of(3).map(String::as_str), Ok("build 3"));
    assert_eq!(of(4), Err("build 4: 4/Dockerfile has no stage `other`"));
}

pub(crate) async fn a_survey_asks_a_silent_registry_once(fixture: &Fixture) {
    // It takes connections and answers none.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let registry = silent.local_addr().unwrap();
    let one = pulled("one", &format!("{registry}/one:1"));
    let two = pulled("two", &format!("{registry}/two:1"));
    let start = std::time::Instant::now();
    let found = survey(fixture, &[one, two]).await;
    assert!(start.elapsed() < std::time::Duration::from_secs(9));
    let reasons: Vec<String> = found.into_iter().map(|it| it.unwrap_err().reason).collect();
    let again = format!("the registry {registry} did not answer earlier in this run");
    assert!(reasons[1].contains(&again), "{reasons:?}");
}

pub(crate) async fn a_survey_names_each_program_or_what_stands_in_its_way(fixture: &Fixture) {
    let spec = |program: &str| {
        Provision::Program(Box::new(ProgramSpec {
            service: program.to_owned(),
            program: Program::Command {
                build: None,
                program: program.to_owned(),
                working_dir: fixture.identity.workspace.clone(),
            },
        }))
    };
    let found = survey(fixture, &[spec("busybox"), spec("no-such-program")]).await;
    let expect = format!("there: {}", fixture.busybox.reference);
    assert_eq!(found[0].as_deref(), Ok(expect.as_str()));
    let missing = found[1].as_ref().unwrap_err();
    assert!(missing.reason.contains("no-such-program"), "{missing:?}");
}
