//! More than one at a time: two commands on one instance, two clones of a workspace.

use crate::harness::{Scenario, finish};

#[test]
fn two_ups_of_one_instance_end_green_one_after_the_other() {
    let Some(scenario) = Scenario::new("twice") else {
        return;
    };
    let first = scenario.spawn(&["up", "rates"]);
    let second = scenario.spawn(&["up", "rates"]);
    let mut changed = Vec::new();
    let mut waited = 0;
    for child in [first, second] {
        let output = child.wait_with_output().expect("envctl ends");
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{stdout}");
        waited += usize::from(stdout.contains("waiting for `envctl up rates` (pid "));
        let last: serde_json::Value =
            serde_json::from_str(stdout.lines().last().expect("a line")).expect("JSON");
        changed.push(last["changed"].as_u64().expect("a count"));
    }
    changed.sort_unstable();
    assert_eq!(waited, 1, "one waits and says for whom");
    assert_eq!(changed[0], 0, "the second has nothing left to do");
    assert!(changed[1] > 0);
}

#[test]
fn two_clones_do_not_touch_each_other() {
    let (Some(one), Some(other)) = (Scenario::new("default"), Scenario::new("default")) else {
        return;
    };
    let (port_one, port_other) = (free_port(), free_port());
    let set = |port| format!("services.api.ports.http.host={port}");
    one.run(&["up", "rates", "--set", &set(port_one)]).exits(0);
    other
        .run(&["up", "rates", "--set", &set(port_other)])
        .exits(0);
    assert_eq!(one.api(), format!("127.0.0.1:{port_one}"));
    assert_eq!(other.api(), format!("127.0.0.1:{port_other}"));
    other.run(&["down", "rates", "--volumes", "--yes"]).exits(0);
    finish(&mut one.command(&["smoke-test", "rates", "--set", &set(port_one)])).exits(0);
}

/// Returns a port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
