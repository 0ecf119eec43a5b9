//! A removal of data that is killed while it goes on: whatever comes next is not in its way, and
//! finishes it.

use std::path::Path;

use crate::harness::{Engine, Scenario};

const DATABASE: &str = "[services.db]\nkind = \"postgres\"\n";

/// How many files the data has, so that its removal takes a while.
const FILES: usize = 6000;

/// Returns the folders in the instance that are being removed.
fn half_removed(scenario: &Scenario) -> Vec<String> {
    let kinds = ["services", "volumes"].map(|kind| scenario.home().join(kind));
    let names = kinds.iter().flat_map(|kind| {
        let entries = fs_err::read_dir(kind).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
    });
    names.filter(|name| name.starts_with(".removed-")).collect()
}

fn fill(folder: &Path) {
    for number in 0..FILES {
        let group = folder.join(format!("filler/{}", number / 200));
        fs_err::create_dir_all(&group).expect("a folder");
        fs_err::write(group.join(number.to_string()), "").expect("a file");
    }
}

/// Removes the instance with its data, and kills that in the middle; returns whether it was soon
/// enough.
fn kill_removal(scenario: &Scenario) -> bool {
    fill(&scenario.home().join("volumes/db-data"));
    let mut down = scenario.spawn(&["down", "rates", "--volumes", "--yes"]);
    let marked = scenario.home().join("volumes/.removed-db-data");
    while !marked.exists() && down.try_wait().expect("it is ours").is_none() {
        std::thread::yield_now();
    }
    down.kill().expect("SIGKILL");
    down.wait().expect("it ends");
    half_removed(scenario) == [".removed-db-data"]
}

/// Brings the database up until a removal of it is cut short.
fn half_remove(scenario: &Scenario) {
    const ATTEMPTS_MAX: u32 = 5;
    for _ in 0..ATTEMPTS_MAX {
        scenario.run(&["up", "rates"]).exits(0);
        if kill_removal(scenario) {
            return;
        }
    }
    panic!("every removal ended before it was killed");
}

#[test]
fn one_that_was_killed_is_finished_by_what_comes_next() {
    let Some(scenario) = Scenario::new(Engine::Process, "removal") else {
        return;
    };
    scenario.declare(DATABASE);
    half_remove(&scenario);
    // Nothing is told of it by who looks.
    let status = scenario.run(&["status", "rates", "--output", "json"]);
    let status = status.exits(0).answer();
    let volumes = status["volumes"].as_array().map(Vec::len);
    assert_eq!(volumes, Some(0), "{status}");
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(half_removed(&scenario), [""; 0]);
    assert_eq!(scenario.value("SELECT 'alive'"), "alive");
    half_remove(&scenario);
    scenario.run(&["down", "rates"]).exits(0);
    assert_eq!(scenario.left(), [""; 0]);
}
