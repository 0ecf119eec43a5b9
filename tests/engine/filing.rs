//! Files that are made for a service.

use envctl::engine::{Exec, FileSpec, Launch, MadeFile, Readers, ServiceSpec};
use envctl::model::{Restart, Secret};

use crate::declare::{service, text};
use crate::fixture::{Fixture, until};

/// Says what is in its file when it starts, and at each signal; fails once it is told to.
const TELLER: &str = "trap 'cat $FILE' HUP; trap 'exit 0' TERM
    echo >> $SCRATCH/starts; cat $FILE
    until [ -e $SCRATCH/end ]; do sleep 0.05; done
    rm $SCRATCH/end; exit 3";

fn teller() -> ServiceSpec {
    let mut spec = service("box");
    spec.files = vec![FileSpec {
        name: "text".to_owned(),
        path: "/etc/teller/deep/text".to_owned(),
        readers: Readers::All,
    }];
    spec
}

fn file(content: &str) -> Vec<MadeFile> {
    vec![MadeFile {
        spec: teller().files.remove(0),
        content: Secret::new(content),
    }]
}

async fn start(fixture: &Fixture, content: &str) -> Launch {
    start_this(fixture, &teller(), content).await
}

async fn start_this(fixture: &Fixture, spec: &ServiceSpec, content: &str) -> Launch {
    fixture.network().await;
    let mut launch = fixture.launch(TELLER);
    let path = fixture.engine.file_path("box", &spec.files[0]);
    let path = ("FILE".to_owned(), Secret::new(path));
    launch.environment.push(path);
    launch.files = file(content);
    fixture.engine.create(spec, &launch).await.unwrap();
    fixture.engine.start("box").await.unwrap();
    launch
}

async fn digests(fixture: &Fixture) -> Vec<String> {
    let seen = fixture.observe().await.services.remove(0);
    seen.files.into_values().collect()
}

pub(crate) async fn a_service_finds_the_files_that_are_made_for_it(fixture: &Fixture) {
    let launch = start(fixture, "one\n").await;
    crate::logging::until_line(fixture, "box", "one").await;
    assert_eq!(digests(fixture).await, [launch.files[0].content.digest()]);
    // They are there again after a stop and a start.
    fixture.engine.stop("box").await.unwrap();
    fixture.engine.start("box").await.unwrap();
    let outcome = fixture.exec("box", &["sh", "-c", "cat $FILE"]).await;
    assert_eq!(text(&outcome.stdout), "one");
}

pub(crate) async fn a_reload_replaces_files_and_tells_the_service(fixture: &Fixture) {
    start(fixture, "one\n").await;
    crate::logging::until_line(fixture, "box", "one").await;
    let files = file("two\n");
    fixture
        .engine
        .inside()
        .unwrap()
        .reload("box", &files, "SIGHUP")
        .await
        .unwrap();
    crate::logging::until_line(fixture, "box", "two").await;
    assert_eq!(digests(fixture).await, [files[0].content.digest()]);
}

pub(crate) async fn a_reload_is_no_end_of_restarts(fixture: &Fixture) {
    for (times, restart) in [("one", Restart::Always), ("two", Restart::UnlessStopped)] {
        let spec = ServiceSpec {
            restart,
            ..teller()
        };
        start_this(fixture, &spec, &format!("{times}\n")).await;
        // From here on the signal does not end it.
        crate::logging::until_line(fixture, "box", times).await;
        let files = file("other");
        fixture
            .engine
            .inside()
            .unwrap()
            .reload("box", &files, "SIGHUP")
            .await
            .unwrap();
        let begun = fixture
            .exec("box", &["sh", "-c", "cat $SCRATCH/starts"])
            .await;
        fixture
            .exec("box", &["sh", "-c", "touch $SCRATCH/end"])
            .await;
        until("it is started again", async || {
            let command = ["sh", "-c", "cat $SCRATCH/starts"].map(str::to_owned);
            let exec = Exec {
                command: command.to_vec(),
                ..Exec::default()
            };
            // While it is down, there is nothing to run it in.
            let found = fixture.engine.inside().unwrap().exec("box", &exec).await;
            found.is_ok_and(|it| it.exit_code == 0 && it.stdout.len() > begun.stdout.len())
        })
        .await;
    }
}

pub(crate) async fn a_reload_of_what_does_not_run_is_there_at_its_start(fixture: &Fixture) {
    start(fixture, "one\n").await;
    fixture.engine.stop("box").await.unwrap();
    let files = file("three\n");
    fixture
        .engine
        .inside()
        .unwrap()
        .reload("box", &files, "SIGHUP")
        .await
        .unwrap();
    fixture.engine.start("box").await.unwrap();
    crate::logging::until_line(fixture, "box", "three").await;
}
