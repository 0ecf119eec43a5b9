//! Commands inside a running environment: streams, terminals and exit codes as if envctl were not
//! between.

use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};

use crate::harness::{Engine, Scenario, docker, get, on_each_engine};

on_each_engine! {
    exec_passes_on_every_byte_and_the_exit_code on "bytes",
    exec_ends_with_its_command_whatever_its_streams_do on "ends",
    exec_says_what_does_not_run on "absent",
    a_terminal_is_lent_and_given_back on "terminal",
    psql_opens_on_the_database on "psql",
}

fn up(scenario: &Scenario) {
    scenario.run(&["up", "rates", "--no-seed"]).exits(0);
}

/// Runs the program with something to read.
fn fed(mut command: Command, input: &[u8]) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("envctl starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_owned();
    let feeding = std::thread::spawn(move || {
        // The command may end before it has read all.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("envctl ends");
    feeding.join().expect("it was fed");
    output
}

fn exec_passes_on_every_byte_and_the_exit_code(scenario: &Scenario) {
    up(scenario);
    let script = "echo out; echo err >&2; exit 7";
    let outcome = scenario.run(&["exec", "-e", "rates", "db", "--", "sh", "-c", script]);
    assert_eq!(
        (
            outcome.stdout.as_str(),
            outcome.stderr.as_str(),
            outcome.code
        ),
        ("out\n", "err\n", 7)
    );

    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    let output = fed(
        scenario.command(&["exec", "-e", "rates", "db", "cat"]),
        &bytes,
    );
    assert!(output.status.success());
    assert_eq!(output.stdout.len(), bytes.len());
    assert!(output.stdout == bytes, "every byte came back");

    let user = [
        "exec", "-e", "rates", "--user", "postgres", "db", "id", "-un",
    ];
    assert_eq!(scenario.run(&user).exits(0).stdout, "postgres\n");
}

/// What is run beside a server knows the terminal, and does not start among its data.
#[test]
fn exec_beside_a_server_of_this_machine_starts_at_a_sensible_place() {
    let Some(mut scenario) = Scenario::new(Engine::Process, "place") else {
        return;
    };
    scenario.set("TERM", "xterm-256color");
    up(&scenario);
    let script = "echo $TERM; pwd";
    let outcome = scenario.run(&["exec", "-e", "rates", "db", "--", "sh", "-c", script]);
    let printed = outcome.exits(0).stdout;
    let workspace = fs_err::canonicalize(scenario.path("")).expect("it is there");
    let places = ["/".to_owned(), workspace.display().to_string()];
    let (terminal, place) = printed.trim_end().split_once('\n').expect("two lines");
    assert_eq!(terminal, "xterm-256color");
    assert!(places.contains(&place.to_owned()), "{place}");
    scenario.take_away();
}

fn exec_ends_with_its_command_whatever_its_streams_do(scenario: &Scenario) {
    up(scenario);
    let exec = |command: &[&str]| {
        let args = [&["exec", "-e", "rates", "db", "--"], command].concat();
        scenario.command(&args)
    };
    // Larger than all that lies between can hold.
    let endless = vec![b'y'; 50_000_000];
    assert!(fed(exec(&["true"]), &endless).status.success());

    let mut reading = exec(&["yes"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("envctl starts");
    let mut stdout = reading.stdout.take().expect("a pipe");
    stdout.read_exact(&mut [0; 2]).expect("two bytes");
    drop(stdout);
    let status = reading.wait().expect("envctl ends");
    assert_eq!(status.code(), Some(141));

    let missing = scenario.run(&["exec", "-e", "rates", "db", "no-such-program"]);
    assert!(matches!(missing.code, 126 | 127), "{missing:?}");
    assert_eq!(missing.stdout, "");
    assert!(missing.stderr.contains("no-such-program"), "{missing:?}");
}

fn exec_says_what_does_not_run(scenario: &Scenario) {
    let exec = |service: &str| scenario.run(&["exec", "-e", "rates", service, "--", "true"]);
    exec("db")
        .exits(6)
        .says(&["nothing runs of rates", "envctl up rates -i absent"]);
    scenario.run(&["up", "rates", "--no-seed"]).exits(0);
    exec("web")
        .exits(2)
        .says(&["no service `web` runs", "there are api, db"]);
    // It needs no readable environment.
    let env = scenario.read("envs/rates/env.toml");
    scenario.write("envs/rates/env.toml", "= broken");
    exec("db").exits(0);
    scenario.write("envs/rates/env.toml", env);
    scenario.kill_services();
    exec("db").exits(6).says(&[
        "`db` does not run: exit code",
        "envctl up rates -i absent",
        "envctl logs -e rates -i absent db",
    ]);
}

/// Returns the id of a service's container.
fn container(scenario: &Scenario, service: &str) -> String {
    let workspace = scenario.path("").canonicalize().expect("it is there");
    let workspace = format!("label=envctl.workspace={}", workspace.display());
    let name = format!("label=envctl.name={service}");
    let filters = ["--filter", &workspace, "--filter", &name];
    let ids = docker(&[&["ps", "-aq"][..], &filters].concat());
    ids.trim().to_owned()
}

/// Runs a shell script on a terminal of its own, with `$ENVCTL` for the program.
fn on_a_terminal(scenario: &Scenario, script: &str) -> Output {
    let envctl = scenario.command(&[]);
    let words = [envctl.get_program()].into_iter().chain(envctl.get_args());
    let words: Vec<&str> = words.map(|word| word.to_str().expect("UTF-8")).collect();
    Command::new("script")
        .args(["--quiet", "--return", "--command", script, "/dev/null"])
        .env("ENVCTL", words.join(" "))
        .current_dir(scenario.path(""))
        .stdin(Stdio::null())
        .output()
        .expect("script runs (it is in bsdutils)")
}

fn a_terminal_is_lent_and_given_back(scenario: &Scenario) {
    up(scenario);
    let script = "stty rows 33 cols 77; \
                  $ENVCTL exec -e rates db -- sh -c 'tty; until stty size | grep 33; do sleep 0.05; done; printf \"\\000\\001zero\\n\"; exit 5'; \
                  echo code $?; $ENVCTL exec -T -e rates db -- tty";
    let output = on_a_terminal(scenario, script);
    let said = String::from_utf8_lossy(&output.stdout);
    for text in ["/dev/pts/", "33 77", "\0\u{1}zero", "code 5"] {
        assert!(said.contains(text), "{text:?} in {said:?}");
    }
    // A process beside a service has the streams of this program, whatever they are.
    let without = match scenario.engine {
        Engine::Docker => "not a tty",
        Engine::Process => "code 5\r\n/dev/pts/",
    };
    assert!(said.contains(without), "{without:?} in {said:?}");

    let script = "stty -g > before; \
                  timeout --foreground -s TERM 3 $ENVCTL exec -e rates db -- sh -c 'stty -g; sleep 100'; \
                  echo code $?; stty -g > after; cmp before after && echo as before";
    let output = on_a_terminal(scenario, script);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("as before"), "{said:?}");
}

fn psql_opens_on_the_database(scenario: &Scenario) {
    up(scenario);
    let psql = ["psql", "-e", "rates", "--", "-At", "-v", "ON_ERROR_STOP=1"];
    let sql = b"select current_database(); select 1 / 0; select 'not reached';";
    let check = |command: Command| {
        let output = fed(command, sql);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.stdout, b"rates\n", "{stderr}");
        assert!(stderr.contains("division by zero"), "{stderr}");
        assert_eq!(output.status.code(), Some(3));
    };
    // This machine's, where it has one.
    check(scenario.command(&psql));
    // The container's.
    let mut command = scenario.command(&psql);
    command.env("PATH", "/nowhere");
    check(command);
    assert_eq!(scenario.value("select 1"), "1");
}

#[test]
fn restart_keeps_the_containers_and_waits_until_they_are_ready() {
    let Some(scenario) = Scenario::new(Engine::Docker, "restart") else {
        return;
    };
    let restart = |services: &[&str]| {
        let args = [&["restart", "-e", "rates", "--output", "json"], services].concat();
        scenario.run(&args)
    };
    restart(&[]).exits(6);
    scenario.run(&["up", "rates"]).exits(0);
    let started = |service: &str| {
        let id = container(&scenario, service);
        let at = docker(&["inspect", "-f", "{{.State.StartedAt}}", &id]);
        (id, at)
    };
    let (db, api) = (started("db"), started("api"));
    let outcome = restart(&["api"]).exits(0);
    assert_eq!(outcome.answer()["changed"], 2);
    get(&scenario.address("api"), "/");
    assert_eq!(started("db"), db);
    let (id, at) = started("api");
    assert!(id == api.0 && at != api.1);

    let outcome = restart(&[]).exits(0);
    assert_eq!(outcome.answer()["changed"], 4);
    get(&scenario.address("api"), "/");
    assert_eq!(scenario.value("select count(*) > 0 from prices"), "t");
    assert_ne!(started("db").1, db.1);
    let unknown = restart(&["web"]).exits(2);
    assert!(unknown.stdout.contains("there are db, api"), "{unknown:?}");
    docker(&["rm", "-f", &api.0]);
    let gone = restart(&["api"]).exits(6);
    assert!(gone.stdout.contains("`api` is not there"), "{gone:?}");
}
