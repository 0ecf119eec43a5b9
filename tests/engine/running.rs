//! What a service is given, and commands beside it.

use std::time::Duration;

use envctl::engine::Exec;
use envctl::model::{Mount, MountSource, Secret};

use crate::declare::{IDLE, service, text};
use crate::fixture::Fixture;

async fn check(fixture: &Fixture, script: &str, expect: &str) {
    let outcome = fixture.exec("box", &["sh", "-c", script]).await;
    assert_eq!(text(&outcome.stdout), expect, "{script}");
}

pub(crate) async fn a_service_has_its_environment(fixture: &Fixture) {
    fixture
        .start(&service("box"), &format!("echo $GREETING; {IDLE}"))
        .await;
    crate::logging::until_line(fixture, "box", "hello").await;
    check(fixture, "echo $GREETING", "hello").await;
}

pub(crate) async fn a_service_has_nothing_of_the_environment_of_its_caller(fixture: &Fixture) {
    fixture.start(&service("box"), IDLE).await;
    check(fixture, "echo $INHERITED", "").await;
}

pub(crate) async fn a_service_inherits_what_is_not_meant_for_envctl(fixture: &Fixture) {
    fixture.start(&service("box"), IDLE).await;
    check(fixture, "echo $INHERITED", "from the caller").await;
    check(fixture, "echo $ENVCTL_OWN", "").await;
}

pub(crate) async fn a_service_runs_as_its_user_in_its_folder(fixture: &Fixture) {
    let mut spec = service("box");
    // Others than root can only be themselves.
    let user = match rustix::process::geteuid().as_raw() {
        0 => 1234,
        user => user,
    };
    spec.user = Some(format!("{user}:{user}"));
    spec.working_dir = Some("/tmp".to_owned());
    fixture.start(&spec, IDLE).await;
    check(fixture, "id -u", &user.to_string()).await;
    check(fixture, "pwd", "/tmp").await;
}

pub(crate) async fn limits_and_mounts_are_kept(fixture: &Fixture) {
    fixture.write("shared/file", "from the host");
    let mut spec = service("box");
    spec.tmpfs = vec!["/scratch:size=1m,mode=1777".to_owned()];
    spec.shm_size_bytes = Some(8 * 1024 * 1024);
    spec.limits.memory_bytes = Some(64 * 1024 * 1024);
    spec.limits.nano_cpus = Some(500_000_000);
    spec.limits.pids = Some(50);
    spec.mounts = vec![Mount {
        source: MountSource::Bind(fixture.path("shared")),
        target: "/shared".to_owned(),
        read_only: true,
    }];
    fixture.start(&spec, IDLE).await;
    check(fixture, "cat /shared/file", "from the host").await;
    check(fixture, "echo x 2>&- > /shared/file || echo no", "no").await;
    let script = "echo x > /scratch/file && cat /scratch/file";
    check(fixture, script, "x").await;
    let seen = fixture.observe().await;
    let path = format!("/containers/{}/json", seen.services[0].handle);
    let host = &crate::daemon::get(&path).await["HostConfig"];
    assert_eq!(host["Memory"], 64 * 1024 * 1024);
    assert_eq!(host["NanoCpus"], 500_000_000);
    assert_eq!(host["PidsLimit"], 50);
    assert_eq!(host["ShmSize"], 8 * 1024 * 1024);
    assert_eq!(host["RestartPolicy"]["Name"], "no");
}

pub(crate) async fn exec_gives_exit_codes_and_both_outputs(fixture: &Fixture) {
    fixture.idle("idle").await;
    let script = "echo out; echo err >&2; exit 3";
    let outcome = fixture.exec("idle", &["sh", "-c", script]).await;
    assert_eq!(outcome.exit_code, 3);
    assert_eq!(
        (text(&outcome.stdout), text(&outcome.stderr)),
        ("out", "err")
    );
    let outcome = fixture.exec("idle", &["true"]).await;
    assert_eq!(outcome.exit_code, 0);
    let outcome = fixture.exec("idle", &["no-such-program"]).await;
    assert!(matches!(outcome.exit_code, 126 | 127), "{outcome:?}");
    let outcome = fixture.exec("idle", &["sh", "-c", "kill -9 $$"]).await;
    assert_eq!(outcome.exit_code, 137);
}

pub(crate) async fn exec_feeds_standard_input(fixture: &Fixture) {
    fixture.idle("idle").await;
    let user = match rustix::process::geteuid().as_raw() {
        0 => 99,
        user => user,
    };
    let long = "0123456789\n".repeat(100_000);
    let exec = Exec {
        command: ["sh", "-c", "id -u; echo $SECRET; cat | wc -c"]
            .map(str::to_owned)
            .to_vec(),
        stdin: Some(Secret::new(long)),
        user: Some(user.to_string()),
        environment: vec![("SECRET".to_owned(), Secret::new("s3cret"))],
    };
    let outcome = fixture
        .engine
        .inside()
        .unwrap()
        .exec("idle", &exec)
        .await
        .unwrap();
    let expect = format!("{user}\ns3cret\n1100000");
    assert_eq!(text(&outcome.stdout), expect);
    assert_eq!(outcome.exit_code, 0);
}

pub(crate) async fn exec_ends_with_its_command(fixture: &Fixture) {
    fixture.idle("idle").await;
    let exec = Exec {
        command: vec!["true".to_owned()],
        stdin: Some(Secret::new("x".repeat(20_000_000))),
        ..Exec::default()
    };
    let ended = fixture.engine.inside().unwrap().exec("idle", &exec);
    let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
    assert_eq!(ended.unwrap().unwrap().exit_code, 0);
}
