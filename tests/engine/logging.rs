//! Logs.

use std::time::Duration;

use envctl::engine::{LogLine, LogOptions};
use tokio::sync::mpsc::channel;

use crate::fixture::{Fixture, service};

async fn lines(fixture: &Fixture, name: &str, options: LogOptions) -> Vec<LogLine> {
    let (sink, mut source) = channel(4);
    let reading = async {
        let mut lines = Vec::new();
        while let Some(line) = source.recv().await {
            lines.push(line);
        }
        lines
    };
    let (result, lines) = tokio::join!(fixture.engine.logs(name, options, sink), reading);
    result.unwrap();
    lines
}

/// Follows a log until a line appears.
pub(crate) async fn until_line(fixture: &Fixture, name: &str, expect: &str) {
    let (sink, mut source) = channel::<LogLine>(4);
    let options = LogOptions {
        tail: None,
        follow: true,
    };
    let reading = async {
        while let Some(line) = source.recv().await {
            if line.line == expect {
                return true;
            }
        }
        false
    };
    let found = tokio::select! {
        biased;
        found = reading => found,
        result = fixture.engine.logs(name, options, sink) => panic!("ended early: {result:?}"),
        () = tokio::time::sleep(Duration::from_secs(20)) => false,
    };
    assert!(found, "`{name}` never wrote `{expect}`");
}

fn texts(lines: &[LogLine], stderr: bool) -> Vec<&str> {
    let of_stream = lines.iter().filter(|line| line.stderr == stderr);
    of_stream.map(|line| line.line.as_str()).collect()
}

async fn ended(fixture: &Fixture, script: &str) {
    fixture.start(&service("talks"), script).await;
    let expect = envctl::engine::ServiceState::Exited {
        code: 0,
        out_of_memory: false,
    };
    fixture.eventually("talks", expect).await;
}

pub(crate) async fn logs_have_lines_of_both_streams(fixture: &Fixture) {
    ended(fixture, "echo one; echo oh >&2; echo; echo -n partial").await;
    let lines = lines(fixture, "talks", LogOptions::default()).await;
    assert_eq!(texts(&lines, false), ["one", "", "partial"]);
    assert_eq!(texts(&lines, true), ["oh"]);
    assert!(lines.iter().all(|line| line.service == "talks"));
}

pub(crate) async fn a_tail_is_the_last_lines(fixture: &Fixture) {
    ended(fixture, "echo 1; echo 2; echo 3; echo 4").await;
    let options = LogOptions {
        tail: Some(2),
        follow: false,
    };
    let lines = lines(fixture, "talks", options).await;
    assert_eq!(texts(&lines, false), ["3", "4"]);
}

pub(crate) async fn following_ends_with_the_service(fixture: &Fixture) {
    let script = "for i in 1 2 3; do echo $i; sleep 0.2; done";
    fixture.start(&service("talks"), script).await;
    let options = LogOptions {
        tail: None,
        follow: true,
    };
    let lines = lines(fixture, "talks", options).await;
    assert_eq!(texts(&lines, false), ["1", "2", "3"]);
}

pub(crate) async fn following_ends_when_nobody_listens(fixture: &Fixture) {
    fixture.idle("silent").await;
    let (sink, source) = channel(1);
    let options = LogOptions {
        tail: None,
        follow: true,
    };
    drop(source);
    let following = fixture.engine.logs("silent", options, sink);
    let ended = tokio::time::timeout(Duration::from_secs(5), following).await;
    assert!(matches!(ended, Ok(Ok(()))), "{ended:?}");
}
