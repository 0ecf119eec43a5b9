//! A daemon that cannot be reached: exit code 4, whatever the command.

use expect_test::expect;

use crate::harness::{API, Workspace};

#[test]
fn a_socket_that_is_not_there() {
    let workspace = Workspace::rates(API);
    workspace.check(
        "envctl up",
        &expect![[r#"
            --- stderr
            error: no engine can run this environment
              docker:  no docker engine answers at unix://[workspace]/docker.sock (there is no socket [workspace]/docker.sock)
              process: `services.api` has no `process`
            hint: `envctl doctor` says all that each of them needs
            --- exit 4
        "#]],
    );
    workspace.check("envctl up --output json", &expect![[r#"
        --- stdout
        {"v":1,"error":{"title":"no engine can run this environment","causes":[],"place":null,"facts":[["docker","no docker engine answers at unix://[workspace]/docker.sock (there is no socket [workspace]/docker.sock)"],["process","`services.api` has no `process`"]],"tail":null,"blocked":[],"hints":["`envctl doctor` says all that each of them needs"]},"exit_code":4}
        --- exit 4
    "#]]);
    for command in [
        "build",
        "seed",
        "seed --reset",
        "migrate",
        "smoke-test",
        "down",
        "down --volumes",
        "plan",
        "status",
        "logs",
        "psql -c 'SELECT 1'",
        "psql",
        "restart",
        "images prune",
        "images prune --all --yes",
    ] {
        let (stdout, stderr, code) = workspace.run(&format!("envctl {command} --engine docker"));
        assert_eq!((stdout.as_str(), code), ("", 4), "{command}\n{stderr}");
        assert!(stderr.contains("no docker engine answers"), "{stderr}");
    }
}

#[test]
fn endpoints_that_are_not_supported() {
    let workspace = Workspace::rates(API).variable("DOCKER_HOST", "tcp://127.0.0.1:2375");
    workspace.check("envctl up", &expect![[r#"
        --- stderr
        error: no engine can run this environment
          docker:  the docker engine at tcp://127.0.0.1:2375 cannot be used: `tcp://` is not supported yet, only `unix://` is
          process: `services.api` has no `process`
        hint: `envctl doctor` says all that each of them needs
        --- exit 4
    "#]]);
    let workspace = workspace.variable("DOCKER_HOST", "somewhere");
    workspace.check("envctl status", &expect![[r#"
        --- stdout
        rates (instance default): nothing runs
        --- stderr
        [time] warning: the docker engine at somewhere cannot be used: `DOCKER_HOST` must look like `unix:///var/run/docker.sock`, so only processes were looked for
        --- exit 0
    "#]]);
}

#[test]
fn down_needs_no_readable_environment() {
    let workspace = Workspace::rates("= broken\n");
    workspace.check(
        "envctl down",
        &expect![[r#"
            --- stdout
            rates (instance default): nothing to remove; 0 left
            --- exit 0
        "#]],
    );
}
