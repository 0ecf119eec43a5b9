//! More than one at a time: two commands on one instance, two clones of a workspace, two engines.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::harness::{DEFAULT, Engine, Scenario, free_port, on_each_engine};

on_each_engine! {
    two_ups_of_one_instance_end_green_one_after_the_other on "twice",
    two_clones_do_not_touch_each_other on "default",
}

fn two_ups_of_one_instance_end_green_one_after_the_other(scenario: &Scenario) {
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

fn at_port(port: u16) -> String {
    format!("services.api.ports.http.host={port}")
}

fn two_clones_do_not_touch_each_other(one: &Scenario) {
    let Some(other) = Scenario::new(one.engine, DEFAULT) else {
        return;
    };
    let (port_one, port_other) = (at_port(free_port()), at_port(free_port()));
    one.run(&["up", "rates", "--set", &port_one]).exits(0);
    other.run(&["up", "rates", "--set", &port_other]).exits(0);
    assert!(port_one.ends_with(&one.address("api")["127.0.0.1:".len()..]));
    assert!(port_other.ends_with(&other.address("api")["127.0.0.1:".len()..]));
    other.take_away();
    let smoke = ["smoke-test", "rates", "--set", &port_one];
    one.run(&smoke).exits(0);
}

#[test]
fn two_instances_have_ports_of_their_own() {
    let Some(one) = Scenario::new(Engine::Process, DEFAULT) else {
        return;
    };
    let port = at_port(free_port());
    one.run(&["up", "rates", "--set", &port]).exits(0);
    let other = ["up", "rates", "--set", &port, "--instance", "other"];
    one.run(&other).exits(0);
    let status = ["status", "rates", "--output", "json"];
    let ports = |instance| {
        let status = one.run(&[&status[..], &["--instance", instance]].concat());
        let status = status.exits(0).answer();
        let services = status["services"].as_array().expect("services");
        let ports = services.iter().map(|service| service["ports"].to_string());
        ports.collect::<Vec<_>>()
    };
    let (of_one, of_other) = (ports(DEFAULT), ports("other"));
    assert_eq!((of_one.len(), of_other.len()), (2, 2));
    assert!(
        of_one.iter().all(|port| !of_other.contains(port)),
        "{of_one:?} {of_other:?}"
    );
    let smoke = ["smoke-test", "rates", "--set", &port];
    one.run(&[&smoke[..], &["--instance", "other"]].concat())
        .exits(0);
    let down = ["down", "rates", "--volumes", "--yes", "--instance", "other"];
    one.run(&down).exits(0);
    one.run(&smoke).exits(0);
}

#[test]
fn an_instance_stays_on_its_engine() {
    let (Some(docker), Some(_)) = (
        Scenario::new(Engine::Docker, "stays"),
        Scenario::new(Engine::Process, "stays-too"),
    ) else {
        return;
    };
    let service = "[services.odd]\nimage = \"postgres\"\ncommand = \"sleep 600\"\n\
                   process = \"sleep 600\"\nstop_signal = \"SIGKILL\"\n";
    docker.declare(&format!("{}{service}", Scenario::images()));
    for (own, other) in [("docker", "process"), ("process", "docker")] {
        docker.run(&["up", "rates", "--engine", own]).exits(0);
        let auto = docker.run(&["up", "rates", "--engine", "auto", "--output", "json"]);
        assert_eq!(auto.exits(0).answer()["changed"], 0, "on {own}");
        let refused = docker.run(&["up", "rates", "--engine", other]).exits(4);
        refused.says(&[
            &format!("is on the engine `{own}`, not on `{other}`"),
            &format!("envctl down rates -i stays --engine {own} --volumes"),
        ]);
        let status = docker.run(&["status", "rates", "--engine", "auto", "--output", "json"]);
        assert_eq!(status.exits(0).answer()["engine"], own);
        let down = ["down", "rates", "--volumes", "--yes", "--engine", "auto"];
        let down = docker.run(&[&down[..], &["--output", "json"]].concat());
        assert_eq!(down.exits(0).answer()["engine"], own);
        assert_eq!(docker.left(), Vec::<String>::new());
    }
}

#[test]
fn who_chooses_ports_for_long_is_named() {
    let Some(scenario) = Scenario::new(Engine::Process, "ports") else {
        return;
    };
    let service = "process = [\"sleep\", \"600\"]\nports = { http = 8000 }\nhealthcheck = false\n";
    scenario.declare(&format!("[services.odd]\n{service}"));
    scenario.run(&["up", "rates"]).exits(0);
    let home = scenario.home();
    let state = home.parent().and_then(Path::parent).expect("its folders");
    let mut options = fs_err::OpenOptions::new();
    let lock = options
        .read(true)
        .write(true)
        .open(state.join("ports.lock"));
    let lock = lock.expect("an `up` made it");
    scenario.run(&["down", "rates"]).exits(0);
    lock.file().lock().expect("it is held for a moment only");
    lock.set_len(0).expect("nobody else writes it");
    let holder = "`envctl up slow` (pid 1, since then)";
    (&lock).write_all(holder.as_bytes()).expect("room for it");
    let child = scenario.spawn(&["up", "rates"]);
    std::thread::sleep(Duration::from_secs(3));
    drop(lock);
    let output = child.wait_with_output().expect("envctl ends");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}");
    let told = format!("waiting for {holder} to choose its ports");
    assert_eq!(stdout.matches(&told).count(), 1, "{stdout}");
    scenario.take_away();
}
