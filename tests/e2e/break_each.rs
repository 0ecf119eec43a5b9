//! Each thing broken in turn: the exit code tells the kind, and the message alone is enough to
//! mend it.

use crate::harness::{Engine, PROJECT, Scenario, finish, on_each_engine};

on_each_engine! {
    a_taken_port on "default",
    a_dump_that_was_cut_off on "cut",
    a_migration_with_a_syntax_error on "syntax",
    an_api_that_exits_at_once on "exits",
    a_check_with_a_wrong_expectation on "check",
    configuration_mistakes_are_all_shown on "mistakes",
}

#[test]
fn no_daemon() {
    let Some(scenario) = Scenario::new(Engine::Docker, "daemon") else {
        return;
    };
    let mut command = scenario.command(&["up", "rates", "--engine", "docker"]);
    command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    finish(&mut command)
        .exits(4)
        .says(&["/nowhere/docker.sock", "DOCKER_HOST"]);
}

fn a_taken_port(scenario: &Scenario) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let set = format!("services.api.ports.http.host={port}");
    let pid = format!("process {}", std::process::id());
    let up = scenario.run(&["up", "rates", "--set", &set]).exits(6);
    let up = up.says(&[&format!("port {port}"), &pid, "ports.http.host"]);
    drop(listener);
    drop(up);
    scenario.run(&["up", "rates", "--set", &set]).exits(0);
}

#[test]
fn a_broken_dockerfile() {
    let Some(scenario) = Scenario::new(Engine::Docker, "dockerfile") else {
        return;
    };
    let file = "fixtures/images/postgres/Dockerfile";
    let broken = scenario.read(file) + "\nRUN echo it breaks here && exit 9\n";
    // Early, so that the test does not build what it never uses.
    let broken = broken.replacen("RUN ", "RUN echo it breaks here && exit 9\nRUN ", 1);
    scenario.write(file, broken);
    scenario
        .run(&["up", "rates"])
        .exits(5)
        .says(&["image `postgres`", "it breaks here"]);
}

fn a_dump_that_was_cut_off(scenario: &Scenario) {
    let file = "fixtures/rates/rates.sql.gz";
    let whole = fs_err::read(scenario.path(file)).expect("the dump");
    scenario.write(file, &whole[..whole.len() / 2]);
    scenario
        .run(&["up", "rates"])
        .exits(7)
        .says(&["rates.sql.gz", "cut"]);
    // The old state serves on: here, an empty database and no scratch beside it.
    let databases = "select count(*) from pg_database where datname like 'envctl%'";
    assert_eq!(scenario.value(databases), "0");
    scenario.write(file, whole);
    scenario.run(&["up", "rates"]).exits(0);
    scenario.run(&["smoke-test", "rates"]).exits(0);
}

fn a_migration_with_a_syntax_error(scenario: &Scenario) {
    scenario.run(&["up", "rates"]).exits(0);
    scenario.write(
        "envs/rates/migrations/V2__broken.sql",
        "create table ok (id int);\ncreat x;\n",
    );
    let up = scenario.run(&["up", "rates"]).exits(7);
    up.says(&["V2__broken.sql:2", "syntax error"]).exits(7);
    assert_eq!(
        scenario.value("select count(*) from pg_class where relname = 'ok'"),
        "0"
    );
    scenario.write(
        "envs/rates/migrations/V2__broken.sql",
        "create table ok (id int);\n",
    );
    scenario.run(&["migrate", "rates"]).exits(0);
    assert_eq!(
        scenario.value("select count(*) from pg_class where relname = 'ok'"),
        "1"
    );
    // One that is in must stay as it was, and `up` does not pass over it.
    scenario.write(
        "envs/rates/migrations/V2__broken.sql",
        "create table ok (id bigint);\n",
    );
    let up = scenario.run(&["up", "rates"]).exits(7);
    up.says(&["V2__broken.sql", "changed after it was applied"]);
}

fn an_api_that_exits_at_once(scenario: &Scenario) {
    let set = "services.api.environment.POOL_SIZE=many";
    let up = scenario.run(&["up", "rates", "--set", set]).exits(6);
    up.says(&["`api` ended", "POOL_SIZE", "last lines of api"])
        .exits(6);
    scenario.run(&["up", "rates"]).exits(0);
}

fn a_check_with_a_wrong_expectation(scenario: &Scenario) {
    scenario.run(&["up", "rates"]).exits(0);
    let profile = "[smoke.wrong]\nservice = \"api\"\nget = \"/\"\nstatus = 418\n";
    scenario.local(profile);
    let report = scenario.path("report.xml");
    let report = report.to_str().expect("UTF-8");
    let smoke = scenario
        .run(&["smoke-test", "rates", "--junit", report])
        .exits(8);
    for text in ["wrong", "418", "200", "curl"] {
        assert!(
            smoke.stdout.contains(text),
            "no {text:?} in:\n{}",
            smoke.stdout
        );
    }
    assert!(scenario.read("report.xml").contains(r#"failures="1""#));
}

fn configuration_mistakes_are_all_shown(scenario: &Scenario) {
    let text = "[services.api]\nimagee = \"x\"\nports = { http = 0 }\n";
    scenario.write("envs/rates/local.toml", text);
    let up = scenario.run(&["up", "rates"]).exits(3);
    up.says(&["local.toml:2", "imagee", "`image`", "local.toml:3"])
        .exits(3);
    scenario.run(&["up", "ratse"]).exits(3).says(&["rates"]);
    scenario
        .run(&["up", "rates", "-p", "nope"])
        .exits(3)
        .says(&["ci"]);
}

#[test]
fn wrong_words_are_usage_errors() {
    let Some(scenario) = Scenario::new(Engine::Docker, "usage") else {
        return;
    };
    scenario.run(&["upp"]).exits(2).says(&["up"]);
    scenario.run(&["up", "--no-such-flag"]).exits(2).exits(2);
    let version = finish(scenario.command(&[]).arg("--version"));
    assert!(version.stdout.contains(env!("CARGO_PKG_VERSION")) && !PROJECT.is_empty());
}
