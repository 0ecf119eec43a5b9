//! Services that end and are started again.

use std::time::Duration;

use envctl::engine::ServiceState;
use envctl::model::Restart;

use crate::declare::{IDLE, service};
use crate::fixture::{Fixture, until};
use crate::inside;
use crate::logging::{all_lines, count_lines};

/// Starts a service that says so, then ends with a code.
async fn crash(fixture: &Fixture, restart: Restart, code: i64) {
    let mut spec = service("crashing");
    spec.restart = restart;
    let script = format!("cat /proc/uptime; echo started; exit {code}");
    fixture.start(&spec, &script).await;
}

async fn starts(fixture: &Fixture) -> usize {
    count_lines(fixture, "crashing", "started").await
}

async fn started_often(fixture: &Fixture, count: usize) {
    let what = format!("{count} starts");
    until(&what, async || starts(fixture).await >= count).await;
}

pub(crate) async fn restart_no_leaves_it_ended(fixture: &Fixture) {
    crash(fixture, Restart::No, 3).await;
    fixture.ended_with("crashing", 3).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(starts(fixture).await, 1);
}

pub(crate) async fn restart_always_starts_again_after_success(fixture: &Fixture) {
    crash(fixture, Restart::Always, 0).await;
    started_often(fixture, 3).await;
    fixture.engine.stop("crashing").await.unwrap();
}

pub(crate) async fn restart_on_failure_has_its_limit(fixture: &Fixture) {
    let max_retries = Some(2);
    crash(fixture, Restart::OnFailure { max_retries }, 3).await;
    started_often(fixture, 3).await;
    fixture.ended_with("crashing", 3).await;
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(starts(fixture).await, 3);
}

pub(crate) async fn restart_on_failure_leaves_success_ended(fixture: &Fixture) {
    let max_retries = None;
    crash(fixture, Restart::OnFailure { max_retries }, 0).await;
    fixture.ended_with("crashing", 0).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(starts(fixture).await, 1);
}

pub(crate) async fn restarts_wait_ever_longer(fixture: &Fixture) {
    crash(fixture, Restart::Always, 3).await;
    started_often(fixture, 4).await;
    fixture.engine.stop("crashing").await.unwrap();
    let lines = all_lines(fixture, "crashing").await;
    let times = lines.iter().filter_map(|line| line.split_once(' '));
    let times: Vec<f64> = times.map(|(up, _)| up.parse().unwrap()).collect();
    let waits: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (wait, least) in waits.iter().zip([0.09, 0.19, 0.39]) {
        assert!(*wait >= least, "{waits:?}");
    }
}

pub(crate) async fn a_killed_service_is_started_again(fixture: &Fixture) {
    let mut spec = service("idle");
    spec.restart = Restart::UnlessStopped;
    fixture.start(&spec, IDLE).await;
    let main = inside::main_process(fixture, "idle").await;
    inside::kill(main).await;
    until("it runs again", async || {
        fixture.state("idle").await == Some(ServiceState::Running)
            && inside::main_process(fixture, "idle").await != main
    })
    .await;
}

pub(crate) async fn starts_and_the_time_since_are_counted(fixture: &Fixture) {
    let mut spec = service("idle");
    spec.restart = Restart::UnlessStopped;
    fixture.start(&spec, IDLE).await;
    let pulse = async || fixture.engine.pulse("idle").await.unwrap().unwrap();
    until("it runs for a while", async || {
        pulse().await.ran >= Duration::from_millis(500)
    })
    .await;
    let before = pulse().await;
    assert_eq!((before.state, before.restarts), (ServiceState::Running, 0));
    inside::kill(inside::main_process(fixture, "idle").await).await;
    until("it was started again", async || {
        let now = pulse().await;
        now.state == ServiceState::Running && now.restarts == 1
    })
    .await;
    assert_eq!(fixture.observe().await.services[0].restarts, 1);
    fixture.engine.stop("idle").await.unwrap();
    fixture.engine.start("idle").await.unwrap();
    let after = pulse().await;
    assert_eq!((after.state, after.restarts), (ServiceState::Running, 0));
    assert!(after.ran < before.ran, "{after:?}");
}

pub(crate) async fn a_stop_wins_over_a_restart(fixture: &Fixture) {
    crash(fixture, Restart::Always, 3).await;
    fixture
        .eventually("crashing", ServiceState::Restarting)
        .await;
    fixture.engine.stop("crashing").await.unwrap();
    let count = starts(fixture).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let state = fixture.state("crashing").await;
    assert!(
        matches!(state, Some(ServiceState::Exited { .. })),
        "{state:?}"
    );
    assert_eq!(starts(fixture).await, count);
}
