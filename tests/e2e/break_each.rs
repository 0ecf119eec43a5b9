//! Each thing broken in turn: the exit code tells the kind, and the message alone is enough to
//! mend it.

use crate::harness::{Engine, PROJECT, Scenario, finish, on_each_engine};

on_each_engine! {
    a_taken_port on "default",
    a_dump_that_was_cut_off on "cut",
    a_migration_with_a_syntax_error on "syntax",
    an_api_that_exits_at_once on "exits",
    a_check_with_a_wrong_expectation on "check",
    github_actions_gets_annotations_and_a_summary on "actions",
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

    let folder = scenario.path("reports");
    let folder = folder.to_str().expect("UTF-8");
    let words = [
        "smoke-test",
        "rates",
        "--filter",
        "wrong",
        "--report-dir",
        folder,
    ];
    let more = ["--report", "tap=-"];
    let smoke = scenario.run(&[&words[..], &more].concat()).exits(8);
    assert!(
        smoke
            .stdout
            .starts_with("TAP version 14\n1..1\nnot ok 1 - wrong\n")
    );
    assert_eq!(scenario.read("reports/report.tap"), smoke.stdout);
    for (file, text) in [
        ("junit.xml", r#"tests="1" failures="1""#),
        ("report.json", r#""check": "wrong""#),
        ("report.md", "<code>wrong</code>"),
        ("config.toml", "status = 418"),
        ("logs/api.log", ""),
        (
            "logs/db.log",
            "database system is ready to accept connections",
        ),
    ] {
        let content = scenario.read(&format!("reports/{file}"));
        assert!(content.contains(text), "no {text:?} in {file}:\n{content}");
    }
    // What the checks found counts more than a report that is not written.
    let words = [&words[..4], &["--report", "json=/dev/full"]].concat();
    scenario
        .run(&words)
        .exits(8)
        .says(&["`/dev/full` cannot be written"]);
    let words = [
        "smoke-test",
        "rates",
        "--filter",
        "alive",
        "--report",
        "json=/dev/full",
    ];
    scenario.run(&words).exits(1);
}

fn github_actions_gets_annotations_and_a_summary(scenario: &Scenario) {
    scenario.run(&["up", "rates"]).exits(0);
    scenario.local("[smoke.wrong]\nservice = \"api\"\nget = \"/\"\nstatus = 418\n");
    scenario.write("summary.md", "what the step said before\n");
    let summary = scenario.path("summary.md").display().to_string();
    let in_actions = |summary: &str| {
        let mut command = scenario.command(&["smoke-test", "rates"]);
        command.env("GITHUB_ACTIONS", "true");
        command.env("GITHUB_WORKSPACE", scenario.path("."));
        finish(command.env("GITHUB_STEP_SUMMARY", summary)).exits(8)
    };
    let smoke = in_actions(&summary);
    let annotation = "::error file=envs/rates/local.toml,line=";
    smoke.says(&[
        annotation,
        "title=wrong::status: expected 418, got 200 OK",
        "%0Aagain: curl",
    ]);
    let page = scenario.read("summary.md");
    assert!(page.starts_with("what the step said before\n## Smoke checks of `rates`\n"));
    assert!(page.contains("<code>wrong</code>"), "{page}");

    let smoke = in_actions("/proc/none/summary.md");
    smoke.says(&["warning: the step summary of GitHub Actions is not written"]);
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
