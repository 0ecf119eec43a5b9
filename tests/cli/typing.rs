//! What is typed wrong ends with 2 and goes to standard error; flags may stand on both sides of
//! the command.

use expect_test::expect;

use crate::harness::{API, Workspace};

#[test]
fn unknown_commands_and_flags() {
    let workspace = Workspace::rates(API);
    workspace.check(
        "envctl upp",
        &expect![[r#"
            --- stderr
            error: unrecognized subcommand 'upp'

              tip: a similar subcommand exists: 'up'

            Usage: envctl [OPTIONS] <COMMAND>

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
    workspace.check(
        "envctl up --no-sed",
        &expect![[r#"
            --- stderr
            error: unexpected argument '--no-sed' found

              tip: a similar argument exists: '--no-seed'

            Usage: envctl up --no-seed [ENV]

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
    workspace.check(
        "envctl config shwo",
        &expect![[r#"
            --- stderr
            error: unrecognized subcommand 'shwo'

              tip: a similar subcommand exists: 'show'

            Usage: envctl config [OPTIONS] <COMMAND>

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
    workspace.check(
        "envctl up rates other",
        &expect![[r#"
            --- stderr
            error: unexpected argument 'other' found

            Usage: envctl up [OPTIONS] [ENV]

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
}

#[test]
fn values_of_the_wrong_form() {
    let workspace = Workspace::rates(API);
    workspace.check("envctl up --timeout soon", &expect![[r#"
        --- stderr
        error: invalid value 'soon' for '--timeout <DURATION>': expected a number and a unit, such as 90s, 5m or 1m30s

        For more information, try '--help'.
        --- exit 2
    "#]]);
    workspace.check("envctl up --timeout 0s", &expect![[r#"
        --- stderr
        error: invalid value '0s' for '--timeout <DURATION>': expected a number and a unit, such as 90s, 5m or 1m30s

        For more information, try '--help'.
        --- exit 2
    "#]]);
    workspace.check("envctl up --set port", &expect![[r#"
        --- stderr
        error: invalid value 'port' for '--set <KEY=VALUE>': expected KEY=VALUE, such as services.api.ports.http.host=3001

        For more information, try '--help'.
        --- exit 2
    "#]]);
    workspace.check(
        "envctl up --output yaml",
        &expect![[r#"
            --- stderr
            error: invalid value 'yaml' for '--output <FORM>'
              [possible values: human, plain, json]

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
    workspace.check(
        "envctl up --engine vm",
        &expect![[r#"
            --- stderr
            error: invalid value 'vm' for '--engine <ENGINE>'
              [possible values: auto, docker, process]

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
    workspace.check(
        "envctl logs --tail few",
        &expect![[r#"
            --- stderr
            error: invalid value 'few' for '--tail <LINES>': expected a number of lines, such as 50

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
    workspace.check(
        "envctl psql",
        &expect![[r#"
            --- stderr
            error: the environment has no postgres service
            --- exit 2
        "#]],
    );
    workspace.check(
        "envctl -q up -v -q",
        &expect![[r#"
            --- stderr
            error: the argument '--verbose' cannot be used with '--quiet'

            Usage: envctl up --verbose [ENV]

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
}

#[test]
fn wrong_usage_is_text_in_every_form() {
    let workspace = Workspace::rates(API);
    workspace.check(
        "envctl up --output json --bogus",
        &expect![[r#"
            --- stderr
            error: unexpected argument '--bogus' found

              tip: to pass '--bogus' as a value, use '-- --bogus'

            Usage: envctl up --output <FORM> [ENV]

            For more information, try '--help'.
            --- exit 2
        "#]],
    );
}

#[test]
fn flags_before_and_after_the_command() {
    let workspace = Workspace::rates(API)
        .file("envs/profiles/a.toml", "[vars]\na = 'before'\n")
        .file("envs/profiles/b.toml", "[vars]\nb = 'after'\n")
        .file("elsewhere/notes", "");
    let line = "envctl -C elsewhere -p a --set services.api.user=1 \
                config -q show -C elsewhere/.. -p b --set services.api.working_dir=/srv";
    workspace.check(
        line,
        &expect![[r#"
            --- stdout
            [services.api]
            image = "api:1"  # envs/rates/env.toml:2
            user = "1"  # --set
            working_dir = "/srv"  # --set
            kind = "container"  # default
            replicas = 1  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.api.ports.http]
            container = 3000  # envs/rates/env.toml:3
            host = "any"  # default
            bind = "127.0.0.1"  # default

            [vars]
            a = "before"  # envs/profiles/a.toml:2
            b = "after"  # envs/profiles/b.toml:2
            --- exit 0
        "#]],
    );
}
