//! Supervisors that are killed, and what is written down of processes that are gone.

use std::process::{Child, Command, Stdio};

use envctl::engine::{Defect, ServiceState};
use serde_json::{Value, json};

use crate::declare::{IDLE, service};
use crate::fixture::{Fixture, until};
use crate::inside;
use crate::logging::{first_line, until_line};

/// A process that belongs to nobody's service.
struct Stranger(Child);

impl Stranger {
    fn start() -> Self {
        let mut sleep = Command::new("/bin/busybox");
        let sleep = sleep.args(["sleep", "60"]).stdin(Stdio::null());
        Self(sleep.spawn().unwrap())
    }

    /// Returns how it would be written down.
    fn id(&self) -> Value {
        let pid = self.0.id();
        let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks: u64 = fields.split(' ').nth(19).unwrap().parse().unwrap();
        json!({ "pid": pid, "start": ticks })
    }

    fn lives(&self) -> bool {
        inside::lives(self.0.id())
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) async fn a_start_replaces_a_killed_supervisor(fixture: &Fixture) {
    fixture.idle("idle").await;
    let main = inside::main_process(fixture, "idle").await;
    let old = inside::supervisor(fixture, "idle");
    inside::kill(old).await;
    // The service runs on, and is seen to have no supervisor.
    let seen = &fixture.observe().await.services[0];
    assert_eq!(seen.state, ServiceState::Running);
    assert_eq!(seen.defect, Some(Defect::Unsupervised));
    fixture.engine.start("idle").await.unwrap();
    assert_eq!(fixture.observe().await.services[0].defect, None);
    assert_eq!(inside::main_process(fixture, "idle").await, main);
    assert_ne!(inside::supervisor(fixture, "idle"), old);
    // Nobody but a process's parent is told its exit code.
    fixture.engine.stop("idle").await.unwrap();
    assert!(!inside::lives(main));
    assert_eq!(fixture.state("idle").await, Some(ServiceState::Lost));
}

pub(crate) async fn a_stop_needs_no_supervisor(fixture: &Fixture) {
    let script = format!(
        "setsid env -i /bin/busybox sh -c '
            echo $$; echo ready; exec /bin/busybox sleep 60' & {IDLE}"
    );
    fixture.start(&service("forks"), &script).await;
    until_line(fixture, "forks", "ready").await;
    let grandchild: u32 = first_line(fixture, "forks").await.parse().unwrap();
    let main = inside::main_process(fixture, "forks").await;
    until("the grandchild is written down", async || {
        let state = inside::state(fixture, "forks");
        let mut others = state["others"].as_array().unwrap().iter();
        others.any(|other| other["pid"] == grandchild)
    })
    .await;
    inside::kill(inside::supervisor(fixture, "forks")).await;
    assert!(inside::lives(grandchild));
    fixture.engine.stop("forks").await.unwrap();
    let left = (inside::lives(main), inside::lives(grandchild));
    assert_eq!(left, (false, false));
    let state = fixture.state("forks").await;
    assert!(!matches!(state, Some(ServiceState::Running)), "{state:?}");
}

/// Writes down that a stopped service is the stranger, and acts on it.
async fn written_down_as(fixture: &Fixture, boot: Option<&str>, id: &Value) {
    fixture.idle("idle").await;
    fixture.engine.stop("idle").await.unwrap();
    let mut state = inside::state(fixture, "idle");
    if let Some(boot) = boot {
        state["boot"] = json!(boot);
    }
    state["main"] = id.clone();
    state["supervisor"] = id.clone();
    state["others"] = json!([id]);
    state["phase"] = json!("running");
    let file = inside::state_file(fixture, "idle");
    fs_err::write(file, state.to_string()).unwrap();
    assert_eq!(fixture.state("idle").await, Some(ServiceState::Lost));
    fixture.engine.stop("idle").await.unwrap();
    fixture.engine.start("idle").await.unwrap();
    assert_eq!(fixture.state("idle").await, Some(ServiceState::Running));
}

pub(crate) async fn what_was_written_before_a_reboot_is_not_acted_on(fixture: &Fixture) {
    let stranger = Stranger::start();
    written_down_as(fixture, Some("another"), &stranger.id()).await;
    assert!(stranger.lives());
}

pub(crate) async fn a_process_that_got_the_number_later_is_not_touched(fixture: &Fixture) {
    let stranger = Stranger::start();
    let mut id = stranger.id();
    id["start"] = json!(id["start"].as_u64().unwrap() - 1);
    written_down_as(fixture, None, &id).await;
    assert!(stranger.lives());
}
