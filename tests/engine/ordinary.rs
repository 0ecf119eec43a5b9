//! The process engine for a user that is not root: where root runs these tests, some of them are run
//! once more as somebody else.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whom they are run as: `nobody`.
const USER: &str = "65534";

const PROPERTIES: [&str; 6] = [
    "a_started_service_runs",
    "a_stop_ends_what_left_the_service",
    "a_stop_needs_no_supervisor",
    "services_reach_each_other",
    "a_service_runs_as_its_user_in_its_folder",
    "a_server_answers_its_user_and_refuses_a_wrong_password",
];

/// Returns a program to be started as that user.
fn as_user(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={USER}"))
        .arg(format!("--regid={USER}"))
        .arg("--clear-groups")
        .arg(program)
        .stdin(Stdio::null());
    command
}

#[test]
fn an_ordinary_user_is_served_too() {
    if !rustix::process::geteuid().is_root() {
        // Then all of them are.
        return;
    }
    let envctl = as_user(Path::new(env!("CARGO_BIN_EXE_envctl")))
        .arg("--version")
        .output();
    if !envctl.is_ok_and(|output| output.status.success()) {
        let mut stderr = std::io::stderr();
        let why = "no setpriv, or the folder of this build is closed to others";
        writeln!(stderr, "skipped: an_ordinary_user_is_served_too: {why}").unwrap();
        return;
    }
    let home = tempfile::tempdir().unwrap();
    crate::place::open(home.path());
    fs_err::os::unix::fs::chown(home.path(), USER.parse().ok(), None).unwrap();
    let names = PROPERTIES.map(|name| format!("process::{name}"));
    let output = as_user(&std::env::current_exe().unwrap())
        .arg("--exact")
        .args(names)
        .env("HOME", home.path())
        .current_dir(home.path())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let expect = format!("{} passed", PROPERTIES.len());
    assert!(stdout.contains(&expect), "{stdout}");
}
