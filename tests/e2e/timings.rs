//! `up --timings`: the times of all steps, and the chain of them that made it as long as it was.

use serde_json::Value;

use crate::harness::{Scenario, on_each_engine};

on_each_engine! {
    times_and_critical_path_agree on "timings",
}

fn seconds(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no time: {value}"))
}

fn texts(value: &Value) -> Vec<&str> {
    let texts = value.as_array().expect("a list").iter();
    texts.map(|text| text.as_str().expect("a text")).collect()
}

fn times_and_critical_path_agree(scenario: &Scenario) {
    let file = scenario.path("timings.json");
    let up = ["up", "rates", "--timings", file.to_str().expect("UTF-8")];
    scenario.run(&up).exits(0);
    let timings: Value = serde_json::from_str(&scenario.read("timings.json")).expect("JSON");
    assert_eq!(timings["engine"], scenario.engine.name());
    let steps = timings["steps"].as_array().expect("steps");
    let find = |title: &str| {
        let found = steps.iter().find(|step| step["step"] == title);
        found.unwrap_or_else(|| panic!("no {title} in {timings:#}"))
    };
    let elapsed = seconds(&timings["elapsed_s"]);
    for step in steps {
        let (start, end) = (seconds(&step["start_s"]), seconds(&step["end_s"]));
        assert!(0.0 <= start && start <= end && end <= elapsed, "{step}");
        for before in texts(&step["waited_for"]) {
            assert!(
                seconds(&find(before)["end_s"]) <= start,
                "{before} and {step}"
            );
        }
    }
    for title in ["create db", "ready db", "seed db", "ready api"] {
        find(title);
    }
    let path = texts(&timings["critical_path"]);
    for pair in path.windows(2) {
        let waited_for = texts(&find(pair[1])["waited_for"]);
        assert!(waited_for.contains(&pair[0]), "{pair:?}");
    }
    assert!(seconds(&find(path[0])["start_s"]) <= 0.0, "{path:?}");
    let last = path.last().expect("a path");
    let end = seconds(&find(last)["end_s"]);
    let ends = steps.iter().map(|step| seconds(&step["end_s"]));
    assert!(ends.fold(0.0, f64::max) <= end, "{last} ends last");
}
