//! Smoke checks of every kind on a running environment: a database, a Redis server, an API, and
//! what fails, with all that is said of it.

use std::process::Command;

use serde_json::Value;

use crate::harness::{Engine, Need, Scenario, on_each_engine, succeeds};

on_each_engine! {
    every_kind_of_check_asks_what_runs on "kinds",
    a_failure_says_what_came_how_to_repeat_it_and_what_was_logged on "failing",
    what_a_check_makes_is_taken_away_after_an_interruption on "parts",
}

const REDIS: &str = r#"
[images.redis.build]
context = "../../fixtures/images/redis"
args    = { BASE = "${images.debian}" }

[services.cache]
kind     = "redis"
image    = "redis"
password = "s3cret!"
"#;

const KINDS: &str = r#"
[smoke.rows]
service = "db"
sql     = "select code, name from ports where code in ('EETLL', 'SEGOT') order by code"
rows    = [["EETLL", "Tallinn"], ["SEGOT", "Göteborg"]]
json    = { "$[1][0]" = { matches = "^SE" } }
count   = 2
capture = { port = "$[0][0]" }

[smoke.request]
service    = "api"
get        = "/rates"
query      = { date_from = "2021-01-31", date_to = "2021-01-31", orig_code = "CNGGZ", dest_code = "${capture.port}" }
depends_on = ["rows"]
json       = { "$.rates" = { length = { ">=" = 1 }, all = { type = "object" } } }

[smoke.cases]
service = "api"
get     = "/rates?date_from=${each.from}&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL"
status  = "${each.status}"
each    = [{ from = "2021-01-01", status = 200 }, { name = "late", from = "2021-02-01", status = 400 }]

[smoke.stored]
service = "cache"
redis   = ["SET", "port", "Tallinn"]
value   = "OK"

[smoke.cached]
service    = "cache"
redis      = "GET port"
value      = "Tallinn"
depends_on = ["stored"]

[smoke.nothing]
service = "cache"
redis   = ["MGET", "port", "none"]
json    = { "$[1]" = { type = "null" } }
depends_on = ["stored"]

[smoke.open]
service = "db"
tcp     = "postgres"

[smoke.spoken]
service = "cache"
tcp     = "redis"
send    = "AUTH s3cret!\r\nPING\r\n"
text    = { matches = "PONG" }

[smoke.beside]
service     = "db"
exec        = ["sh", "-c", "cat; echo $WORD; exit 3"]
stdin       = "read "
environment = { WORD = "and written" }
exit_code   = 3
text        = "read and written\n"

[smoke.here]
command     = ["sh", "-c", "printf '{\"url\": \"%s\"}' $URL; echo warned >&2"]
environment = { URL = "${services.api.url}" }
json        = { "$.url" = { matches = "^http://127.0.0.1:" } }
stderr      = { contains = "warned" }
"#;

const FAILING: &str = r#"
[smoke.wrong]
service = "api"
get     = "/rates?date_from=nonsense&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL"
status  = 200

[smoke.after]
service    = "api"
get        = "/"
depends_on = ["wrong"]

[smoke.beside]
service = "db"
exec    = ["sh", "-c", "echo out; echo oh no >&2; exit 4"]

[smoke.file]
service = "api"
hurl    = "checks.hurl"
"#;

/// Whether Redis can run on the scenario's engine; where it cannot, the test is counted as skipped.
fn has_redis(scenario: &Scenario) -> bool {
    let there = scenario.engine == Engine::Docker
        || succeeds(Command::new("redis-server").arg("--version"));
    if !there {
        let missing = "no Redis server program (apt-get install redis-server)";
        Need {
            name: "redis",
            missing,
        }
        .skip();
    }
    there
}

/// Returns the checks of an answer by their names.
fn check<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let checks = answer["checks"].as_array().expect("checks");
    let found = checks.iter().find(|check| check["check"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {answer}"))
}

fn every_kind_of_check_asks_what_runs(scenario: &Scenario) {
    if !has_redis(scenario) {
        return;
    }
    let environment = scenario.read("envs/rates/env.toml");
    let end = environment.find("[smoke.alive]").expect("its checks");
    scenario.declare(&format!("{}{REDIS}{KINDS}", &environment[..end]));
    scenario.write(
        "envs/rates/local.toml",
        "[services.api.process.build]\ncommand = [\"true\"]\n",
    );
    scenario.run(&["up", "rates"]).exits(0);
    let smoke = scenario.run(&["smoke-test", "rates", "--output", "json"]);
    let answer = smoke.exits(0).answer();
    let verdicts = answer["checks"].as_array().expect("checks").iter();
    let names: Vec<&str> = verdicts
        .filter_map(|check| check["check"].as_str())
        .collect();
    assert_eq!(names.len(), 11, "{answer}");
    for name in ["cases[1]", "cases[late]", "request", "beside"] {
        assert_eq!(check(&answer, name)["verdict"], "passed", "{answer}");
    }
    let one = scenario
        .run(&[
            "smoke-test",
            "rates",
            "--filter",
            "request",
            "--output",
            "json",
        ])
        .exits(0);
    let one = one.answer();
    assert_eq!(one["checks"].as_array().map(Vec::len), Some(2), "{one}");
}

fn a_failure_says_what_came_how_to_repeat_it_and_what_was_logged(scenario: &Scenario) {
    let environment = scenario.read("envs/rates/env.toml");
    let end = environment.find("[smoke.alive]").expect("its checks");
    scenario.write(
        "envs/rates/env.toml",
        format!("{}{FAILING}", &environment[..end]),
    );
    scenario.write("envs/rates/checks.hurl", "GET {{base_url}}/\nHTTP 404\n");
    scenario.run(&["up", "rates"]).exits(0);
    let smoke = scenario.run(&["smoke-test", "rates", "--output", "json"]);
    let answer = smoke.exits(8).answer();
    let wrong = check(&answer, "wrong");
    assert_eq!(wrong["verdict"], "failed");
    assert_eq!(wrong["failures"][0]["what"], "status");
    let place = wrong["place"].as_str().expect("a place");
    assert!(place.starts_with("envs/rates/env.toml:"), "{place}");
    let by_hand = wrong["reproduce"].as_str().expect("a line");
    let again = Command::new("sh")
        .args(["-c", by_hand])
        .output()
        .expect("a shell");
    let again = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(again.starts_with("HTTP/1.1 400 "), "{by_hand}: {again}");
    let after = check(&answer, "after");
    assert_eq!(after["verdict"], "skipped");
    assert_eq!(
        after["because"],
        "`wrong`, which comes before it, did not pass"
    );
    let beside = check(&answer, "beside");
    assert_eq!(beside["failures"][0]["actual"], "4: oh no");
    let by_hand = beside["reproduce"].as_str().expect("a line");
    assert!(by_hand.contains(" -- sh -c "), "{by_hand}");
    let file = check(&answer, "file");
    let failure = &file["failures"][0];
    if succeeds(Command::new("hurl").arg("--version")) {
        assert_eq!(failure["what"], "exit code", "{file}");
    } else {
        assert_eq!(failure["expected"], "the program `hurl`", "{file}");
        let actual = failure["actual"].as_str().expect("a reason");
        assert!(actual.contains("cargo install hurl"), "{actual}");
    }
    // What the server logs of a query that it refuses stands beside the check that sent it.
    let checks = "[smoke.before]\nservice = 'db'\nsql = 'select nothing from elsewhere'\n\n\
        [smoke.query]\nservice = 'db'\nsql = 'select nothing from nowhere'\n";
    scenario.write(
        "envs/rates/env.toml",
        format!("{}{checks}", &environment[..end]),
    );
    let one_by_one = ["smoke-test", "rates", "--output", "json", "--jobs", "1"];
    let answer = scenario.run(&one_by_one).exits(8).answer();
    let query = check(&answer, "query");
    let log = query["log"].as_array().expect("lines");
    let tells = |what: &str| {
        let mut lines = log.iter().filter_map(Value::as_str);
        lines.any(|line| line.contains(what))
    };
    assert!(tells("nowhere"), "{query}");
    // Older lines are of no interest, those of the check before included.
    assert!(!tells("ready to accept"), "{query}");
    assert!(!tells("elsewhere"), "{query}");
}

fn what_a_check_makes_is_taken_away_after_an_interruption(scenario: &Scenario) {
    let checks = r#"
[smoke.long]
service  = "db"
sql      = "select pg_sleep(60)"
setup    = ["make"]
teardown = ["drop"]
timeout  = "60s"

[smoke.make]
service = "db"
sql     = "create table made (id int)"

[smoke.drop]
service = "db"
sql     = "drop table made"
"#;
    let environment = scenario.read("envs/rates/env.toml");
    let end = environment.find("[smoke.alive]").expect("its checks");
    scenario.write(
        "envs/rates/env.toml",
        format!("{}{checks}", &environment[..end]),
    );
    scenario.run(&["up", "rates"]).exits(0);
    let made = "select count(*) from pg_class where relname = 'made'";
    let mut smoke = scenario.spawn(&["smoke-test", "rates"]);
    crate::harness::eventually("the table is made", || {
        match scenario.value(made).as_str() {
            "1" => Ok(()),
            count => Err(count.to_owned()),
        }
    });
    assert!(crate::harness::kill(smoke.id(), "INT"));
    let status = smoke.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    assert_eq!(scenario.value(made), "0");
}
