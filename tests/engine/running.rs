//! What a container is given, and commands inside it.

use envctl::config::model::{Mount, MountSource, Secret};
use envctl::engine::Exec;

use crate::fixture::{Fixture, service, text};

pub(crate) async fn a_container_gets_what_was_declared(fixture: &Fixture) {
    fixture.write("shared/file", "from the host");
    let mut spec = service("box");
    spec.user = Some("1234:1234".to_owned());
    spec.working_dir = Some("/tmp".to_owned());
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
    fixture
        .start(&spec, "trap 'exit 0' TERM; while true; do sleep 0.05; done")
        .await;

    let check = async |script: &str, expect: &str| {
        let outcome = fixture.exec("box", &["sh", "-c", script]).await;
        assert_eq!(text(&outcome.stdout), expect, "{script}");
    };
    check("echo $GREETING", "hello").await;
    check("id -u", "1234").await;
    check("pwd", "/tmp").await;
    check("cat /shared/file", "from the host").await;
    check("test -w /shared/file || echo no", "no").await;
    check("echo x > /scratch/file && cat /scratch/file", "x").await;
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
}

pub(crate) async fn exec_feeds_standard_input(fixture: &Fixture) {
    fixture.idle("idle").await;
    let long = "0123456789\n".repeat(100_000);
    let exec = Exec {
        command: ["sh", "-c", "id -u; echo $SECRET; cat | wc -c"]
            .map(str::to_owned)
            .to_vec(),
        stdin: Some(Secret::new(long)),
        user: Some("99".to_owned()),
        environment: vec![("SECRET".to_owned(), Secret::new("s3cret"))],
    };
    let outcome = fixture.engine.exec("idle", &exec).await.unwrap();
    assert_eq!(text(&outcome.stdout), "99\ns3cret\n1100000");
    assert_eq!(outcome.exit_code, 0);
}

pub(crate) async fn exec_ends_with_its_command(fixture: &Fixture) {
    fixture.idle("idle").await;
    let exec = Exec {
        command: vec!["true".to_owned()],
        stdin: Some(Secret::new("x".repeat(20_000_000))),
        ..Exec::default()
    };
    let ended = fixture.engine.exec("idle", &exec);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(20), ended).await;
    assert_eq!(ended.unwrap().unwrap().exit_code, 0);
}
