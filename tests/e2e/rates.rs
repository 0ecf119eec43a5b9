//! The main job: `rates`, from nothing to a green smoke test and back to nothing.

use serde_json::Value;

use crate::harness::{Scenario, get, on_each_engine};

const LANE: &str = "/rates?date_from=2021-01-01&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

on_each_engine! {
    the_four_commands_end_green_and_leave_nothing on "four",
    each_command_works_on_its_own on "each",
    a_reset_replaces_what_was_changed_by_hand on "reset",
    data_outlives_down_and_goes_with_volumes on "data",
    only_what_changed_is_recreated on "change",
    down_status_and_logs_need_no_readable_env_toml on "broken",
}

fn the_four_commands_end_green_and_leave_nothing(scenario: &Scenario) {
    let up = scenario
        .run(&["up", "rates", "--output", "json"])
        .exits(0)
        .answer();
    assert!(up["changed"].as_u64() > Some(0), "{up}");

    let body: Value = serde_json::from_str(&get(&scenario.address("api"), LANE)).expect("JSON");
    let rates = body["rates"].as_array().expect("rates");
    assert_eq!(rates.len(), 31);
    for (index, day) in ["2021-01-31", "2021-01-30"].iter().enumerate() {
        assert_eq!(rates[index]["day"], *day);
        assert_eq!(rates[index]["count"], 3);
        let price = rates[index]["price"].as_f64().expect("a price");
        assert!((price - 3463.0 / 3.0).abs() < 1e-9, "{price}");
    }

    let again = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert_eq!(again.answer()["changed"], 0, "{}", again.stdout);
    let plan = scenario
        .run(&["plan", "rates", "--output", "json"])
        .exits(0)
        .answer();
    assert_eq!(
        plan["steps"],
        Value::Array(Vec::new()),
        "after `up` the plan is empty"
    );
    let seed = scenario
        .run(&["seed", "rates", "--output", "json"])
        .exits(0);
    assert_eq!(seed.answer()["changed"], 0, "{}", seed.stdout);

    let report = scenario.path("report.xml");
    let report = report.to_str().expect("UTF-8");
    let smoke = scenario
        .run(&["smoke-test", "rates", "--junit", report])
        .exits(0);
    assert!(smoke.stdout.contains("average-rates"), "{}", smoke.stdout);
    let junit = scenario.read("report.xml");
    assert!(junit.contains(r#"failures="0""#), "{junit}");

    scenario.take_away();
}

fn each_command_works_on_its_own(scenario: &Scenario) {
    scenario.run(&["build", "rates"]).exits(0);
    let build = scenario.run(&["build", "rates", "--output", "json"]);
    let build = build.exits(0).answer();
    assert_eq!(build["changed"], 0, "all of it is there: {build}");

    scenario.run(&["up", "rates", "--no-seed"]).exits(0);
    let tables = "select count(*) from information_schema.tables where table_schema = 'public'";
    assert_eq!(scenario.value(tables), "0");

    // Until the declared dump is in, migrations wait, and that is no failure.
    scenario
        .run(&["migrate", "rates"])
        .exits(0)
        .says(&["not seeded"]);
    let status = scenario.run(&["migrate", "rates", "--status"]).exits(0);
    assert!(status.stdout.contains("pending"), "{}", status.stdout);

    scenario.run(&["seed", "rates"]).exits(0);
    let status = scenario.run(&["migrate", "rates", "--status"]).exits(0);
    assert!(!status.stdout.contains("pending"), "{}", status.stdout);
    assert_ne!(scenario.value("select count(*) from prices"), "0");
    let alive = scenario
        .run(&["psql", "-e", "rates", "-c", "SELECT 'alive'"])
        .exits(0);
    assert!(alive.stdout.contains("alive"), "{}", alive.stdout);
    scenario.run(&["smoke-test", "rates"]).exits(0);
}

fn a_reset_replaces_what_was_changed_by_hand(scenario: &Scenario) {
    scenario.run(&["up", "rates"]).exits(0);
    let before = scenario.value("select count(*) from prices");
    scenario
        .run(&["psql", "-e", "rates", "-c", "delete from prices"])
        .exits(0);
    // Nobody is there to be asked, so nothing is lost.
    scenario
        .run(&["seed", "rates", "--reset"])
        .exits(2)
        .says(&["--yes"]);
    assert_eq!(scenario.value("select count(*) from prices"), "0");
    scenario
        .run(&["seed", "rates", "--reset", "--yes"])
        .exits(0);
    assert_eq!(scenario.value("select count(*) from prices"), before);
    scenario.run(&["smoke-test", "rates"]).exits(0);
}

fn data_outlives_down_and_goes_with_volumes(scenario: &Scenario) {
    scenario.run(&["up", "rates"]).exits(0);
    scenario
        .run(&["psql", "-e", "rates", "-c", "create table mine (id int)"])
        .exits(0);
    scenario.run(&["down", "rates"]).exits(0);
    let mut left = scenario.left();
    // A service comes back to its port.
    left.retain(|it| !it.starts_with("port "));
    assert_eq!(left, ["volume db-data"]);
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(scenario.value("select count(*) from mine"), "0");
}

fn only_what_changed_is_recreated(scenario: &Scenario) {
    scenario.run(&["up", "rates"]).exits(0);
    let set = "services.api.environment.POOL_SIZE=3";
    let plan = scenario.run(&["plan", "rates", "--set", set]).exits(0);
    assert!(plan.stdout.contains("recreate api"), "{}", plan.stdout);
    assert!(!plan.stdout.contains(" db"), "{}", plan.stdout);
    let up = scenario
        .run(&["up", "rates", "--set", set, "--output", "json"])
        .exits(0);
    let created = up
        .stdout
        .lines()
        .filter(|line| line.contains("step_started"));
    assert_eq!(
        created.filter(|line| line.contains("create")).count(),
        1,
        "{}",
        up.stdout
    );
    scenario
        .run(&["smoke-test", "rates"])
        .exits(0)
        .says(&["with --set services.api.environment.POOL_SIZE=…, as the instance was made"]);
}

fn down_status_and_logs_need_no_readable_env_toml(scenario: &Scenario) {
    scenario.run(&["up", "rates"]).exits(0);
    scenario.write("envs/rates/env.toml", "this is [not TOML");
    let status = scenario.run(&["status", "rates"]).exits(0);
    assert!(status.stdout.contains("api"), "{}", status.stdout);
    scenario
        .run(&["logs", "-e", "rates", "db", "--tail", "5"])
        .exits(0);
    scenario
        .run(&["up", "rates"])
        .exits(3)
        .says(&["env.toml:1"]);
    scenario.take_away();
}
