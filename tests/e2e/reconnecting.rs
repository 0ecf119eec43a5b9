//! A database that is loaded anew ends the sessions that services keep: who uses it is started
//! again, so that the order of CI (`up`, `seed`, `smoke-test`) is green the first time.

use crate::harness::{Engine, Scenario, on_each_engine};

on_each_engine! {
    who_keeps_a_session_has_one_of_the_new_database on "reconnects",
    a_first_load_under_running_services_is_followed_by_a_restart on "late-load",
    who_was_not_restarted_after_a_load_is_by_the_next_command on "cut-off-load",
    what_a_killed_load_left_is_told_and_taken_away on "left-load",
    a_look_that_a_database_refuses_says_what_was_refused on "blind-look",
}

/// A service that keeps one session, asks it again and again, and ends when that ends.
const POOL: &str = r#"
[services.db]
kind     = "postgres"
image    = "postgres"
database = "rates"

[services.pool]
image       = "postgres"
command     = ["sh", "-c", "exec psql -X -v ON_ERROR_STOP=1 $DATABASE_URL -f /dev/stdin < $ASK"]
process     = ["sh", "-c", "exec psql -X -v ON_ERROR_STOP=1 $DATABASE_URL -f envs/rates/ask.sql"]
environment = { DATABASE_URL = "${services.db.url}" }
depends_on  = ["db"]
ports       = { asked = 5555 }
healthcheck = false

[services.pool.files.ask]
template = "ask.sql"
path     = "/ask.sql"

[seeds.words]
service = "db"
file    = "words.sql"

[smoke.asked]
service = "db"
sql     = "select count(*) from pg_stat_activity where application_name = 'psql' and datname = 'rates'"
value   = 1
"#;

fn declare(scenario: &Scenario) {
    let images = Scenario::images();
    let pool = POOL.replace("$ASK", "${services.pool.files.ask}");
    scenario.write(
        "envs/rates/ask.sql",
        "SELECT count(*) FROM words; SELECT pg_sleep(600);\n",
    );
    scenario.write("envs/rates/words.sql", "CREATE TABLE words (word text);\n");
    scenario.declare(&format!("{images}{pool}"));
}

/// Returns how often the service has asked, which is once for each start.
fn asked(scenario: &Scenario) -> usize {
    let logs = scenario.run(&["logs", "-e", "rates", "pool"]).exits(0);
    logs.stdout.matches("(1 row)").count()
}

fn who_keeps_a_session_has_one_of_the_new_database(scenario: &Scenario) {
    declare(scenario);
    scenario.run(&["up", "rates"]).exits(0);
    let logs = scenario.run(&["logs", "-e", "rates", "db"]).exits(0).stdout;
    assert!(!logs.contains("does not exist"), "{logs}");
    assert!(!logs.contains("skipping"), "{logs}");
    scenario.run(&["smoke-test", "rates"]).exits(0);
    let nothing = scenario.run(&["seed", "rates"]).exits(0);
    assert!(
        nothing.stdout.contains("nothing to do"),
        "{}",
        nothing.stdout
    );
    assert_eq!(asked(scenario), 1);
    let reset = scenario.run(&["seed", "rates", "--reset", "--yes"]);
    let reset = reset.exits(0).says(&[
        "restart pool: done, its sessions of db ended",
        "ready pool: done",
    ]);
    assert!(!reset.stderr.contains("statistics"), "{}", reset.stderr);
    // A container that is started again has another free port of the host.
    let said = reset.stderr.contains("ended; port asked is at 127.0.0.1:");
    assert_eq!(said, scenario.engine == Engine::Docker, "{}", reset.stderr);
    scenario.run(&["smoke-test", "rates"]).exits(0);
    assert_eq!(asked(scenario), 2);
    scenario.take_away();
}

fn a_first_load_under_running_services_is_followed_by_a_restart(scenario: &Scenario) {
    declare(scenario);
    scenario.write("envs/rates/ask.sql", "SELECT 1; SELECT pg_sleep(600);\n");
    scenario.run(&["up", "rates", "--no-seed"]).exits(0);
    scenario
        .run(&["up", "rates"])
        .exits(0)
        .says(&["restart pool: done"]);
    scenario.run(&["smoke-test", "rates"]).exits(0);
    assert_eq!(asked(scenario), 2);
    scenario.take_away();
}

fn sql(scenario: &Scenario, text: &str) {
    scenario.run(&["psql", "-e", "rates", "-c", text]).exits(0);
}

fn who_was_not_restarted_after_a_load_is_by_the_next_command(scenario: &Scenario) {
    declare(scenario);
    scenario.run(&["up", "rates"]).exits(0);
    // What a `seed` leaves that is killed as soon as the new database is in its place.
    let now = "UPDATE envctl.loads SET loaded_at = clock_timestamp()";
    for (command, starts) in [("seed", 2), ("up", 3)] {
        sql(scenario, now);
        scenario
            .run(&[command, "rates"])
            .exits(0)
            .says(&["restart pool: done, its sessions of db ended"]);
        assert_eq!(asked(scenario), starts);
        let nothing = scenario.run(&["seed", "rates"]).exits(0).stdout;
        assert!(nothing.contains("nothing to do"), "{nothing}");
    }
    scenario.take_away();
}

fn what_a_killed_load_left_is_told_and_taken_away(scenario: &Scenario) {
    let left = "SELECT count(*) FROM (SELECT datname FROM pg_database UNION ALL \
                SELECT rolname FROM pg_roles) n(name) WHERE name LIKE 'envctl%0badf00d'";
    let count = || {
        let answer = scenario.run(&["psql", "-e", "rates", "--", "-A", "-t", "-c", left]);
        answer.exits(0).stdout.trim().to_owned()
    };
    declare(scenario);
    scenario.run(&["up", "rates"]).exits(0);
    for command in ["seed", "up", "seed --reset --yes"] {
        sql(scenario, "CREATE DATABASE envctl_scratch_rates_0badf00d");
        sql(scenario, "CREATE ROLE envctl_loader_rates_0badf00d LOGIN");
        let told = scenario.run(&["status", "rates"]).exits(0).stdout;
        let note = "a killed load left envctl_scratch_rates_0badf00d (";
        assert!(told.contains(note), "{told}");
        let planned = scenario.run(&["plan", "rates"]).exits(0).stdout;
        assert!(planned.contains("tidy db"), "{planned}");
        // Who only looks leaves it.
        assert_eq!(count(), "2");
        let mut words: Vec<&str> = command.split(' ').collect();
        words.insert(1, "rates");
        scenario.run(&words).exits(0);
        assert_eq!(count(), "0", "{command}");
    }
    scenario.take_away();
}

fn a_look_that_a_database_refuses_says_what_was_refused(scenario: &Scenario) {
    declare(scenario);
    scenario.run(&["up", "rates"]).exits(0);
    sql(scenario, "ALTER TABLE envctl.seeds RENAME digest TO other");
    let why = "column \"digest\" does not exist (SQLSTATE 42703); asked was: SELECT name, digest";
    let told = scenario.run(&["status", "rates"]).exits(0).stdout;
    assert!(told.contains(why), "{told}");
    for command in ["seed", "up"] {
        let title = format!("cannot look at the database of `db`: {why}");
        scenario
            .run(&[command, "rates"])
            .exits(7)
            .says(&[&title, "`envctl seed --reset` makes the database anew"]);
    }
    scenario
        .run(&["seed", "rates", "--reset", "--yes"])
        .exits(0);
    scenario.run(&["smoke-test", "rates"]).exits(0);
    scenario.take_away();
}
