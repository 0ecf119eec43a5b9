//! A database that is loaded anew ends the sessions that services keep: who uses it is started
//! again, so that the order of CI (`up`, `seed`, `smoke-test`) is green the first time.

use crate::harness::{Scenario, on_each_engine};

on_each_engine! {
    who_keeps_a_session_has_one_of_the_new_database on "reconnects",
    a_first_load_under_running_services_is_followed_by_a_restart on "late-load",
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
    scenario.run(&["smoke-test", "rates"]).exits(0);
    let nothing = scenario.run(&["seed", "rates"]).exits(0);
    assert!(
        nothing.stdout.contains("nothing to do"),
        "{}",
        nothing.stdout
    );
    assert_eq!(asked(scenario), 1);
    scenario
        .run(&["seed", "rates", "--reset", "--yes"])
        .exits(0)
        .says(&[
            "restart pool: done, its sessions of db ended",
            "ready pool: done",
        ]);
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
