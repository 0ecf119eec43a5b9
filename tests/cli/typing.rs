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

/// Returns what is said of each line, without usage and where to look further.
fn said(workspace: &Workspace, lines: &[&str]) -> String {
    let said = lines.iter().map(|line| {
        let (stdout, stderr, code) = workspace.run(line);
        let told = stderr
            .lines()
            .take_while(|line| !line.starts_with("Usage:"));
        let told: Vec<&str> = told
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        format!("{line}\n{stdout}  {code} {}\n", told.join("\n    "))
    });
    said.collect()
}

/// What other programs call it is answered with what it is called here, and nothing is taken for
/// something else by its letters.
#[test]
fn commands_of_other_programs() {
    let workspace = Workspace::rates(API);
    let lines = [
        "envctl ps",
        "envctl ls",
        "envctl shell api",
        "envctl bash",
        "envctl cp a b",
        "envctl man",
        "envctl version",
        "envctl validate",
        "envctl start",
        "envctl -q stop rates",
        "envctl rm",
        "envctl kill",
        "envctl pull",
        "envctl top",
        "envctl port api 80",
        "envctl init",
        "envctl scale",
        "envctl tail",
        "envctl diff",
        "envctl test",
        "envctl sql",
        "envctl reset",
        "envctl zebra",
        "envctl resart",
        "envctl config ps",
    ];
    expect![[r#"
        envctl ps
          2 error: unrecognized subcommand 'ps'
            tip: `envctl status` shows what runs, and where
        envctl ls
          2 error: unrecognized subcommand 'ls'
            tip: `envctl list` lists environments, `envctl status` shows what runs
        envctl shell api
          2 error: unrecognized subcommand 'shell'
            tip: `envctl exec SERVICE -- sh` opens a shell in a service
        envctl bash
          2 error: unrecognized subcommand 'bash'
            tip: `envctl exec SERVICE -- sh` opens a shell in a service
        envctl cp a b
          2 error: unrecognized subcommand 'cp'
            tip: `envctl exec SERVICE -- cat PATH > FILE` reads a file, `envctl exec SERVICE -- sh -c 'cat > PATH' < FILE` writes one
        envctl man
          2 error: unrecognized subcommand 'man'
            tip: `envctl help` shows the commands, `envctl help COMMAND` one of them
        envctl version
          2 error: unrecognized subcommand 'version'
            tip: `envctl --version` prints it
        envctl validate
          2 error: unrecognized subcommand 'validate'
            tip: `envctl config validate` looks for mistakes in the configuration
        envctl start
          2 error: unrecognized subcommand 'start'
            tip: `envctl up` brings an environment up, and returns when it is ready
        envctl -q stop rates
          2 error: unrecognized subcommand 'stop'
            tip: `envctl down` takes an environment away; its volumes stay
        envctl rm
          2 error: unrecognized subcommand 'rm'
            tip: `envctl down` takes an environment away; its volumes stay
        envctl kill
          2 error: unrecognized subcommand 'kill'
            tip: `envctl down` takes an environment away; its volumes stay
        envctl pull
          2 error: unrecognized subcommand 'pull'
            tip: `envctl build` has every image ready
        envctl top
          2 error: unrecognized subcommand 'top'
            tip: `envctl status` shows what runs, and where
        envctl port api 80
          2 error: unrecognized subcommand 'port'
            tip: `envctl status` shows what runs, and where
        envctl init
          2 error: unrecognized subcommand 'init'
            tip: an environment is a folder with a file: write `envs/NAME/env.toml`
        envctl scale
          2 error: unrecognized subcommand 'scale'
            tip: `replicas` of a service says how many run side by side
        envctl tail
          2 error: unrecognized subcommand 'tail'
            tip: `envctl logs --follow` prints what services print, as it comes
        envctl diff
          2 error: unrecognized subcommand 'diff'
            tip: `envctl plan` shows what `up` would do
        envctl test
          2 error: unrecognized subcommand 'test'
            tip: `envctl smoke-test` calls the endpoints and checks the answers
        envctl sql
          2 error: unrecognized subcommand 'sql'
            tip: `envctl psql` opens a database, `envctl psql -c SQL` asks it
        envctl reset
          2 error: unrecognized subcommand 'reset'
            tip: `envctl seed --reset` throws the data away and loads it anew
        envctl zebra
          2 error: unrecognized subcommand 'zebra'
        envctl resart
          2 error: unrecognized subcommand 'resart'
            tip: a similar subcommand exists: 'restart'
        envctl config ps
          2 error: unrecognized subcommand 'ps'
    "#]].assert_eq(&said(&workspace, &lines));
}

#[test]
fn flags_of_other_programs() {
    let workspace = Workspace::rates(API);
    let lines = [
        "envctl up --build",
        "envctl up --scale=api=3",
        "envctl up --force-recreate",
        "envctl up -e rates",
        "envctl up --dry-run",
        "envctl -f compose.yml up",
        "envctl up -f compose.yml",
        "envctl down -v",
        "envctl down --rmi all",
        "envctl down -t 5",
        "envctl down -f",
        "envctl exec -d api true",
        "envctl exec -w /srv api ls",
        "envctl exec -e A=1 api env",
        "envctl exec -i two api true -i",
        "envctl run --rm import",
        "envctl run -d import",
        "envctl status -a",
        "envctl status --json",
        "envctl psql -d rates",
        "envctl psql -At",
        "envctl psql rates",
        "envctl config explain vars.x rates",
        "envctl run import rates",
        "envctl restart -t 5",
        "envctl plan -d",
        "envctl build --zebra",
        "envctl up --instanc two",
    ];
    expect![[r#"
        envctl up --build
          2 error: unexpected argument '--build' found
            tip: `up` builds what has changed by itself
        envctl up --scale=api=3
          2 error: unexpected argument '--scale' found
            tip: `replicas` says how many run side by side: `--set services.NAME.replicas=3`
        envctl up --force-recreate
          2 error: unexpected argument '--force-recreate' found
            tip: `envctl restart` starts services again, `envctl down` and `envctl up` make them anew
        envctl up -e rates
          2 error: unexpected argument '-e' found
            tip: the environment is named without a flag: `envctl COMMAND ENV`
        envctl up --dry-run
          2 error: unexpected argument '--dry-run' found
            tip: `envctl plan` shows what `up` would do
        envctl -f compose.yml up
          2 error: unexpected argument '-f' found
            tip: an environment is a folder, `envs/NAME/env.toml`; `-C FOLDER` looks for it elsewhere
        envctl up -f compose.yml
          2 error: unexpected argument '-f' found
            tip: an environment is a folder, `envs/NAME/env.toml`; `-C FOLDER` looks for it elsewhere
        envctl down -v
          2 error: unexpected argument '-v' found
            tip: `--volumes` removes the volumes and the data in them, `--verbose` prints details
        envctl down --rmi all
          2 error: unexpected argument '--rmi' found
            tip: images stay, so that the next `up` is quick
        envctl down -t 5
          2 error: unexpected argument '-t' found
            tip: `stop_grace_period` of a service says how long it may take to stop, `--timeout 10s` how long the command may
        envctl down -f
          2 error: unexpected argument '-f' found
            tip: `-y` answers every question with yes
        envctl exec -d api true
          2 error: unexpected argument '-d' found
            tip: the command runs until it ends; your shell puts it into the background: `envctl … &`
        envctl exec -w /srv api ls
          2 error: unexpected argument '-w' found
            tip: `envctl exec SERVICE -- sh -c 'cd FOLDER && COMMAND'` runs it in another folder
        envctl exec -e A=1 api env
          2 error: invalid value 'A=1' for '--env <ENV>': this names an environment; a variable is set by `-- env A=1 COMMAND`
            For more information, try '--help'.
        envctl exec -i two api true -i
          6 error: nothing runs of rates (instance default)
            hint: `envctl up rates` starts it
        envctl run --rm import
          2 error: unexpected argument '--rm' found
            tip: leave it out: what a task ran in stays until its next run, or until `envctl down`
        envctl run -d import
          2 error: unexpected argument '-d' found
            tip: the command runs until it ends; your shell puts it into the background: `envctl … &`
        envctl status -a
          2 error: unexpected argument '-a' found
            tip: leave it out: all are shown, those that ended as well
        envctl status --json
          2 error: unexpected argument '--json' found
            tip: `--output json` prints JSON
        envctl psql -d rates
          2 error: unexpected argument '-d' found
            tip: psql's own arguments stand behind `--`: `envctl psql -- -At -f report.sql`
        envctl psql -At
          2 error: unexpected argument '-A' found
            tip: psql's own arguments stand behind `--`: `envctl psql -- -At -f report.sql`
        envctl psql rates
          2 error: unexpected argument 'rates' found
            tip: `-e rates` names the environment
        envctl config explain vars.x rates
          2 error: unexpected argument 'rates' found
            tip: `-e rates` names the environment
        envctl run import rates
          2 error: unexpected argument 'rates' found
            tip: `-e rates` names the environment
        envctl restart -t 5
          2 error: unexpected argument '-t' found
            tip: `stop_grace_period` of a service says how long it may take to stop, `--timeout 10s` how long the command may
        envctl plan -d
          2 error: unexpected argument '-d' found
        envctl build --zebra
          2 error: unexpected argument '--zebra' found
        envctl up --instanc two
          2 error: unexpected argument '--instanc' found
            tip: a similar argument exists: '--instance'
    "#]].assert_eq(&said(&workspace, &lines));
}

/// Compose's commands take services where these take the environment, and the other way round.
#[test]
fn a_service_is_no_environment_and_an_environment_no_service() {
    let workspace = Workspace::rates(&format!("{API}[tasks.import]\nimage = 'a:1'\n"))
        .file("envs/other/env.toml", "");
    let lines = [
        "envctl up api",
        "envctl down import",
        "envctl status rate",
        "envctl run rates -e rates --engine process",
    ];
    expect![[r#"
        envctl up api
          3 error: there is no environment `api`: no file `envs/api/env.toml`
            hint: `api` is a service of `rates`: this command takes the whole environment, `rates`
        envctl down import
          3 error: there is no environment `import`: no file `envs/import/env.toml`
            hint: `import` is a task of `rates`: this command takes the whole environment, `rates`
        envctl status rate
          3 error: there is no environment `rate`: no file `envs/rate/env.toml`
            hint: did you mean `rates`?
        envctl run rates -e rates --engine process
          2 error: no task `rates` is declared
            hint: there are import
            hint: `rates` is an environment: `-e rates` names it
    "#]]
    .assert_eq(&said(&workspace, &lines));
}

#[test]
fn a_command_of_psql_is_no_sql() {
    let env = "[services.db]\nkind = 'postgres'\nmigrations = 'm'\n";
    let workspace = Workspace::rates(env).file("envs/rates/m/V1__a.sql", "SELECT 1;");
    let lines = [
        "envctl psql -c '\\dt'",
        "envctl migrate --status --engine process",
    ];
    expect![[r#"
        envctl psql -c '\dt'
          2 error: `\dt` is a command of psql, and `-c` sends SQL without it
            hint: `envctl psql -- -c '\dt'` has psql run it
        envctl migrate --status --engine process
          6 error: `db` is not there
            hint: `envctl up rates` starts it
    "#]]
    .assert_eq(&said(&workspace, &lines));
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
