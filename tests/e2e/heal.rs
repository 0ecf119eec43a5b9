//! Killed and interrupted half-way: the next `up` ends green, the next `down` leaves nothing.

use crate::harness::{Engine, Scenario, kill, on_each_engine, until_started};

on_each_engine! {
    an_up_killed_at_any_step_is_mended_by_the_next on "kill",
    a_down_right_after_a_kill_leaves_nothing on "killdown",
    an_interrupted_up_says_how_to_go_on_and_ends_with_130 on "interrupt",
    a_killed_service_is_started_again_by_up on "service",
    a_changed_password_reaches_the_stored_role_and_who_connects on "password",
}

/// Returns the steps of an `up` from nothing: all of them, and some where each takes long.
fn steps(scenario: &Scenario) -> Vec<String> {
    let plan = scenario.run(&["plan", "rates", "--output", "json"]);
    let plan = plan.exits(0).answer();
    let steps = plan["steps"].as_array().expect("steps").iter();
    let titles = steps.map(|step| step["title"].as_str().expect("a title").to_owned());
    let sampled = ["network", "create db", "seed db", "ready api"];
    let is_taken =
        |title: &String| scenario.engine == Engine::Process || sampled.contains(&title.as_str());
    let steps: Vec<String> = titles.filter(is_taken).collect();
    assert!(steps.len() >= sampled.len(), "{steps:?}");
    steps
}

fn kill_up_at(scenario: &Scenario, title: &str) {
    let mut child = scenario.spawn(&["up", "rates"]);
    until_started(&mut child, title);
    child.kill().expect("SIGKILL");
    child.wait().expect("it ends");
}

fn an_up_killed_at_any_step_is_mended_by_the_next(scenario: &Scenario) {
    for title in steps(scenario) {
        kill_up_at(scenario, &title);
        scenario.run(&["up", "rates"]).exits(0);
        scenario.run(&["smoke-test", "rates"]).exits(0);
        scenario.take_away();
    }
}

fn a_down_right_after_a_kill_leaves_nothing(scenario: &Scenario) {
    for title in steps(scenario) {
        // A program that was built once stays.
        if !title.starts_with("program ") {
            kill_up_at(scenario, &title);
            scenario.take_away();
        }
    }
}

fn an_interrupted_up_says_how_to_go_on_and_ends_with_130(scenario: &Scenario) {
    for title in ["ready db", "seed db"] {
        let mut child = scenario.spawn(&["up", "rates"]);
        until_started(&mut child, title);
        assert!(kill(child.id(), "INT"));
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{stderr}");
    }
    scenario.run(&["up", "rates"]).exits(0);
    let databases = "select count(*) from pg_database where datname like 'envctl%'";
    assert_eq!(scenario.value(databases), "0");
}

fn a_killed_service_is_started_again_by_up(scenario: &Scenario) {
    scenario.run(&["up", "rates"]).exits(0);
    scenario.kill_services();
    scenario.run(&["up", "rates"]).exits(0);
    scenario.run(&["smoke-test", "rates"]).exits(0);
}

fn a_changed_password_reaches_the_stored_role_and_who_connects(scenario: &Scenario) {
    scenario.run(&["up", "rates"]).exits(0);
    scenario.local("[services.db]\npassword = \"an other one\"\n");
    scenario.run(&["up", "rates"]).exits(0);
    scenario.run(&["smoke-test", "rates"]).exits(0);
}
