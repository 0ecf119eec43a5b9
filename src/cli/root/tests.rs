use std::time::Duration;

use clap::error::ErrorKind;
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use expect_test::expect;

use super::super::{ConfigCommand, OpenApi, Output, completions};
use super::*;
use crate::model::EngineChoice;

fn parse(line: &str) -> Cli {
    try_parse(line).unwrap_or_else(|error| panic!("{error}"))
}

fn try_parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

/// Returns the definition for a terminal of 100 columns, wherever the tests run.
fn wide() -> clap::Command {
    Cli::command().term_width(100)
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn flags_before_and_behind_the_command_add_up() {
    let flags = parse("envctl -p a --profile b --set x=1 up -p c rates --set y=2 --set z=").flags();
    assert_eq!(flags.profiles, ["a", "b", "c"]);
    assert_eq!(flags.sets, ["x=1", "y=2", "z="]);
    let flags = parse("envctl -p a config -p b show -p c --yes").flags();
    assert_eq!(flags.profiles, ["a", "b", "c"]);
    assert!(flags.yes);
}

#[test]
fn of_two_values_the_one_behind_the_command_counts() {
    let line = "envctl -i one --engine auto --output json --timeout 5m -C a -q \
                up -i two --engine docker --output plain --timeout 1m30s -C b -v";
    let flags = parse(line).flags();
    assert_eq!(flags.instance.as_deref(), Some("two"));
    assert_eq!(flags.engine, Some(EngineChoice::Docker));
    assert_eq!(flags.output, Some(Output::Plain));
    assert_eq!(flags.timeout, Some(Duration::from_secs(90)));
    assert_eq!(flags.directory, Some("b".into()));
    assert!(flags.verbose && !flags.quiet);
    let flags = parse("envctl -i one -q -y --output json up").flags();
    assert_eq!(flags.instance.as_deref(), Some("one"));
    assert_eq!(flags.output, Some(Output::Json));
    assert!(flags.quiet && flags.yes && !flags.verbose);
    assert_eq!(parse("envctl up").flags(), GlobalFlags::default());
}

#[test]
fn commands_take_their_own_arguments() {
    let Command::Up(up) = parse("envctl up rates --no-seed").command else {
        panic!("not `up`");
    };
    assert_eq!(up.plan.environment.as_deref(), Some("rates"));
    assert!(up.plan.no_seed && !up.plan.no_migrate);
    let Command::SmokeTest(smoke) =
        parse("envctl smoke-test --junit r.xml --filter a rates --filter b").command
    else {
        panic!("not `smoke-test`");
    };
    assert_eq!(smoke.filters, ["a", "b"]);
    assert_eq!(smoke.environment.as_deref(), Some("rates"));
    let Command::Logs(logs) = parse("envctl logs api db -e rates -f --tail 50").command else {
        panic!("not `logs`");
    };
    assert_eq!(logs.services, ["api", "db"]);
    assert_eq!((logs.follow, logs.tail), (true, Some(50)));
    let Command::Psql(psql) = parse("envctl psql -e rates --service db -c SELECT").command else {
        panic!("not `psql`");
    };
    assert_eq!(psql.command.as_deref(), Some("SELECT"));
    let Command::Psql(psql) = parse("envctl psql -e rates -- -A -t").command else {
        panic!("not `psql`");
    };
    assert_eq!((psql.command, psql.arguments.len()), (None, 2));
    for line in [
        "envctl exec -e rates api -T -- ls -e x",
        "envctl exec api -T -e rates ls -e x",
    ] {
        let Command::Exec(exec) = parse(line).command else {
            panic!("not `exec`");
        };
        assert_eq!(exec.command, ["ls", "-e", "x"]);
        assert_eq!(exec.environment.as_deref(), Some("rates"));
        assert!(exec.no_terminal);
    }
    let Command::Config(config) = parse("envctl config explain vars.x -e rates").command else {
        panic!("not `config`");
    };
    assert!(matches!(config.command, ConfigCommand::Explain(args) if args.key == "vars.x"));
}

/// What hands that know other programs type means what it means there.
#[test]
fn exec_up_and_run_take_the_letters_of_other_programs() {
    for line in [
        "envctl exec -it api sh",
        "envctl exec -ti api sh",
        "envctl exec -i -t api -- sh",
        "envctl exec --interactive --tty api sh",
    ] {
        let cli = parse(line);
        assert_eq!(cli.flags(), GlobalFlags::default(), "{line}");
        let Command::Exec(exec) = cli.command else {
            panic!("not `exec`");
        };
        assert_eq!(
            (exec.service.as_str(), exec.command),
            ("api", vec!["sh".to_owned()])
        );
    }
    let named = parse("envctl -i two exec -it api sh").flags();
    assert_eq!(named.instance.as_deref(), Some("two"));
    let named = parse("envctl exec --instance two api sh").flags();
    assert_eq!(named.instance.as_deref(), Some("two"));
    for line in [
        "envctl up -d",
        "envctl up rates --detach",
        "envctl up --wait",
        "envctl run -it x",
    ] {
        assert_eq!(parse(line).flags(), GlobalFlags::default(), "{line}");
    }
}

#[test]
fn wrong_usage_ends_with_2_and_help_with_0() {
    for (line, kind) in [
        ("envctl up --set x", ErrorKind::ValueValidation),
        ("envctl up --set =1", ErrorKind::ValueValidation),
        ("envctl up --timeout soon", ErrorKind::ValueValidation),
        ("envctl up --engine podman", ErrorKind::InvalidValue),
        ("envctl up -q -v", ErrorKind::ArgumentConflict),
        ("envctl upp", ErrorKind::InvalidSubcommand),
        ("envctl exec api", ErrorKind::MissingRequiredArgument),
        ("envctl psql -c x -- -At", ErrorKind::ArgumentConflict),
        ("envctl run", ErrorKind::MissingRequiredArgument),
        (
            "envctl",
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ),
    ] {
        let error = try_parse(line).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (kind, 2), "{line}");
        assert!(error.use_stderr());
    }
    for line in [
        "envctl --help",
        "envctl up -h",
        "envctl --version",
        "envctl help down",
    ] {
        let error = try_parse(line).unwrap_err();
        assert_eq!(error.exit_code(), 0, "{line}");
        assert!(!error.use_stderr());
    }
}

#[test]
fn long_helps_have_examples_that_parse_and_exit_codes() {
    fn each(command: &mut clap::Command, visit: &mut dyn FnMut(&str)) {
        visit(&command.render_long_help().to_string());
        for inner in command.get_subcommands_mut() {
            if inner.get_name() != "help" && !inner.is_hide_set() {
                each(inner, visit);
            }
        }
    }
    let mut command = wide();
    command.build();
    let mut examples = 0;
    each(&mut command, &mut |help| {
        assert!(help.contains("Exit codes:\n    0  done"), "{help}");
        let (_, end) = help.split_once("Examples:\n").expect("there are examples");
        for line in end.lines().take_while(|line| !line.is_empty()) {
            let line = line
                .split(['<', '>'])
                .next()
                .expect("there is a first part");
            let words = shell_words::split(line).expect("the quotes are closed");
            Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
            examples += 1;
        }
    });
    assert!(examples > 25, "{examples}");
}

#[test]
fn every_shell_has_completions() {
    for shell in Shell::value_variants() {
        assert!(completions(*shell).contains("smoke-test"), "{shell}");
    }
}

#[test]
fn the_docs_name_every_command_and_flag() {
    let docs = include_str!("../../../docs/commands.md");
    let mut command = wide();
    command.build();
    let names = command
        .get_subcommands_mut()
        .filter(|inner| inner.get_name() != "help" && !inner.is_hide_set());
    for inner in names {
        let heading = format!("## envctl {}", inner.get_name());
        assert!(
            docs.contains(&heading),
            "docs/commands.md has no `{heading}`"
        );
        let section = docs.split(&heading).nth(1).expect("it was found");
        let section = section
            .split("\n## ")
            .next()
            .expect("there is a first part");
        let help = inner.render_long_help().to_string();
        let (_, codes) = help.split_once("Exit codes:\n").expect("it has codes");
        let codes: Vec<&str> = codes
            .lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let codes = format!("Exit codes: {}.", codes.join(", "));
        assert!(section.contains(&codes), "{heading}: {codes}");
        for argument in inner.get_arguments() {
            let Some(long) = argument.get_long().filter(|_| !argument.is_hide_set()) else {
                continue;
            };
            let text = match argument.get_help_heading() {
                Some(_) => docs,
                None => section,
            };
            assert!(
                text.contains(&format!("--{long}")) || long == "help",
                "{heading} --{long}"
            );
        }
    }
}

fn help(line: &str) -> String {
    let parsed = wide().try_get_matches_from(line.split_whitespace());
    parsed.unwrap_err().to_string()
}

#[test]
fn the_short_help_lists_the_commands() {
    expect![[r"
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
    "]].assert_eq(&help("envctl -h"));
}

#[test]
fn the_long_help_of_a_command_ends_with_its_exit_codes() {
    expect![[r"
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

        Global options:
          -p, --profile <PROFILE>
                  Put a profile on top of the environment (repeatable)

          -i, --instance <NAME>
                  Name the running copy, so that several can run side by side [default: default]

              --engine <ENGINE>
                  Choose where instances run [default: auto] [possible values: auto, docker, process]

              --set <KEY=VALUE>
                  Set one value of the configuration (repeatable)

          -C, --directory <FOLDER>
                  Look for the workspace from this folder on upwards

              --output <FORM>
                  Choose the form of what is printed [default: human] [possible values: human, plain, json]

          -q, --quiet
                  Print the answer, warnings and failures only

          -v, --verbose
                  Print details too, and what builds and tasks print

              --timeout <DURATION>
                  Give up after this time: 90s, 5m, 1m30s

          -y, --yes
                  Answer every question with yes

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
    "]].assert_eq(&help("envctl up --help"));
}

#[test]
fn proposing_checks_is_not_running_them() {
    let smoke_test = |line: &str| match parse(line).command {
        Command::SmokeTest(args) => args,
        other => panic!("{other:?}"),
    };
    let args = smoke_test("envctl smoke-test --discover rates --openapi @api.json --write");
    assert_eq!(args.environment.as_deref(), Some("rates"));
    assert_eq!(args.discover, Some(None));
    assert_eq!(args.openapi, Some(OpenApi::File("api.json".into())));
    assert!(args.write);
    let args = smoke_test("envctl smoke-test rates --discover=api --openapi /api.json");
    assert_eq!(args.discover, Some(Some("api".to_owned())));
    assert_eq!(args.openapi, Some(OpenApi::Path("/api.json".to_owned())));
    for wrong in [
        "--write",
        "--openapi /x",
        "--discover --openapi x",
        "--discover --openapi @",
        "--discover --filter a",
        "--discover --repeat 2",
        "--discover --jobs 1",
        "--discover --junit x",
        "--discover --update",
    ] {
        let line = format!("envctl smoke-test rates {wrong}");
        assert!(try_parse(&line).is_err(), "{wrong}");
    }
}
