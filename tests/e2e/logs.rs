//! `logs` of several services: in order of time, over their restarts, and only what is asked for.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::harness::{Scenario, on_each_engine};

/// How long a line of a log may take on a machine that is busy.
const LONG: Duration = Duration::from_mins(1);

/// Two services that speak in turn, by a file that both see.
const TURNS: &str = "for i in 1 2 3 4; do sleep 0.3; echo $0 $i; sleep 0.3; done; \
                     trap 'exit 0' TERM; sleep 600 & wait";

fn declare(scenario: &Scenario) {
    let service = |name: &str, wait: &str| {
        let words = format!("[\"sh\", \"-c\", \"sleep {wait}; {TURNS}\", \"{name}\"]");
        format!(
            "[services.{name}]\nimage = \"postgres\"\nentrypoint = []\ncommand = {words}\nprocess = {words}\n"
        )
    };
    let services = [service("first", "0"), service("second-one", "0.3")].concat();
    scenario.declare(&format!("{}{services}", Scenario::images()));
}

on_each_engine! {
    logs_are_woven_in_order_of_time on "woven",
    following_goes_on_with_the_next_run on "follows",
}

/// Waits until both have said all.
#[track_caller]
fn all_said(scenario: &Scenario) {
    crate::harness::eventually("both have said all", || {
        let said = scenario.run(&["logs"]).stdout;
        let all = said.contains("first 4") && said.contains("second-one 4");
        all.then_some(()).ok_or(said)
    });
}

fn logs_are_woven_in_order_of_time(scenario: &Scenario) {
    declare(scenario);
    scenario.run(&["up", "rates"]).exits(0);
    all_said(scenario);
    let logs = scenario.run(&["logs"]).exits(0).stdout;
    let turns = |logs: &str, name: &str| -> Vec<usize> {
        let lines = logs.lines().enumerate();
        let own = lines.filter(|(_, line)| line.starts_with(name));
        own.map(|(index, _)| index).collect()
    };
    // They do not start at the same moment, but neither comes as one block.
    let (first, second) = (turns(&logs, "first"), turns(&logs, "second-one"));
    assert_eq!((first.len(), second.len()), (4, 4), "{logs}");
    assert!(first[3] > second[0] && second[3] > first[0], "{logs}");
    assert!(logs.contains("first      | first 1\n"), "{logs}");

    let stamped = scenario.run(&["logs", "-t", "--no-prefix"]).exits(0).stdout;
    let times: Vec<&str> = stamped
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(times.len(), 8, "{stamped}");
    assert!(times.is_sorted(), "{stamped}");
    let third = times[2];
    let since = scenario
        .run(&["logs", "--since", third, "--output", "json"])
        .exits(0)
        .stdout;
    let events: Vec<serde_json::Value> = since
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|event: &serde_json::Value| event["event"] == "log_line")
        .collect();
    assert!(!events.is_empty() && events.len() <= 6, "{since}");
    assert!(
        events
            .iter()
            .all(|event| event["time"].as_str() >= Some(third)),
        "{since}"
    );
    let until = scenario.run(&["logs", "--until", third]).exits(0).stdout;
    assert!((2..8).contains(&until.lines().count()), "{until}");

    let picked = ["logs", "--grep", "[23]$", "-n", "1", "--no-prefix"];
    let picked = scenario.run(&picked).exits(0).stdout;
    let mut picked: Vec<&str> = picked.lines().collect();
    picked.sort_unstable();
    assert_eq!(picked, ["first 3", "second-one 3"]);
    scenario.take_away();
}

fn following_goes_on_with_the_next_run(scenario: &Scenario) {
    declare(scenario);
    scenario.run(&["up", "rates"]).exits(0);
    all_said(scenario);
    let mut following = scenario.command(&["logs", "first", "--follow"]);
    let mut following = following
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("envctl starts");
    let (sender, lines) = channel();
    let stdout = BufReader::new(following.stdout.take().expect("a pipe"));
    let reader = std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let until = |text: &str, times: usize| {
        let mut seen = 0;
        while seen < times {
            let line = lines.recv_timeout(LONG).expect("the log goes on");
            seen += usize::from(line.ends_with(text));
        }
    };
    until("first 4", 1);
    scenario.run(&["restart", "first"]).exits(0);
    until("first 4", 1);
    scenario.run(&["down", "rates"]).exits(0);
    let ended = following.wait_with_output().expect("it ends by itself");
    reader.join().expect("it reads");
    assert!(ended.status.success(), "{ended:?}");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(said.matches("first was started again").count(), 1, "{said}");
    assert!(lines.try_iter().all(|line| !line.ends_with("first 4")));
    scenario.take_away();
}
