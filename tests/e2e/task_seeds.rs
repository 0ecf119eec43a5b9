//! Seeds that a task sends, and migrations by a task: in once, reset where they are not as
//! declared, and named with their log where they fail.

use crate::harness::{Engine, Scenario, eventually, kill, on_each_engine, until_started};

/// Waits long, but goes when it is told to: a shell that is its container's first process would not.
const SLEEP: &str = "trap exit INT TERM; sleep 300 & wait";

const SERVICES: &str = r#"
[services.db]
kind     = "postgres"
image    = "postgres"
database = "rates"

[services.worker]
image       = "postgres"
command     = ["sleep", "infinity"]
process     = ["sleep", "infinity"]
stop_signal = "SIGKILL"
depends_on  = ["db"]

[tasks.send]
service     = "db"
environment = { DATABASE_URL = "${services.db.url}" }
timeout     = "60s"
"#;

const SEED: &str = r#"
[seeds.samples]
service = "db"
task    = "send"
inputs  = ["words"]
"#;

const FOLDER: &str = "[services.db.migrations]\ndir = \"moves\"\n";

/// Declares a task that adds a row to a table, and then does something more.
fn declare(scenario: &Scenario, data: &str, (depends_on, then): (&str, &str)) {
    let insert =
        "psql -q -X -v ON_ERROR_STOP=1 $DATABASE_URL -c 'insert into samples default values'";
    let words = format!("[\"sh\", \"-c\", \"{insert} && echo sent; {then}\"]");
    let task = format!("command = {words}\nprocess = {words}\ndepends_on = {depends_on}\n");
    let images = Scenario::images();
    scenario.declare(&format!("{images}{SERVICES}{task}{data}"));
}

/// A database whose migrations are in a folder, and a seed that a task sends to it.
fn sending(scenario: &Scenario, then: &str) {
    if !scenario.path("envs/rates/moves").exists() {
        fs_err::create_dir(scenario.path("envs/rates/moves")).expect("a folder");
        let table = "CREATE TABLE samples (at timestamptz DEFAULT now());";
        scenario.write("envs/rates/moves/V1__samples.sql", table);
        scenario.write("envs/rates/words", "one");
    }
    let data = format!("{FOLDER}{SEED}");
    declare(scenario, &data, ("[\"db\", \"worker\"]", then));
}

fn samples(scenario: &Scenario) -> String {
    scenario.value("select count(*) from samples")
}

fn nothing_to_do(scenario: &Scenario) {
    for command in ["up", "seed"] {
        let outcome = scenario.run(&[command, "rates", "--output", "json"]);
        assert_eq!(outcome.exits(0).answer()["changed"], 0, "{command}");
    }
    let plan = scenario
        .run(&["plan", "rates", "--output", "json"])
        .exits(0);
    assert_eq!(plan.answer()["steps"], serde_json::json!([]));
}

fn note(scenario: &Scenario) -> String {
    scenario.service("db")["notes"][0]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

on_each_engine! {
    a_task_sends_a_seed_once_and_a_reset_sends_it_again on "sends",
    a_task_that_fails_leaves_a_partial_seed on "partial",
    a_task_seed_killed_half_way_is_reset_by_the_next_seed on "killed",
    a_task_sends_on_top_of_a_dump on "ontop",
    a_task_migrates_when_its_declaration_changes on "moves",
}

fn a_task_sends_a_seed_once_and_a_reset_sends_it_again(scenario: &Scenario) {
    sending(scenario, "true");
    let plan = scenario.run(&["plan", "rates"]).exits(0);
    assert!(
        plan.stdout.contains("seed samples (task)"),
        "{}",
        plan.stdout
    );
    scenario.run(&["up", "rates", "--no-seed"]).exits(0);
    assert_eq!(samples(scenario), "0");
    assert_eq!(note(scenario), "samples was not sent");
    let up = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert_eq!(up.answer()["changed"], 1);
    assert_eq!(samples(scenario), "1");
    assert_eq!(note(scenario), "seeded from send");
    nothing_to_do(scenario);

    sending(scenario, "echo changed");
    let up = scenario.run(&["up", "rates"]).exits(0);
    up.says(&[
        "the data of db is stale: samples changed since it was sent",
        "`envctl seed rates -i sends` resets the database",
    ]);
    assert_eq!(samples(scenario), "1");
    scenario.value("insert into samples default values returning 'by hand'");
    let seed = scenario.run(&["seed", "rates"]).exits(2);
    seed.says(&["`seed` loses data", "`--yes`"]);
    assert_eq!(samples(scenario), "2");
    let seed = scenario.run(&["seed", "rates", "--yes"]).exits(0);
    seed.says(&["db is reset first: samples changed since it was sent"]);
    assert_eq!(samples(scenario), "1");
    nothing_to_do(scenario);

    scenario.write("envs/rates/words", "two");
    let up = scenario.run(&["up", "rates"]).exits(0);
    up.says(&["the data of db is stale"]);
    scenario
        .run(&["seed", "rates", "--reset", "--yes"])
        .exits(0);
    assert_eq!(samples(scenario), "1");
    nothing_to_do(scenario);
}

fn a_task_that_fails_leaves_a_partial_seed(scenario: &Scenario) {
    sending(scenario, "echo oh no >&2; exit 3");
    if scenario.engine == Engine::Docker {
        let text = scenario.read("envs/rates/env.toml");
        let entrypoint = "[tasks.send]\nentrypoint = [\"/nothing\"]\n";
        scenario.declare(&text.replace("[tasks.send]\n", entrypoint));
        let up = scenario.run(&["up", "rates"]).exits(7);
        up.says(&["seed `samples` failed", "nothing of it was sent"]);
        assert_eq!(note(scenario), "samples was not sent");
        scenario.declare(&text);
    }
    let up = scenario.run(&["up", "rates"]).exits(7);
    up.says(&[
        "seed `samples` failed",
        "task `send` failed: exit code 3",
        "oh no",
        "`envctl seed rates -i partial` resets the database and sends it again",
    ]);
    assert_eq!(note(scenario), "partial: samples was not sent to its end");
    let up = scenario.run(&["up", "rates"]).exits(0);
    up.says(&["the data of db is partial: samples was not sent to its end"]);
    assert_eq!(samples(scenario), "1");
    scenario.run(&["seed", "rates", "--yes"]).exits(7);
    assert_eq!(samples(scenario), "1");
    sending(scenario, "true");
    scenario.run(&["seed", "rates", "--yes"]).exits(0);
    assert_eq!(samples(scenario), "1");
    nothing_to_do(scenario);
}

fn a_task_seed_killed_half_way_is_reset_by_the_next_seed(scenario: &Scenario) {
    sending(scenario, SLEEP);
    let mut child = scenario.spawn(&["up", "rates"]);
    until_started(&mut child, "seed samples (task)");
    eventually("the task works", || match samples(scenario).as_str() {
        "1" => Ok(()),
        other => Err(other.to_owned()),
    });
    child.kill().expect("SIGKILL");
    child.wait().expect("it ends");
    assert_eq!(note(scenario), "partial: samples was not sent to its end");
    let mut child = scenario.spawn(&["seed", "rates", "--yes"]);
    until_started(&mut child, "seed samples (task)");
    eventually("the task works again", || {
        // It is made anew, so for a moment there is none.
        let task = scenario.service_if_any("send");
        let state = task.as_ref().and_then(|task| task["state"].as_str());
        match (samples(scenario).as_str(), state) {
            ("1", Some("running")) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    assert!(kill(child.id(), "INT"));
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(note(scenario), "partial: samples was not sent to its end");
    sending(scenario, "true");
    let seed = scenario.run(&["seed", "rates", "--yes"]).exits(0);
    seed.says(&["db is reset first: samples was not sent to its end"]);
    assert_eq!(samples(scenario), "1");
    nothing_to_do(scenario);
    scenario.take_away();
}

fn a_task_sends_on_top_of_a_dump(scenario: &Scenario) {
    scenario.write("envs/rates/words", "one");
    let table = "CREATE TABLE samples (at timestamptz DEFAULT now());";
    let dump = format!("{table} INSERT INTO samples DEFAULT VALUES;");
    scenario.write("envs/rates/dump.sql", &dump);
    let seeds = format!("{SEED}[seeds.base]\nservice = \"db\"\nfile = \"dump.sql\"\n");
    declare(scenario, &seeds, ("[\"worker\"]", "true"));
    scenario.run(&["up", "rates", "--no-seed"]).exits(0);
    scenario.run(&["seed", "rates"]).exits(0);
    assert_eq!(samples(scenario), "2");
    nothing_to_do(scenario);
    let db = scenario.service("db");
    assert_eq!(
        db["notes"],
        serde_json::json!(["seeded", "seeded from send"])
    );
    // The record goes with the data, whatever the dump is.
    scenario.write("envs/rates/dump.sql", format!("{dump} SELECT 1;"));
    scenario
        .run(&["seed", "rates", "--reset", "--yes"])
        .exits(0);
    assert_eq!(samples(scenario), "2");
    nothing_to_do(scenario);
}

fn a_task_migrates_when_its_declaration_changes(scenario: &Scenario) {
    let table = "CREATE TABLE samples (at timestamptz DEFAULT now());";
    scenario.write("envs/rates/dump.sql", table);
    let dump = "[seeds.base]\nservice = \"db\"\nfile = \"dump.sql\"\n\
                [services.db.migrations]\ntask = \"send\"\n";
    let write = |then| declare(scenario, dump, ("[\"db\"]", then));
    write("exit 3");
    let up = scenario.run(&["up", "rates"]).exits(7);
    up.says(&[
        "the migrations by task `send` failed",
        "blocked: start worker",
        "`envctl migrate rates -i moves` runs the task again",
    ]);
    write("true");
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(samples(scenario), "2");
    nothing_to_do(scenario);
    let status = scenario.run(&["migrate", "rates", "--status"]).exits(0);
    assert!(status.stdout.contains("applied"), "{}", status.stdout);
    // A folder of before the task, whose files are gone, is nothing to it.
    let row = "INSERT INTO envctl.migrations VALUES (1, 'one', 'digest', now(), 1)";
    scenario.run(&["psql", "-e", "rates", "-c", row]).exits(0);
    nothing_to_do(scenario);
    write("echo changed");
    let status = scenario.run(&["migrate", "rates", "--status"]).exits(0);
    assert!(status.stdout.contains("pending"), "{}", status.stdout);
    scenario.run(&["migrate", "rates"]).exits(0);
    assert_eq!(samples(scenario), "3");
    let again = scenario
        .run(&["migrate", "rates", "--output", "json"])
        .exits(0);
    assert_eq!(again.answer()["changed"], 0);
    scenario
        .run(&["seed", "rates", "--reset", "--yes"])
        .exits(0);
    assert_eq!(samples(scenario), "1");
    nothing_to_do(scenario);
}
