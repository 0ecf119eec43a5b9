//! Tasks: once where they end well, named with their log where they do not.

use crate::harness::{Engine, Scenario, eventually, kill, on_each_engine, until_started};

/// Waits long, but goes when it is told to: a shell that is its container's first process would not.
const SLEEP: &str = "trap exit INT TERM; sleep 300 & wait";

/// A database, a task on it, and a service that waits for the task.
fn write(scenario: &Scenario, task: &str) {
    let services = r#"
[services.db]
kind     = "postgres"
image    = "postgres"
database = "rates"

[services.worker]
image       = "postgres"
command     = ["sleep", "infinity"]
process     = ["sleep", "infinity"]
stop_signal = "SIGKILL"
depends_on  = ["once"]

[tasks.once]
service     = "db"
environment = { DATABASE_URL = "${services.db.url}" }
depends_on  = ["db"]
"#;
    scenario.declare(&format!("{}{services}{task}\n", Scenario::images()));
}

/// Returns a command that counts its runs in the database.
fn counting(then: &str) -> String {
    let count = "set client_min_messages = warning; create table if not exists runs (at timestamptz default now()); \
                 insert into runs default values; select count(*) from runs";
    let runs = format!("runs=$(psql -q -t -A $DATABASE_URL -c '{count}')");
    let words = format!("[\"sh\", \"-c\", \"{runs}; echo run $runs; {then}\"]");
    format!("command = {words}\nprocess = {words}")
}

fn runs(scenario: &Scenario) -> String {
    scenario.value("select count(*) from runs")
}

on_each_engine! {
    a_task_runs_once_and_again_when_its_declaration_changes on "once",
    a_task_that_fails_or_takes_too_long_is_named_with_its_log on "fails",
    a_task_killed_half_way_runs_again on "half",
    a_task_that_is_asked_for_stops_at_an_interruption_and_at_its_deadline on "stops",
    a_task_that_is_asked_for_runs_again_and_gives_its_exit_code on "asked",
}

fn a_task_runs_once_and_again_when_its_declaration_changes(scenario: &Scenario) {
    write(scenario, &counting("true"));
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(runs(scenario), "1");
    let again = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert_eq!(again.answer()["changed"], 0);
    assert_eq!(runs(scenario), "1");
    write(scenario, &counting("echo changed"));
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(runs(scenario), "2");
}

fn a_task_that_fails_or_takes_too_long_is_named_with_its_log(scenario: &Scenario) {
    write(scenario, &counting("exit 3"));
    let up = scenario.run(&["up", "rates"]).exits(6);
    up.says(&[
        "task `once` failed: exit code 3",
        "run 1",
        "blocked: start worker",
        "logs -e rates -i fails once",
    ]);
    write(scenario, &(counting(SLEEP) + "\ntimeout = \"2s\""));
    let up = scenario.run(&["up", "rates"]).exits(6);
    up.says(&["task `once` did not end within 2.0 s", "run 2"]);
    write(scenario, &counting("true"));
    scenario.run(&["up", "rates"]).exits(0);
}

fn a_task_killed_half_way_runs_again(scenario: &Scenario) {
    let task = counting(&format!("[ $runs -gt 1 ] || {{ {SLEEP}; }}")) + "\ntimeout = \"60s\"";
    write(scenario, &task);
    let mut child = scenario.spawn(&["up", "rates"]);
    until_started(&mut child, "task once");
    eventually("the task works", || {
        let sql = "select count(*) from runs";
        let psql = scenario.run(&["psql", "-e", "rates", "-c", sql]);
        if psql.code == 0 {
            Ok(())
        } else {
            Err(psql.stderr)
        }
    });
    child.kill().expect("SIGKILL");
    child.wait().expect("it ends");
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(runs(scenario), "2");
}

fn a_task_that_is_asked_for_runs_again_and_gives_its_exit_code(scenario: &Scenario) {
    write(scenario, &counting("echo oh >&2; exit 3"));
    let run = |flags: &[&str]| scenario.run(&[flags, &["run", "-e", "rates", "once"]].concat());
    run(&[]).exits(6).says(&[
        "what task `once` depends on does not run",
        "db: not there",
        "envctl up rates -i asked",
    ]);
    let unknown = scenario.run(&["run", "-e", "rates", "db"]).exits(2);
    unknown.says(&["no task `db` is declared", "there are once"]);

    // The service that waits for the task is blocked; the database runs.
    scenario.run(&["up", "rates"]).exits(6);
    let outcome = run(&[]).exits(3);
    // A container has two streams, a process one log.
    match scenario.engine {
        Engine::Docker => assert_eq!(outcome.says(&["\noh\n"]).stdout, "run 2\n"),
        Engine::Process => assert_eq!(outcome.stdout, "run 2\noh\n"),
    }
    let outcome = run(&["--output", "json"]).exits(3);
    let line = r#"{"v":1,"event":"task_line","task":"once","stderr":false,"line":"run 3"}"#;
    assert!(outcome.stdout.contains(line), "{}", outcome.stdout);
    assert_eq!(outcome.answer()["code"], 3);

    // Its last line has no end.
    write(scenario, &counting("printf whole"));
    assert_eq!(run(&[]).exits(0).stdout, "run 4\nwhole\n");
    let status = scenario.run(&["status", "rates"]).exits(0);
    assert!(status.stdout.contains("exit code 0"), "{}", status.stdout);
}

fn a_task_that_is_asked_for_stops_at_an_interruption_and_at_its_deadline(scenario: &Scenario) {
    write(scenario, &counting("true"));
    scenario.run(&["up", "rates"]).exits(0);
    write(scenario, &counting(SLEEP));
    let child = scenario.spawn(&["run", "-e", "rates", "once"]);
    eventually("the task works", || match runs(scenario).as_str() {
        "2" => Ok(()),
        other => Err(other.to_owned()),
    });
    assert!(kill(child.id(), "INT"));
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.code(), Some(130));
    let status = scenario.run(&["status", "rates"]).exits(0);
    assert!(
        !status.stdout.contains("task       running"),
        "{}",
        status.stdout
    );
    let late = scenario.run(&["--timeout", "4s", "run", "-e", "rates", "once"]);
    late.exits(1)
        .says(&["not done within the 4s of `--timeout`"]);
}
