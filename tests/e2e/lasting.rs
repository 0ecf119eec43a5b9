//! `up` is about what still runs at its end: what dies soon after its start, what is started again
//! and again, and what nobody listens for.

use std::time::{Duration, Instant};

use crate::harness::{Scenario, on_each_engine};

on_each_engine! {
    one_that_dies_after_a_moment_is_no_environment_that_is_up on "dies-soon",
    one_that_is_started_again_and_again_does_not_run on "loops-on",
    a_port_that_nobody_listens_on_is_not_ready on "unheard",
    a_port_is_waited_for_unless_nobody_is_to_be_asked on "unasked",
    a_healthy_one_without_a_port_takes_a_second on "portless",
}

/// Declares services that are shell scripts, on either engine.
fn declare(scenario: &Scenario, services: &[(&str, &str, &str)]) {
    let services = services.iter().map(|(name, script, more)| {
        format!(
            "[services.{name}]\nimage = \"debian\"\ncommand = [\"sh\", \"-c\", '''{script}''']\n\
             process = [\"sh\", \"-c\", '''{script}''']\n{more}\n"
        )
    });
    let services: String = services.collect();
    scenario.declare(&format!("{}{services}", Scenario::images()));
}

/// Returns the state of the service `odd` as `status` shows it.
fn state(scenario: &Scenario) -> String {
    let status = scenario.run(&["status", "rates", "--output", "json"]);
    let answer = status.exits(0).answer();
    let services = answer["services"].as_array().expect("its services");
    let odd = services.iter().find(|it| it["service"] == "odd");
    odd.expect("it is there")["state"]
        .as_str()
        .expect("a text")
        .to_owned()
}

fn one_that_dies_after_a_moment_is_no_environment_that_is_up(scenario: &Scenario) {
    let script = "sleep 0.5; echo no such luck; exit 3";
    declare(
        scenario,
        &[("odd", script, ""), ("well", "exec sleep 600", "")],
    );
    let failed = scenario.run(&["up", "rates"]).exits(6);
    failed.says(&[
        "`odd` ended while it was waited for: exit code 3",
        "still running",
        "last lines of odd",
        "no such luck",
    ]);
    assert_eq!(state(scenario), "exit code 3");
    scenario.take_away();
}

fn one_that_is_started_again_and_again_does_not_run(scenario: &Scenario) {
    let more = "restart = \"always\"\nready_timeout = \"4s\"";
    declare(
        scenario,
        &[("odd", "sleep 0.5; echo no such luck; exit 3", more)],
    );
    let failed = scenario.run(&["up", "rates"]).exits(6);
    failed.says(&["did not become ready", "started again", "no such luck"]);
    // However often it is asked, and whether it runs at that moment or is to be started again.
    for _ in 0..6 {
        let state = state(scenario);
        assert!(
            ["restarting", "running, not ready"].contains(&state.as_str()),
            "{state}"
        );
        std::thread::sleep(Duration::from_millis(150));
    }
    let again = scenario.run(&["up", "rates"]).exits(6);
    assert!(
        !again.stdout.contains("already running"),
        "{}",
        again.stdout
    );
    again.says(&["did not become ready", "started again"]);
    scenario.take_away();
}

fn a_port_that_nobody_listens_on_is_not_ready(scenario: &Scenario) {
    let more = "ports = { http = 8000 }\nready_timeout = \"2s\"";
    declare(scenario, &[("odd", "exec sleep 600", more)]);
    let failed = scenario.run(&["up", "rates"]).exits(6);
    failed.says(&["`odd` did not become ready", "port http: "]);
    assert_eq!(state(scenario), "running, not ready");
    scenario.run(&["up", "rates"]).exits(6);
    scenario.take_away();
}

fn a_port_is_waited_for_unless_nobody_is_to_be_asked(scenario: &Scenario) {
    let more = "ports = { http = 8000 }\nhealthcheck = false";
    declare(scenario, &[("odd", "exec sleep 600", more)]);
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(state(scenario), "ready");
    let again = scenario.run(&["up", "rates"]).exits(0);
    assert!(again.stdout.contains("already running"), "{}", again.stdout);
    scenario.take_away();
}

fn a_healthy_one_without_a_port_takes_a_second(scenario: &Scenario) {
    declare(scenario, &[("odd", "exec sleep 600", "")]);
    let begun = Instant::now();
    scenario.run(&["up", "rates"]).exits(0);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    // It needs no second look by now.
    assert_eq!(state(scenario), "ready");
    let again = scenario.run(&["up", "rates", "--output", "json"]);
    assert_eq!(
        again.exits(0).answer()["phases"].as_array().map(Vec::len),
        Some(0)
    );
    scenario.take_away();
}
