//! Logs.

use std::time::{Duration, SystemTime};

use envctl::engine::{LogLine, LogOptions};
use tokio::sync::mpsc::channel;

use crate::declare::service;
use crate::fixture::Fixture;
use crate::inside;

async fn lines(fixture: &Fixture, name: &str, options: LogOptions) -> Vec<LogLine> {
    let (sink, mut source) = channel(4);
    let reading = async {
        let mut lines = Vec::new();
        while let Some(line) = source.recv().await {
            lines.push(line);
        }
        lines
    };
    let (result, lines) = tokio::join!(
        fixture.engine.inside().unwrap().logs(name, options, sink),
        reading
    );
    result.unwrap();
    lines
}

/// Returns all lines that a service wrote.
pub(crate) async fn all_lines(fixture: &Fixture, name: &str) -> Vec<String> {
    let lines = lines(fixture, name, LogOptions::default()).await;
    lines.into_iter().map(|line| line.line).collect()
}

/// Returns how often a service wrote a line.
pub(crate) async fn count_lines(fixture: &Fixture, name: &str, text: &str) -> usize {
    let lines = all_lines(fixture, name).await;
    lines.iter().filter(|line| *line == text).count()
}

pub(crate) async fn first_line(fixture: &Fixture, name: &str) -> String {
    all_lines(fixture, name).await.remove(0)
}

/// Follows a log until a line appears.
pub(crate) async fn until_line(fixture: &Fixture, name: &str, expect: &str) {
    until_line_with(fixture, name, |line| line == expect).await;
}

/// Follows a log until a line appears that passes a check.
pub(crate) async fn until_line_with(fixture: &Fixture, name: &str, check: impl Fn(&str) -> bool) {
    let (sink, mut source) = channel::<LogLine>(4);
    let options = LogOptions {
        tail: None,
        follow: true,
        ..LogOptions::default()
    };
    let reading = async {
        while let Some(line) = source.recv().await {
            if check(&line.line) {
                return true;
            }
        }
        false
    };
    let found = tokio::select! {
        biased;
        found = reading => found,
        result = fixture.engine.inside().unwrap().logs(name, options, sink) => panic!("ended early: {result:?}"),
        () = tokio::time::sleep(Duration::from_secs(20)) => false,
    };
    assert!(found, "`{name}` never wrote that");
}

fn texts(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.line.as_str()).collect()
}

async fn ended(fixture: &Fixture, script: &str) {
    fixture.start(&service("talks"), script).await;
    fixture.ended_with("talks", 0).await;
}

pub(crate) async fn logs_have_the_lines_of_both_streams(fixture: &Fixture) {
    ended(fixture, "echo one; echo oh >&2; echo; echo -n partial").await;
    let lines = lines(fixture, "talks", LogOptions::default()).await;
    let mut found = texts(&lines);
    found.sort_unstable();
    assert_eq!(found, ["", "oh", "one", "partial"]);
    assert!(lines.iter().all(|line| line.service == "talks"));
}

pub(crate) async fn logs_tell_the_streams_apart(fixture: &Fixture) {
    ended(fixture, "echo one; echo oh >&2; echo two").await;
    let lines = lines(fixture, "talks", LogOptions::default()).await;
    let (error, output): (Vec<LogLine>, Vec<LogLine>) =
        lines.into_iter().partition(|line| line.stderr);
    assert_eq!(texts(&output), ["one", "two"]);
    assert_eq!(texts(&error), ["oh"]);
}

pub(crate) async fn logs_keep_the_order_of_both_streams(fixture: &Fixture) {
    let script = "i=0; while [ $i -lt 500 ]; do echo out; echo err >&2; i=$((i + 1)); done";
    ended(fixture, script).await;
    let lines = lines(fixture, "talks", LogOptions::default()).await;
    let expect = ["out", "err"].repeat(500);
    assert_eq!(texts(&lines), expect);
}

pub(crate) async fn logs_say_when_a_line_was_printed(fixture: &Fixture) {
    const PAUSE: Duration = Duration::from_millis(400);
    let before = SystemTime::now();
    ended(fixture, "echo one; sleep 0.4; echo two; echo three").await;
    let lines = lines(fixture, "talks", LogOptions::default()).await;
    assert_eq!(texts(&lines), ["one", "two", "three"]);
    let times: Vec<SystemTime> = lines.iter().filter_map(|line| line.at).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(
        before <= times[0] && times[2] <= SystemTime::now(),
        "{times:?}"
    );
    let apart = times[1].duration_since(times[0]).unwrap();
    assert!(apart >= PAUSE / 2, "{apart:?}");
}

pub(crate) async fn what_follows_the_end_of_a_log_is_all_that_is_new(fixture: &Fixture) {
    ended(fixture, "echo once").await;
    let (sink, mut source) = channel(4);
    let read = fixture
        .engine
        .inside()
        .unwrap()
        .logs("talks", LogOptions::default(), sink);
    let drain = async { while source.recv().await.is_some() {} };
    let (end, ()) = tokio::join!(read, drain);
    fixture.engine.start("talks").await.unwrap();
    fixture.ended_with("talks", 0).await;
    let options = LogOptions {
        since: Some(end.unwrap()),
        ..LogOptions::default()
    };
    let one = async || lines(fixture, "talks", options.clone()).await.len() == 1;
    crate::fixture::until("the second line is there alone", one).await;
    // The same of one that was made anew, whose log begins again.
    let marked = options.clone();
    fixture.engine.stop("talks").await.unwrap();
    ended(
        fixture,
        "echo anew; echo and longer than the log before it was",
    )
    .await;
    let lines = lines(fixture, "talks", marked).await;
    assert_eq!(
        texts(&lines),
        ["anew", "and longer than the log before it was"]
    );
}

pub(crate) async fn a_tail_is_the_last_lines(fixture: &Fixture) {
    ended(fixture, "echo 1; echo 2; echo 3; echo 4").await;
    let options = LogOptions {
        tail: Some(2),
        follow: false,
        ..LogOptions::default()
    };
    let lines = lines(fixture, "talks", options).await;
    assert_eq!(texts(&lines), ["3", "4"]);
}

pub(crate) async fn logs_outlive_a_stop_and_a_start(fixture: &Fixture) {
    ended(fixture, "echo once").await;
    fixture.engine.start("talks").await.unwrap();
    fixture.ended_with("talks", 0).await;
    let twice = async || count_lines(fixture, "talks", "once").await == 2;
    crate::fixture::until("both are there", twice).await;
}

pub(crate) async fn following_ends_with_the_service(fixture: &Fixture) {
    let script = "for i in 1 2 3; do echo $i; sleep 0.2; done";
    fixture.start(&service("talks"), script).await;
    let options = LogOptions {
        tail: None,
        follow: true,
        ..LogOptions::default()
    };
    let lines = lines(fixture, "talks", options).await;
    assert_eq!(texts(&lines), ["1", "2", "3"]);
}

pub(crate) async fn following_ends_when_nobody_listens(fixture: &Fixture) {
    fixture.idle("silent").await;
    let (sink, source) = channel(1);
    let options = LogOptions {
        tail: None,
        follow: true,
        ..LogOptions::default()
    };
    drop(source);
    let following = fixture
        .engine
        .inside()
        .unwrap()
        .logs("silent", options, sink);
    let ended = tokio::time::timeout(Duration::from_secs(5), following).await;
    assert!(matches!(ended, Ok(Ok(_))), "{ended:?}");
}

/// 100 MB, which is more than both files may have together.
pub(crate) async fn a_long_log_is_cut(fixture: &Fixture) {
    const KEPT_BYTES_MAX: u64 = 48 * 1024 * 1024;
    ended(fixture, "yes 0123456 | head -c 100000000; echo last").await;
    let folder = inside::folder(fixture, "talks");
    let sizes = ["log", "log.1", "log.new"].map(|name| {
        let metadata = fs_err::metadata(folder.join(name));
        metadata.map_or(0, |metadata| metadata.len())
    });
    assert!(sizes.iter().sum::<u64>() <= KEPT_BYTES_MAX, "{sizes:?}");
    let options = LogOptions {
        tail: Some(2),
        follow: false,
        ..LogOptions::default()
    };
    let lines = lines(fixture, "talks", options).await;
    assert_eq!(texts(&lines), ["0123456", "last"]);
}
