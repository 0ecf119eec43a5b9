//! `config show`, `config explain` and `config validate` over every layer.

use expect_test::expect;

use crate::harness::{API, Workspace};

/// Every layer says something of its own.
fn layered() -> Workspace {
    let env = "
        description = 'Shipping rates'

        [vars]
        level = 'info'

        [services.db]
        kind = 'postgres'
        image = 'postgres:13.5'

        [services.api]
        image = 'api:1'
        ports = { http = { container = 3000, host = 3000 } }
        environment = { LEVEL = '${vars.level}', DATABASE_URL = '${services.db.url}' }
        depends_on = ['db']
    "
    .replace("\n        ", "\n");
    Workspace::rates(env.trim_start())
        .file(
            "envs/envctl.toml",
            "default_env = 'rates'\n[vars]\nlevel = 'error'\n",
        )
        .file("envs/profiles/quiet.toml", "[vars]\nlevel = 'warn'\n")
        .file(
            "envs/rates/profiles/ci.toml",
            "extends = ['quiet']\n[services.api]\nmem_limit = '256m'\n",
        )
        .file(
            "envs/rates/local.toml",
            "[services.api.ports.http]\nhost = 3001\n",
        )
        .variable("ENVCTL__SERVICES__API__PORTS__HTTP__HOST", "3002")
}

#[test]
fn show() {
    layered().check(
        "envctl config show -p ci",
        &expect![[r#"
            --- stdout
            description = "Shipping rates"  # envs/rates/env.toml:1

            [vars]
            level = "warn"  # envs/profiles/quiet.toml:2

            [services.db]
            kind = "postgres"  # envs/rates/env.toml:7
            image = "postgres:13.5"  # envs/rates/env.toml:8
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
            image = "api:1"  # envs/rates/env.toml:11
            mem_limit = "256m"  # envs/rates/profiles/ci.toml:3
            kind = "container"  # default
            replicas = 1  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.api.ports.http]
            container = 3000  # envs/rates/env.toml:12
            host = 3002  # variable ENVCTL__SERVICES__API__PORTS__HTTP__HOST
            bind = "127.0.0.1"  # default

            [services.api.environment]
            LEVEL = "warn"  # envs/rates/env.toml:13
            DATABASE_URL = "${services.db.url}"  # envs/rates/env.toml:13

            [services.api.depends_on.db]
            condition = "ready"  # envs/rates/env.toml:14
            --- exit 0
        "#]],
    );
}

#[test]
fn explain() {
    let workspace = layered();
    let set = "--set services.api.ports.http.host=3003";
    workspace.check(
        &format!("envctl config explain services.api.ports.http.host {set}"),
        &expect![[r#"
            --- stdout
            services.api.ports.http.host = 3003
              from --set
              overrides 3002 from variable ENVCTL__SERVICES__API__PORTS__HTTP__HOST
              overrides 3001 from envs/rates/local.toml:2
              overrides 3000 from envs/rates/env.toml:12
            --- exit 0
        "#]],
    );
    workspace.check(
        "envctl config explain services.api.environment.LEVEL -p ci",
        &expect![[r#"
            --- stdout
            services.api.environment.LEVEL = "warn"
              from envs/rates/env.toml:13, written as "${vars.level}"
            --- exit 0
        "#]],
    );
    workspace.check(
        "envctl config explain vars.level -p ci",
        &expect![[r#"
            --- stdout
            vars.level = "warn"
              from envs/profiles/quiet.toml:2
              overrides "info" from envs/rates/env.toml:4
              overrides "error" from envs/envctl.toml:3
            --- exit 0
        "#]],
    );
    workspace.check(
        "envctl config explain services.db.restart",
        &expect![[r#"
            --- stdout
            services.db.restart = "no"
              from default
            --- exit 0
        "#]],
    );
}

#[test]
fn explain_of_what_is_not_there() {
    let workspace = layered();
    workspace.check(
        "envctl config explain ''",
        &expect![[r#"
        --- stderr
        error: `` is no key
        hint: for example `services.api.ports.http.host`
        --- exit 3
    "#]],
    );
    workspace.check(
        "envctl config explain default_env",
        &expect![[r#"
        --- stderr
        error: `default_env` is about files, and no value of an environment
        --- exit 3
    "#]],
    );
    workspace.check(
        "envctl config explain services.api.imag",
        &expect![[r#"
            --- stderr
            error: there is no `services.api.imag`
            hint: did you mean `image`?
            --- exit 3
        "#]],
    );
    workspace.check(
        "envctl config explain services.web",
        &expect![[r#"
            --- stderr
            error: there is no `services.web`
            hint: known: `db`, `api`
            --- exit 3
        "#]],
    );
    workspace.check(
        "envctl config explain services.api.cpus",
        &expect![[r#"
            --- stderr
            error: `services.api.cpus` is not set, and has no default
            --- exit 3
        "#]],
    );
    workspace.check("envctl config explain everything", &expect![[r#"
        --- stderr
        error: there is no `everything`
        hint: known: `description`, `default_env`, `extends`, `engine`, `vars`, `secrets`, `images`, `services`, `seeds`, `tasks`, `smoke`
        --- exit 3
    "#]]);
    workspace.check(
        "envctl config explain services..api",
        &expect![[r#"
            --- stderr
            error: `services..api` is no key
            hint: for example `services.api.ports.http.host`
            --- exit 3
        "#]],
    );
}

#[test]
fn validate() {
    let workspace = layered();
    workspace.check(
        "envctl config validate",
        &expect![[r#"
            --- stdout
            rates is valid
            --- exit 0
        "#]],
    );
    workspace.check(
        "envctl config validate --quiet --output plain",
        &expect![[r#"
            --- stdout
            rates is valid
            --- exit 0
        "#]],
    );
}

#[test]
fn as_json() {
    let workspace = Workspace::rates(API).file("envs/rates/local.toml", "vars.a = 1\n");
    workspace.check(
        "envctl config validate --output json",
        &expect![[r#"
            --- stdout
            {"v":1,"answer":"text","text":"rates is valid"}
            --- exit 0
        "#]],
    );
    workspace.check("envctl config explain vars.a --output json", &expect![[r#"
        --- stdout
        {"v":1,"answer":"explanation","key":"vars.a","value":"1","written":null,"origin":"envs/rates/local.toml:1","overridden":[],"parts":[]}
        --- exit 0
    "#]]);
    workspace.check("envctl config show --output json", &expect![[r#"
        --- stdout
        {"v":1,"answer":"configuration","environment":"rates","profiles":[],"values":{"services":{"api":{"image":"api:1","ports":{"http":{"container":3000,"host":"any","bind":"127.0.0.1"}},"kind":"container","replicas":1,"restart":"no","stop_grace_period":"10s","ready_timeout":"60s"}},"vars":{"a":1}},"origins":{"services.api.image":"envs/rates/env.toml:2","services.api.ports.http.container":"envs/rates/env.toml:3","services.api.ports.http.host":"default","services.api.ports.http.bind":"default","services.api.kind":"default","services.api.replicas":"default","services.api.restart":"default","services.api.stop_grace_period":"default","services.api.ready_timeout":"default","vars.a":"envs/rates/local.toml:1"}}
        --- exit 0
    "#]]);
}

#[test]
fn a_warning_does_not_disturb_the_answer() {
    let workspace = Workspace::rates(&format!("{API}[services]\ncache = false\n"));
    workspace.check("envctl config validate", &expect![[r#"
        --- stdout
        rates is valid
        --- stderr
        [time] warning: envs/rates/env.toml:5: `cache = false` removes nothing: there is no `services.cache`
        --- exit 0
    "#]]);
    let workspace = Workspace::rates(API).file("envs/rates/local.toml", "services.cache = false\n");
    workspace.check("envctl config validate", &expect![[r#"
        --- stdout
        rates is valid
        --- stderr
        [time] warning: envs/rates/local.toml:1: `cache = false` removes nothing: there is no `services.cache`
        --- exit 0
    "#]]);
    workspace.check("envctl config validate --output json --quiet", &expect![[r#"
        --- stdout
        {"v":1,"event":"notice","level":"warning","text":"envs/rates/local.toml:1: `cache = false` removes nothing: there is no `services.cache`"}
        {"v":1,"answer":"text","text":"rates is valid"}
        --- exit 0
    "#]]);
}

#[test]
fn names_removed_by_a_layer() {
    let workspace = Workspace::rates(&format!("{API}[services.cache]\nimage = 'redis:7'\n"))
        .file("envs/rates/local.toml", "services.cache = false\n");
    workspace.check(
        "envctl config explain services.cache",
        &expect![[r#"
            --- stdout
            services.cache was removed
              by envs/rates/local.toml:1
            --- exit 0
        "#]],
    );
    workspace.check(
        "envctl config explain services.cache.image",
        &expect![[r#"
            --- stdout
            services.cache.image was removed
              by envs/rates/local.toml:1
            --- exit 0
        "#]],
    );
}
