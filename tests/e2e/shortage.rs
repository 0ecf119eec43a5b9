//! A machine that has no more of something: what fails for want of it says so, and nothing panics.

use crate::harness::{Engine, Need, Outcome, Scenario, succeeds};

const SERVICE: &str = "[services.api]\nprocess = [\"sleep\", \"1000\"]\n";

/// Runs its arguments where the disk of the state has room for nothing.
const FULL: &str = r#"
    mkdir -p /var/lib/envctl
    mount -t tmpfs -o size=16k none /var/lib/envctl
    mkdir /var/lib/envctl/locks
    dd if=/dev/zero of=/var/lib/envctl/filler bs=4096 2>/dev/null || true
    exec "$0" "$@"
"#;

/// Runs a command in a scenario of one service, by a shell that makes something scarce.
fn scarce(instance: &'static str, starter: &[&str], args: &[&str]) -> Option<Outcome> {
    let mut scenario = Scenario::new(Engine::Process, instance)?;
    scenario.declare(SERVICE);
    scenario.start_by(starter);
    let outcome = scenario.run(args);
    scenario.start_by(&[]);
    assert!(!outcome.stderr.contains("panicked"), "{}", outcome.stderr);
    Some(outcome)
}

#[test]
fn a_full_disk_is_named() {
    let mut trial = std::process::Command::new("unshare");
    if !succeeds(trial.args(["-m", "true"])) {
        let missing = "a mount namespace cannot be made (it takes root)";
        let name = "unshare";
        return Need { name, missing }.skip();
    }
    let starter = ["unshare", "-m", "sh", "-euc", FULL];
    let Some(failed) = scarce("full", &starter, &["up", "rates"]) else {
        return;
    };
    assert_ne!(failed.code, 0);
    failed.says(&["error: the disk is full", "`df -h /var/lib/envctl .`"]);
}

#[test]
fn few_descriptors_are_named() {
    let starter = ["sh", "-c", "ulimit -n 9; exec \"$0\" \"$@\""];
    let Some(failed) = scarce("few", &starter, &["up", "rates"]) else {
        return;
    };
    assert_ne!(failed.code, 0);
    failed.says(&[
        "error: too many files are open: 9 is the limit",
        "`ulimit -n 4096`",
    ]);
}

#[test]
fn refused_threads_are_named() {
    let starter = [
        "setpriv",
        "--reuid=65534",
        "--clear-groups",
        "prlimit",
        "--nproc=3",
    ];
    let Some(failed) = scarce("threads", &starter, &["status", "rates"]) else {
        return;
    };
    failed.exits(1).says(&[
        "error: the system makes no more threads or processes",
        "`ulimit -u` is the limit of this user",
    ]);
}
