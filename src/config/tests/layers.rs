//! Precedence, merging, profiles, variables and `--set`, and what `show` and `explain` say.

use expect_test::{Expect, expect};

use super::{API, Given, given};

fn show(given: &Given, expected: &Expect) {
    expected.assert_eq(&given.show());
}

fn explain(given: &Given, key: &str, expected: &Expect) {
    expected.assert_eq(&given.explain(key));
}

fn wrong(given: &Given, expected: &Expect) {
    expected.assert_eq(&given.mistakes());
}

/// A value for every layer.
fn all_layers() -> Given {
    given("vars.x = 'env'\n[services.api]\nimage = 'a:1'")
        .file(
            "envs/envctl.toml",
            "default_env = 'rates'\nvars.x = 'shared'",
        )
        .file("envs/profiles/ci.toml", "vars.x = 'shared profile'")
        .file("envs/rates/profiles/ci.toml", "vars.x = 'own profile'")
        .file(
            "envs/profiles/small.toml",
            "extends = ['ci']\nvars.x = 'small'",
        )
        .file("envs/rates/local.toml", "vars.x = 'local'")
        .profile("small")
        .variable("ENVCTL__VARS__X", "variable")
        .set("vars.x=set")
}

#[test]
fn later_layers_win_and_remember_the_others() {
    explain(
        &all_layers(),
        "vars.x",
        &expect![[r#"
        vars.x = "set"
          from --set
          overrides "variable" from variable ENVCTL__VARS__X
          overrides "local" from envs/rates/local.toml:1
          overrides "small" from envs/profiles/small.toml:2
          overrides "own profile" from envs/rates/profiles/ci.toml:1
          overrides "shared profile" from envs/profiles/ci.toml:1
          overrides "env" from envs/rates/env.toml:1
          overrides "shared" from envs/envctl.toml:2"#]],
    );
    let environment = all_layers().environment();
    assert_eq!(environment.profiles, ["ci", "small"]);
}

#[test]
fn the_whole_is_shown_with_places() {
    let env = r#"
description = "rates"
[vars]
port = 3000
[images.api]
build = "../../api"
[services.db]
kind = "postgres"
image = "postgres:13.5"
[services.api]
image = "api"
environment = ["A=1", "B=${services.db.url}", "C=$${x}"]
depends_on = ["db"]
ports = { http = "${vars.port}" }
[services.api.healthcheck]
http = "/"
[smoke.alive]
service = "api"
get = "/"
json = { "$.a" = { approx = 1 } }
"#;
    show(
        &given(env).set("services.api.ports.http.host=3001"),
        &expect![[r#"
            description = "rates"  # envs/rates/env.toml:2

            [vars]
            port = 3000  # envs/rates/env.toml:4

            [images.api.build]
            context = "../../api"  # envs/rates/env.toml:6

            [services.db]
            kind = "postgres"  # envs/rates/env.toml:8
            image = "postgres:13.5"  # envs/rates/env.toml:9
            user = "postgres"  # default
            database = "postgres"  # default
            stop_signal = "SIGINT"  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.db.ports.postgres]
            container = 5432  # default
            host = "any"  # default
            bind = "127.0.0.1"  # default

            [services.api]
            image = "api"  # envs/rates/env.toml:11
            kind = "container"  # default
            replicas = 1  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.api.environment]
            A = "1"  # envs/rates/env.toml:12
            B = "${services.db.url}"  # envs/rates/env.toml:12
            C = "$${x}"  # envs/rates/env.toml:12

            [services.api.depends_on.db]
            condition = "ready"  # envs/rates/env.toml:13

            [services.api.ports.http]
            container = 3000  # envs/rates/env.toml:14
            host = 3001  # --set
            bind = "127.0.0.1"  # default

            [services.api.healthcheck]
            http = "/"  # envs/rates/env.toml:16

            [smoke.alive]
            service = "api"  # envs/rates/env.toml:18
            get = "/"  # envs/rates/env.toml:19
            timeout = "10s"  # default
            eventually = false  # default

            [smoke.alive.json]
            "$.a" = { approx = 1 }  # envs/rates/env.toml:20
        "#]],
    );
}

#[test]
fn tables_merge_and_lists_replace() {
    let base = given(
        "[services.api]\nimage = 'a:1'\ncommand = ['x', 'y']\nports = { http = 1, admin = 2 }\n\
         environment = { A = '1', B = '2' }\ndepends_on = ['db']\n[services.db]\nkind = 'postgres'\n\
         [services.cache]\nimage = 'c:1'",
    );
    show(
        &base.file(
            "envs/rates/local.toml",
            "[services.api]\ncommand = 'z'\nports = { http = { host = 9 } }\n\
             environment = ['B=3', 'C=4']\ndepends_on = { cache = 'started' }",
        ),
        &expect![[r#"
            [services.api]
            image = "a:1"  # envs/rates/env.toml:2
            command = "z"  # envs/rates/local.toml:2
            kind = "container"  # default
            replicas = 1  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.api.ports.http]
            container = 1  # envs/rates/env.toml:4
            host = 9  # envs/rates/local.toml:3
            bind = "127.0.0.1"  # default

            [services.api.ports.admin]
            container = 2  # envs/rates/env.toml:4
            host = "any"  # default
            bind = "127.0.0.1"  # default

            [services.api.environment]
            A = "1"  # envs/rates/env.toml:5
            B = "3"  # envs/rates/local.toml:4
            C = "4"  # envs/rates/local.toml:4

            [services.api.depends_on.db]
            condition = "ready"  # envs/rates/env.toml:6

            [services.api.depends_on.cache]
            condition = "started"  # envs/rates/local.toml:5

            [services.db]
            kind = "postgres"  # envs/rates/env.toml:8
            user = "postgres"  # default
            database = "postgres"  # default
            stop_signal = "SIGINT"  # default
            image = "postgres:17"  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.db.ports.postgres]
            container = 5432  # default
            host = "any"  # default
            bind = "127.0.0.1"  # default

            [services.cache]
            image = "c:1"  # envs/rates/env.toml:10
            kind = "container"  # default
            replicas = 1  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default
        "#]],
    );
}

#[test]
fn false_removes_a_table_but_is_a_text_in_environment() {
    let base = given(
        "[services.api]\nimage = 'a:1'\nports = { http = 1, admin = 2 }\nhealthcheck = { tcp = 'http' }\n\
         environment = { A = '1' }\n[services.extra]\nimage = 'e:1'",
    );
    let removed = base
        .file("envs/profiles/ci.toml", "services.extra = false")
        .profile("ci")
        .file(
            "envs/rates/local.toml",
            "[services.api]\nports.admin = false\nhealthcheck = false\nenvironment.A = false",
        )
        .set("services.nothing=false");
    wrong(
        &removed,
        &expect![[r#"
        --set:1:10: there is no `services.nothing`
          1 | services.nothing=false
            |          ^^^^^^^
          hint: known: `api`"#]],
    );
    let removed = Given {
        sets: Vec::new(),
        ..removed
    }
    .file("envs/rates/profiles/ci.toml", "seeds.none = false");
    show(
        &removed,
        &expect![[r#"
            [services.api]
            image = "a:1"  # envs/rates/env.toml:2
            kind = "container"  # default
            replicas = 1  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.api.ports.http]
            container = 1  # envs/rates/env.toml:3
            host = "any"  # default
            bind = "127.0.0.1"  # default

            [services.api.healthcheck]
            none = true  # envs/rates/local.toml:3

            [services.api.environment]
            A = false  # envs/rates/local.toml:4
        "#]],
    );
    expect![
        "envs/rates/profiles/ci.toml:1: `none = false` removes nothing: there is no `seeds.none`"
    ]
    .assert_eq(&removed.right().warnings.join("\n"));
    explain(
        &removed,
        "services.extra.image",
        &expect![[r#"
            services.extra.image was removed
              by envs/profiles/ci.toml:1"#]],
    );
}

#[test]
fn alternatives_replace_each_other() {
    let base = given(&format!(
        "{API}healthcheck = {{ http = '/', port = 'http' }}\n\
         [smoke.a]\nservice = 'api'\nget = '/'\nbody = 'x'"
    ));
    show(
        &base.file(
            "envs/rates/local.toml",
            "services.api.healthcheck.tcp = 'http'\n\
             [smoke.a]\nmethod = 'post'\npath = '/x'\njson_body = { a = 1 }",
        ),
        &expect![[r#"
            [services.api]
            image = "api:1"  # envs/rates/env.toml:2
            kind = "container"  # default
            replicas = 1  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.api.ports.http]
            container = 3000  # envs/rates/env.toml:3
            host = "any"  # default
            bind = "127.0.0.1"  # default

            [services.api.healthcheck]
            tcp = "http"  # envs/rates/local.toml:1

            [smoke.a]
            service = "api"  # envs/rates/env.toml:6
            method = "post"  # envs/rates/local.toml:3
            path = "/x"  # envs/rates/local.toml:4
            json_body = { a = 1 }  # envs/rates/local.toml:5
            timeout = "10s"  # default
            eventually = false  # default
        "#]],
    );
}

#[test]
fn variables_match_loosely_and_are_typed_by_their_key() {
    let base = given(
        "[services.my-api]\nimage = 'a:1'\nports = { http = 1 }\n[services.db]\nkind = 'postgres'\n\
         [smoke.x]\nservice = 'my-api'\nget = '/'",
    );
    show(
        &base
            .variable("ENVCTL__SERVICES__MY_API__PORTS__HTTP__HOST", "3001")
            .variable("ENVCTL__services__db__VERSION", "13.10")
            .variable("ENVCTL__SERVICES__DB__PASSWORD", "hunter2")
            .variable("ENVCTL__SERVICES__MY_API__ENVIRONMENT__LOG_LEVEL", "debug")
            .variable("ENVCTL__SERVICES__MY_API__COMMAND", "['a', 'b c']")
            .variable("ENVCTL__SERVICES__MY_API__HEALTHCHECK", "{ tcp = 'http' }")
            .variable("ENVCTL__SMOKE__X__EVENTUALLY", "true")
            .variable("ENVCTL__SMOKE__X__STATUS", "[200, '3xx']")
            .variable("ENVCTL__SERVICES__MY_API__CPUS", "0.5")
            .variable("ENVCTL_OTHER", "x"),
        &expect![[r#"
            [services.my-api]
            image = "a:1"  # envs/rates/env.toml:2
            command = ["a", "b c"]  # variable ENVCTL__SERVICES__MY_API__COMMAND
            cpus = 0.5  # variable ENVCTL__SERVICES__MY_API__CPUS
            kind = "container"  # default
            replicas = 1  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.my-api.ports.http]
            container = 1  # envs/rates/env.toml:3
            host = 3001  # variable ENVCTL__SERVICES__MY_API__PORTS__HTTP__HOST
            bind = "127.0.0.1"  # default

            [services.my-api.environment]
            LOG_LEVEL = "debug"  # variable ENVCTL__SERVICES__MY_API__ENVIRONMENT__LOG_LEVEL

            [services.my-api.healthcheck]
            tcp = "http"  # variable ENVCTL__SERVICES__MY_API__HEALTHCHECK

            [services.db]
            kind = "postgres"  # envs/rates/env.toml:5
            password = "***"  # variable ENVCTL__SERVICES__DB__PASSWORD
            version = "13.10"  # variable ENVCTL__services__db__VERSION
            user = "postgres"  # default
            database = "postgres"  # default
            stop_signal = "SIGINT"  # default
            image = "postgres:13.10"  # variable ENVCTL__services__db__VERSION
            strict_version = false  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.db.ports.postgres]
            container = 5432  # default
            host = "any"  # default
            bind = "127.0.0.1"  # default

            [smoke.x]
            service = "my-api"  # envs/rates/env.toml:7
            get = "/"  # envs/rates/env.toml:8
            eventually = true  # variable ENVCTL__SMOKE__X__EVENTUALLY
            status = [200, "3xx"]  # variable ENVCTL__SMOKE__X__STATUS
            timeout = "10s"  # default
        "#]],
    );
}

#[test]
fn wrong_variables_are_shown_as_they_were_set() {
    wrong(
        &given("[services.a-b]\nimage = 'a:1'\n[services.a_b]\nimage = 'a:1'\n[services.db]\nkind = 'postgres'")
            .variable("ENVCTL__SERVICES__A_B__IMAGE", "x:1")
            .variable("ENVCTL__SERVICES__DP__IMAGE", "x:1")
            .variable("ENVCTL__SERVICES__DB__IMGAE", "x:1")
            .variable("ENVCTL__SERVICES__DB__IMAGE__TAG", "1")
            .variable("ENVCTL__SERVICES__DB__PORTS__POSTGRES__HOST", "many")
            .variable("ENVCTL__SERVICES__DB__SHM_SIZE", "much")
            .variable("ENVCTL__SERVICES__DB__PASSWORD__X", "hunter2")
            .variable("ENVCTL__VARS__Y", "1")
            .variable("ENVCTL__vars__y", "2")
            .variable("ENVCTL__VARS__", "2")
            .variable("ENVCTL__DEFAULT_ENV", "2"),
        &expect![[r#"
            variables:1:1: the variables `ENVCTL__VARS__Y` and `ENVCTL__vars__y` both set `vars.y`
              1 | ENVCTL__vars__y=2
                | ^^^^^^^^^^^^^^^
            variables:1:9: unknown key `DEFAULT_ENV`
              1 | ENVCTL__DEFAULT_ENV=2
                |         ^^^^^^^^^^^
              hint: known: `description`, `engine`, `vars`, `secrets`, `images`, `services`, `seeds`, `tasks`, `smoke`
            variables:1:15: an empty name in `vars`
              1 | ENVCTL__VARS__=2
                |               ^
            variables:1:19: `A_B` is ambiguous: `a-b`, `a_b`
              1 | ENVCTL__SERVICES__A_B__IMAGE=x:1
                |                   ^^^
              hint: `--set` takes names exactly as they were declared
            variables:1:19: there is no `services.DP`
              1 | ENVCTL__SERVICES__DP__IMAGE=x:1
                |                   ^^
              hint: did you mean `db`?
            variables:1:23: unknown key `services.db.IMGAE`
              1 | ENVCTL__SERVICES__DB__IMGAE=x:1
                |                       ^^^^^
              hint: did you mean `image`?
            variables:1:30: `services.db.image` has no keys
              1 | ENVCTL__SERVICES__DB__IMAGE__TAG=1
                |                              ^^^
            variables:1:32: `services.db.shm_size` is no size
              1 | ENVCTL__SERVICES__DB__SHM_SIZE=much
                |                                ^^^^
              hint: write `64m`, `512mb`, `1gb` or a number of bytes
            variables:1:33: `services.db.password` has no keys
              1 | ENVCTL__SERVICES__DB__PASSWORD__X=hunter2
                |                                 ^
            variables:1:45: `services.db.ports.postgres.host` must be a port or "any"
              1 | ENVCTL__SERVICES__DB__PORTS__POSTGRES__HOST=many
                |                                             ^^^^"#]],
    );
}

#[test]
fn set_takes_dotted_keys() {
    let base = given(&format!(
        "{API}[smoke.a]\nservice = 'api'\nget = '/'\njson = {{ '$.a' = 1 }}"
    ));
    let base = base
        .set("smoke.a.json.\"$['a=b']\"=3")
        .set("description=a=2");
    explain(
        &base,
        "smoke.a.json.\"$['a=b']\"",
        &expect![[r#"
            smoke.a.json."$['a=b']" = 3
              from --set"#]],
    );
    wrong(
        &base
            .set("nothing")
            .set("=3")
            .set("services.apo.image=1")
            .set("services.api.imagee=1")
            .set("services.API.image=1")
            .set("services.api.password=hunter2")
            .set("services.api.ports.http.host=x"),
        &expect![[r#"
            --set:1:1: `--set` wants `KEY=value`
              1 | nothing
                | ^^^^^^^
              hint: for example `--set services.api.ports.http.host=3001`
            --set:1:1: `--set` wants `KEY=value`
              1 | =3
                | ^^
              hint: for example `--set services.api.ports.http.host=3001`
            --set:1:10: there is no `services.apo`
              1 | services.apo.image=1
                |          ^^^
              hint: did you mean `api`?
            --set:1:10: there is no `services.API`
              1 | services.API.image=1
                |          ^^^
              hint: did you mean `api`?
            --set:1:14: unknown key `services.api.imagee`
              1 | services.api.imagee=1
                |              ^^^^^^
              hint: did you mean `image`?
            --set:1:14: `services.api.password` belongs to a service of kind `postgres` or `redis`
              1 | services.api.password=***
                |              ^^^^^^^^
              hint: add `kind = "postgres"` or `kind = "redis"`, or take the key out
            --set:1:30: `services.api.ports.http.host` must be a port or "any"
              1 | services.api.ports.http.host=x
                |                              ^"#]],
    );
}

#[test]
fn profiles_come_once_and_in_order() {
    let base = given(API)
        .file("envs/profiles/a.toml", "extends = ['c']")
        .file("envs/rates/profiles/a.toml", "extends = ['d']")
        .file("envs/profiles/b.toml", "extends = 'c'")
        .file("envs/profiles/c.toml", "")
        .file("envs/rates/profiles/d.toml", "")
        .profile("b")
        .profile("a");
    assert_eq!(base.environment().profiles, ["c", "b", "d", "a"]);
}

#[test]
fn wrong_profiles_name_the_chain_and_the_known_ones() {
    wrong(
        &given(API).profile("ci"),
        &expect![[r#"
        there is no profile `ci`
          hint: there are no profiles; one would be `envs/profiles/ci.toml` or `envs/rates/profiles/ci.toml`"#]],
    );
    let base = given(API)
        .file("envs/profiles/a.toml", "extends = ['b']")
        .file("envs/profiles/b.toml", "extends = ['c']")
        .file("envs/profiles/c.toml", "extends = ['a', 'd', 3]")
        .file(
            "envs/profiles/ci.toml",
            "extends = ['ci']\ndefault_env = 'x'",
        )
        .profile("a")
        .profile("ci")
        .profile("c1")
        .profile("../x");
    wrong(
        &base,
        &expect![[r#"
            there is no profile `c1`
              hint: did you mean `c`?
            there is no profile `../x`
              hint: known: `a`, `b`, `c`, `ci`
            envs/profiles/c.toml:1:12: the profile `a` extends itself: a -> b -> c -> a
              1 | extends = ['a', 'd', 3]
                |            ^^^
            envs/profiles/c.toml:1:17: there is no profile `d`
              1 | extends = ['a', 'd', 3]
                |                 ^^^
              hint: known: `a`, `b`, `c`, `ci`
            envs/profiles/c.toml:1:22: `extends` wants names of profiles
              1 | extends = ['a', 'd', 3]
                |                      ^
            envs/profiles/ci.toml:1:12: the profile `ci` extends itself: ci -> ci
              1 | extends = ['ci']
                |            ^^^^
            envs/profiles/ci.toml:2:1: `default_env` only works in envs/envctl.toml
              2 | default_env = 'x'
                | ^^^^^^^^^^^"#]],
    );
    wrong(
        &given(&format!("default_env = 'rates'\nextends = ['a']\n{API}")),
        &expect![[r#"
            envs/rates/env.toml:1:1: `default_env` only works in envs/envctl.toml
              1 | default_env = 'rates'
                | ^^^^^^^^^^^
            envs/rates/env.toml:2:1: `extends` only works in a profile
              2 | extends = ['a']
                | ^^^^^^^"#]],
    );
}

#[test]
fn explain_knows_defaults_and_what_is_not_there() {
    let base = given("[services.db]\nkind = 'postgres'\nuser = 'app'");
    for (key, expected) in [
        (
            "services.db.stop_signal",
            expect![[r#"
            services.db.stop_signal = "SIGINT"
              from default"#]],
        ),
        (
            "services.db.database",
            expect![[r#"
                services.db.database = "app"
                  from envs/rates/env.toml:3"#]],
        ),
        (
            "services.db.password",
            expect!["`services.db.password` is not set, and has no default"],
        ),
        (
            "services.db.ports",
            expect![[r#"
                services.db.ports
                  from default
                  postgres.container = 5432  # default
                  postgres.host = "any"  # default
                  postgres.bind = "127.0.0.1"  # default"#]],
        ),
        (
            "services.db.image",
            expect![[r#"
                services.db.image = "postgres:17"
                  from default"#]],
        ),
        (
            "services.db.imgae",
            expect![[r#"
            there is no `services.db.imgae`
              hint: did you mean `image`?"#]],
        ),
        (
            "services.dp.image",
            expect![[r#"
            there is no `services.dp`
              hint: did you mean `db`?"#]],
        ),
        (
            "a = b",
            expect![[r#"
            `a = b` is no key
              hint: for example `services.api.ports.http.host`"#]],
        ),
    ] {
        explain(&base, key, &expected);
    }
}

#[test]
fn json_has_values_and_places() {
    let base = given("vars.a = 1\n[services.db]\nkind = 'postgres'");
    let json = serde_json::to_string_pretty(&base.right().merged);
    expect![[r#"
        {
          "environment": "rates",
          "profiles": [],
          "values": {
            "vars": {
              "a": 1
            },
            "services": {
              "db": {
                "kind": "postgres",
                "user": "postgres",
                "database": "postgres",
                "stop_signal": "SIGINT",
                "image": "postgres:17",
                "ports": {
                  "postgres": {
                    "container": 5432,
                    "host": "any",
                    "bind": "127.0.0.1"
                  }
                },
                "restart": "no",
                "stop_grace_period": "10s",
                "ready_timeout": "60s"
              }
            }
          },
          "origins": {
            "vars.a": "envs/rates/env.toml:1",
            "services.db.kind": "envs/rates/env.toml:3",
            "services.db.user": "default",
            "services.db.database": "default",
            "services.db.stop_signal": "default",
            "services.db.image": "default",
            "services.db.ports.postgres.container": "default",
            "services.db.ports.postgres.host": "default",
            "services.db.ports.postgres.bind": "default",
            "services.db.restart": "default",
            "services.db.stop_grace_period": "default",
            "services.db.ready_timeout": "default"
          }
        }"#]]
    .assert_eq(&json.expect("it is plain data"));
}
