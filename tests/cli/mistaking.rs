//! Mistakes in a configuration: all of them at once, each with its place, and exit code 3.

use expect_test::{Expect, expect};

use crate::harness::{API, Workspace};

#[track_caller]
fn check(env: &str, expected: &Expect) {
    Workspace::rates(env).check("envctl config validate", expected);
}

/// Mistakes in two files.
fn wrong() -> Workspace {
    let env = "descripton = 'Rates'

[services.api]
imag = 'api:1'
ports = { http = '3000' }
cpus = 'half'
restart = 'sometimes'
environment = { BIND = '0.0.0.0:${services.api.ports.htp}', DATABASE_URL = '${services.bd.url}' }
";
    Workspace::rates(env).file(
        "envs/rates/local.toml",
        "[services.api.healthcheck]\nhttp = 'health'\n[smoke.alive]\nservice = 'app'\n",
    )
}

/// What was asked for did not arrive, whatever else there is to say.
#[test]
fn a_full_disk_below_standard_output_is_said() {
    let said = "error: standard output could not be written: No space left on device";
    let said = format!("{said} (os error 28)\n");
    let right = Workspace::rates(API);
    let validate = "envctl config validate";
    assert_eq!(right.on_full_disk(validate), (said.clone(), 1));
    let json = "envctl config validate --output json";
    assert_eq!(wrong().on_full_disk(json), (said, 3));
}

#[test]
fn several_at_once_in_two_files() {
    wrong().check("envctl config validate", &expect![[r#"
        --- stderr
        error: unknown key `descripton`
         --> envs/rates/env.toml:1:1
          |
        1 | descripton = 'Rates'
          | ^^^^^^^^^^
        hint: did you mean `description`?

        error: unknown key `services.api.imag`
         --> envs/rates/env.toml:4:1
          |
        4 | imag = 'api:1'
          | ^^^^
        hint: did you mean `image`?

        error: `services.api.ports.http.container` must be an integer, not a text
         --> envs/rates/env.toml:5:18
          |
        5 | ports = { http = '3000' }
          |                  ^^^^^^
        hint: write `3000`, without quotes

        error: `services.api.cpus` must be a number, not a text
         --> envs/rates/env.toml:6:8
          |
        6 | cpus = 'half'
          |        ^^^^^^

        error: `sometimes` is no restart policy
         --> envs/rates/env.toml:7:11
          |
        7 | restart = 'sometimes'
          |           ^^^^^^^^^^^
        hint: write `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`

        error: there is no port `services.api.ports.htp`
         --> envs/rates/env.toml:8:33
          |
        8 | environment = { BIND = '0.0.0.0:${services.api.ports.htp}', DATABASE_URL = '${services.bd.url…
          |                                 ^^^^^^^^^^^^^^^^^^^^^^^^^
        hint: known: `http`

        error: there is no service `bd`
         --> envs/rates/env.toml:8:77
          |
        8 | …0:${services.api.ports.htp}', DATABASE_URL = '${services.bd.url}' }
          |                                                ^^^^^^^^^^^^^^^^^^
        hint: known: `api`

        error: the path `health` does not start with `/`
         --> envs/rates/local.toml:2:8
          |
        2 | http = 'health'
          |        ^^^^^^^^

        error: `smoke.alive` does not say what to ask
         --> envs/rates/local.toml:3:8
          |
        3 | [smoke.alive]
          |        ^^^^^
        hint: write `get = "/path"`, `sql = "SELECT …"`, or one of `websocket`, `redis`, `tcp`, `exec`, `command`, `hurl`

        error: there is no service `app`
         --> envs/rates/local.toml:4:11
          |
        4 | service = 'app'
          |           ^^^^^
        hint: did you mean `api`?
        --- exit 3
    "#]]);
}

#[test]
fn on_a_narrow_terminal() {
    let narrow = wrong().columns("40");
    narrow.check(
        "envctl config validate",
        &expect![[r#"
            --- stderr
            error: unknown key `descripton`
             --> envs/rates/env.toml:1:1
              |
            1 | descripton = 'Rates'
              | ^^^^^^^^^^
            hint: did you mean `description`?

            error: unknown key `services.api.imag`
             --> envs/rates/env.toml:4:1
              |
            4 | imag = 'api:1'
              | ^^^^
            hint: did you mean `image`?

            error: `services.api.ports.http.container` must be an integer, not a text
             --> envs/rates/env.toml:5:18
              |
            5 | ports = { http = '3000' }
              |                  ^^^^^^
            hint: write `3000`, without quotes

            error: `services.api.cpus` must be a number, not a text
             --> envs/rates/env.toml:6:8
              |
            6 | cpus = 'half'
              |        ^^^^^^

            error: `sometimes` is no restart policy
             --> envs/rates/env.toml:7:11
              |
            7 | restart = 'sometimes'
              |           ^^^^^^^^^^^
            hint: write `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`

            error: there is no port `services.api.ports.htp`
             --> envs/rates/env.toml:8:33
              |
            8 | …BIND = '0.0.0.0:${services.api.po…
              |                  ^^^^^^^^^^^^^^^^^
            hint: known: `http`

            error: there is no service `bd`
             --> envs/rates/env.toml:8:77
              |
            8 | …DATABASE_URL = '${services.bd.url…
              |                  ^^^^^^^^^^^^^^^^^
            hint: known: `api`

            error: the path `health` does not start with `/`
             --> envs/rates/local.toml:2:8
              |
            2 | http = 'health'
              |        ^^^^^^^^

            error: `smoke.alive` does not say what to ask
             --> envs/rates/local.toml:3:8
              |
            3 | [smoke.alive]
              |        ^^^^^
            hint: write `get = "/path"`, `sql = "SELECT …"`, or one of `websocket`, `redis`, `tcp`, `exec`, `command`, `hurl`

            error: there is no service `app`
             --> envs/rates/local.toml:4:11
              |
            4 | service = 'app'
              |           ^^^^^
            hint: did you mean `api`?
            --- exit 3
        "#]],
    );
}

#[test]
fn as_json() {
    let (lines, code) = wrong().json("envctl config validate --output json");
    assert_eq!((lines.len(), code), (10, 3));
    for line in &lines {
        assert_eq!(line["v"], 1);
        assert_eq!(line["exit_code"], 3);
        assert!(line["error"]["place"]["line"].is_u64(), "{line}");
    }
}

#[test]
fn other_commands_show_them_too() {
    let workspace = Workspace::rates("[services.api]\n");
    for command in ["up", "build", "seed", "migrate", "smoke-test", "plan"] {
        let (stdout, stderr, code) = workspace.run(&format!("envctl {command} rates"));
        assert_eq!((stdout.as_str(), code), ("", 3), "{command}");
        assert!(
            stderr.contains("`services.api` is missing `image`"),
            "{stderr}"
        );
    }
}

#[test]
fn syntax() {
    check(
        "[services.api\nimage = 'api:1'\n",
        &expect![[r#"
            --- stderr
            error: unclosed table, expected `]`
             --> envs/rates/env.toml:1:14
              |
            1 | [services.api
              |              ^
            --- exit 3
        "#]],
    );
    check(
        "[services.api]\nimage = 'a:1'\nimage = 'b:1'\n",
        &expect![[r#"
            --- stderr
            error: `image` is there twice
             --> envs/rates/env.toml:3:1
              |
            3 | image = 'b:1'
              | ^^^^^
            --- exit 3
        "#]],
    );
}

#[test]
fn cycles() {
    check(
        "[vars]\na = 'x${vars.b}'\nb = '${vars.c}'\nc = '${vars.a}'\n",
        &expect![[r#"
            --- stderr
            error: a cycle in `[vars]`: a -> b -> c -> a
             --> envs/rates/env.toml:4:6
              |
            4 | c = '${vars.a}'
              |      ^^^^^^^^^
            --- exit 3
        "#]],
    );
    check(
        "[services.api]
image = 'api:1'
depends_on = ['db']
[services.db]
image = 'db:1'
depends_on = ['import']
[tasks.import]
service = 'api'
command = 'import'
depends_on = ['api']
",
        &expect![[r#"
            --- stderr
            error: a cycle in `depends_on`: api -> db -> import -> api
             --> envs/rates/env.toml:3:15
              |
            3 | depends_on = ['db']
              |               ^^^^
            --- exit 3
        "#]],
    );
}

#[test]
fn declared_files_that_are_not_there() {
    check(
        "[images.api.build]
context = '.'
[images.web.build]
context = 'web'
[services.db]
kind = 'postgres'
image = 'postgres:13.5'
migrations = 'migrations'
[seeds.dump]
service = 'db'
file = '../../dumps/rates.sql.gz'
[services.api]
image = 'api'
env_file = ['api.env', 'env.toml']
",
        &expect![[r#"
            --- stderr
            error: there is no file `envs/rates/Dockerfile`
             --> envs/rates/env.toml:2:11
              |
            2 | context = '.'
              |           ^^^

            error: there is no folder `envs/rates/web`
             --> envs/rates/env.toml:4:11
              |
            4 | context = 'web'
              |           ^^^^^

            error: there is no folder `envs/rates/migrations`
             --> envs/rates/env.toml:8:14
              |
            8 | migrations = 'migrations'
              |              ^^^^^^^^^^^^

            error: there is no file `dumps/rates.sql.gz`
              --> envs/rates/env.toml:11:8
               |
            11 | file = '../../dumps/rates.sql.gz'
               |        ^^^^^^^^^^^^^^^^^^^^^^^^^^

            error: cannot read the env file `envs/rates/api.env`: there is no such file
              --> envs/rates/env.toml:14:13
               |
            14 | env_file = ['api.env', 'env.toml']
               |             ^^^^^^^^^

            error: cannot read the env file `envs/rates/env.toml`: line 1: it has no `=`
              --> envs/rates/env.toml:14:24
               |
            14 | env_file = ['api.env', 'env.toml']
               |                        ^^^^^^^^^^
            --- exit 3
        "#]],
    );
}

#[test]
fn variables_and_set() {
    let workspace = Workspace::rates(&format!(
        "{API}[services.a-b]\nimage = 'a:1'\n[services.a_b]\nimage = 'b:1'\n"
    ))
    .variable("ENVCTL__SERVICES__A_B__IMAGE", "c:1")
    .variable("ENVCTL__SERVICES__API__PORTS__HTTP__HOST", "many")
    .variable("ENVCTL__SERVICE__API__IMAGE", "c:1");
    workspace.check(
        "envctl config validate --set services.web.image=a:1 --set services.api.image.tag=1",
        &expect![[r#"
            --- stderr
            error: there is no `services.web`
             --> --set:1:10
              |
            1 | services.web.image=a:1
              |          ^^^
            hint: known: `api`, `a-b`, `a_b`

            error: `services.api.image` has no keys
             --> --set:1:20
              |
            1 | services.api.image.tag=1
              |                    ^^^

            error: unknown key `SERVICE`
             --> variables:1:9
              |
            1 | ENVCTL__SERVICE__API__IMAGE=c:1
              |         ^^^^^^^
            hint: did you mean `services`?

            error: `A_B` is ambiguous: `a-b`, `a_b`
             --> variables:1:19
              |
            1 | ENVCTL__SERVICES__A_B__IMAGE=c:1
              |                   ^^^
            hint: `--set` takes names exactly as they were declared

            error: `services.api.ports.http.host` must be a port or "any"
             --> variables:1:42
              |
            1 | ENVCTL__SERVICES__API__PORTS__HTTP__HOST=many
              |                                          ^^^^
            --- exit 3
        "#]],
    );
}

#[test]
fn files_that_are_no_configuration() {
    let invalid = Workspace::rates("").file(
        "envs/rates/env.toml",
        b"description = 'Sch\xe4den'\n".as_slice(),
    );
    invalid.check(
        "envctl config validate",
        &expect![[r#"
            --- stderr
            error: the file is not UTF-8: byte 18
             --> envs/rates/env.toml:1:19
              |
            1 | description = 'Sch�den'
              |                   ^
            hint: save it as UTF-8
            --- exit 3
        "#]],
    );
    let large = Workspace::rates(&format!("# {}\n", "x".repeat(10 << 20)));
    large.check(
        "envctl config validate",
        &expect![[r#"
            --- stderr
            error: cannot read `envs/rates/env.toml`: it is larger than 4 MiB, which no configuration is
            --- exit 3
        "#]],
    );
    let folder = Workspace::new().folder("envs/rates/env.toml");
    folder.check(
        "envctl config validate",
        &expect![[r#"
            --- stderr
            error: cannot read `envs/rates/env.toml`: it is a folder, not a file
            --- exit 3
        "#]],
    );
}

#[test]
fn an_empty_file_is_an_environment_without_services() {
    check(
        "",
        &expect![[r#"
            --- stdout
            rates is valid
            --- exit 0
        "#]],
    );
}

#[test]
fn a_url_is_made_of_the_services_own_address() {
    check(
        "[services.queue]\nimage = 'rabbitmq:4'\nports = { amqp = 5672, http = 15672 }\nurl = 'queue:5672'\n\
         [services.api]\nimage = 'api:1'\nports = { http = 3000 }\nurl = 'http://${services.queue.host}/api'\n",
        &expect![[r#"
            --- stderr
            error: `services.queue.url` does not begin with a scheme
             --> envs/rates/env.toml:4:7
              |
            4 | url = 'queue:5672'
              |       ^^^^^^^^^^^^
            hint: write `amqp://${services.queue.host}:${services.queue.ports.amqp}`

            error: `${services.queue.host}` cannot stand in the URL of `api`
             --> envs/rates/env.toml:8:7
              |
            8 | url = 'http://${services.queue.host}/api'
              |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            hint: it is made of the service's own `.host`, `.port`, `.ports.NAME` or `.addresses`
            --- exit 3
        "#]],
    );
}
