//! Commands as calls of the library: several in one process, each stopped by its own token.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use envctl::cli::Cli;
use envctl::commands::{self, Lent, Request, Session};
use envctl::tell::{Answer, Event, Events, Failed};
use tokio_util::sync::CancellationToken;

/// Runs what could have been typed, and hands on what it tells.
async fn call(
    workspace: &Path,
    words: &str,
    cancel: &CancellationToken,
    hears: impl Fn(&Event) + Send + Sync + 'static,
) -> Result<Answer, Box<Failed>> {
    let cli = Cli::read(format!("envctl {words}").split(' ')).expect("it can be typed");
    let text = |path: &str| workspace.join(path).display().to_string();
    let request = Request {
        directory: workspace.to_owned(),
        engine: Some(envctl::model::EngineChoice::Process),
        variables: BTreeMap::from([
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), text("home")),
            ("XDG_STATE_HOME".to_owned(), text("state")),
        ]),
        ..Request::default()
    };
    let lent = Lent {
        program: PathBuf::from(env!("CARGO_BIN_EXE_envctl")),
        confirm: None,
        terminal: false,
        has_terminal: Arc::default(),
        mask: Box::new(|_| ()),
        turn_into: Box::new(|_| std::io::Error::other("this process stays")),
    };
    let events = Events::new(move |event| hears(&event));
    let session = Session::new(request, events, lent, cancel.clone());
    commands::perform(session, &cli.command).await
}

/// Returns whether it is this step that was started.
fn starts(event: &Event, step: &str) -> bool {
    matches!(event, Event::StepStarted { title, .. } if title == step)
}

/// Returns how many services of an environment run.
async fn running(workspace: &Path, environment: &str) -> usize {
    let never = CancellationToken::new();
    let status = call(workspace, &format!("status {environment}"), &never, |_| ()).await;
    let Ok(Answer::Status(status)) = status else {
        panic!("{status:?}");
    };
    let runs = status.services.iter();
    runs.filter(|one| one.state == "ready").count()
}

#[tokio::test]
async fn two_calls_in_one_process_are_stopped_each_on_its_own() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let workspace = folder.path();
    for (name, ports) in [("quick", ""), ("slow", "ports = { http = 80 }\n")] {
        let text = format!("[services.one]\nprocess = [\"sleep\", \"600\"]\n{ports}");
        let file = workspace.join("envs").join(name).join("env.toml");
        fs_err::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs_err::write(file, text).expect("a file");
    }
    let (quick, slow) = (CancellationToken::new(), CancellationToken::new());
    let waits = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&waits);
    let hears = move |event: &Event| {
        if starts(event, "ready one") {
            told.notify_one();
        }
    };
    let stop = async {
        let up = call(workspace, "up quick", &quick, |_| ()).await;
        waits.notified().await;
        slow.cancel();
        up
    };
    let (stopped, up) = tokio::join!(call(workspace, "up slow", &slow, hears), stop);
    let Ok(Answer::Up(_)) = up else {
        panic!("{up:?}");
    };
    assert_eq!(stopped.expect_err("it was stopped").exit_code, 130);
    assert_eq!(running(workspace, "quick").await, 1);
    for name in ["quick", "slow"] {
        let down = call(workspace, &format!("down {name}"), &quick, |_| ()).await;
        down.expect("it is taken away");
        assert_eq!(running(workspace, name).await, 0);
    }
}
