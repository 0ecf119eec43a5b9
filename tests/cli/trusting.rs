//! What a workspace may have run: nothing where it is only looked at, and nothing where its files
//! are of another user.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use expect_test::expect;

use crate::harness::{API, Workspace};

/// A user that is nobody here.
const STRANGER: u32 = 54_321;

/// Commands of every kind, each of which leaves a file.
const TRAPS: &str = "[secrets.key]
command = ['sh', '-c', 'touch ran; echo hunter2-and-more']

[images.api]
load = ['sh', '-c', 'touch ran']

[services.db]
kind = 'postgres'
image = 'postgres:13.5'
password = '${secret:key}'
process = { bin_dir = '../../bin' }

[services.api]
image = 'api'
ports = { http = 3000 }
depends_on = ['db']
environment = { KEY = '${secret:key}', LINE = 'key=${secret:key}' }
healthcheck = { command = ['sh', '-c', 'touch ran'] }
process = { command = ['sh', '-c', 'touch ran'], build = ['sh', '-c', 'touch ran'] }

[smoke.alive]
command = ['sh', '-c', 'touch ran; curl $URL']
";

fn trapped() -> Workspace {
    let postgres = "#!/bin/sh\ntouch ran; echo 'postgres (PostgreSQL) 13.5'\n";
    let workspace = Workspace::rates(TRAPS)
        .file("bin/postgres", postgres)
        .file("bin/initdb", postgres);
    for program in ["postgres", "initdb"] {
        let path = workspace.path().join("bin").join(program);
        let mode = std::fs::Permissions::from_mode(0o755);
        fs_err::set_permissions(path, mode).expect("it is ours");
    }
    workspace
}

#[test]
fn what_only_looks_runs_nothing() {
    let workspace = trapped().variable("PATH", "/usr/bin:/bin");
    for line in [
        "config show",
        "config explain services.db.password",
        "config validate",
        "list",
        "completions bash",
        "status",
        "plan",
        "plan --engine process",
        "doctor",
        "doctor --engine process",
        "logs",
        "psql",
        "psql -c 'SELECT 1'",
        "exec api -- true",
        "migrate --status",
        "smoke-test --discover",
        "down",
    ] {
        let (_, stderr, code) = workspace.run(&format!("envctl {line}"));
        assert_ne!(
            (code, stderr.contains("usage")),
            (2, true),
            "{line}: {stderr}"
        );
        let ran = workspace.path().join("ran").exists();
        assert!(!ran, "`envctl {line}` ran something: {stderr}");
    }
    workspace.check(
        "envctl config validate",
        &expect![[r#"
        --- stdout
        rates is valid
        --- stderr
        [time] not looked at, since its command is not run: secret key
        --- exit 0
    "#]],
    );
    workspace.check(
        "envctl config explain services.api.environment",
        &expect![[r#"
            --- stdout
            services.api.environment
              from envs/rates/env.toml:17
              KEY = "<secret: command, not run>"  # envs/rates/env.toml:17
              LINE = "key=<secret: command, not run>"  # envs/rates/env.toml:17
            --- exit 0
        "#]],
    );
    let (stdout, _, _) = workspace.run("envctl doctor --engine process");
    assert!(
        stdout.contains("is asked for its version when it is to run"),
        "{stdout}"
    );
}

#[test]
fn what_is_about_to_run_is_said_once() {
    let workspace = trapped().variable("PATH", "/usr/bin:/bin");
    let told = |line: &str| {
        let (_, stderr, _) = workspace.run(line);
        let lines = stderr.lines();
        let told = lines.take_while(|line| !line.starts_with("error") && !line.contains("engine"));
        told.map(|line| line.to_owned() + "\n").collect::<String>()
    };
    expect![[r#"
        [time] the files of this workspace let envctl run on this machine (said once):
        [time]   secrets.key.command: sh -c 'touch ran; echo hunter2-and-more'
        [time]   images.api.load.command: sh -c 'touch ran'
    "#]]
    .assert_eq(&told("envctl up --engine docker"));
    assert!(
        workspace.path().join("ran").exists(),
        "then the secret's command runs"
    );
    assert_eq!(told("envctl up --engine docker"), "");
    expect![[r#"
        [time] the files of this workspace let envctl also run on this machine (said once):
        [time]   smoke.alive.command: sh -c 'touch ran; curl $URL'
    "#]]
    .assert_eq(&told("envctl smoke-test --engine docker"));
    let changed = TRAPS.replace(
        "load = ['sh', '-c', 'touch ran']",
        "load = ['./load', '--all']",
    );
    let workspace = workspace.file("envs/rates/env.toml", changed);
    let (_, stderr, _) = workspace.run("envctl build --engine docker");
    let told: Vec<&str> = stderr.lines().take(2).collect();
    expect![[r#"
        [time] the files of this workspace let envctl also run on this machine (said once):
        [time]   images.api.load.command: ./load --all"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn a_workspace_of_another_user_is_looked_at_and_not_acted_on() {
    let workspace = Workspace::rates(API);
    let chown = |path: &str| {
        let path = workspace.path().join(path);
        fs_err::os::unix::fs::chown(path, Some(STRANGER), None)
    };
    if let Err(why) = chown("envs/rates/env.toml") {
        let mut stderr = std::io::stderr();
        let test = "a_workspace_of_another_user_is_looked_at_and_not_acted_on";
        writeln!(stderr, "skipped: {test}: root: {why}").expect("standard error is open");
        return;
    }
    for verb in [
        "up",
        "build",
        "seed",
        "migrate",
        "smoke-test",
        "run x",
        "restart",
    ] {
        let (stdout, stderr, code) = workspace.run(&format!("envctl {verb}"));
        assert_eq!((stdout.as_str(), code), ("", 3), "{verb}: {stderr}");
        assert!(
            stderr.contains("belongs to another user"),
            "{verb}: {stderr}"
        );
    }
    workspace.check("envctl up", &expect![[r#"
        --- stderr
        error: the workspace `[workspace]` belongs to another user
          owner: `[workspace]/envs/rates/env.toml` is of the user 54321, and this is 0
        hint: nothing that its files name is run; where you trust them: `export ENVCTL_SAFE_DIRECTORY=[workspace]`
        --- exit 3
    "#]]);
    workspace.check(
        "envctl config validate",
        &expect![[r#"
        --- stdout
        rates is valid
        --- exit 0
    "#]],
    );
    let allowed = |workspace: &Workspace| {
        let (_, stderr, code) = workspace.run("envctl up");
        assert!(code == 4 && !stderr.contains("another user"), "{stderr}");
    };
    let path = fs_err::canonicalize(workspace.path()).expect("it is there");
    let path = path.display().to_string();
    let workspace = workspace.variable("ENVCTL_SAFE_DIRECTORY", &path);
    allowed(&workspace);
    let workspace = workspace.variable("ENVCTL_SAFE_DIRECTORY", "*");
    allowed(&workspace);
    let workspace = workspace
        .variable("ENVCTL_SAFE_DIRECTORY", "/elsewhere")
        .variable("SUDO_UID", "54321");
    allowed(&workspace);
}
