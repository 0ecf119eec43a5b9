//! What services are made from: built again only where something changed, with what changed named, and
//! in time for all that stands on it.

use crate::harness::{Engine, Outcome, Scenario, docker, on_each_engine};

/// A service whose build also makes the program of another one.
const MAKER: &str = r#"
[services.maker.process]
command = ["sleep", "600"]
build   = { command = ["install", "-m", "755", "source", "worker"], inputs = ["source"] }

[services.worker]
process = ["./worker"]

[tasks.once]
process = ["./worker", "task"]

[services.last]
process    = ["sleep", "600"]
depends_on = ["once"]
"#;

/// The program: a task ends.
fn source(scenario: &Scenario, word: &str) {
    let script = format!("#!/bin/sh\necho {word} $1\n[ -n \"$1\" ] || exec sleep 600\n");
    scenario.write("source", script);
}

fn logs(scenario: &Scenario, name: &str) -> String {
    let logs = scenario.run(&["logs", "-e", "rates", "--no-prefix", name]);
    logs.exits(0).stdout
}

#[test]
fn what_another_build_makes_is_new_in_the_same_run() {
    let Some(scenario) = Scenario::new(Engine::Process, "maker") else {
        return;
    };
    scenario.declare(MAKER);
    source(&scenario, "one");
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(logs(&scenario, "worker"), "one\n");
    source(&scenario, "two");
    let up = scenario.run(&["up", "rates"]).exits(0);
    up.says(&["sleep, since source changed"]);
    assert_eq!(logs(&scenario, "worker"), "two\n");
    assert_eq!(logs(&scenario, "once"), "two task\n");
    let again = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert_eq!(again.answer()["changed"], 0);
    scenario.take_away();
}

/// A build that is asked on each `up`, and makes the same again.
#[test]
fn what_another_build_leaves_as_it_is_goes_on() {
    let Some(scenario) = Scenario::new(Engine::Process, "asked") else {
        return;
    };
    scenario.declare(&MAKER.replace(", inputs = [\"source\"]", ""));
    source(&scenario, "one");
    scenario.run(&["up", "rates"]).exits(0);
    let pid = scenario.service("worker")["pid"].clone();
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(scenario.service("worker")["pid"], pid);
    assert_eq!(logs(&scenario, "worker"), "one\n");
    assert_eq!(logs(&scenario, "once"), "one task\n");
    scenario.take_away();
}

#[test]
fn an_image_that_is_built_again_names_what_changed() {
    let Some(scenario) = Scenario::new(Engine::Docker, "since") else {
        return;
    };
    scenario.declare(
        "[images.since-test]\nbuild = \"../../mine\"\n\
         [services.box]\nimage = \"since-test\"\ncommand = [\"/none\"]\n",
    );
    fs_err::create_dir(scenario.path("mine")).expect("a folder");
    scenario.write("mine/Dockerfile", "FROM scratch\nCOPY . /\n");
    scenario.write("mine/app.txt", "one");
    let build = || scenario.run(&["build", "rates"]).exits(0);
    let first = build();
    assert!(!first.stderr.contains(", since"), "{}", first.stderr);
    scenario.write("mine/app.txt", "two");
    build().says(&["built envctl/since-test:", ", since mine/app.txt changed"]);
    scenario.write("mine/app.txt", "three");
    scenario.write("mine/new.txt", "");
    build().says(&[", since mine/app.txt changed and 1 more"]);
    fs_err::remove_file(scenario.path("mine/new.txt")).expect("it is there");
    let last = build().says(&[", since mine/new.txt is gone"]);
    young_ones_go_only_where_all_do(&scenario, &[&first, &last]);
    let images = docker(&["images", "--quiet", "envctl/since-test"]);
    for image in images.split_whitespace() {
        docker(&["rmi", image]);
    }
    scenario.take_away();
}

/// Without a terminal nothing is removed: other tests have images, too.
fn young_ones_go_only_where_all_do(scenario: &Scenario, builds: &[&Outcome; 2]) {
    let name = |build: &Outcome| {
        let (_, name) = build.stderr.split_once("built ").expect("it was built");
        let end = name.find([',', ' ']).expect("more is said");
        format!("unused: {} (", &name[..end])
    };
    let [old, current] = builds.map(name);
    let all = scenario.run(&["images", "prune", "--all"]).exits(2);
    all.says(&[&old, &current, "`--yes` answers the question with yes"]);
    let prune = scenario.run(&["images", "prune"]);
    assert!(!prune.stderr.contains(&old), "{}", prune.stderr);
    scenario.write("envs/rates/env.toml", "[broken");
    let prune = scenario.run(&["images", "prune"]);
    prune.says(&[
        "not all images that are current are known (rates: ",
        "the newest of each name stays",
    ]);
}

on_each_engine! {
    migrations_of_an_image_that_is_made_anew_are_in_at_once on "moved",
}

fn migrations_of_an_image_that_is_made_anew_are_in_at_once(scenario: &Scenario) {
    fs_err::create_dir(scenario.path("moves")).expect("a folder");
    scenario.write(
        "moves/Dockerfile",
        "ARG BASE\nFROM ${BASE}\nCOPY moves.sql /moves.sql\n",
    );
    let declaration = r#"
[images.moves-test]
build = { context = "../../moves", args = { BASE = "${images.postgres}" } }

[services.db]
kind     = "postgres"
image    = "postgres"
database = "rates"

[services.db.migrations]
task = "move"

[tasks.move]
image       = "moves-test"
environment = { DATABASE_URL = "${services.db.url}" }
command     = ["sh", "-c", "psql -q -X $DATABASE_URL -f /moves.sql"]
depends_on  = ["db"]

[tasks.move.process]
command = ["sh", "-c", "psql -q -X $DATABASE_URL -f moves/moves.sql"]
build   = { command = ["true"], inputs = ["moves/moves.sql"] }
"#;
    scenario.declare(&format!("{}{declaration}", Scenario::images()));
    let table = |name: &str| format!("CREATE TABLE IF NOT EXISTS {name} ();\n");
    scenario.write("moves/moves.sql", table("one"));
    scenario.run(&["up", "rates"]).exits(0);
    scenario.write("moves/moves.sql", table("one") + &table("two"));
    let up = scenario.run(&["up", "rates"]).exits(0);
    up.says(&["migrate db (task)", "since moves/moves.sql changed"]);
    assert_eq!(scenario.value("select count(*) from two"), "0");
    let again = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert_eq!(again.answer()["changed"], 0);
    scenario.take_away();
    if scenario.engine == Engine::Docker {
        let images = docker(&["images", "--quiet", "envctl/moves-test"]);
        for image in images.split_whitespace() {
            docker(&["rmi", image]);
        }
    }
}
