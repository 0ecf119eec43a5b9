//! What a user of Compose writes: it works, or the message says what to write instead.

use expect_test::expect;

use crate::harness::Workspace;

#[test]
fn what_means_the_same_works() {
    let env = "
        [services.db]
        image = 'postgres:13'
        environment = ['POSTGRES_PASSWORD=x', 'POSTGRES_DB=shop']
        volumes = ['data:/var/lib/postgresql/data', './init:/docker-entrypoint-initdb.d:ro']
        restart = 'unless-stopped'

        [services.web]
        image = 'node:20'
        command = \"npm run start -- --title 'My shop'\"
        entrypoint = ['/usr/bin/tini', '--']
        env_file = '.env'
        depends_on = ['db']
        mem_limit = '512m'
        stop_grace_period = '1m30s'
        tmpfs = '/run'
    "
    .replace("\n        ", "\n");
    let workspace = Workspace::rates(&env).file("envs/rates/.env", "NODE_ENV=production\n");
    workspace.check(
        "envctl config validate",
        &expect![[r#"
            --- stdout
            rates is valid
            --- exit 0
        "#]],
    );
    workspace.check(
        "envctl config explain services.web.command",
        &expect![[r#"
            --- stdout
            services.web.command = "npm run start -- --title 'My shop'"
              from envs/rates/env.toml:10
            --- exit 0
        "#]],
    );
}

#[test]
fn what_has_another_form_is_shown_in_it() {
    let env = "version = '3.8'

[services.db]
image = 'postgres:13'
expose = ['5432']

[services.db.healthcheck]
test = ['CMD-SHELL', 'pg_isready -U postgres']
interval = '5s'
retries = 5

[services.web]
build = '.'
container_name = 'web'
ports = ['8080:80', '9229']
environment = ['NODE_ENV=production', 'TOKEN', 'URL=${services.web.url}']
volumes = ['/cache', '~/src:/src']
depends_on = { db = { condition = 'service_healthy' } }
cpus = '0.5'
deploy = { resources = { limits = { memory = '512M' } } }
privileged = true

[volumes.data]
";
    Workspace::rates(env).check("envctl config validate", &expect![[r#"
        --- stderr
        error: unknown key `version`
         --> envs/rates/env.toml:1:1
          |
        1 | version = '3.8'
          | ^^^^^^^
        hint: take it out: the file has no version

        error: unknown key `services.db.expose`
         --> envs/rates/env.toml:5:1
          |
        5 | expose = ['5432']
          | ^^^^^^
        hint: take it out: services reach every port of each other

        error: unknown key `services.db.healthcheck.test`
         --> envs/rates/env.toml:8:1
          |
        8 | test = ['CMD-SHELL', 'pg_isready -U postgres']
          | ^^^^
        hint: write `http = "/health"`, or `command` with the words behind `CMD`; a database needs none with `kind = "postgres"` or `kind = "redis"`

        error: unknown key `services.db.healthcheck.interval`
         --> envs/rates/env.toml:9:1
          |
        9 | interval = '5s'
          | ^^^^^^^^
        hint: take it out: envctl asks until it is ready or `ready_timeout` of the service is over

        error: unknown key `services.db.healthcheck.retries`
          --> envs/rates/env.toml:10:1
           |
        10 | retries = 5
           | ^^^^^^^
        hint: take it out: envctl asks until it is ready or `ready_timeout` of the service is over

        error: unknown key `services.web.build`
          --> envs/rates/env.toml:13:1
           |
        13 | build = '.'
           | ^^^^^
        hint: declare `[images.NAME.build]`, and name it here: `image = "NAME"`

        error: unknown key `services.web.container_name`
          --> envs/rates/env.toml:14:1
           |
        14 | container_name = 'web'
           | ^^^^^^^^^^^^^^
        hint: take it out: the services of an instance share a network and find each other by name

        error: `services.web.ports` must be a table, not a list
          --> envs/rates/env.toml:15:9
           |
        15 | ports = ['8080:80', '9229']
           |         ^^^^^^^^^^^^^^^^^^^
        hint: name each port: `ports = { http = { container = 80, host = 8080 } }`

        error: an item of `services.web.environment` must be `NAME=value`
          --> envs/rates/env.toml:16:39
           |
        16 | environment = ['NODE_ENV=production', 'TOKEN', 'URL=${services.web.url}']
           |                                       ^^^^^^^
        hint: to hand on a variable of your shell, write `TOKEN=${env:TOKEN}`

        error: `/cache` is no volume: it has no source and target
          --> envs/rates/env.toml:17:12
           |
        17 | volumes = ['/cache', '~/src:/src']
           |            ^^^^^^^^
        hint: write `name:/path`, `./folder:/path` or `./folder:/path:ro`

        error: `~/src:/src` is no volume: only a shell knows `~`, `${env:HOME}` is the same
          --> envs/rates/env.toml:17:22
           |
        17 | volumes = ['/cache', '~/src:/src']
           |                      ^^^^^^^^^^^^
        hint: write `name:/path`, `./folder:/path` or `./folder:/path:ro`

        error: there is no condition `service_healthy`
          --> envs/rates/env.toml:18:35
           |
        18 | depends_on = { db = { condition = 'service_healthy' } }
           |                                   ^^^^^^^^^^^^^^^^^
        hint: write `ready`

        error: `services.web.cpus` must be a number, not a text
          --> envs/rates/env.toml:19:8
           |
        19 | cpus = '0.5'
           |        ^^^^^
        hint: write `0.5`, without quotes

        error: unknown key `services.web.deploy`
          --> envs/rates/env.toml:20:1
           |
        20 | deploy = { resources = { limits = { memory = '512M' } } }
           | ^^^^^^
        hint: limits and replicas stand in the service itself: `cpus = 0.5`, `mem_limit = "512m"`, `replicas = 2`

        error: unknown key `services.web.privileged`
          --> envs/rates/env.toml:21:1
           |
        21 | privileged = true
           | ^^^^^^^^^^
        hint: take it out: envctl has nothing like it

        error: unknown key `volumes`
          --> envs/rates/env.toml:23:2
           |
        23 | [volumes.data]
           |  ^^^^^^^
        hint: take it out: `volumes = ["NAME:/path"]` of a service makes the volume
        --- exit 3
    "#]]);
}
