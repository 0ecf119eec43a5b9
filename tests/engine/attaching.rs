//! Commands on the caller's own streams. A test's are the test program's, so the program is started
//! again, to be the caller.

use std::process::Stdio;

use envctl::engine::{Exec, Identity};
use envctl::model::InstanceId;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::fixture::Fixture;
use crate::place::variable;

/// The workspace of the instance that the caller attaches to.
const WORKSPACE: &str = "CONFORMANCE_ATTACH";

pub(crate) async fn attach_has_the_streams_and_the_environment(fixture: &Fixture) {
    let workspace = variable(WORKSPACE);
    if !workspace.is_empty() {
        return attach(fixture, workspace.into()).await;
    }
    fixture.idle("idle").await;
    let name = "attach_has_the_streams_and_the_environment";
    let mut caller = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg(format!("{}::{name}", fixture.place.engine))
        .env(WORKSPACE, &fixture.identity.workspace)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = caller.stdin.take().unwrap();
    stdin.write_all(b"question\n").await.unwrap();
    drop(stdin);
    let output = caller.wait_with_output().await.unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stdout.contains("hello question mark"), "{stdout}");
    assert!(stderr.contains("oh"), "{stderr}");
    assert!(output.status.success(), "{stdout}\n{stderr}");
}

async fn attach(fixture: &Fixture, workspace: std::path::PathBuf) {
    let identity = Identity {
        id: InstanceId::new("conformance", InstanceId::DEFAULT_INSTANCE, &workspace),
        workspace,
        ..fixture.identity.clone()
    };
    let engine = fixture.place.connect(&identity).await.unwrap();
    let script = "read line; echo $GREETING $line $MARK; echo oh >&2; exit 5";
    let exec = Exec {
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        environment: vec![("MARK".to_owned(), envctl::model::Secret::new("mark"))],
        ..Exec::default()
    };
    assert_eq!(
        engine
            .inside()
            .unwrap()
            .attach("idle", &exec, false)
            .await
            .unwrap(),
        5
    );
}
