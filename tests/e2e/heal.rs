//! Killed and interrupted half-way: the next `up` ends green, the next `down` leaves nothing.

use crate::harness::{Scenario, docker, eventually, signal, until_started};

#[test]
fn an_up_killed_at_any_step_is_mended_by_the_next() {
    let Some(scenario) = Scenario::new("kill") else {
        return;
    };
    for title in [
        "network",
        "create db",
        "ready db",
        "seed db",
        "create api",
        "ready api",
    ] {
        let mut child = scenario.spawn(&["up", "rates"]);
        until_started(&mut child, title);
        child.kill().expect("SIGKILL");
        child.wait().expect("it ends");
        scenario.run(&["up", "rates"]).exits(0);
        scenario.run(&["smoke-test", "rates"]).exits(0);
        scenario
            .run(&["down", "rates", "--volumes", "--yes"])
            .exits(0);
        assert_eq!(
            scenario.left(),
            Vec::<String>::new(),
            "after a kill at {title}"
        );
    }
}

#[test]
fn a_down_right_after_a_kill_leaves_nothing() {
    let Some(scenario) = Scenario::new("killdown") else {
        return;
    };
    for title in ["create db", "seed db", "ready api"] {
        let mut child = scenario.spawn(&["up", "rates"]);
        until_started(&mut child, title);
        child.kill().expect("SIGKILL");
        child.wait().expect("it ends");
        scenario
            .run(&["down", "rates", "--volumes", "--yes"])
            .exits(0);
        assert_eq!(
            scenario.left(),
            Vec::<String>::new(),
            "after a kill at {title}"
        );
    }
}

#[test]
fn an_interrupted_up_says_how_to_go_on_and_ends_with_130() {
    let Some(scenario) = Scenario::new("interrupt") else {
        return;
    };
    for title in ["ready db", "seed db"] {
        let mut child = scenario.spawn(&["up", "rates"]);
        until_started(&mut child, title);
        signal(&child, "INT");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(
            output.status.code(),
            Some(130),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    scenario.run(&["up", "rates"]).exits(0);
    let databases = "select count(*) from pg_database where datname like 'envctl%'";
    assert_eq!(scenario.value(databases), "0");
}

#[test]
fn a_killed_service_is_started_again_by_up() {
    let Some(scenario) = Scenario::new("service") else {
        return;
    };
    scenario.run(&["up", "rates"]).exits(0);
    let workspace = scenario.path("").canonicalize().expect("a folder");
    let label = format!("label=envctl.workspace={}", workspace.display());
    let ids = docker(&["ps", "-q", "--filter", &label]);
    for id in ids.lines() {
        docker(&["kill", id]);
    }
    eventually("all are down", || {
        let running = docker(&["ps", "-q", "--filter", &label]);
        if running.is_empty() {
            Ok(())
        } else {
            Err(running)
        }
    });
    scenario.run(&["up", "rates"]).exits(0);
    scenario.run(&["smoke-test", "rates"]).exits(0);
}

#[test]
fn a_changed_password_reaches_the_stored_role_and_who_connects() {
    let Some(scenario) = Scenario::new("password") else {
        return;
    };
    scenario.run(&["up", "rates"]).exits(0);
    let password = "[services.db]\npassword = \"an other one\"\n";
    scenario.write("envs/rates/local.toml", password);
    scenario.run(&["up", "rates"]).exits(0);
    scenario.run(&["smoke-test", "rates"]).exits(0);
}
