//! Many services: all of them come up, little is told, and nothing is spent while they are idle.

use std::fmt::Write as _;

use crate::harness::{Engine, Scenario, supervisors};

const MANY: usize = 80;

/// Returns the seconds of a processor that processes have used so far.
fn used_s(pids: &[u32]) -> f64 {
    const TICKS_PER_S: f64 = 100.0;
    let ticks = |pid: &u32| -> f64 {
        let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
        let (_, fields) = stat.rsplit_once(") ").expect("fields");
        let used = fields.split(' ').skip(11).take(2);
        used.map(|it| it.parse::<f64>().expect("ticks")).sum()
    };
    pids.iter().map(ticks).sum::<f64>() / TICKS_PER_S
}

#[test]
fn all_come_up_with_little_to_read_and_idle_costs_nothing() {
    let Some(scenario) = Scenario::new(Engine::Process, "many") else {
        return;
    };
    let mut text = String::new();
    for number in 0..MANY {
        let _ = writeln!(
            text,
            "[services.s{number}]\nprocess = [\"sleep\", \"1000\"]"
        );
    }
    scenario.declare(&text);
    let up = scenario.run(&["up", "rates"]).exits(0);
    let lines = up.stderr.lines().count();
    assert!(lines < MANY / 2, "{}", up.stderr);
    let supervisors = supervisors(&scenario.home());
    assert_eq!(supervisors.len(), MANY);
    // The first looks are the densest.
    std::thread::park_timeout(std::time::Duration::from_secs(4));
    let before = used_s(&supervisors);
    std::thread::park_timeout(std::time::Duration::from_secs(4));
    let used = used_s(&supervisors) - before;
    assert!(used < 0.4, "{used} s of a processor in 4 s");
    let status = scenario.run(&["status", "rates", "--output", "json"]);
    let status = status.exits(0).answer();
    assert_eq!(status["services"].as_array().map(Vec::len), Some(MANY));
    let down = scenario.run(&["down", "rates"]).exits(0);
    assert!(down.stderr.lines().count() < MANY / 2, "{}", down.stderr);
}

#[test]
fn services_that_become_ready_only_together_do() {
    const TOGETHER: usize = 12;
    let Some(scenario) = Scenario::new(Engine::Process, "together") else {
        return;
    };
    fs_err::create_dir(scenario.path("here")).expect("a folder");
    let mut text = String::new();
    for number in 0..TOGETHER {
        let _ = write!(
            text,
            "[services.s{number}]\n\
             process = [\"sh\", \"-c\", \"touch here/{number}; exec sleep 1000\"]\n\
             healthcheck = {{ command = [\"sh\", \"-c\", \
             \"test $(ls here | wc -l) -eq {TOGETHER}\"] }}\n"
        );
    }
    scenario.declare(&text);
    scenario.run(&["up", "rates"]).exits(0);
}
