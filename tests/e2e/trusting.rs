//! What runs when a workspace is only looked at: nothing that it declares, before it was started
//! and after.

use crate::harness::{Scenario, on_each_engine};

/// A database whose password a command prints, and a service with a health check that is one.
fn write(scenario: &Scenario) {
    let services = r#"
[secrets.password]
command = ["sh", "-c", "echo run >>ran; echo hunter2-and-more"]

[services.db]
kind     = "postgres"
image    = "postgres"
database = "rates"
password = "${secret:password}"

[services.worker]
image       = "postgres"
entrypoint  = ["sleep", "infinity"]
environment = { KEY = "key=${secret:password}" }
healthcheck = { command = ["sh", "-c", "echo check >>/tmp/envctl-test-checks; true"] }
process     = ["sleep", "infinity"]
stop_signal = "SIGKILL"
depends_on  = ["db"]
"#;
    scenario.declare(&format!("{}{services}", Scenario::images()));
}

on_each_engine! {
    what_is_looked_at_runs_nothing_that_is_declared on "looked",
}

fn what_is_looked_at_runs_nothing_that_is_declared(scenario: &Scenario) {
    write(scenario);
    let ran = || fs_err::read_to_string(scenario.path("ran")).unwrap_or_default();
    let look = |line: &str| scenario.run(&line.split(' ').collect::<Vec<_>>());
    look("plan rates").exits(0);
    look("status rates").exits(0);
    assert_eq!(ran(), "");
    let up = look("up rates").exits(0);
    up.says(&[
        "the files of this workspace let envctl run on this machine (said once):",
        "secrets.password.command: sh -c ",
    ]);
    let after = ran();
    assert_ne!(after, "");
    let status = look("status rates").exits(0);
    for text in [
        "not compared with its declaration: a secret's command was not run",
        "its health check is a command, which was not run",
        "ready",
    ] {
        assert!(
            status.stdout.contains(text),
            "no {text:?} in {}",
            status.stdout
        );
    }
    assert!(!status.stdout.contains("differs"), "{}", status.stdout);
    let plan = look("plan rates").exits(0);
    assert!(plan.stdout.contains("nothing to do"), "{}", plan.stdout);
    plan.says(&["whether db, worker changed cannot be known"]);
    // The running server tells its password, which is hidden as ever.
    let sql = "select current_user, 'hunter2-and-more' as password";
    let rows = scenario.run(&["psql", "-e", "rates", "-c", sql]).exits(0);
    let hidden = rows.stdout.contains("postgres") && !rows.stdout.contains("hunter2");
    assert!(hidden, "{}", rows.stdout);
    look("logs -e rates").exits(0);
    look("migrate rates --status").exits(0);
    look("doctor rates").exits(0);
    assert_eq!(ran(), after, "nothing ran since");
    let again = look("up rates --output json").exits(0);
    assert_eq!(again.answer()["changed"], 0);
    assert!(!again.stdout.contains("said once"), "{}", again.stdout);
    assert_ne!(ran(), after, "`up` runs it");
}
