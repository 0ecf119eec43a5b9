//! Stopping services, and all that they started.

use std::time::{Duration, Instant};

use envctl::engine::ServiceState;

use crate::declare::service;
use crate::fixture::{Fixture, exited, until};
use crate::inside;
use crate::logging::{count_lines, first_line, until_line};

const DEAF: &str = "trap '' TERM; echo ready; while true; do sleep 0.05; done";

pub(crate) async fn a_stop_uses_the_signal_that_is_declared(fixture: &Fixture) {
    let mut spec = service("polite");
    spec.stop_signal = Some("SIGINT".to_owned());
    spec.stop_grace_period = Duration::from_secs(15);
    let script = "trap 'exit 42' INT; echo ready; while true; do sleep 0.05; done";
    fixture.start(&spec, script).await;
    until_line(fixture, "polite", "ready").await;
    let start = Instant::now();
    fixture.engine.stop("polite").await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(8));
    assert_eq!(fixture.state("polite").await, Some(exited(42)));
    // Stopping again is no mistake.
    fixture.engine.stop("polite").await.unwrap();
}

pub(crate) async fn a_stop_kills_after_the_grace_period(fixture: &Fixture) {
    fixture.start(&service("deaf"), DEAF).await;
    until_line(fixture, "deaf", "ready").await;
    let start = Instant::now();
    fixture.engine.stop("deaf").await.unwrap();
    let waited = start.elapsed();
    assert!(waited > Duration::from_millis(900), "{waited:?}");
    assert!(waited < Duration::from_secs(8), "{waited:?}");
    assert_eq!(fixture.state("deaf").await, Some(exited(137)));
}

pub(crate) async fn a_stop_of_one_service_leaves_the_others(fixture: &Fixture) {
    for name in ["first", "second", "third"] {
        fixture.idle(name).await;
    }
    // In whatever order the plan wants, here its own and not the one of the start.
    fixture.engine.stop("second").await.unwrap();
    let running = Some(ServiceState::Running);
    assert_eq!(fixture.state("first").await, running);
    assert_eq!(fixture.state("second").await, Some(exited(0)));
    assert_eq!(fixture.state("third").await, running);
    fixture.engine.stop("first").await.unwrap();
    assert_eq!(fixture.state("third").await, running);
}

pub(crate) async fn a_stop_ends_what_left_the_service(fixture: &Fixture) {
    // A grandchild in a session of its own, without its parent's environment, that ignores TERM.
    let script = "setsid env -i /bin/busybox sh -c '
            trap \"\" TERM HUP; echo $$; while true; do echo tick; /bin/busybox sleep 0.1; done' &
        trap 'exit 0' TERM; while true; do sleep 0.05; done";
    fixture.start(&service("forks"), script).await;
    until_line(fixture, "forks", "tick").await;
    let grandchild: u32 = first_line(fixture, "forks").await.parse().unwrap();
    fixture.engine.stop("forks").await.unwrap();
    assert_eq!(fixture.state("forks").await, Some(exited(0)));
    let ticks = count_lines(fixture, "forks", "tick").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(count_lines(fixture, "forks", "tick").await, ticks);
    // In a container the number is the container's own.
    assert!(fixture.has_containers() || !inside::lives(grandchild));
}

pub(crate) async fn the_end_of_the_main_process_ends_the_others(fixture: &Fixture) {
    let script = "setsid sh -c 'while true; do echo tick; sleep 0.1; done' & sleep 0.5; exit 4";
    fixture.start(&service("forks"), script).await;
    fixture.ended_with("forks", 4).await;
    let ticks = count_lines(fixture, "forks", "tick").await;
    assert!(ticks > 0);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(count_lines(fixture, "forks", "tick").await, ticks);
}

pub(crate) async fn a_paused_service_is_observed_and_stopped(fixture: &Fixture) {
    fixture.idle("idle").await;
    if fixture.has_containers() {
        let name = format!("envctl-{}-idle", fixture.identity.id);
        let path = format!("/containers/{name}/pause");
        assert_eq!(crate::daemon::request("POST", &path, "").await.0, 204);
    } else {
        let main = inside::main_process(fixture, "idle").await;
        let main = rustix::process::Pid::from_raw(i32::try_from(main).unwrap()).unwrap();
        rustix::process::kill_process(main, rustix::process::Signal::STOP).unwrap();
    }
    until("it is paused", async || {
        fixture.state("idle").await == Some(ServiceState::Paused)
    })
    .await;
    fixture.engine.stop("idle").await.unwrap();
    let state = fixture.state("idle").await;
    assert!(
        matches!(state, Some(ServiceState::Exited { .. })),
        "{state:?}"
    );
}
