//! Help, as it is read on a terminal.

use expect_test::{Expect, expect};

use crate::harness::Workspace;

const GLOBAL: &str = "\nGlobal options:\n";

/// Letters that commands have no global option for, since they are taken for something else.
const WITHOUT: [(&str, &str); 3] = [
    ("envctl exec", "-i, --instance"),
    ("envctl run", "-i, --instance"),
    ("envctl down", "-v, --verbose"),
];

/// Compares a command's help without the global options, which are the same everywhere.
#[track_caller]
fn check(line: &str, expected: &Expect) {
    let workspace = Workspace::new();
    let whole = workspace.stdout("envctl -h");
    let (_, global) = whole.split_once(GLOBAL).expect("the global options");
    let text = workspace.stdout(line);
    let (own, rest) = text.split_once(GLOBAL).expect("the global options");
    if line.ends_with(" -h") {
        let mut global = global.to_owned();
        for (_, flag) in WITHOUT
            .iter()
            .filter(|(command, _)| line.starts_with(command))
        {
            global = global.replace(flag, &format!("    {}", &flag[4..]));
        }
        assert_eq!(rest, global);
    }
    let after = rest.find("\nExamples:").map_or("", |start| &rest[start..]);
    expected.assert_eq(&format!("{own}{after}"));
}

#[test]
fn the_program() {
    Workspace::new().check("envctl -h", &expect![[r#"
        --- stdout
        Databases and APIs up, seeded and proven with four commands

        Usage: envctl [OPTIONS] <COMMAND>

        Commands:
          up           Bring an environment up: images, databases, data, services; ready when it returns
          build        Have every image of an environment ready
          seed         Bring the data to its declared state
          migrate      Apply the pending migrations
          smoke-test   Call the endpoints and check the answers
          down         Take an environment away again
          plan         Show every step that `up` would take, with its cause
          status       Show what runs
          logs         Print the logs of services
          exec         Run a command in a running service; its exit code becomes envctl's
          psql         Open psql on a database, or run SQL on it
          url          Print where a service is reached
          run          Run a task once, whatever it did before; its exit code becomes envctl's
          restart      Stop services and start them again, ready when it returns
          doctor       Say what each engine needs to run an environment
          config       Show, explain or validate the configuration
          list         List the environments of the workspace
          images       Remove images that nothing uses any more
          completions  Print the completion script of a shell
          help         Print this message or the help of the given subcommand(s)

        Options:
          -h, --help     Print help (see more with '--help')
          -V, --version  Print version

        Global options:
          -p, --profile <PROFILE>   Put a profile on top of the environment (repeatable)
          -i, --instance <NAME>     Name the running copy, so that several can run side by side [default:
                                    default]
              --engine <ENGINE>     Choose where instances run [default: auto] [possible values: auto,
                                    docker, process]
              --set <KEY=VALUE>     Set one value of the configuration (repeatable)
          -C, --directory <FOLDER>  Look for the workspace from this folder on upwards
              --output <FORM>       Choose the form of what is printed [default: human] [possible values:
                                    human, plain, json]
          -q, --quiet               Print the answer, warnings and failures only
          -v, --verbose             Print details too, and what builds and tasks print
              --timeout <DURATION>  Give up after this time: 90s, 5m, 1m30s
          -y, --yes                 Answer every question with yes
        --- exit 0
    "#]]);
}

#[test]
fn the_program_on_a_narrow_terminal() {
    let narrow = Workspace::new().columns("40");
    narrow.check(
        "envctl -h",
        &expect![[r#"
            --- stdout
            Databases and APIs up, seeded and proven
            with four commands

            Usage: envctl [OPTIONS] <COMMAND>

            Commands:
              up           Bring an environment up:
                           images, databases, data,
                           services; ready when it
                           returns
              build        Have every image of an
                           environment ready
              seed         Bring the data to its
                           declared state
              migrate      Apply the pending
                           migrations
              smoke-test   Call the endpoints and
                           check the answers
              down         Take an environment away
                           again
              plan         Show every step that `up`
                           would take, with its
                           cause
              status       Show what runs
              logs         Print the logs of
                           services
              exec         Run a command in a
                           running service; its exit
                           code becomes envctl's
              psql         Open psql on a database,
                           or run SQL on it
              url          Print where a service is
                           reached
              run          Run a task once, whatever
                           it did before; its exit
                           code becomes envctl's
              restart      Stop services and start
                           them again, ready when it
                           returns
              doctor       Say what each engine
                           needs to run an
                           environment
              config       Show, explain or validate
                           the configuration
              list         List the environments of
                           the workspace
              images       Remove images that
                           nothing uses any more
              completions  Print the completion
                           script of a shell
              help         Print this message or the
                           help of the given
                           subcommand(s)

            Options:
              -h, --help
                      Print help (see more with
                      '--help')
              -V, --version
                      Print version

            Global options:
              -p, --profile <PROFILE>
                      Put a profile on top of the
                      environment (repeatable)
              -i, --instance <NAME>
                      Name the running copy, so that
                      several can run side by side
                      [default: default]
                  --engine <ENGINE>
                      Choose where instances run
                      [default: auto] [possible
                      values: auto, docker, process]
                  --set <KEY=VALUE>
                      Set one value of the
                      configuration (repeatable)
              -C, --directory <FOLDER>
                      Look for the workspace from
                      this folder on upwards
                  --output <FORM>
                      Choose the form of what is
                      printed [default: human]
                      [possible values: human,
                      plain, json]
              -q, --quiet
                      Print the answer, warnings and
                      failures only
              -v, --verbose
                      Print details too, and what
                      builds and tasks print
                  --timeout <DURATION>
                      Give up after this time: 90s,
                      5m, 1m30s
              -y, --yes
                      Answer every question with yes
            --- exit 0
        "#]],
    );
}

#[test]
fn the_program_at_length() {
    check(
        "envctl --help",
        &expect![[r#"
            Databases and APIs up, seeded and proven with four commands

            A workspace is a repository with an `envs/` folder. An environment, `envs/NAME/env.toml`, says which
            services there are, where their images and data come from, and how to prove that they work. `up`
            brings it up, `seed` its data, `smoke-test` proves it, `down` takes it away again.

            Usage: envctl [OPTIONS] <COMMAND>

            Commands:
              up           Bring an environment up: images, databases, data, services; ready when it returns
              build        Have every image of an environment ready
              seed         Bring the data to its declared state
              migrate      Apply the pending migrations
              smoke-test   Call the endpoints and check the answers
              down         Take an environment away again
              plan         Show every step that `up` would take, with its cause
              status       Show what runs
              logs         Print the logs of services
              exec         Run a command in a running service; its exit code becomes envctl's
              psql         Open psql on a database, or run SQL on it
              url          Print where a service is reached
              run          Run a task once, whatever it did before; its exit code becomes envctl's
              restart      Stop services and start them again, ready when it returns
              doctor       Say what each engine needs to run an environment
              config       Show, explain or validate the configuration
              list         List the environments of the workspace
              images       Remove images that nothing uses any more
              completions  Print the completion script of a shell
              help         Print this message or the help of the given subcommand(s)

            Options:
              -h, --help
                      Print help (see a summary with '-h')

              -V, --version
                      Print version

            Examples:
              envctl up rates
              envctl smoke-test rates --junit report.xml
              envctl down rates --volumes --yes

            Exit codes:
                0  done
                1  failed
                2  wrong usage
                3  a mistake in the configuration
                4  the engine cannot be reached
                5  an image or a program cannot be had
                6  a service does not run, or did not become ready
                7  a seed or a migration failed
                8  a smoke check failed
              130  interrupted
        "#]],
    );
}

#[test]
fn no_command_is_wrong_usage_that_shows_the_help() {
    let workspace = Workspace::new();
    let help = workspace.stdout("envctl -h");
    assert_eq!(workspace.run("envctl"), (String::new(), help, 2));
    let help = workspace.stdout("envctl config -h");
    assert_eq!(workspace.run("envctl config"), (String::new(), help, 2));
}

#[test]
fn help_is_a_command_too() {
    let workspace = Workspace::new();
    for command in ["up", "down", "config explain"] {
        let by_flag = workspace.stdout(&format!("envctl {command} --help"));
        let by_command = workspace.stdout(&format!("envctl help {command}"));
        assert_eq!(by_flag, by_command);
    }
    workspace.check(
        "envctl --version",
        &expect![[r#"
            --- stdout
            envctl 0.1.0
            --- exit 0
        "#]],
    );
}

#[test]
fn what_ci_runs() {
    check(
        "envctl up -h",
        &expect![[r#"
            Bring an environment up: images, databases, data, services; ready when it returns

            Usage: envctl up [OPTIONS] [ENV]

            Arguments:
              [ENV]  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

            Options:
                  --timings <FILE>  Write when each step began and ended, and what it waited for, to this file
                                    as JSON
                  --no-seed         Leave a database that was never seeded empty
                  --no-migrate      Apply no migrations
              -h, --help            Print help (see more with '--help')
        "#]],
    );
    check(
        "envctl up --help",
        &expect![[r#"
            Bring an environment up: images, databases, data, services; ready when it returns

            Usage: envctl up [OPTIONS] [ENV]

            Arguments:
              [ENV]
                      Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

            Options:
                  --timings <FILE>
                      Write when each step began and ended, and what it waited for, to this file as JSON

                  --no-seed
                      Leave a database that was never seeded empty

                  --no-migrate
                      Apply no migrations

              -h, --help
                      Print help (see a summary with '-h')

            Examples:
              envctl up
              envctl up rates --profile ci
              envctl up rates --instance two --set services.api.ports.http.host=3001
              envctl up rates --timings up.json

            Exit codes:
                0  done
                1  failed
                2  wrong usage
                3  a mistake in the configuration
                4  the engine cannot be reached
                5  an image or a program cannot be had
                6  a service does not run, or did not become ready
                7  a seed or a migration failed
              130  interrupted
        "#]],
    );
    check(
        "envctl seed -h",
        &expect![[r#"
        Bring the data to its declared state

        Usage: envctl seed [OPTIONS] [ENV]

        Arguments:
          [ENV]  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

        Options:
              --reset  Throw the data away and start over
          -h, --help   Print help (see more with '--help')
    "#]],
    );
    check(
        "envctl smoke-test -h",
        &expect![[r#"
            Call the endpoints and check the answers

            Usage: envctl smoke-test [OPTIONS] [ENV]

            Arguments:
              [ENV]  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

            Options:
                  --junit <FILE>          Write the results as JUnit XML to a file
                  --report <FORMAT=FILE>  Write a report: junit, json, tap or markdown; `-` is standard output
                                          (repeatable)
                  --report-dir <FOLDER>   Write every report, the services' logs and the configuration into a
                                          folder
                  --filter <NAME>         Run only checks of this name, with `*` and `?` (repeatable)
                  --tag <TAG>             Run only checks with this tag (repeatable)
                  --skip <NAME|TAG>       Leave out checks of this name or with this tag (repeatable)
                  --fail-fast             Begin no further check after the first failure
                  --repeat <N>            Run every check so often, to find those that fail now and then
                                          [default: 1]
                  --jobs <N>              How many checks run at the same time [default: 8]
                  --update                Write the snapshots instead of comparing with them
              -h, --help                  Print help (see more with '--help')

            Proposing checks:
                  --discover[=<SERVICE>]   Propose checks from a service's OpenAPI document, with real values
                                           from the databases
                  --openapi </PATH|@FILE>  Say where the document is, where it is at no usual place: a path on
                                           the service, or a file
                  --write                  Add the proposed checks to the environment's env.toml
        "#]],
    );
    check(
        "envctl down -h",
        &expect![[r#"
            Take an environment away again

            Usage: envctl down [OPTIONS] [ENV]

            Arguments:
              [ENV]  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

            Options:
                  --instance-id <ID>  Take the instance with this id away, from anywhere; `envctl list --all`
                                      shows the ids
                  --volumes           Remove the volumes too, and the data in them
              -h, --help              Print help (see more with '--help')
        "#]],
    );
}

#[test]
fn what_prepares() {
    check(
        "envctl build -h",
        &expect![[r#"
        Have every image of an environment ready

        Usage: envctl build [OPTIONS] [ENV]

        Arguments:
          [ENV]  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

        Options:
          -h, --help  Print help (see more with '--help')
    "#]],
    );
    check(
        "envctl migrate -h",
        &expect![[r#"
        Apply the pending migrations

        Usage: envctl migrate [OPTIONS] [ENV]

        Arguments:
          [ENV]  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

        Options:
              --status  Show which migrations are applied and which are pending, and apply none
          -h, --help    Print help (see more with '--help')
    "#]],
    );
    check(
        "envctl plan -h",
        &expect![[r#"
        Show every step that `up` would take, with its cause

        Usage: envctl plan [OPTIONS] [ENV]

        Arguments:
          [ENV]  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

        Options:
              --no-seed     Leave a database that was never seeded empty
              --no-migrate  Apply no migrations
          -h, --help        Print help (see more with '--help')
    "#]],
    );
}

#[test]
fn what_looks() {
    check(
        "envctl status -h",
        &expect![[r#"
        Show what runs

        Usage: envctl status [OPTIONS] [ENV]

        Arguments:
          [ENV]  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

        Options:
          -h, --help  Print help (see more with '--help')
    "#]],
    );
    check(
        "envctl logs -h",
        &expect![[r#"
            Print the logs of services

            Usage: envctl logs [OPTIONS] [SERVICE]...

            Arguments:
              [SERVICE]...  Services [default: all]

            Options:
              -e, --env <ENV>     Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only
                                  one]
              -f, --follow        Go on with new lines as they come, until the services end
              -n, --tail <LINES>  Start with the last lines of each service [default: all]
                  --since <TIME>  Only lines from then on: a duration (10m, 1h30m) or a time
                                  (2026-11-29T10:00:00Z)
                  --until <TIME>  Only lines up to then
                  --grep <REGEX>  Only lines that match
              -t, --timestamps    Write before each line when it was printed
                  --no-prefix     Leave the names of the services out
              -h, --help          Print help (see more with '--help')
        "#]],
    );
    check(
        "envctl psql -h",
        &expect![[r#"
            Open psql on a database, or run SQL on it

            Usage: envctl psql [OPTIONS] [-- <ARGUMENT>...]

            Arguments:
              [ARGUMENT]...  Arguments for psql

            Options:
              -e, --env <ENV>       Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only
                                    one]
                  --service <NAME>  Postgres service [default: the only one]
              -c, --command <SQL>   SQL to run, without psql; the rows of the last statement are printed
              -h, --help            Print help (see more with '--help')
        "#]],
    );
    check(
        "envctl exec -h",
        &expect![[r#"
        Run a command in a running service; its exit code becomes envctl's

        Usage: envctl exec [OPTIONS] <SERVICE> <COMMAND>...

        Arguments:
          <SERVICE>     Service; of one with replicas, the first that runs
          <COMMAND>...  Command and its arguments

        Options:
          -e, --env <ENV>    Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only
                             one]
          -u, --user <USER>  User to run it as [default: the service's]
          -T, --no-terminal  Give it no terminal, also where standard input and output are one
          -h, --help         Print help (see more with '--help')
    "#]],
    );
    check(
        "envctl run -h",
        &expect![[r#"
        Run a task once, whatever it did before; its exit code becomes envctl's

        Usage: envctl run [OPTIONS] <TASK>

        Arguments:
          <TASK>  Task

        Options:
          -e, --env <ENV>  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]
          -h, --help       Print help (see more with '--help')
    "#]],
    );
    check(
        "envctl restart -h",
        &expect![[r#"
            Stop services and start them again, ready when it returns

            Usage: envctl restart [OPTIONS] [SERVICE]...

            Arguments:
              [SERVICE]...  Services [default: all]

            Options:
                  --rolling    Restart one after the other, each when the one before it is ready
              -e, --env <ENV>  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]
              -h, --help       Print help (see more with '--help')
        "#]],
    );
    check(
        "envctl list -h",
        &expect![[r#"
            List the environments of the workspace

            Usage: envctl list [OPTIONS]

            Options:
                  --all   List every instance of this machine instead, also of workspaces that are gone
              -h, --help  Print help (see more with '--help')
        "#]],
    );
    check(
        "envctl images -h",
        &expect![[r#"
        Remove images that nothing uses any more

        Usage: envctl images [OPTIONS] <COMMAND>

        Commands:
          prune  Remove the images that envctl made and no container uses, and that are not current here
          help   Print this message or the help of the given subcommand(s)

        Options:
          -h, --help  Print help (see more with '--help')
    "#]],
    );
    check(
        "envctl images prune --help",
        &expect![[r#"
            Remove the images that envctl made and no container uses, and that are not current here

            Usage: envctl images prune [OPTIONS]

            Options:
                  --all
                      Remove those that are current in this workspace or younger than ten minutes, too

              -h, --help
                      Print help (see a summary with '-h')

            Examples:
              envctl images prune
              envctl images prune --all --yes

            Exit codes:
                0  done
                1  failed
                2  wrong usage
                4  the engine cannot be reached
              130  interrupted
        "#]],
    );
    check(
        "envctl completions -h",
        &expect![[r#"
        Print the completion script of a shell

        Usage: envctl completions [OPTIONS] <SHELL>

        Arguments:
          <SHELL>  Shell [possible values: bash, elvish, fish, powershell, zsh]

        Options:
          -h, --help  Print help (see more with '--help')
    "#]],
    );
}

#[test]
fn configuration() {
    check(
        "envctl config -h",
        &expect![[r#"
            Show, explain or validate the configuration

            Usage: envctl config [OPTIONS] <COMMAND>

            Commands:
              show      Print the environment as it is after all layers, secrets masked
              explain   Print a value, the file and line that it comes from, and what it overrides
              validate  Look for mistakes and print all of them
              schema    Print a JSON Schema of env.toml and profiles, for editors
              help      Print this message or the help of the given subcommand(s)

            Options:
              -h, --help  Print help (see more with '--help')
        "#]],
    );
    check(
        "envctl config show -h",
        &expect![[r#"
            Print the environment as it is after all layers, secrets masked

            Usage: envctl config show [OPTIONS] [ENV]

            Arguments:
              [ENV]  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

            Options:
              -h, --help  Print help (see more with '--help')
        "#]],
    );
    check(
        "envctl config explain -h",
        &expect![[r#"
        Print a value, the file and line that it comes from, and what it overrides

        Usage: envctl config explain [OPTIONS] <KEY>

        Arguments:
          <KEY>  Key, with a dot between its parts: services.db.version

        Options:
          -e, --env <ENV>  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]
          -h, --help       Print help (see more with '--help')
    "#]],
    );
    check(
        "envctl config schema -h",
        &expect![[r#"
            Print a JSON Schema of env.toml and profiles, for editors

            Usage: envctl config schema [OPTIONS]

            Options:
              -h, --help  Print help (see more with '--help')
        "#]],
    );
    check(
        "envctl config validate -h",
        &expect![[r#"
            Look for mistakes and print all of them

            Usage: envctl config validate [OPTIONS] [ENV]

            Arguments:
              [ENV]  Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]

            Options:
              -h, --help  Print help (see more with '--help')
        "#]],
    );
}
