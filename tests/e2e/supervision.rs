//! Supervisors that are killed, alone and together with envctl: `up` mends it, `down` leaves
//! nothing.

use crate::harness::{Engine, Scenario, eventually, kill, processes, supervisors, until_started};

/// Kills the supervisors that there are; their services live on.
fn kill_supervisors(scenario: &Scenario) -> usize {
    let pids = supervisors(&scenario.home());
    for pid in &pids {
        // One may have ended by itself.
        kill(*pid, "KILL");
    }
    eventually("they are gone", || match supervisors(&scenario.home()) {
        left if left.is_empty() => Ok(()),
        left => Err(format!("{left:?}")),
    });
    pids.len()
}

#[test]
fn services_outlive_their_supervisors_and_get_new_ones() {
    let Some(scenario) = Scenario::new(Engine::Process, "orphans") else {
        return;
    };
    scenario.run(&["up", "rates"]).exits(0);
    let before = processes(&scenario.id());
    assert_eq!(kill_supervisors(&scenario), 2);
    scenario.run(&["smoke-test", "rates"]).exits(0);
    let up = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert!(up.answer()["changed"].as_u64() > Some(0), "{}", up.stdout);
    let after = processes(&scenario.id());
    assert!(
        before.iter().all(|pid| after.contains(pid)),
        "{before:?} {after:?}"
    );
    assert_eq!(supervisors(&scenario.home()).len(), 2);
    let again = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert_eq!(again.answer()["changed"], 0, "{}", again.stdout);
    // Without any, `down` ends the services itself.
    kill_supervisors(&scenario);
    scenario.take_away();
}

#[test]
fn both_killed_at_any_step_is_mended_by_the_next_up() {
    let Some(scenario) = Scenario::new(Engine::Process, "both") else {
        return;
    };
    for (title, heals) in [
        ("create db", false),
        ("ready db", true),
        ("seed db", false),
        ("ready api", true),
    ] {
        let mut child = scenario.spawn(&["up", "rates"]);
        until_started(&mut child, title);
        child.kill().expect("SIGKILL");
        child.wait().expect("it ends");
        kill_supervisors(&scenario);
        if heals {
            scenario.run(&["up", "rates"]).exits(0);
            scenario.run(&["smoke-test", "rates"]).exits(0);
            assert_eq!(supervisors(&scenario.home()).len(), 2);
        }
        scenario.take_away();
    }
}
