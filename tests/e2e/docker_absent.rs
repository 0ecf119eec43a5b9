//! Machines on which Docker cannot run an environment: the same commands, as processes.

use std::path::Path;

use serde_json::Value;

use crate::harness::{Engine, PROJECT, Scenario, get};

/// Runs a command with `--output json` and returns its answer; it must end well.
#[track_caller]
fn answer(scenario: &Scenario, args: &[&str]) -> Value {
    let args = [args, &["--output", "json"]].concat();
    scenario.run(&args).exits(0).answer()
}

#[test]
fn the_four_commands_and_those_around_them() {
    let Some(scenario) = Scenario::without_docker("none") else {
        return;
    };
    let doctor = answer(&scenario, &["doctor", "rates"]);
    assert_eq!(doctor["takes"], "process", "{doctor}");
    assert_eq!(
        scenario.left(),
        Vec::<String>::new(),
        "doctor makes nothing"
    );

    let up = scenario.run(&["up", "rates"]).exits(0);
    let said = up.stderr.lines().filter(|line| line.contains("engine: "));
    let said: Vec<&str> = said.collect();
    assert_eq!(said.len(), 1, "{}", up.stderr);
    for text in ["engine: process (not Docker: ", "unix:///nonexistent"] {
        assert!(said[0].contains(text), "{}", said[0]);
    }
    assert_eq!(answer(&scenario, &["up", "rates"])["changed"], 0);
    assert_eq!(answer(&scenario, &["seed", "rates"])["changed"], 0);
    scenario.run(&["smoke-test", "rates"]).exits(0);
    let plan = answer(&scenario, &["plan", "rates"]);
    assert_eq!(plan["steps"], Value::Array(Vec::new()));

    let status = answer(&scenario, &["status", "rates"]);
    assert_eq!(status["engine"], "process");
    for name in ["db", "api"] {
        assert_eq!(scenario.service(name)["state"], "ready", "{status}");
    }
    let logs = scenario.run(&["logs", "-e", "rates", "api"]).exits(0);
    assert!(logs.stdout.contains("listening on http"), "{}", logs.stdout);
    let exec = [
        "exec",
        "-e",
        "rates",
        "db",
        "--",
        "sh",
        "-c",
        "echo $PGPORT; exit 3",
    ];
    let exec = scenario.run(&exec).exits(3);
    let port = scenario.address("db");
    assert!(
        port.ends_with(&format!(":{}", exec.stdout.trim())),
        "{port}"
    );
    assert_eq!(scenario.value("select 'alive'"), "alive");
    let psql = [
        "psql",
        "-e",
        "rates",
        "--",
        "-At",
        "-c",
        "select count(*) from prices",
    ];
    assert_eq!(scenario.run(&psql).exits(0).stdout, "56190\n");
    let address = scenario.address("api");
    scenario.run(&["restart", "-e", "rates"]).exits(0);
    assert_eq!(scenario.address("api"), address);
    assert!(get(&address, "/").contains("alive"));

    scenario.take_away();
    let again = scenario.run(&["down", "rates"]).exits(0);
    assert!(
        again.stdout.contains("nothing to remove; 0 left"),
        "{}",
        again.stdout
    );
}

#[test]
fn the_project_itself_is_built_and_runs() {
    let Some(mut scenario) = Scenario::without_docker("whole") else {
        return;
    };
    scenario.work_in(Path::new(PROJECT));
    scenario.run(&["up", "rates"]).exits(0);
    scenario.run(&["smoke-test", "rates"]).exits(0);
    scenario.take_away();
}

/// A service from an image that no registry gives.
const WEB: &str = "[services.web]\nimage = \"127.0.0.1:1/web:1\"\n";

/// How it runs without one.
const AS_PROCESS: &str = "process = [\"sleep\", \"infinity\"]\n";

#[test]
fn an_image_that_cannot_be_had_gives_way_to_processes() {
    let Some(mut scenario) = Scenario::new(Engine::Docker, "no-image") else {
        return;
    };
    scenario.choose_by_itself();
    scenario.declare(&format!("{WEB}{AS_PROCESS}"));
    let doctor = answer(&scenario, &["doctor", "rates"]);
    assert_eq!(doctor["takes"], "process", "{doctor}");
    scenario
        .run(&["up", "rates"])
        .exits(0)
        .says(&["engine: process (not Docker: ", "127.0.0.1:1/web:1"]);
    let status = answer(&scenario, &["status", "rates"]);
    assert_eq!(status["engine"], "process");
    assert_eq!(answer(&scenario, &["up", "rates"])["changed"], 0);
    scenario.take_away();
    // Who asks for Docker gets Docker, or its reason.
    let up = scenario
        .run(&["up", "rates", "--engine", "docker"])
        .exits(5);
    up.says(&["127.0.0.1:1/web:1"]);
}

#[test]
fn where_no_engine_can_both_reasons_are_said() {
    let Some(mut scenario) = Scenario::new(Engine::Docker, "nothing") else {
        return;
    };
    scenario.choose_by_itself();
    scenario.declare(WEB);
    let lacks = "`services.web` has no `process`";
    for (variable, docker) in [
        (None, "127.0.0.1:1/web:1"),
        (Some("unix:///nonexistent"), "unix:///nonexistent"),
    ] {
        if let Some(host) = variable {
            scenario.set("DOCKER_HOST", host);
        }
        let up = scenario.run(&["up", "rates"]).exits(4);
        up.says(&[
            "no engine can run this environment",
            docker,
            lacks,
            "doctor",
        ]);
        let doctor = scenario.run(&["doctor", "rates"]).exits(4);
        for text in [docker, "services.web", "has no `process`"] {
            assert!(doctor.stdout.contains(text), "{text}: {}", doctor.stdout);
        }
    }
}

#[test]
fn docker_that_was_asked_for_is_not_replaced() {
    let Some(scenario) = Scenario::without_docker("asked") else {
        return;
    };
    let up = scenario
        .run(&["up", "rates", "--engine", "docker"])
        .exits(4);
    up.says(&["unix:///nonexistent", "DOCKER_HOST"]);
    // The profile of continuous integration asks for it, too.
    scenario.run(&["up", "rates", "-p", "ci"]).exits(4);
}
