//! Services as processes that do what they should not: each is ended whole, and named.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Engine, Outcome, Scenario, eventually, kill, processes};

/// Returns a scenario with a service `odd` that is a shell script.
fn odd(instance: &'static str, script: &str, more: &str) -> Option<Scenario> {
    let scenario = Scenario::new(Engine::Process, instance)?;
    declare(&scenario, script, more);
    Some(scenario)
}

fn declare(scenario: &Scenario, script: &str, more: &str) {
    scenario.write("odd.sh", script);
    scenario.declare(&format!(
        "[services.odd]\nprocess = [\"sh\", \"odd.sh\"]\n{more}"
    ));
}

/// Starts a process that has nothing to do with envctl.
fn bystander() -> Child {
    let mut sleep = Command::new("sleep");
    let sleep = sleep.arg("600").stdin(Stdio::null()).spawn();
    sleep.expect("sleep starts")
}

/// Ends a bystander, which must still be there.
#[track_caller]
fn is_untouched(mut bystander: Child) {
    let ended = bystander.try_wait().expect("it is ours");
    assert!(ended.is_none(), "an unrelated process was hit: {ended:?}");
    bystander.kill().expect("SIGKILL");
    bystander.wait().expect("it ends");
}

/// Returns the processes whose command line has a word.
fn with_word(word: &str) -> Vec<u32> {
    let entries = fs_err::read_dir("/proc").expect("/proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        let words = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = words.split(|byte| *byte == 0);
        words.any(|it| it == word.as_bytes())
    })
    .collect()
}

fn up(scenario: &Scenario) -> Outcome {
    scenario.run(&["up", "rates"])
}

#[test]
fn one_that_dies_at_once_is_named_with_its_last_words() {
    let Some(scenario) = odd("dies", "echo no such luck; exit 3\n", "") else {
        return;
    };
    let failed = up(&scenario).exits(6);
    failed.says(&[
        "`odd` ended",
        "exit code 3",
        "no such luck",
        "last lines of odd",
    ]);
    // It is started anew as soon as it is mended.
    declare(&scenario, "exec sleep 600\n", "");
    up(&scenario).exits(0);
    scenario.take_away();
}

/// An address is one argument, and so is what would end a shell's command.
#[test]
fn one_that_is_given_its_port_as_an_argument_gets_it_as_it_is() {
    let Some(scenario) = Scenario::new(Engine::Process, "argument") else {
        return;
    };
    scenario.write("odd.sh", "echo \"got: $*\"; exec sleep 600\n");
    scenario.declare(
        "[services.odd]
ports = { http = 80 }
process = [\"sh\", \"odd.sh\", \"--port=${services.odd.port}\", \"a; b $HOME\", \"${instance}\"]
healthcheck = { command = [\"true\"] }
[smoke.port]
command = [\"test\", \"${services.odd.port}\", \"-gt\", \"1023\"]
",
    );
    up(&scenario).exits(0);
    let address = scenario.address("odd");
    let port = address.rsplit(':').next().expect("it has a port");
    let logs = scenario.run(&["logs", "-e", "rates", "odd"]).exits(0);
    let got = format!("got: --port={port} a; b $HOME argument");
    assert!(logs.stdout.contains(&got), "{}", logs.stdout);
    scenario.run(&["smoke-test", "rates"]).exits(0);
    let again = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert_eq!(again.answer()["changed"], 0);
    scenario.take_away();
}

/// What it was made with counts until something else is asked for.
#[test]
fn one_that_was_made_with_a_profile_keeps_it() {
    let Some(scenario) = odd("profile", "echo is $LEVEL; exec sleep 600\n", "") else {
        return;
    };
    let layer = "[services.odd.environment]\nLEVEL = \"offline\"\n";
    scenario.write("envs/rates/profiles/offline.toml", layer);
    scenario.run(&["up", "rates", "-p", "offline"]).exits(0);
    let made = ["with --profile offline, as the instance was made"];
    let status = scenario.run(&["status", "rates"]).exits(0).says(&made);
    assert!(!status.stdout.contains("differs"), "{}", status.stdout);
    let again = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert_eq!(again.answer()["changed"], 0);
    let other = scenario.run(&["status", "rates", "-p", "none"]).exits(0);
    assert!(other.stdout.contains("differs"), "{}", other.stdout);
    scenario.run(&["up", "rates", "-p", "none"]).exits(0);
    let status = scenario.run(&["status", "rates"]).exits(0);
    assert!(!status.stdout.contains("differs"), "{}", status.stdout);

    // One that makes nothing anew is known as well, as long as anything runs.
    let layer = "[smoke.more]\ncommand = [\"true\"]\n";
    scenario.write("envs/rates/profiles/checks.toml", layer);
    let with = ["up", "rates", "-p", "checks", "--output", "json"];
    let up = scenario.run(&with).exits(0);
    assert_eq!(up.answer()["changed"], 0);
    let made = ["with --profile checks, as the instance was made"];
    scenario.run(&["status", "rates"]).exits(0).says(&made);
    scenario.run(&["up", "rates", "-p", "none"]).exits(0);
    let status = scenario.run(&["status", "rates"]).exits(0);
    assert!(!status.stderr.contains("as the instance was made"));
    scenario.run(&with).exits(0);
    scenario.run(&["down", "rates"]).exits(0);
    let up = scenario.run(&["up", "rates"]).exits(0);
    assert!(!up.stderr.contains("as the instance was made"));
    scenario.take_away();
}

#[test]
fn one_that_is_started_again_and_again_does_not_count_as_ready() {
    let more = "restart = \"always\"\nready_timeout = \"2s\"\n";
    let Some(scenario) = odd("loops", "sleep 0.05; echo no such luck; exit 3\n", more) else {
        return;
    };
    let failed = up(&scenario).exits(6);
    failed.says(&[
        "`odd` did not become ready",
        "started again",
        "no such luck",
    ]);
    declare(&scenario, "exec sleep 600\n", more);
    // Until then it waits for its next start.
    scenario.run(&["restart", "-e", "rates", "odd"]).exits(0);
    up(&scenario).exits(0);
    scenario.take_away();
}

#[test]
fn one_that_ignores_sigterm_is_killed_after_its_grace_period() {
    let script = "trap '' TERM INT HUP\nwhile :; do sleep 600; done\n";
    let Some(scenario) = odd("deaf", script, "stop_grace_period = \"1s\"\n") else {
        return;
    };
    up(&scenario).exits(0);
    let begun = Instant::now();
    scenario.take_away();
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_secs(1),
        "{took:?}: it was asked first"
    );
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn grandchildren_that_leave_session_and_environment_go_with_it() {
    let word = format!("600.{}", std::process::id());
    let script = format!(
        "(setsid env -i sleep {word} &)\nsetsid sh -c 'sleep {word} & sleep {word}' &\nexec sleep {word}\n"
    );
    let Some(scenario) = odd("forks", &script, "") else {
        return;
    };
    let other = bystander();
    up(&scenario).exits(0);
    eventually("all of them run", || match with_word(&word).len() {
        4 => Ok(()),
        count => Err(format!("{count} of 4")),
    });
    scenario.run(&["restart", "-e", "rates", "odd"]).exits(0);
    eventually("the old ones are gone", || match with_word(&word).len() {
        4 => Ok(()),
        count => Err(format!("{count} of 4")),
    });
    scenario.take_away();
    assert_eq!(with_word(&word), Vec::<u32>::new());
    is_untouched(other);
}

#[test]
fn one_that_writes_without_end_fills_no_disk() {
    const LINE: &str = "a line that says the same thing again and again and again";
    const WRITTEN: u64 = 120_000_000;
    let script =
        format!("yes '{LINE}' | head -c {WRITTEN}\necho\necho all is written\nexec sleep 600\n");
    let Some(scenario) = odd("writes", &script, "") else {
        return;
    };
    up(&scenario).exits(0);
    let last = ["logs", "-e", "rates", "odd", "--tail", "1"];
    eventually("its last line is in the log", || {
        let logs = scenario.run(&last).exits(0);
        if logs.stdout.contains("all is written") {
            Ok(())
        } else {
            Err(logs.stdout)
        }
    });
    let folder = scenario.home().join("services/odd");
    eventually("the log is bounded", || {
        let size = |name: &str| fs_err::metadata(folder.join(name)).map_or(0, |it| it.len());
        let bytes = size("log") + size("log.1");
        if bytes < WRITTEN / 2 {
            Ok(())
        } else {
            Err(format!("{bytes} bytes"))
        }
    });
}

#[test]
fn one_that_is_killed_is_started_again_where_it_asks_for_that() {
    let Some(scenario) = odd(
        "again",
        "echo begun\nexec sleep 600\n",
        "restart = \"always\"\n",
    ) else {
        return;
    };
    up(&scenario).exits(0);
    let first = processes(&scenario.id());
    assert_eq!(first.len(), 1);
    assert!(kill(first[0], "KILL"));
    eventually("another one runs", || {
        let now = processes(&scenario.id());
        if now.len() == 1 && now != first {
            Ok(())
        } else {
            Err(format!("{now:?}"))
        }
    });
    let again = scenario.run(&["up", "rates", "--output", "json"]).exits(0);
    assert_eq!(again.answer()["changed"], 0, "its supervisor saw to it");
    let logs = scenario.run(&["logs", "-e", "rates", "odd"]).exits(0);
    assert_eq!(logs.stdout.matches("begun").count(), 2, "{}", logs.stdout);
}

#[test]
fn a_program_that_is_missing_is_named_before_anything_starts() {
    let Some(scenario) = Scenario::new(Engine::Process, "missing") else {
        return;
    };
    let first = "[services.first]\nprocess = [\"sleep\", \"600\"]\n";
    let second =
        "[services.second]\nprocess = [\"no-such-program\", \"-v\"]\ndepends_on = [\"first\"]\n";
    scenario.declare(&format!("{first}{second}"));
    up(&scenario).exits(5).says(&["second", "no-such-program"]);
    // In a workspace, a program is a path.
    scenario.declare("[services.second]\nprocess = [\"bin/second\"]\n");
    up(&scenario).exits(5).says(&["second", "bin/second"]);
    scenario.take_away();
}

#[test]
fn a_build_that_fails_ends_with_5_and_what_it_printed() {
    let Some(scenario) = Scenario::new(Engine::Process, "build") else {
        return;
    };
    let build = "build = [\"sh\", \"-c\", \"echo it breaks here >&2; exit 9\"]";
    scenario.local("");
    let declared = format!("[services.odd.process]\ncommand = [\"sleep\", \"600\"]\n{build}\n");
    scenario.declare(&declared);
    let failed = up(&scenario).exits(5);
    failed.says(&["odd", "it breaks here", "code 9"]);
    assert_eq!(processes(&scenario.id()), Vec::<u32>::new());
    // What it makes must be the program.
    let declared = declared.replace("echo it breaks here >&2; exit 9", "true");
    scenario.declare(&declared.replace("\"sleep\", \"600\"", "\"bin/odd\""));
    up(&scenario).exits(5).says(&["odd", "bin/odd"]);
}

#[test]
fn a_killed_build_leaves_nothing_and_is_made_again() {
    let word = format!("601.{}", std::process::id());
    let Some(scenario) = Scenario::new(Engine::Process, "building") else {
        return;
    };
    let build = |script: &str| {
        scenario.declare(&format!(
            "[services.odd.process]\ncommand = [\"sleep\", \"600\"]\nbuild = [\"sh\", \"-c\", \"{script}\"]\n"
        ));
    };
    build(&format!("sleep {word} & sleep {word}"));
    let mut child = scenario.spawn(&["up", "rates"]);
    eventually("it builds", || match with_word(&word).len() {
        2 => Ok(()),
        count => Err(format!("{count} of 2")),
    });
    child.kill().expect("SIGKILL");
    child.wait().expect("it ends");
    eventually("its build ends too", || match with_word(&word) {
        left if left.is_empty() => Ok(()),
        left => Err(format!("{left:?}")),
    });
    build("true");
    up(&scenario).exits(0);
}

#[test]
fn a_number_that_changed_hands_is_not_signalled() {
    let Some(scenario) = odd("hands", "exec sleep 600\n", "") else {
        return;
    };
    up(&scenario).exits(0);
    let other = bystander();
    let state = scenario.home().join("services/odd/state.json");
    let mut status: serde_json::Value =
        serde_json::from_slice(&fs_err::read(&state).expect("a state")).expect("JSON");
    let supervisor = status["supervisor"]["pid"].as_u64().expect("a number");
    let main = processes(&scenario.id());
    for pid in [u32::try_from(supervisor).expect("a pid"), main[0]] {
        assert!(kill(pid, "KILL"));
    }
    eventually("both are gone", || {
        let is_gone = |pid: u64| !Path::new(&format!("/proc/{pid}/exe")).exists();
        if is_gone(supervisor) && is_gone(u64::from(main[0])) {
            Ok(())
        } else {
            Err("not yet".to_owned())
        }
    });
    // As it is when the kernel has given their numbers to somebody else.
    for who in ["supervisor", "main"] {
        status[who]["pid"] = other.id().into();
    }
    fs_err::write(&state, status.to_string()).expect("it is written");
    scenario.run(&["restart", "-e", "rates", "odd"]).exits(0);
    assert_eq!(processes(&scenario.id()).len(), 1);
    scenario.take_away();
    is_untouched(other);
}
