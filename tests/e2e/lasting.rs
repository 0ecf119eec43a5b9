//! `up` is about what still runs at its end: what dies soon after its start, what is started again
//! and again, and what nobody listens for.

use std::io::{BufRead as _, BufReader};
use std::time::{Duration, Instant};

use crate::harness::{Engine, Scenario, docker, kill, on_each_engine};

on_each_engine! {
    one_that_dies_after_a_moment_is_no_environment_that_is_up on "dies-soon",
    one_that_is_started_again_and_again_does_not_run on "loops-on",
    a_port_that_nobody_listens_on_is_not_ready on "unheard",
    a_port_is_waited_for_unless_nobody_is_to_be_asked on "unasked",
    a_healthy_one_without_a_port_takes_a_second on "portless",
    where_it_listens_instead_is_said on "elsewhere",
    an_answer_that_says_no_for_good_is_believed_soon on "says-no",
    time_in_which_envctl_was_stopped_is_not_waited on "stopped",
}

/// Declares services that are shell scripts, on either engine.
fn declare(scenario: &Scenario, services: &[(&str, &str, &str)]) {
    let services = services.iter().map(|(name, script, more)| {
        format!(
            "[services.{name}]\nimage = \"debian\"\ncommand = [\"sh\", \"-c\", '''{script}''']\n\
             process = [\"sh\", \"-c\", '''{script}''']\n{more}\n"
        )
    });
    let services: String = services.collect();
    scenario.declare(&format!("{}{services}", Scenario::images()));
}

/// Returns the state of the service `odd` as `status` shows it.
fn state(scenario: &Scenario) -> String {
    let status = scenario.run(&["status", "rates", "--output", "json"]);
    let answer = status.exits(0).answer();
    let services = answer["services"].as_array().expect("its services");
    let odd = services.iter().find(|it| it["service"] == "odd");
    odd.expect("it is there")["state"]
        .as_str()
        .expect("a text")
        .to_owned()
}

fn one_that_dies_after_a_moment_is_no_environment_that_is_up(scenario: &Scenario) {
    let script = "sleep 0.5; echo no such luck; exit 3";
    declare(
        scenario,
        &[("odd", script, ""), ("well", "exec sleep 600", "")],
    );
    let failed = scenario.run(&["up", "rates"]).exits(6);
    failed.says(&[
        "`odd` ended while it was waited for: exit code 3",
        "still running",
        "last lines of odd",
        "no such luck",
    ]);
    assert_eq!(state(scenario), "exit code 3");
    scenario.take_away();
}

fn one_that_is_started_again_and_again_does_not_run(scenario: &Scenario) {
    let more = "restart = \"always\"\nready_timeout = \"4s\"";
    declare(
        scenario,
        &[("odd", "sleep 0.5; echo no such luck; exit 3", more)],
    );
    let failed = scenario.run(&["up", "rates"]).exits(6);
    failed.says(&["did not become ready", "started again", "no such luck"]);
    // However often it is asked, and whether it runs at that moment or is to be started again.
    for _ in 0..6 {
        let state = state(scenario);
        assert!(
            ["restarting", "running, not ready"].contains(&state.as_str()),
            "{state}"
        );
        std::thread::sleep(Duration::from_millis(150));
    }
    let again = scenario.run(&["up", "rates"]).exits(6);
    assert!(
        !again.stdout.contains("already running"),
        "{}",
        again.stdout
    );
    again.says(&["did not become ready", "started again"]);
    scenario.take_away();
}

fn a_port_that_nobody_listens_on_is_not_ready(scenario: &Scenario) {
    let more = "ports = { http = 8000 }\nready_timeout = \"2s\"";
    declare(scenario, &[("odd", "exec sleep 600", more)]);
    let failed = scenario.run(&["up", "rates"]).exits(6);
    failed.says(&["`odd` did not become ready", "port http: "]);
    assert_eq!(state(scenario), "running, not ready");
    scenario.run(&["up", "rates"]).exits(6);
    scenario.take_away();
}

fn a_port_is_waited_for_unless_nobody_is_to_be_asked(scenario: &Scenario) {
    let more = "ports = { http = 8000 }\nhealthcheck = false";
    declare(scenario, &[("odd", "exec sleep 600", more)]);
    scenario.run(&["up", "rates"]).exits(0);
    assert_eq!(state(scenario), "ready");
    let again = scenario.run(&["up", "rates"]).exits(0);
    assert!(again.stdout.contains("already running"), "{}", again.stdout);
    scenario.take_away();
}

fn where_it_listens_instead_is_said(scenario: &Scenario) {
    let script = "exec perl -MIO::Socket -e '$s = IO::Socket::INET->new(Listen => 5, \
                  LocalAddr => q(127.0.0.1), LocalPort => 47613) or die; sleep 600'";
    let more = "ports = { http = 47613 }\nready_timeout = \"3s\"";
    declare(scenario, &[("odd", script, more)]);
    let failed = scenario.run(&["up", "rates"]).exits(6);
    failed.says(match scenario.engine {
        Engine::Docker => &[
            "listens in its container on: 127.0.0.1:47613",
            "it has to listen on 0.0.0.0:47613",
        ],
        Engine::Process => &[
            "listens on:       127.0.0.1:47613",
            "`${services.odd.ports.http}` in its `environment` gives it",
        ],
    });
    scenario.take_away();
}

fn an_answer_that_says_no_for_good_is_believed_soon(scenario: &Scenario) {
    let script = "exec perl -MIO::Socket -e '$s = IO::Socket::INET->new(Listen => 5, ReuseAddr => 1, \
                  LocalAddr => q(0.0.0.0), LocalPort => $ENV{PORT}) or die; \
                  while ($c = $s->accept) { $l = <$c>; \
                  print $c qq(HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\n\\r\\n); close $c }'";
    let more = "ports = { http = 47614 }\nhealthcheck = { http = \"/nowhere\" }\n\
                environment = { PORT = \"${services.odd.ports.http}\" }";
    declare(scenario, &[("odd", script, more)]);
    let begun = Instant::now();
    let failed = scenario.run(&["up", "rates"]).exits(6);
    failed.says(&[
        "`odd` answers its health check with 404 Not Found",
        "asked:    GET /nowhere on 127.0.0.1:",
        "`healthcheck` of the service names the path",
    ]);
    assert!(
        begun.elapsed() < Duration::from_secs(40),
        "long before its ready_timeout"
    );
    scenario.take_away();
}

fn time_in_which_envctl_was_stopped_is_not_waited(scenario: &Scenario) {
    // It listens once a file is there, which comes when the time has long passed.
    let script = "while [ ! -e /tmp/envctl-go ]; do sleep 0.05; done; \
                  exec perl -MIO::Socket -e '$s = IO::Socket::INET->new(Listen => 5, ReuseAddr => 1, \
                  LocalAddr => q(0.0.0.0), LocalPort => $ENV{PORT}) or die; sleep 600'";
    let go = match scenario.engine {
        Engine::Docker => "/tmp/envctl-go".to_owned(),
        Engine::Process => scenario.path("go").display().to_string(),
    };
    let script = script.replace("/tmp/envctl-go", &go);
    let more = "ports = { http = 47615 }\nready_timeout = \"3s\"\n\
                environment = { PORT = \"${services.odd.ports.http}\" }";
    declare(scenario, &[("odd", &script, more)]);
    let mut child = scenario.spawn(&["up", "rates"]);
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let waits = |line: &str| line.contains("step_started") && line.contains("ready odd");
    assert!(lines.any(|line| waits(&line.expect("a line"))));
    assert!(kill(child.id(), "STOP"));
    std::thread::sleep(Duration::from_secs(4));
    assert!(kill(child.id(), "CONT"));
    // So that the deadline would be seen to have passed.
    std::thread::sleep(Duration::from_millis(700));
    match scenario.engine {
        Engine::Docker => {
            let name = format!("envctl-{}-odd", scenario.id());
            docker(&["exec", &name, "touch", &go]);
        }
        Engine::Process => scenario.write("go", ""),
    }
    let rest: Vec<String> = lines.map(|line| line.expect("a line")).collect();
    assert!(child.wait().expect("it ends").success(), "{rest:#?}");
    scenario.take_away();
}

fn a_healthy_one_without_a_port_takes_a_second(scenario: &Scenario) {
    declare(scenario, &[("odd", "exec sleep 600", "")]);
    let begun = Instant::now();
    scenario.run(&["up", "rates"]).exits(0);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    // It needs no second look by now.
    assert_eq!(state(scenario), "ready");
    let again = scenario.run(&["up", "rates", "--output", "json"]);
    assert_eq!(
        again.exits(0).answer()["phases"].as_array().map(Vec::len),
        Some(0)
    );
    scenario.take_away();
}
