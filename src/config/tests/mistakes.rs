//! Every class of mistake, as it is printed.

use expect_test::{Expect, expect};

use super::{API, given};

fn check(env: &str, expected: &Expect) {
    expected.assert_eq(&given(env).mistakes());
}

fn api(lines: &str, expected: &Expect) {
    check(&format!("{API}{lines}"), expected);
}

#[test]
fn syntax() {
    check(
        "a = \n[services\nb = 1\nc = 'x\n",
        &expect![[r#"
        envs/rates/env.toml:1:5: string values must be quoted, expected literal string
          1 | a = 
            |     ^
        envs/rates/env.toml:2:10: unclosed table, expected `]`
          2 | [services
            |          ^"#]],
    );
    check(
        "vars.a = 1\nvars.a = 2\nvars.b = 99999999999999999999",
        &expect![[r#"
            envs/rates/env.toml:2:6: `a` is there twice
              2 | vars.a = 2
                |      ^
            envs/rates/env.toml:3:10: the number is too large
              3 | vars.b = 99999999999999999999
                |          ^^^^^^^^^^^^^^^^^^^^"#]],
    );
}

#[test]
fn a_broken_file_hides_what_refers_to_it() {
    let both = given("services.api.image = 'a:1'\nsmoke.x.service = 'apo'\nzebra = 1")
        .file("envs/envctl.toml", "[images");
    expect![[r#"
        envs/envctl.toml:1:8: unclosed table, expected `]`
          1 | [images
            |        ^
        envs/rates/env.toml:3:1: unknown key `zebra`
          3 | zebra = 1
            | ^^^^^
          hint: known: `description`, `default_env`, `extends`, `engine`, `vars`, `secrets`, `images`, `services`, `seeds`, `tasks`, `smoke`"#]].assert_eq(&both.mistakes());
}

#[test]
fn unknown_keys_name_the_nearest() {
    check(
        "descripton = 'x'\n[services.api]\nimagee = 'a:1'\nprots = { http = 1 }\nx = 1\n\
         ports.http.hosst = 1\nports.http.container = 1\n[smoke.a]\nservice = 'api'\ngett = '/'\n[zebra]\na = 1",
        &expect![[r#"
            envs/rates/env.toml:1:1: unknown key `descripton`
              1 | descripton = 'x'
                | ^^^^^^^^^^
              hint: did you mean `description`?
            envs/rates/env.toml:3:1: unknown key `services.api.imagee`
              3 | imagee = 'a:1'
                | ^^^^^^
              hint: did you mean `image`?
            envs/rates/env.toml:4:1: unknown key `services.api.prots`
              4 | prots = { http = 1 }
                | ^^^^^
              hint: did you mean `ports`?
            envs/rates/env.toml:5:1: unknown key `services.api.x`
              5 | x = 1
                | ^
              hint: known: `kind`, `image`, `version`, `strict_version`, `database`, `user`, `password`, `migrations`, `persistence`, `config`, `command`, `entrypoint`, `environment`, `env_file`, `ports`, `url`, `volumes`, `depends_on`, `healthcheck`, `restart`, `cpus`, `mem_limit`, `pids_limit`, `working_dir`, `tmpfs`, `shm_size`, `stop_signal`, `stop_grace_period`, `files`, `reload`, 4 more
            envs/rates/env.toml:6:12: unknown key `services.api.ports.http.hosst`
              6 | ports.http.hosst = 1
                |            ^^^^^
              hint: did you mean `host`?
            envs/rates/env.toml:10:1: unknown key `smoke.a.gett`
              10 | gett = '/'
                 | ^^^^
              hint: did you mean `get`?
            envs/rates/env.toml:11:2: unknown key `zebra`
              11 | [zebra]
                 |  ^^^^^
              hint: known: `description`, `default_env`, `extends`, `engine`, `vars`, `secrets`, `images`, `services`, `seeds`, `tasks`, `smoke`"#]],
    );
}

#[test]
fn wrong_types() {
    check(
        "description = 1\nservices = 1\nimages.x = 'a'\nvars.a = [1]\n[tasks.t]\nimage = true\n\
         command = ['a', 1]\nenvironment = 3",
        &expect![[r#"
            envs/rates/env.toml:1:15: `description` must be a text, not an integer
              1 | description = 1
                |               ^
              hint: write `"1"`
            envs/rates/env.toml:2:12: `services` must be a table, not an integer
              2 | services = 1
                |            ^
            envs/rates/env.toml:3:12: `images.x` must be a table, not a text
              3 | images.x = 'a'
                |            ^^^
            envs/rates/env.toml:4:10: `vars.a` must be a text, a number or a boolean, not a list
              4 | vars.a = [1]
                |          ^^^
            envs/rates/env.toml:6:9: `tasks.t.image` must be a text, not a boolean
              6 | image = true
                |         ^^^^
              hint: write `"true"`
            envs/rates/env.toml:7:17: an item of `tasks.t.command` must be a text, not an integer
              7 | command = ['a', 1]
                |                 ^
              hint: write `"1"`
            envs/rates/env.toml:8:15: `tasks.t.environment` must be a table, not an integer
              8 | environment = 3
                |               ^
              hint: write `{ NAME = "value" }` or `["NAME=value"]`"#]],
    );
    check(
        "[services.db]\nkind = 'postgres'\nversion = 13.10\nports = [5432]\n",
        &expect![[r#"
            envs/rates/env.toml:3:11: `services.db.version` must be a text, not a number with a fraction
              3 | version = 13.10
                |           ^^^^^
              hint: write `"13.10"`
            envs/rates/env.toml:4:9: `services.db.ports` must be a table, not a list
              4 | ports = [5432]
                |         ^^^^^^
              hint: name each port: `ports = { postgres = 5432 }`"#]],
    );
    check(
        "[services.api]\nimage = 'a:1'\ncpus = 'x'\npids_limit = 1.5\nenvironment = ['A', 3]\n\
         depends_on = 'db'\nhealthcheck = 5\nenv_file = { a = 1 }\nports = { http = 'x' }\n\
         [smoke.x]\nservice = 'api'\nget = '/'\neventually = 'yes'",
        &expect![[r#"
            envs/rates/env.toml:3:8: `services.api.cpus` must be a number, not a text
              3 | cpus = 'x'
                |        ^^^
            envs/rates/env.toml:4:14: `services.api.pids_limit` must be an integer, not a number with a fraction
              4 | pids_limit = 1.5
                |              ^^^
            envs/rates/env.toml:5:16: an item of `services.api.environment` must be `NAME=value`
              5 | environment = ['A', 3]
                |                ^^^
              hint: to hand on a variable of your shell, write `A=${env:A}`
            envs/rates/env.toml:5:21: an item of `services.api.environment` must be `NAME=value`
              5 | environment = ['A', 3]
                |                     ^
            envs/rates/env.toml:6:14: `services.api.depends_on` must be a table, not a text
              6 | depends_on = 'db'
                |              ^^^^
              hint: write `["NAME"]` or `{ NAME = "started" }`
            envs/rates/env.toml:7:15: `services.api.healthcheck` must be a table, not an integer
              7 | healthcheck = 5
                |               ^
            envs/rates/env.toml:8:12: `services.api.env_file` must be a text or a list of texts, not a table
              8 | env_file = { a = 1 }
                |            ^^^^^^^^^
            envs/rates/env.toml:9:18: `services.api.ports.http.container` must be an integer, not a text
              9 | ports = { http = 'x' }
                |                  ^^^
            envs/rates/env.toml:13:14: `smoke.x.eventually` must be `true` or `false`, not a text
              13 | eventually = 'yes'
                 |              ^^^^^"#]],
    );
}

#[test]
fn names() {
    check(
        "[services.API]\nimage = 'a:1'\n[services.x]\nimage = 'x:1'\nports = { 'a b' = 1 }\n\
         [tasks.x]\nimage = 'x:1'\n[images.'a/b']\npull = 'x'",
        &expect![[r#"
            envs/rates/env.toml:1:11: `API` is no name: lower-case letters, digits, `-` and `_`, starting with a letter or digit
              1 | [services.API]
                |           ^^^
            envs/rates/env.toml:5:11: `a b` is no name: lower-case letters, digits, `-` and `_`, starting with a letter or digit
              5 | ports = { 'a b' = 1 }
                |           ^^^^^
            envs/rates/env.toml:6:8: `x` is the name of a service and of a task
              6 | [tasks.x]
                |        ^
            envs/rates/env.toml:8:9: `a/b` is no name: lower-case letters, digits, `-` and `_`, starting with a letter or digit
              8 | [images.'a/b']
                |         ^^^^^"#]],
    );
}

#[test]
fn images() {
    check(
        "[images.postgres]\npull = 'postgres:13.5'\n[images.empty]\n[images.bad]\npull = 'a b'\n\
         [images.out]\nbuild = { context = 'x', dockerfile = '../Dockerfile' }\n\
         [images.none]\nbuild = {}\nload = []\n\
         [services.a]\nimage = 'postgrs'\n[services.b]\nimage = 'zebra'\n[services.c]\n\
         [services.d]\nimage = '${images.zebra}'\n[services.e]\nimage = '$x:y'",
        &expect![[r#"
            envs/rates/env.toml:3:9: `images.empty` has no source
              3 | [images.empty]
                |         ^^^^^
              hint: give it `pull`, `build` or `load`
            envs/rates/env.toml:5:8: `images.bad.pull` is no image reference
              5 | pull = 'a b'
                |        ^^^^^
            envs/rates/env.toml:7:39: `../Dockerfile` is outside of the context `envs/rates/x`
              7 | build = { context = 'x', dockerfile = '../Dockerfile' }
                |                                       ^^^^^^^^^^^^^^^
            envs/rates/env.toml:9:1: `images.none.build` is missing `context`
              9 | build = {}
                | ^^^^^
            envs/rates/env.toml:10:8: `images.none.load.command` is empty
              10 | load = []
                 |        ^^
            envs/rates/env.toml:12:9: there is no image `postgrs`
              12 | image = 'postgrs'
                 |         ^^^^^^^^^
              hint: did you mean `postgres`?
            envs/rates/env.toml:14:9: there is no image `zebra`
              14 | image = 'zebra'
                 |         ^^^^^^^
              hint: known: `postgres`, `empty`, `bad`, `out`, `none`
            envs/rates/env.toml:15:11: `services.c` is missing `image`
              15 | [services.c]
                 |           ^
              hint: an `[images.*]` name, or a reference with a tag
            envs/rates/env.toml:17:10: there is no image `zebra`
              17 | image = '${images.zebra}'
                 |          ^^^^^^^^^^^^^^^
              hint: known: `postgres`, `empty`, `bad`, `out`, `none`
            envs/rates/env.toml:19:9: `$x:y` is no image reference
              19 | image = '$x:y'
                 |         ^^^^^^"#]],
    );
    check(
        "[services.a]\nimage = 'redis'",
        &expect![[r#"
        envs/rates/env.toml:2:9: there is no image `redis`
          2 | image = 'redis'
            |         ^^^^^^^
          hint: declare `[images.redis]`, or write a reference with a tag: `redis:latest`"#]],
    );
}

#[test]
fn image_bases_in_a_circle() {
    check(
        "[images.a]\nbuild = { context = '.', args = { BASE = '${images.b}' } }\n\
         [images.b]\nbuild = { context = '.', args = { X = 'x${images.c}', Y = '${services.api.url}' } }\n\
         [images.c]\nbuild = { context = '.', args = ['BASE=${images.a}'] }\n\
         [services.api]\nimage = 'a'\nports = { http = 1 }",
        &expect![[r#"
            envs/rates/env.toml:1:9: images are built on each other: a -> b -> c -> a
              1 | [images.a]
                |         ^
            envs/rates/env.toml:4:59: `${services.api.url}` cannot stand in a build argument: no service runs while an image is built
              4 | build = { context = '.', args = { X = 'x${images.c}', Y = '${services.api.url}' } }
                |                                                           ^^^^^^^^^^^^^^^^^^^^^"#]],
    );
}

#[test]
fn kinds_and_engines() {
    check(
        "engine = 'podman'\n[services.cache]\nkind = 'mongo'\n[services.api]\nimage = 'a:1'\n\
         database = 'x'\nversion = '1'\n[services.db]\nkind = 'postgres'\nversion = 'latest'\n\
         ports = { http = 80 }\nuser = ''\npassword = ''",
        &expect![[r#"
            envs/rates/env.toml:1:10: there is no engine `podman`
              1 | engine = 'podman'
                |          ^^^^^^^^
              hint: the engines are `auto`, `docker` and `process`
            envs/rates/env.toml:3:8: there is no kind `mongo`
              3 | kind = 'mongo'
                |        ^^^^^^^
              hint: the kinds are `container`, `postgres`, `redis`
            envs/rates/env.toml:6:1: `services.api.database` belongs to a service of kind `postgres`
              6 | database = 'x'
                | ^^^^^^^^
              hint: add `kind = "postgres"`, or take the key out
            envs/rates/env.toml:7:1: `services.api.version` belongs to a service of kind `postgres` or `redis`
              7 | version = '1'
                | ^^^^^^^
              hint: add `kind = "postgres"` or `kind = "redis"`, or take the key out
            envs/rates/env.toml:10:11: `latest` is no version
              10 | version = 'latest'
                 |           ^^^^^^^^
              hint: write `version = "13.5"` or `version = "16"`
            envs/rates/env.toml:11:11: a `postgres` service has one port, named `postgres`
              11 | ports = { http = 80 }
                 |           ^^^^
            envs/rates/env.toml:12:8: `services.db.user` is empty
              12 | user = ''
                 |        ^^
            envs/rates/env.toml:13:12: `services.db.password` is empty
              13 | password = ''
                 |            ^^"#]],
    );
}

#[test]
fn what_follows_from_a_mistake_is_none() {
    check(
        "[services.db]\nkind = 'postgress'\ndatabase = 'shop'\n[services.api]\nimage = 'a:1'\n\
         prots = { http = 80 }\nhealthcheck = { http = '/' }\ndepends_on = ['db']\n\
         environment = { A = '${services.db.url}', B = '${services.api.port}' }\n\
         [smoke.one]\nget = '/'\nservice = 'api'\nexpect = { status = 200 }\n\
         [smoke.two]\nsql = 'SELECT 1'\nservice = 'db'\n\
         [smoke.three]\ngett = '/'\nservice = 'api'",
        &expect![[r#"
            envs/rates/env.toml:2:8: there is no kind `postgress`
              2 | kind = 'postgress'
                |        ^^^^^^^^^^^
              hint: did you mean `postgres`?
            envs/rates/env.toml:6:1: unknown key `services.api.prots`
              6 | prots = { http = 80 }
                | ^^^^^
              hint: did you mean `ports`?
            envs/rates/env.toml:13:1: unknown key `smoke.one.expect`
              13 | expect = { status = 200 }
                 | ^^^^^^
              hint: did you mean `exec`?
            envs/rates/env.toml:18:1: unknown key `smoke.three.gett`
              18 | gett = '/'
                 | ^^^^
              hint: did you mean `get`?"#]],
    );
}

#[test]
fn keys_of_other_kinds() {
    check(
        "[services.api]\nimage = 'a:1'\npersistence = 'aof'\nstrict_version = true\n\
         process = { command = 'x', bin_dir = '/opt' }\n\
         [services.db]\nkind = 'postgres'\nstrict_version = true\npersistence = 'rdb'\nreplicas = 2\n\
         process = 'postgres'\n\
         [services.cache]\nkind = 'redis'\nversion = '7-alpine'\ndatabase = 'x'\nmigrations = 'y'\n\
         replicas = 1\nprocess = { build = 'make', user = 'me' }\nports = { http = 80 }\n\
         [tasks.t]\nprocess = { command = 'x', bin_dir = '/opt' }",
        &expect![[r#"
            envs/rates/env.toml:3:1: `services.api.persistence` belongs to a service of kind `redis`
              3 | persistence = 'aof'
                | ^^^^^^^^^^^
              hint: add `kind = "redis"`, or take the key out
            envs/rates/env.toml:4:1: `services.api.strict_version` belongs to a service of kind `postgres` or `redis`
              4 | strict_version = true
                | ^^^^^^^^^^^^^^
              hint: add `kind = "postgres"` or `kind = "redis"`, or take the key out
            envs/rates/env.toml:5:28: `services.api.process.bin_dir` belongs to a service of kind `postgres` or `redis`
              5 | process = { command = 'x', bin_dir = '/opt' }
                |                            ^^^^^^^
              hint: take it out: `command` names its program
            envs/rates/env.toml:8:18: `services.db.strict_version` needs a `version`
              8 | strict_version = true
                |                  ^^^^
              hint: add `version = "13.5"` or `version = "16"`
            envs/rates/env.toml:9:1: `services.db.persistence` belongs to a service of kind `redis`
              9 | persistence = 'rdb'
                | ^^^^^^^^^^^
              hint: take it out
            envs/rates/env.toml:10:1: `services.db.replicas` belongs to a service of kind `container`
              10 | replicas = 2
                 | ^^^^^^^^
              hint: take it out: a server has its data, so it runs once
            envs/rates/env.toml:11:1: `services.db.process.command` belongs to a service of kind `container`
              11 | process = 'postgres'
                 | ^^^^^^^
              hint: take it out: `bin_dir` says where the programs of postgres are
            envs/rates/env.toml:14:11: `7-alpine` is no version
              14 | version = '7-alpine'
                 |           ^^^^^^^^^^
              hint: write `version = "7"` or `version = "7.0"`
            envs/rates/env.toml:15:1: `services.cache.database` belongs to a service of kind `postgres`
              15 | database = 'x'
                 | ^^^^^^^^
              hint: take it out
            envs/rates/env.toml:16:1: `services.cache.migrations` belongs to a service of kind `postgres`
              16 | migrations = 'y'
                 | ^^^^^^^^^^
              hint: take it out
            envs/rates/env.toml:17:1: `services.cache.replicas` belongs to a service of kind `container`
              17 | replicas = 1
                 | ^^^^^^^^
              hint: take it out: a server has its data, so it runs once
            envs/rates/env.toml:18:13: `services.cache.process.build` belongs to a service of kind `container`
              18 | process = { build = 'make', user = 'me' }
                 |             ^^^^^
              hint: take it out: `bin_dir` says where the programs of redis are
            envs/rates/env.toml:18:29: `services.cache.process.user` belongs to a service of kind `container`
              18 | process = { build = 'make', user = 'me' }
                 |                             ^^^^
              hint: take it out: `bin_dir` says where the programs of redis are
            envs/rates/env.toml:19:11: a `redis` service has one port, named `redis`
              19 | ports = { http = 80 }
                 |           ^^^^
            envs/rates/env.toml:21:28: `tasks.t.process.bin_dir` belongs to a service of kind `postgres` or `redis`
              21 | process = { command = 'x', bin_dir = '/opt' }
                 |                            ^^^^^^^
              hint: take it out: `command` names the task's program"#]],
    );
}

#[test]
fn a_redis_service() {
    check(
        "[services.a]\nkind = 'redis'\nconfig = { appendonly = 'yes', dir = '/x', Save = 1, maxmemory = \"'1\", a = '--b' }\npersistence = 'off'\npassword = ''\nports = { redis = { bind = '0.0.0.0' } }\n\
         [services.b]\nkind = 'redis'\ncommand = 'redis-server'\npersistence = 'aof'\nconfig.maxmemory = 1\nports = { redis = { bind = '0.0.0.0' } }\n\
         [services.c]\nkind = 'redis'\npassword = 'postgres'\nports = { redis = { bind = '::' } }\n\
         [services.d]\nkind = 'redis'\npassword = '${secret:gone}'\nports = { redis = { bind = '0.0.0.0' } }\n\
         [services.e]\nkind = 'redis'\nports = { redis = { bind = '127.0.0.2' } }\n\
         [seeds.x]\nservice = 'e'\nfile = 'x.sql'\n\
         [smoke.x]\nservice = 'e'\nsql = 'SELECT 1'\n[smoke.y]\nservice = 'e'\nget = '/'",
        &expect![[r#"
            envs/rates/env.toml:3:12: `appendonly` is set by envctl
              3 | config = { appendonly = 'yes', dir = '/x', Save = 1, maxmemory = "'1", a = '--b' }
                |            ^^^^^^^^^^
              hint: use the key `persistence` of the service
            envs/rates/env.toml:3:32: `dir` is set by envctl
              3 | config = { appendonly = 'yes', dir = '/x', Save = 1, maxmemory = "'1", a = '--b' }
                |                                ^^^
              hint: take it out
            envs/rates/env.toml:3:44: `Save` is no name of a directive
              3 | config = { appendonly = 'yes', dir = '/x', Save = 1, maxmemory = "'1", a = '--b' }
                |                                            ^^^^
              hint: write it as in `redis.conf`: `maxmemory = "64mb"`
            envs/rates/env.toml:3:54: the value of `maxmemory` has a quote that is not closed
              3 | config = { appendonly = 'yes', dir = '/x', Save = 1, maxmemory = "'1", a = '--b' }
                |                                                      ^^^^^^^^^
            envs/rates/env.toml:3:72: the value of `a` cannot begin a word with `--`
              3 | config = { appendonly = 'yes', dir = '/x', Save = 1, maxmemory = "'1", a = '--b' }
                |                                                                        ^
            envs/rates/env.toml:4:15: there is no persistence `off`
              4 | persistence = 'off'
                |               ^^^^^
              hint: known: `none`, `rdb`, `aof`
            envs/rates/env.toml:5:12: `services.a.password` is empty
              5 | password = ''
                |            ^^
            envs/rates/env.toml:10:15: `services.b.command` replaces what `persistence` would set
              10 | persistence = 'aof'
                 |               ^^^^^
              hint: take one out: a command says it by `--save` and `--appendonly`
            envs/rates/env.toml:11:1: `services.b.command` replaces what `config` would set
              11 | config.maxmemory = 1
                 | ^^^^^^
              hint: take one out: a command says it by options such as `--maxmemory 64mb`
            envs/rates/env.toml:12:28: `b` would be published on 0.0.0.0 without a password
              12 | ports = { redis = { bind = '0.0.0.0' } }
                 |                            ^^^^^^^^^
              hint: set `services.b.password`, best from a secret: `"${secret:NAME}"`
            envs/rates/env.toml:16:28: `c` would be published on :: with a password that everybody knows
              16 | ports = { redis = { bind = '::' } }
                 |                            ^^^^
              hint: set `services.c.password`, best from a secret: `"${secret:NAME}"`
            envs/rates/env.toml:19:13: there is no secret `gone`
              19 | password = '${secret:gone}'
                 |             ^^^^^^^^^^^^^^
              hint: declare it: `[secrets.gone]` with `env`, `file` or `command`
            envs/rates/env.toml:25:11: the service `e` is no database
              25 | service = 'e'
                 |           ^^^
            envs/rates/env.toml:28:11: the service `e` is no database
              28 | service = 'e'
                 |           ^^^
            envs/rates/env.toml:31:11: `e` is a Redis server: it answers no HTTP
              31 | service = 'e'
                 |           ^^^
              hint: ask it with `redis = ["GET", "key"]`"#]],
    );
}

#[test]
fn replicas() {
    check(
        "[services.a]\nimage = 'a:1'\nreplicas = 0\n[services.b]\nimage = 'a:1'\nreplicas = 65\n\
         [services.c]\nimage = 'a:1'\nreplicas = '2'\n\
         [services.api]\nimage = 'a:1'\nreplicas = 3\nports = { http = { container = 80, host = 8080 }, x = 81 }\n\
         [services.api-1]\nimage = 'a:1'\n[services.api-2]\nimage = 'a:1'\n[services.api-4]\nimage = 'a:1'\n\
         [tasks.api-3]\nimage = 'a:1'\n\
         [services.d]\nimage = 'a:1'\nscale = 2\ndeploy = { replicas = 2 }",
        &expect![[r#"
            envs/rates/env.toml:3:12: `services.a.replicas` goes from 1 to 64, not 0
              3 | replicas = 0
                |            ^
              hint: to leave it out in a profile, write `services.a = false`
            envs/rates/env.toml:6:12: `services.b.replicas` goes from 1 to 64, not 65
              6 | replicas = 65
                |            ^^
            envs/rates/env.toml:9:12: `services.c.replicas` must be an integer, not a text
              9 | replicas = '2'
                |            ^^^
              hint: write `2`, without quotes
            envs/rates/env.toml:13:43: only one of the 3 replicas of `api` could have host port 8080
              13 | ports = { http = { container = 80, host = 8080 }, x = 81 }
                 |                                           ^^^^
              hint: write `host = "any"`, or leave it out: each gets a free port
            envs/rates/env.toml:16:11: `api-2` is the name of a replica of `api`
              16 | [services.api-2]
                 |           ^^^^^
              hint: give it another name, or `api` fewer `replicas`
            envs/rates/env.toml:20:8: `api-3` is the name of a replica of `api`
              20 | [tasks.api-3]
                 |        ^^^^^
              hint: give it another name, or `api` fewer `replicas`
            envs/rates/env.toml:24:1: unknown key `services.d.scale`
              24 | scale = 2
                 | ^^^^^
              hint: write `replicas`
            envs/rates/env.toml:25:1: unknown key `services.d.deploy`
              25 | deploy = { replicas = 2 }
                 | ^^^^^^
              hint: limits and replicas stand in the service itself: `cpus = 0.5`, `mem_limit = "512m"`, `replicas = 2`"#]],
    );
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    let lines: Vec<String> = (0..count).map(line).collect();
    lines.join("\n") + "\n"
}

/// A few hundred bytes that double each other take no more than a bit.
#[test]
fn what_would_take_all_memory() {
    let doubled = lines(40, |i| {
        format!("a{} = '${{vars.a{i}}}${{vars.a{i}}}'", i + 1)
    });
    check(
        &format!("[vars]\na0 = 'xxxxxxxxxxxxxxxx'\n{doubled}"),
        &expect![[r#"
            envs/rates/env.toml:21:7: this becomes more than 4 MiB, which no value may be
              21 | a19 = '${vars.a18}${vars.a18}'
                 |       ^^^^^^^^^^^^^^^^^^^^^^^^
              hint: each `${…}` is a copy of what it names, and each case of `each` one of its check"#]],
    );
    let copied = lines(30, |i| format!("b{i} = '${{vars.a}}'"));
    let long = "x\n".repeat(1_900_000);
    check(
        &format!("[vars]\na = \"\"\"\n{long}\"\"\"\n{copied}"),
        &expect![[r#"
            envs/rates/env.toml:1900021:7: with this, the configuration becomes more than 64 MiB, which none may be
              1900021 | b17 = '${vars.a}'
                      |       ^^^^^^^^^^^
              hint: each `${…}` is a copy of what it names, and each case of `each` one of its check"#]],
    );
    let numbers: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
    let (cases, text) = (numbers.join(", "), "y".repeat(2000));
    let check_of = |name| {
        format!(
            "[smoke.{name}]\nservice = 'api'\nget = '/${{each.value}}'\ntext = '{text}'\n\
             each = [{cases}]\n"
        )
    };
    api(
        &(check_of("a") + &check_of("b")),
        &expect![[r#"
            envs/rates/env.toml:13:8: with this, the configuration becomes more than 64 MiB, which none may be
              hint: each `${…}` is a copy of what it names, and each case of `each` one of its check"#]],
    );
    let base = given(&format!(
        "{API}[services.api.files.f]\ntemplate = 't'\npath = '/t'\nvalues = {{ v = 'x' }}\n"
    ));
    let grown = "{% set a = a ~ a %}".repeat(40);
    let grown = format!("{{% set a = v %}}{grown}{{{{ a }}}}");
    expect![[r#"
        envs/rates/env.toml:5:12: the template cannot be filled: line 1: it takes more than 1000000 steps, or makes more than 60 MiB
          5 | template = 't'
            |            ^^^"#]].assert_eq(&base.clone().file("envs/rates/t", &grown).mistakes());
    let endless = "{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}";
    expect![[r#"
        envs/rates/env.toml:5:12: the template cannot be filled: line 1: it takes more than 1000000 steps, or makes more than 60 MiB
          5 | template = 't'
            |            ^^^"#]].assert_eq(&base.file("envs/rates/t", endless).mistakes());
}

#[test]
fn more_mistakes_than_anybody_reads() {
    let unknown = lines(5000, |i| format!("a{i} = 1"));
    let told = given(&unknown).mistakes();
    assert_eq!(told.matches("unknown key").count(), 500);
    assert!(told.contains("there are more than these 500 mistakes"));
    let names: Vec<String> = (0..50_000).map(|i| format!("'A {i}' = 1")).collect();
    let told = given(&format!("{API}environment = {{ {} }}", names.join(", "))).mistakes();
    assert_eq!(told.matches("is no name of a variable").count(), 500);
}

#[test]
fn variables_of_official_images() {
    check(
        "[services.db]\nkind = 'postgres'\nenvironment = { POSTGRES_USER = 'app', POSTGRES_PASSWORD = 's3cret', \
         POSTGRES_DB = '${vars.name}', POSTGRES_INITDB_ARGS = '--no-sync' }\n\
         [services.two]\nkind = 'postgres'\nuser = 'app'\npassword = '${secret:p}'\n\
         environment = { POSTGRES_USER = 'app', POSTGRES_PASSWORD = '${secret:p}', PGDATA = '/data' }\n\
         [services.three]\nkind = 'postgres'\nenvironment.POSTGRES_PASSWORD = '${secret:p}'\n\
         [services.four]\nkind = 'postgres'\nenvironment.POSTGRES_PASSWORD_FILE = '/run/secrets/p'\n\
         [services.five]\nkind = 'postgres'\nvolumes = ['d:/data']\nenvironment.PGDATA = '/data/pg'\n\
         [services.cache]\nkind = 'redis'\nenvironment = ['REDIS_PASSWORD=x']\n\
         [secrets]\np.command = ['p']\n[vars]\nname = 'shop'\n",
        &expect![[r#"
            envs/rates/env.toml:3:17: `POSTGRES_USER`, `POSTGRES_PASSWORD`, `POSTGRES_DB` are set by keys of a `postgres` service
              3 | environment = { POSTGRES_USER = 'app', POSTGRES_PASSWORD = '***', POSTGRES_DB = '${vars.name}', POSTGRES_INITDB_ARGS = '--no-sync' }
                |                 ^^^^^^^^^^^^^
              hint: write `user = "app"`, `password = "…"`, `database = "${vars.name}"` in `[services.db]`
            envs/rates/env.toml:8:75: `PGDATA` would put the data outside of its volume, and lose it with the container
              8 | environment = { POSTGRES_USER = 'app', POSTGRES_PASSWORD = '${secret:p}', PGDATA = '/data' }
                |                                                                           ^^^^^^
              hint: take it out: envctl says where the data lies
            envs/rates/env.toml:11:13: `POSTGRES_PASSWORD` is set by a key of a `postgres` service
              11 | environment.POSTGRES_PASSWORD = '${secret:p}'
                 |             ^^^^^^^^^^^^^^^^^
              hint: write `password = "${secret:p}"` in `[services.three]`
            envs/rates/env.toml:14:13: `POSTGRES_PASSWORD_FILE` is set by a key of a `postgres` service
              14 | environment.POSTGRES_PASSWORD_FILE = '/run/secrets/p'
                 |             ^^^^^^^^^^^^^^^^^^^^^^
              hint: write `password = "${secret:NAME}"` with a `file` in `[secrets.NAME]` in `[services.four]`
            envs/rates/env.toml:21:16: `REDIS_PASSWORD` is set by a key of a `redis` service
              21 | environment = ['REDIS_PASSWORD=***
                 |                ^^^^^^^^^^^^^^^^
              hint: write `password = "…"` in `[services.cache]`"#]],
    );
    let base = given("[services.db]\nkind = 'postgres'\nenv_file = '.env'\n");
    let base = base.file(
        "envs/rates/.env",
        "POSTGRES_USER=app\nPOSTGRES_PASSWORD=s3cret\nPOSTGRES_DB=shop\n",
    );
    expect![[r#"
        envs/rates/env.toml:3:1: `POSTGRES_USER`, `POSTGRES_PASSWORD`, `POSTGRES_DB` are set by keys of a `postgres` service
          3 | env_file = '.env'
            | ^^^^^^^^
          hint: write `user = "app"`, `password = "…"`, `database = "shop"` in `[services.db]`"#]].assert_eq(&base.mistakes());
}

#[test]
fn signs_of_a_shell() {
    check(
        "[services.web]\nports = { http = 80 }\nimage = 'w:1'\n\
         process = 'python3 -m http.server --bind 127.0.0.1 $PORT'\n\
         command = 'serve --db ${services.web.host} > log'\nentrypoint = 'cd web'\n\
         healthcheck = { command = 'curl -f localhost || exit 1' }\n\
         [services.api.process]\ncommand = 'cd api && exec serve \"$HOME\" --port ${services.api.port}'\n\
         build = 'npm ci; npm run build'\n\
         [services.api]\nports = { http = 80 }\n\
         [images.w]\nload = 'cat *.tar'\nbuild = { context = '.', prepare = 'A=1 make' }\n\
         [secrets.s]\ncommand = 'cat ~/key | base64'\n\
         [tasks.t]\nprocess = 'load <data.json'\nimage = 'w:1'\ncommand = 'echo `id`'\n\
         environment = { S = '${secret:s}' }\n\
         [smoke.a]\ncommand = 'test -f ${HOME}/x'\n\
         [smoke.b]\nservice = 'web'\nexec = 'ls logs/*'\n",
        &expect![[r#"
            envs/rates/env.toml:4:52: `$PORT` in `services.web.process.command` needs a shell, and commands run without one
              4 | process = 'python3 -m http.server --bind 127.0.0.1 $PORT'
                |                                                    ^^^^^
              hint: write `${services.web.port}` for its port; or let a shell read it, `["sh", "-c", "python3 -m http.server --bind 127.0.0.1 $PORT"]`, with `PORT` in `environment`
            envs/rates/env.toml:5:44: `>` in `services.web.command` needs a shell, and commands run without one
              5 | command = 'serve --db ${services.web.host} > log'
                |                                            ^
              hint: write `["sh", "-c", 'serve --db "$1" > log', "sh", "${services.web.host}"]`; in quotes it is taken as it stands
            envs/rates/env.toml:6:15: `cd` in `services.web.entrypoint` needs a shell, and commands run without one
              6 | entrypoint = 'cd web'
                |               ^^
              hint: write `["sh", "-c", "cd web"]`
            envs/rates/env.toml:7:46: `||` in `services.web.healthcheck.command` needs a shell, and commands run without one
              7 | healthcheck = { command = 'curl -f localhost || exit 1' }
                |                                              ^^
              hint: write `["sh", "-c", "curl -f localhost || exit 1"]`; in quotes it is taken as it stands
            envs/rates/env.toml:9:12: `cd` in `services.api.process.command` needs a shell, and commands run without one
              9 | command = 'cd api && exec serve "$HOME" --port ${services.api.port}'
                |            ^^
              hint: write `["sh", "-c", 'cd api && exec serve "$HOME" --port "$1"', "sh", "${services.api.port}"]`
            envs/rates/env.toml:10:16: `;` in `services.api.process.build.command` needs a shell, and commands run without one
              10 | build = 'npm ci; npm run build'
                 |                ^
              hint: write `["sh", "-c", "npm ci; npm run build"]`; in quotes it is taken as it stands
            envs/rates/env.toml:14:13: `*.tar` in `images.w.load.command` needs a shell, and commands run without one
              14 | load = 'cat *.tar'
                 |             ^^^^^
              hint: write `["sh", "-c", "cat *.tar"]`; in quotes it is taken as it stands
            envs/rates/env.toml:15:37: `A=1` in `images.w.build.prepare.command` needs a shell, and commands run without one
              15 | build = { context = '.', prepare = 'A=1 make' }
                 |                                     ^^^
              hint: write `["sh", "-c", "A=1 make"]`
            envs/rates/env.toml:17:16: `~` in `secrets.s.command` needs a shell, and commands run without one
              17 | command = 'cat ~/key | base64'
                 |                ^
              hint: write `["sh", "-c", "cat ~/key | base64"]`; in quotes it is taken as it stands
            envs/rates/env.toml:19:17: `<` in `tasks.t.process.command` needs a shell, and commands run without one
              19 | process = 'load <data.json'
                 |                 ^
              hint: write `["sh", "-c", "load <data.json"]`; in quotes it is taken as it stands
            envs/rates/env.toml:21:17: a backtick in `tasks.t.command` needs a shell, and commands run without one
              21 | command = 'echo `id`'
                 |                 ^
              hint: write `["sh", "-c", "echo `id`"]`; in single quotes it is taken as it stands
            envs/rates/env.toml:24:20: `${HOME}` in `smoke.a.command` needs a shell, and commands run without one
              24 | command = 'test -f ${HOME}/x'
                 |                    ^^^^^^^
              hint: write `["sh", "-c", "test -f ${HOME}/x"]`; in single quotes it is taken as it stands
            envs/rates/env.toml:27:12: `logs/*` in `smoke.b.exec` needs a shell, and commands run without one
              27 | exec = 'ls logs/*'
                 |            ^^^^^^
              hint: write `["sh", "-c", "ls logs/*"]`; in quotes it is taken as it stands"#]],
    );
}

#[test]
fn what_no_program_on_the_host_should_be_handed() {
    check(
        "[secrets]\nkey.env = 'KEY'\nfrom.command = ['get', '${services.db.host}']\n\
         [services.db]\nkind = 'postgres'\n[services.cache]\nkind = 'redis'\n\
         [services.a]\nports = { http = 80 }\nenvironment = { K = '${secret:from}' }\n\
         process = ['a', '--key', '${secret:key}', '${services.db.url}', '${services.cache.url}', '${HOME}']\n\
         [services.b]\n\
         process = ['sh', '-c', 'b ${services.a.port} ${secret:key} ${env:X} ${HOME}', 'sh', '${services.a.port}']\n\
         [services.c]\nprocess = 'bash -c \"c ${services.a.port}\"'\n\
         [services.d]\nprocess = ['${services.a.host}', 'd']\n\
         [services.e]\nprocess = { command = 'e', build = ['make', '${services.a.port}'] }\n",
        &expect![[r#"
            envs/rates/env.toml:3:25: `${services.db.host}` is known only while the environment runs
              3 | from.command = ['get', '${services.db.host}']
                |                         ^^^^^^^^^^^^^^^^^^^
            envs/rates/env.toml:11:27: `${secret:key}` is secret, and every user of this machine sees the arguments of a command
              11 | process = ['a', '--key', '${secret:key}', '${services.db.url}', '${services.cache.url}', '${HOME}']
                 |                           ^^^^^^^^^^^^^
              hint: a `process` and a check get it in their `environment`
            envs/rates/env.toml:11:44: `${services.db.url}` holds a password, and every user of this machine sees the arguments of a command
              11 | process = ['a', '--key', '${secret:key}', '${services.db.url}', '${services.cache.url}', '${HOME}']
                 |                                            ^^^^^^^^^^^^^^^^^^
              hint: a `process` and a check get it in their `environment`
            envs/rates/env.toml:11:91: `${HOME}` names nothing that envctl knows
              11 | process = ['a', '--key', '${secret:key}', '${services.db.url}', '${services.cache.url}', '${HOME}']
                 |                                                                                           ^^^^^^^
              hint: `${env:HOME}` reads a variable, `$${HOME}` writes `${HOME}`
            envs/rates/env.toml:13:27: `${services.a.port}` stands in a shell's script, where an address is not filled in
              13 | process = ['sh', '-c', 'b ${services.a.port} ${secret:key} ${env:X} ${HOME}', 'sh', '${services.a.port}']
                 |                           ^^^^^^^^^^^^^^^^^^
              hint: hand it on behind the script, which calls it `$1`: `["sh", "-c", "exec serve --port \"$1\"", "sh", "${services.NAME.port}"]`
            envs/rates/env.toml:13:46: `${secret:key}` stands in a shell's script, where a secret is not filled in
              13 | process = ['sh', '-c', 'b ${services.a.port} ${secret:key} ${env:X} ${HOME}', 'sh', '${services.a.port}']
                 |                                              ^^^^^^^^^^^^^
              hint: a `process` and a check get it in their `environment`, and the script reads that: `$NAME`
            envs/rates/env.toml:13:60: `${env:X}` stands in a shell's script, where a variable is not filled in
              13 | process = ['sh', '-c', 'b ${services.a.port} ${secret:key} ${env:X} ${HOME}', 'sh', '${services.a.port}']
                 |                                                            ^^^^^^^^
              hint: the script reads it itself: `$X`
            envs/rates/env.toml:15:23: `${services.a.port}` stands in a shell's script, where an address is not filled in
              15 | process = 'bash -c "c ${services.a.port}"'
                 |                       ^^^^^^^^^^^^^^^^^^
              hint: hand it on behind the script, which calls it `$1`: `["sh", "-c", "exec serve --port \"$1\"", "sh", "${services.NAME.port}"]`
            envs/rates/env.toml:17:11: `${services.a.host}` cannot stand in the name of the program
              17 | process = ['${services.a.host}', 'd']
                 |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^
            envs/rates/env.toml:19:36: `${services.a.port}`, which is known only while the environment runs, cannot stand in `services.e.process.build.command`
              19 | process = { command = 'e', build = ['make', '${services.a.port}'] }
                 |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"#]],
    );
}

#[test]
fn processes() {
    check(
        "[services.a]\nprocess = { build = { inputs = ['src'], environment = { 'A B' = 1 } }, \
         environment = { 'C=D' = 1 } }\n\
         [services.b]\nprocess = { command = ['b', '--port', '${services.b.ports.http}', '${HOME}'], comand = 'x' }\n\
         ports = { http = 80 }\n\
         [services.c]\nprocess = { command = '' }\nimage = 'c:1'\n\
         [tasks.t]\nprocess = { working_dir = 'x' }\n\
         [tasks.u]\nservice = 'a'\n[tasks.v]\nservice = 'c'\nprocess = 'v'",
        &expect![[r#"
            envs/rates/env.toml:2:1: `services.a.process` is missing `command`
              2 | process = { build = { inputs = ['src'], environment = { 'A B' = 1 } }, environment = { 'C=D' = 1 } }
                | ^^^^^^^
            envs/rates/env.toml:2:13: `services.a.process.build` is missing `command`
              2 | process = { build = { inputs = ['src'], environment = { 'A B' = 1 } }, environment = { 'C=D' = 1 } }
                |             ^^^^^
            envs/rates/env.toml:2:57: `A B` is no name of a variable
              2 | process = { build = { inputs = ['src'], environment = { 'A B' = 1 } }, environment = { 'C=D' = 1 } }
                |                                                         ^^^^^
            envs/rates/env.toml:2:88: `C=D` is no name of a variable
              2 | process = { build = { inputs = ['src'], environment = { 'A B' = 1 } }, environment = { 'C=D' = 1 } }
                |                                                                                        ^^^^^
            envs/rates/env.toml:4:68: `${HOME}` names nothing that envctl knows
              4 | process = { command = ['b', '--port', '${services.b.ports.http}', '${HOME}'], comand = 'x' }
                |                                                                    ^^^^^^^
              hint: `${env:HOME}` reads a variable, `$${HOME}` writes `${HOME}`
            envs/rates/env.toml:4:79: unknown key `services.b.process.comand`
              4 | process = { command = ['b', '--port', '${services.b.ports.http}', '${HOME}'], comand = 'x' }
                |                                                                               ^^^^^^
              hint: did you mean `command`?
            envs/rates/env.toml:7:23: `services.c.process.command` is empty
              7 | process = { command = '' }
                |                       ^^
            envs/rates/env.toml:10:1: `tasks.t.process` is missing `command`
              10 | process = { working_dir = 'x' }
                 | ^^^^^^^
            envs/rates/env.toml:12:11: the service `a` has no image for a task to run in
              12 | service = 'a'
                 |           ^^^
              hint: say how it runs without one: `[tasks.u.process]`
            envs/rates/env.toml:13:8: `tasks.v` is missing `command`
              13 | [tasks.v]
                 |        ^
              hint: the service's own command would never end"#]],
    );
}

#[test]
fn ports() {
    api(
        "[services.a]\nimage = 'a:1'\nports = { x = 0, y = 65536, z = { container = 1, host = 0 }, \
         v = { host = 80 }, w = { container = 1, host = 'free', bind = 'localhost' } }\n",
        &expect![[r#"
            envs/rates/env.toml:6:15: `0` is no port: ports go from 1 to 65535
              6 | ports = { x = 0, y = 65536, z = { container = 1, host = 0 }, v = { host = 80 }, w = { container = 1, host = 'free', bind = 'localhost' } }
                |               ^
            envs/rates/env.toml:6:22: `65536` is no port: ports go from 1 to 65535
              6 | ports = { x = 0, y = 65536, z = { container = 1, host = 0 }, v = { host = 80 }, w = { container = 1, host = 'free', bind = 'localhost' } }
                |                      ^^^^^
            envs/rates/env.toml:6:57: `0` is no port: ports go from 1 to 65535
              6 | ports = { x = 0, y = 65536, z = { container = 1, host = 0 }, v = { host = 80 }, w = { container = 1, host = 'free', bind = 'localhost' } }
                |                                                         ^
              hint: for any free port, write `"any"` or leave `host` out
            envs/rates/env.toml:6:62: `services.a.ports.v` is missing `container`
              6 | ports = { x = 0, y = 65536, z = { container = 1, host = 0 }, v = { host = 80 }, w = { container = 1, host = 'free', bind = 'localhost' } }
                |                                                              ^
            envs/rates/env.toml:6:109: `services.a.ports.w.host` must be a port or "any"
              6 | ports = { x = 0, y = 65536, z = { container = 1, host = 0 }, v = { host = 80 }, w = { container = 1, host = 'free', bind = 'localhost' } }
                |                                                                                                             ^^^^^^
            envs/rates/env.toml:6:124: `localhost` is no IP address
              6 | ports = { x = 0, y = 65536, z = { container = 1, host = 0 }, v = { host = 80 }, w = { container = 1, host = 'free', bind = 'localhost' } }
                |                                                                                                                            ^^^^^^^^^^^
              hint: write `127.0.0.1`, or `0.0.0.0` for every interface"#]],
    );
    check(
        "[services.a]\nimage = 'a:1'\nports = { x = { container = 1, host = 3000 } }\n\
         [services.b]\nimage = 'a:1'\nports = { x = { container = 2, host = 3000 }, \
         y = { container = 3, host = 3000, bind = '127.0.0.2' } }",
        &expect![[r#"
            envs/rates/env.toml:6:39: `services.b.ports.x` and `services.a.ports.x` both want host port 3000
              6 | ports = { x = { container = 2, host = 3000 }, y = { container = 3, host = 3000, bind = '127.0.0.2' } }
                |                                       ^^^^"#]],
    );
}

#[test]
fn a_known_password_stays_on_loopback() {
    let db = "[services.db]\nkind = 'postgres'\nports = { postgres = { bind = '0.0.0.0' } }\n";
    check(db, &expect!["no mistakes"]);
    check(
        &format!("{db}password = 'postgres'"),
        &expect![[r#"
        envs/rates/env.toml:3:31: `db` would be published on 0.0.0.0 with a password that everybody knows
          3 | ports = { postgres = { bind = '0.0.0.0' } }
            |                               ^^^^^^^^^
          hint: set `services.db.password`, best from a secret: `"${secret:NAME}"`"#]],
    );
    check(
        &db.replace("'0.0.0.0'", "'127.0.0.3'"),
        &expect!["no mistakes"],
    );
    check(&format!("{db}password = 'x'"), &expect!["no mistakes"]);
}

#[test]
fn durations_sizes_and_policies() {
    api(
        "stop_grace_period = '10'\nready_timeout = '0s'\nmem_limit = '512x'\nshm_size = -1\ncpus = 0\n\
         pids_limit = 0\nrestart = 'sometimes'\nstop_signal = 'INT'\nworking_dir = 'app'\n\
         tmpfs = ['/run', 'tmp']\ncommand = \"it's\"\nentrypoint = []\n",
        &expect![[r#"
            envs/rates/env.toml:4:21: `10` is no duration
              4 | stop_grace_period = '10'
                |                     ^^^^
              hint: write `500ms`, `10s`, `1m30s` or `2h`
            envs/rates/env.toml:5:17: `services.api.ready_timeout` must be more than 0
              5 | ready_timeout = '0s'
                |                 ^^^^
            envs/rates/env.toml:6:13: `services.api.mem_limit` is no size
              6 | mem_limit = '512x'
                |             ^^^^^^
              hint: write `64m`, `512mb`, `1gb` or a number of bytes
            envs/rates/env.toml:7:12: `services.api.shm_size` is no size
              7 | shm_size = -1
                |            ^^
              hint: write `64m`, `512mb`, `1gb` or a number of bytes
            envs/rates/env.toml:8:8: `0` is no number of processors
              8 | cpus = 0
                |        ^
            envs/rates/env.toml:9:14: `0` is no number of processes
              9 | pids_limit = 0
                |              ^
            envs/rates/env.toml:10:11: `sometimes` is no restart policy
              10 | restart = 'sometimes'
                 |           ^^^^^^^^^^^
              hint: write `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`
            envs/rates/env.toml:11:15: `INT` is no name of a signal
              11 | stop_signal = 'INT'
                 |               ^^^^^
              hint: write `SIGTERM`, `SIGINT`, `SIGQUIT`
            envs/rates/env.toml:12:15: `app` is no absolute path in the container
              12 | working_dir = 'app'
                 |               ^^^^^
            envs/rates/env.toml:13:18: `tmp` is no absolute path in the container
              13 | tmpfs = ['/run', 'tmp']
                 |                  ^^^^^
            envs/rates/env.toml:14:11: `services.api.command` has a quote that is not closed
              14 | command = "it's"
                 |           ^^^^^^"#]],
    );
}

#[test]
fn volumes() {
    api(
        "volumes = ['data', 'data:', 'data:data', 'Data:/d', './a:/d:rx', './a:/e', 'b:/e', 'c:/f:ro:x', ':/g']\n",
        &expect![[r#"
            envs/rates/env.toml:4:12: `data` is no volume: it has no source and target
              4 | volumes = ['data', 'data:', 'data:data', 'Data:/d', './a:/d:rx', './a:/e', 'b:/e', 'c:/f:ro:x', ':/g']
                |            ^^^^^^
              hint: write `name:/path`, `./folder:/path` or `./folder:/path:ro`
            envs/rates/env.toml:4:20: `data:` is no volume: `` is no absolute path
              4 | volumes = ['data', 'data:', 'data:data', 'Data:/d', './a:/d:rx', './a:/e', 'b:/e', 'c:/f:ro:x', ':/g']
                |                    ^^^^^^^
              hint: write `name:/path`, `./folder:/path` or `./folder:/path:ro`
            envs/rates/env.toml:4:29: `data:data` is no volume: `data` is no absolute path
              4 | volumes = ['data', 'data:', 'data:data', 'Data:/d', './a:/d:rx', './a:/e', 'b:/e', 'c:/f:ro:x', ':/g']
                |                             ^^^^^^^^^^^
              hint: write `name:/path`, `./folder:/path` or `./folder:/path:ro`
            envs/rates/env.toml:4:42: `Data:/d` is no volume: `Data` is no name: lower-case letters, digits, `-` and `_`, starting with a letter or digit
              4 | volumes = ['data', 'data:', 'data:data', 'Data:/d', './a:/d:rx', './a:/e', 'b:/e', 'c:/f:ro:x', ':/g']
                |                                          ^^^^^^^^^
              hint: write `name:/path`, `./folder:/path` or `./folder:/path:ro`
            envs/rates/env.toml:4:53: `./a:/d:rx` is no volume: `rx` is neither `ro` nor `rw`
              4 | volumes = ['data', 'data:', 'data:data', 'Data:/d', './a:/d:rx', './a:/e', 'b:/e', 'c:/f:ro:x', ':/g']
                |                                                     ^^^^^^^^^^^
              hint: write `name:/path`, `./folder:/path` or `./folder:/path:ro`
            envs/rates/env.toml:4:76: two volumes at `/e`
              4 | volumes = ['data', 'data:', 'data:data', 'Data:/d', './a:/d:rx', './a:/e', 'b:/e', 'c:/f:ro:x', ':/g']
                |                                                                            ^^^^^^
            envs/rates/env.toml:4:84: `c:/f:ro:x` is no volume: `x` is neither `ro` nor `rw`
              4 | volumes = ['data', 'data:', 'data:data', 'Data:/d', './a:/d:rx', './a:/e', 'b:/e', 'c:/f:ro:x', ':/g']
                |                                                                                    ^^^^^^^^^^^
              hint: write `name:/path`, `./folder:/path` or `./folder:/path:ro`
            envs/rates/env.toml:4:97: `:/g` is no volume: it has no source and target
              4 | volumes = ['data', 'data:', 'data:data', 'Data:/d', './a:/d:rx', './a:/e', 'b:/e', 'c:/f:ro:x', ':/g']
                |                                                                                                 ^^^^^
              hint: write `name:/path`, `./folder:/path` or `./folder:/path:ro`"#]],
    );
}

#[test]
fn dependencies() {
    check(
        "[services.a]\nimage = 'x:1'\ndepends_on = ['b', 'bb', 'c']\n\
         [services.b]\nimage = 'x:1'\ndepends_on = { c = 'service_healthy', a = 'done' }\n\
         [services.c]\nimage = 'x:1'\ndepends_on = ['c', 't']\n\
         [tasks.t]\nimage = 'x:1'\ndepends_on = ['a']",
        &expect![[r#"
            envs/rates/env.toml:3:20: there is no service or task `bb` to depend on
              3 | depends_on = ['b', 'bb', 'c']
                |                    ^^^^
              hint: did you mean `b`?
            envs/rates/env.toml:3:26: a cycle in `depends_on`: a -> c -> t -> a
              3 | depends_on = ['b', 'bb', 'c']
                |                          ^^^
            envs/rates/env.toml:6:20: there is no condition `service_healthy`
              6 | depends_on = { c = 'service_healthy', a = 'done' }
                |                    ^^^^^^^^^^^^^^^^^
              hint: write `ready`
            envs/rates/env.toml:6:43: there is no condition `done`
              6 | depends_on = { c = 'service_healthy', a = 'done' }
                |                                           ^^^^^^
              hint: the conditions are `ready` and `started`
            envs/rates/env.toml:9:15: a cycle in `depends_on`: c -> c
              9 | depends_on = ['c', 't']
                |               ^^^"#]],
    );
}

#[test]
fn healthchecks() {
    check(
        "[services.a]\nimage = 'x:1'\nhealthcheck = { http = 'x' }\n\
         [services.b]\nimage = 'x:1'\nports = { x = 1, y = 2 }\nhealthcheck = { http = '/' }\n\
         [services.c]\nimage = 'x:1'\nports = { x = 1, y = 2 }\nhealthcheck = { tcp = 'z', http = '/' }\n\
         [services.d]\nimage = 'x:1'\nports = { http = 1 }\nhealthcheck = { tcp = 'htp' }\n\
         [services.e]\nimage = 'x:1'\nhealthcheck = {}",
        &expect![[r#"
            envs/rates/env.toml:3:1: `services.a.healthcheck` does not say which port
              3 | healthcheck = { http = 'x' }
                | ^^^^^^^^^^^
              hint: the service has none
            envs/rates/env.toml:3:24: the path `x` does not start with `/`
              3 | healthcheck = { http = 'x' }
                |                        ^^^
            envs/rates/env.toml:7:1: `services.b.healthcheck` does not say which port
              7 | healthcheck = { http = '/' }
                | ^^^^^^^^^^^
              hint: the service has `x`, `y`
            envs/rates/env.toml:11:1: `services.c.healthcheck` needs one of `http`, `tcp` and `command`
              11 | healthcheck = { tcp = 'z', http = '/' }
                 | ^^^^^^^^^^^
              hint: write `{ http = "/" }`, `{ tcp = "port" }` or `{ command = ["…"] }`; `healthcheck = false` asks nobody
            envs/rates/env.toml:15:23: there is no port `htp`
              15 | healthcheck = { tcp = 'htp' }
                 |                       ^^^^^
              hint: did you mean `http`?
            envs/rates/env.toml:18:1: `services.e.healthcheck` needs one of `http`, `tcp` and `command`
              18 | healthcheck = {}
                 | ^^^^^^^^^^^
              hint: write `{ http = "/" }`, `{ tcp = "port" }` or `{ command = ["…"] }`; `healthcheck = false` asks nobody"#]],
    );
}

#[test]
fn env_files() {
    api(
        "env_file = ['none.env', 'bad.env']\n",
        &expect![[r#"
            envs/rates/env.toml:4:13: cannot read the env file `envs/rates/none.env`: there is no such file
              4 | env_file = ['none.env', 'bad.env']
                |             ^^^^^^^^^^
            envs/rates/env.toml:4:25: cannot read the env file `envs/rates/bad.env`: there is no such file
              4 | env_file = ['none.env', 'bad.env']
                |                         ^^^^^^^^^"#]],
    );
    let bad = given(&format!(
        "{API}env_file = 'bad.env'\nenvironment = {{ 'A B' = 1 }}"
    ));
    expect![[r#"
        envs/rates/env.toml:4:12: cannot read the env file `envs/rates/bad.env`: line 2: it has no `=`
          4 | env_file = 'bad.env'
            |            ^^^^^^^^^
        envs/rates/env.toml:5:17: `A B` is no name of a variable
          5 | environment = { 'A B' = 1 }
            |                 ^^^^^"#]]
    .assert_eq(&bad.file("envs/rates/bad.env", "A=1\nB").mistakes());
}

#[test]
fn seeds_and_tasks() {
    api(
        "[services.db]\nkind = 'postgres'\n[tasks.load]\nimage = 'x:1'\n\
         [tasks.both]\nimage = 'x:1'\nservice = 'api'\n[tasks.neither]\ncommand = 'x'\n\
         [tasks.gone]\nservice = 'apo'\ncommand = 'x'\n[tasks.idle]\nservice = 'api'\n\
         [services.bare]\nprocess = 'x'\n[tasks.base]\nservice = 'bare'\ncommand = 'x'\n\
         [seeds.a]\nservice = 'db'\nfile = 'a.dump'\n[seeds.b]\nservice = 'api'\nfile = 'a.sql'\n\
         [seeds.c]\nservice = 'dp'\n[seeds.d]\nfile = 'a.sql'",
        &expect![[r#"
            envs/rates/env.toml:8:8: `tasks.both` has both `image` and `service`
              8 | [tasks.both]
                |        ^^^^
              hint: take one out: a task runs in the image of its service
            envs/rates/env.toml:11:8: `tasks.neither` needs one of `image`, `service` and `process`
              11 | [tasks.neither]
                 |        ^^^^^^^
            envs/rates/env.toml:14:11: there is no service `apo`
              14 | service = 'apo'
                 |           ^^^^^
              hint: did you mean `api`?
            envs/rates/env.toml:16:8: `tasks.idle` is missing `command`
              16 | [tasks.idle]
                 |        ^^^^
              hint: the service's own command would never end
            envs/rates/env.toml:21:11: the service `bare` has no image for a task to run in
              21 | service = 'bare'
                 |           ^^^^^^
              hint: say how it runs without one: `[tasks.base.process]`
            envs/rates/env.toml:25:8: `a.dump` is no dump that envctl can load
              25 | file = 'a.dump'
                 |        ^^^^^^^^
              hint: it loads `.sql` and `.sql.gz`
            envs/rates/env.toml:27:11: the service `api` is no database
              27 | service = 'api'
                 |           ^^^^^
              hint: known: `db`
            envs/rates/env.toml:29:8: `seeds.c` needs one of `file` and `task`
              29 | [seeds.c]
                 |        ^
              hint: `file` is a dump, `.sql` or `.sql.gz`; `task` a task that sends data
            envs/rates/env.toml:30:11: there is no service `dp`
              30 | service = 'dp'
                 |           ^^^^
              hint: did you mean `db`?
            envs/rates/env.toml:31:8: `seeds.d` is missing `service`
              31 | [seeds.d]
                 |        ^
              hint: the `postgres` service that the data goes to"#]],
    );
}

#[test]
fn tasks_that_bring_data() {
    api(
        "[services.db]\nkind = 'postgres'\nmigrations = { task = 'migrate' }\n\
         [services.other]\nkind = 'postgres'\nmigrations = { task = 'migrat' }\n\
         [services.third]\nkind = 'postgres'\nmigrations = { task = 'sned', dir = 'm' }\n\
         [services.web]\nimage = 'x:1'\ndepends_on = ['send', 'migrate']\n\
         [tasks.migrate]\nimage = 'x:1'\ndepends_on = ['db', 'api']\n\
         [tasks.send]\nimage = 'x:1'\n\
         [seeds.a]\nservice = 'db'\ntask = 'send'\nfile = 'a.sql'\n\
         [seeds.b]\nservice = 'db'\ntask = 'sent'\n[seeds.c]\nservice = 'db'\ntask = 'send'\n\
         [seeds.d]\nservice = 'db'\ntask = 'send'\n\
         [seeds.e]\nservice = 'db'\nfile = 'a.sql'\ninputs = ['x']\n",
        &expect![[r#"
            envs/rates/env.toml:6:23: the task `migrate` depends on `api`
              6 | migrations = { task = 'migrate' }
                |                       ^^^^^^^^^
              hint: what migrates `db` can wait for that alone
            envs/rates/env.toml:9:23: there is no task `migrat`
              9 | migrations = { task = 'migrat' }
                |                       ^^^^^^^^
              hint: did you mean `migrate`?
            envs/rates/env.toml:12:1: `services.third.migrations` has both `dir` and `task`
              12 | migrations = { task = 'sned', dir = 'm' }
                 | ^^^^^^^^^^
              hint: take one out: a task migrates in envctl's place
            envs/rates/env.toml:12:23: there is no task `sned`
              12 | migrations = { task = 'sned', dir = 'm' }
                 |                       ^^^^^^
              hint: did you mean `send`?
            envs/rates/env.toml:15:15: nothing can wait for the task of `seeds.d`
              15 | depends_on = ['send', 'migrate']
                 |               ^^^^^^
              hint: it sends its data once the services run
            envs/rates/env.toml:15:23: nothing can wait for the task of `services.db.migrations`
              15 | depends_on = ['send', 'migrate']
                 |                       ^^^^^^^^^
              hint: depend on the database, which is ready when its migrations are in
            envs/rates/env.toml:21:8: `seeds.a` has both `file` and `task`
              21 | [seeds.a]
                 |        ^
              hint: make it two seeds: dumps are loaded first
            envs/rates/env.toml:27:8: there is no task `sent`
              27 | task = 'sent'
                 |        ^^^^^^
              hint: did you mean `send`?
            envs/rates/env.toml:33:8: the task `send` brings the data of `seeds.c` already
              33 | task = 'send'
                 |        ^^^^^^
              hint: give each its own task
            envs/rates/env.toml:37:10: `inputs` goes with `task`
              37 | inputs = ['x']
                 |          ^^^^^
              hint: a dump is compared by its content"#]],
    );
}

#[test]
fn checks() {
    api(
        "[services.db]\nkind = 'postgres'\n[services.two]\nimage = 'x:1'\nports = { a = 1, b = 2 }\n\
         [services.none]\nimage = 'x:1'\n\
         [smoke.a]\nget = '/'\n[smoke.b]\nservice = 'apy'\nget = 'x'\n[smoke.c]\nservice = 'db'\nget = '/'\n\
         [smoke.d]\nservice = 'two'\nget = '/'\n[smoke.e]\nservice = 'none'\nget = '/'\n\
         [smoke.f]\nservice = 'two'\nport = 'c'\nget = '/'\npost = '/'\n[smoke.g]\nservice = 'api'\n\
         [smoke.h]\nservice = 'api'\nmethod = 'G T'\n[smoke.i]\nservice = 'api'\nget = '/'\npath = '/x'\n\
         status = [99, '6xx', '2xx', true]\nbody = 'x'\njson_body = 1\nrows = []\ntimeout = '0s'\n\
         [smoke.j]\nservice = 'api'\nsql = 'SELECT 1'\nstatus = 200\nrows = [1]\n\
         [smoke.k]\nservice = 'db'\nsql = '${services.db.url}'",
        &expect![[r#"
            envs/rates/env.toml:11:8: `smoke.a` is missing `service`
              11 | [smoke.a]
                 |        ^
              hint: the service to ask
            envs/rates/env.toml:14:11: there is no service `apy`
              14 | service = 'apy'
                 |           ^^^^^
              hint: did you mean `api`?
            envs/rates/env.toml:15:7: the path `x` does not start with `/`
              15 | get = 'x'
                 |       ^^^
            envs/rates/env.toml:17:11: `db` is a database: it answers no HTTP
              17 | service = 'db'
                 |           ^^^^
              hint: ask it with `sql = "SELECT …"`
            envs/rates/env.toml:20:11: the service `two` has several ports
              20 | service = 'two'
                 |           ^^^^^
              hint: add `port`: `a`, `b`
            envs/rates/env.toml:23:11: the service `none` has no port
              23 | service = 'none'
                 |           ^^^^^^
            envs/rates/env.toml:25:8: `get`, `post` exclude each other
              25 | [smoke.f]
                 |        ^
            envs/rates/env.toml:30:8: `smoke.g` does not say what to ask
              30 | [smoke.g]
                 |        ^
              hint: write `get = "/path"`, `sql = "SELECT …"`, or one of `websocket`, `redis`, `tcp`, `exec`, `command`, `hurl`
            envs/rates/env.toml:32:8: `smoke.h` is missing `path`
              32 | [smoke.h]
                 |        ^
            envs/rates/env.toml:34:10: `G T` is no HTTP method
              34 | method = 'G T'
                 |          ^^^^^
            envs/rates/env.toml:38:1: `path` does not go with `get`
              38 | path = '/x'
                 | ^^^^
            envs/rates/env.toml:39:11: 99 is no HTTP status
              39 | status = [99, '6xx', '2xx', true]
                 |           ^^
              hint: write `200`, `"2xx"` or `[200, 404]`
            envs/rates/env.toml:39:15: "6xx" is no HTTP status
              39 | status = [99, '6xx', '2xx', true]
                 |               ^^^^^
              hint: write `200`, `"2xx"` or `[200, 404]`
            envs/rates/env.toml:39:29: true is no HTTP status
              39 | status = [99, '6xx', '2xx', true]
                 |                             ^^^^
              hint: write `200`, `"2xx"` or `[200, 404]`
            envs/rates/env.toml:41:13: `body`, `json_body` exclude each other
              41 | json_body = 1
                 |             ^
            envs/rates/env.toml:42:1: `rows` does not go with a request
              42 | rows = []
                 | ^^^^
            envs/rates/env.toml:43:11: `smoke.i.timeout` must be more than 0
              43 | timeout = '0s'
                 |           ^^^^
            envs/rates/env.toml:45:11: the service `api` is no database
              45 | service = 'api'
                 |           ^^^^^
              hint: known: `db`
            envs/rates/env.toml:47:1: `status` does not go with `sql`
              47 | status = 200
                 | ^^^^^^
            envs/rates/env.toml:48:8: `rows` wants a list of rows, each a list of values
              48 | rows = [1]
                 |        ^^^
              hint: for example `rows = [[1, "one"], [2, "two"]]`
            envs/rates/env.toml:51:7: `${services.db.url}`, which is known only while the environment runs, cannot stand in `smoke.k.sql`
              51 | sql = '${services.db.url}'
                 |       ^^^^^^^^^^^^^^^^^^^^"#]],
    );
}

#[test]
fn matchers() {
    api(
        "[smoke.a]\nservice = 'api'\nget = '/'\ntext = { startswith = 'x' }\n\
         [smoke.a.json]\n'$.a' = {}\n'$.b' = { aprox = 1 }\n'$.c' = { '<' = 'x' }\n'$.d' = { within = 1 }\n\
         '$.e' = { approx = 1, within = -1 }\n'$.f' = { length = -1 }\n'$.g' = { type = 'text' }\n\
         '$.h' = { exists = 1 }\n'$.i' = { day = 1 }\n'$.s' = ['${services.api.url}']\n'$.j' = nan\n'x' = 1\n'$.k[' = 1",
        &expect![[r#"
            envs/rates/env.toml:7:10: there is no operator `startswith`
              7 | text = { startswith = 'x' }
                |          ^^^^^^^^^^
              hint: an object to compare with is `{ equal = { … } }`; the operators are `equal`, `not`, `approx`, `within`, `<`, `<=`, `>`, `>=`, `length`, `type`, `contains`, `matches`, `exists`, `absent`, `any`, `all`
            envs/rates/env.toml:9:9: the expectation has no operator
              9 | '$.a' = {}
                |         ^^
              hint: an empty object is `{ equal = {} }`
            envs/rates/env.toml:10:11: there is no operator `aprox`
              10 | '$.b' = { aprox = 1 }
                 |           ^^^^^
              hint: did you mean `approx`?
            envs/rates/env.toml:11:17: `<` wants a number, not "x"
              11 | '$.c' = { '<' = 'x' }
                 |                 ^^^
            envs/rates/env.toml:12:11: `within` belongs to `approx`
              12 | '$.d' = { within = 1 }
                 |           ^^^^^^
            envs/rates/env.toml:13:32: `within` wants a number that is not negative
              13 | '$.e' = { approx = 1, within = -1 }
                 |                                ^^
            envs/rates/env.toml:14:20: `length` wants a number of elements, not -1
              14 | '$.f' = { length = -1 }
                 |                    ^^
            envs/rates/env.toml:15:18: there is no type "text"
              15 | '$.g' = { type = 'text' }
                 |                  ^^^^^^
              hint: known: `null`, `boolean`, `number`, `integer`, `string`, `array`, `object`
            envs/rates/env.toml:16:20: `exists` wants `true` or `false`, not 1
              16 | '$.h' = { exists = 1 }
                 |                    ^
            envs/rates/env.toml:17:11: there is no operator `day`
              17 | '$.i' = { day = 1 }
                 |           ^^^
              hint: an object to compare with is `{ equal = { … } }`; the operators are `equal`, `not`, `approx`, `within`, `<`, `<=`, `>`, `>=`, `length`, `type`, `contains`, `matches`, `exists`, `absent`, `any`, `all`
            envs/rates/env.toml:19:9: a number without an end cannot stand in JSON
              19 | '$.j' = nan
                 |         ^^^
            envs/rates/env.toml:20:1: `x` is no JSONPath (character 1)
              20 | 'x' = 1
                 | ^^^
              hint: for example `"$.rates[0].price"`
            envs/rates/env.toml:21:1: `$.k[` is no JSONPath (character 4)
              21 | '$.k[' = 1
                 | ^^^^^^
              hint: for example `"$.rates[0].price"`"#]],
    );
}

#[test]
fn files_of_a_service() {
    let lb = "[services.lb]\nimage = 'lb:1'\nports.http = 80\nreload = 'HUP'\nenvironment.A = '${services.api.files.a}'\n\
              [services.lb.files.a]\ntemplate = 'open.cfg'\npath = 'etc/x'\nvalues.x = ['1']\n\
              [services.lb.files.b]\ntemplate = 'asks.cfg'\npath = '/etc/b'\nvalues = { servers = '${services.db.addresses}' }\n\
              [services.lb.files.c]\ntemplate = 'gone.cfg'\npath = '/etc/b'\nmode = 0\n\
              [services.lb.files.d]\n\
              [services.db]\nkind = 'redis'\nfiles.x = { template = 'asks.cfg', path = '/x' }\n\
              [services.api]\nimage = 'api:1'\nfiles.a = { template = 'asks.cfg', path = '/x' }\n\
              environment.B = '${services.api.files.b}${services.lb.addresses}'\nupdate_config = { parallelism = 2, delay = 'soon' }\n\
              [services.mute]\nimage = 'mute:1'\nenvironment.C = '${services.mute.addresses}'\n";
    let base = given(lb)
        .file("envs/rates/open.cfg", "first\n{% for x in y %}")
        .file("envs/rates/asks.cfg", "{{ server }}{{ servers }}");
    expect![[r#"
        envs/rates/env.toml:4:10: `HUP` is no signal that a program reads its files again at
          4 | reload = 'HUP'
            |          ^^^^^
          hint: write `SIGHUP`, `SIGUSR1` or `SIGUSR2`, as its manual says
        envs/rates/env.toml:5:18: `${services.api.files.a}` can only stand in the service `api`
          5 | environment.A = '${services.api.files.a}'
            |                  ^^^^^^^^^^^^^^^^^^^^^^^
          hint: the file is made for that one, and no other one sees it
        envs/rates/env.toml:7:12: the template cannot be read: line 2: unexpected end of input, expected end of block
          7 | template = 'open.cfg'
            |            ^^^^^^^^^^
        envs/rates/env.toml:8:8: `etc/x` is no absolute path in the container
          8 | path = 'etc/x'
            |        ^^^^^^^
        envs/rates/env.toml:9:12: `services.lb.files.a.values.x` must be a text, a number or a boolean, not a list
          9 | values.x = ['1']
            |            ^^^^^
        envs/rates/env.toml:11:12: the template asks for `server`, which has no value
          11 | template = 'asks.cfg'
             |            ^^^^^^^^^^
          hint: did you mean `servers`?
        envs/rates/env.toml:15:12: cannot read the template `envs/rates/gone.cfg`: there is no such file
          15 | template = 'gone.cfg'
             |            ^^^^^^^^^^
        envs/rates/env.toml:17:1: unknown key `services.lb.files.c.mode`
          17 | mode = 0
             | ^^^^
          hint: known: `template`, `path`, `values`
        envs/rates/env.toml:18:20: `services.lb.files.d` is missing `template`
          18 | [services.lb.files.d]
             |                    ^
          hint: the path of a template, from the folder of this file
        envs/rates/env.toml:18:20: `services.lb.files.d` is missing `path`
          18 | [services.lb.files.d]
             |                    ^
          hint: where the service finds it in its container
        envs/rates/env.toml:21:1: `services.db.files` belongs to a service of kind `container`
          21 | files.x = { template = 'asks.cfg', path = '/x' }
             | ^^^^^
          hint: take it out
        envs/rates/env.toml:21:24: the template asks for `server`, which has no value
          21 | files.x = { template = 'asks.cfg', path = '/x' }
             |                        ^^^^^^^^^^
          hint: add `server = …` to `[services.db.files.x.values]`
        envs/rates/env.toml:21:24: the template asks for `servers`, which has no value
          21 | files.x = { template = 'asks.cfg', path = '/x' }
             |                        ^^^^^^^^^^
          hint: add `servers = …` to `[services.db.files.x.values]`
        envs/rates/env.toml:24:24: the template asks for `server`, which has no value
          24 | files.a = { template = 'asks.cfg', path = '/x' }
             |                        ^^^^^^^^^^
          hint: add `server = …` to `[services.api.files.a.values]`
        envs/rates/env.toml:24:24: the template asks for `servers`, which has no value
          24 | files.a = { template = 'asks.cfg', path = '/x' }
             |                        ^^^^^^^^^^
          hint: add `servers = …` to `[services.api.files.a.values]`
        envs/rates/env.toml:25:18: there is no file `services.api.files.b`
          25 | environment.B = '${services.api.files.b}${services.lb.addresses}'
             |                  ^^^^^^^^^^^^^^^^^^^^^^^
          hint: known: `a`
        envs/rates/env.toml:26:19: unknown key `services.api.update_config.parallelism`
          26 | update_config = { parallelism = 2, delay = 'soon' }
             |                   ^^^^^^^^^^^
          hint: take it out: replicas are restarted one by one
        envs/rates/env.toml:26:44: `soon` is no duration
          26 | update_config = { parallelism = 2, delay = 'soon' }
             |                                            ^^^^^^
          hint: write `500ms`, `10s`, `1m30s` or `2h`
        envs/rates/env.toml:29:18: `mute` has no port, so it has no address
          29 | environment.C = '${services.mute.addresses}'
             |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^
          hint: declare one: `ports = { http = 3000 }` in `[services.mute]`"#]].assert_eq(&base.mistakes());
}

#[test]
fn a_file_that_could_not_be_made() {
    let lb = "[services.lb]\nimage = 'lb:1'\ntmpfs = '/run:size=1m'\nreload = 'SIGKILL'\n\
              [services.lb.files.a]\ntemplate = 'a.cfg'\npath = '/etc/../x'\nvalues.port = 1\n\
              [services.lb.files.b]\ntemplate = 'b.cfg'\npath = '/run/b'\nvalues.all = '${services.api.addresses}'\n\
              [services.api]\nimage = 'api:1'\nports.http = 1\n\
              [services.cache]\nkind = 'redis'\nconfig = { user = 'x on', activerehashing = false }\n";
    let base = given(lb)
        .file("envs/rates/a.cfg", "{{ port | upside }}")
        .file(
            "envs/rates/b.cfg",
            "{% for it in all %}{{ it.host }}{% endfor %}{{ range(3) }}",
        );
    expect![[r#"
        envs/rates/env.toml:4:10: `SIGKILL` is no signal that a program reads its files again at
          4 | reload = 'SIGKILL'
            |          ^^^^^^^^^
          hint: write `SIGHUP`, `SIGUSR1` or `SIGUSR2`, as its manual says
        envs/rates/env.toml:6:12: the template cannot be filled: line 1: filter upside is unknown
          6 | template = 'a.cfg'
            |            ^^^^^^^
        envs/rates/env.toml:7:8: `/etc/../x` is no plain path of a file
          7 | path = '/etc/../x'
            |        ^^^^^^^^^^^
        envs/rates/env.toml:11:8: `/run/b` is in the `tmpfs` `/run`, which starts empty
          11 | path = '/run/b'
             |        ^^^^^^^^
        envs/rates/env.toml:18:12: `user` is set by envctl
          18 | config = { user = 'x on', activerehashing = false }
             |            ^^^^
          hint: use the key `password` of the service"#]]
    .assert_eq(&base.mistakes());
}

#[test]
fn urls_of_services() {
    check(
        "[services.a]\nimage = 'a:1'\nports = { amqp = 1, http = 2 }\nurl = 'amqp://${services.b.host}'\n\
         [services.b]\nimage = 'b:1'\nports = { http = 1 }\nurl = '${services.b.host}:1'\n\
         [services.c]\nimage = 'c:1'\nports = { one = 1, two = 2 }\nurl = 'nats://c:1'\n\
         [services.d]\nimage = 'd:1'\nports = { one = 1 }\nurl = 'x://${services.d.url}'\n\
         [services.e]\nimage = 'e:1'\nports = { one = 1 }\nurl = 'x://${services.e.ports.two}'\n",
        &expect![[r#"
            envs/rates/env.toml:4:7: `${services.b.host}` cannot stand in the URL of `a`
              4 | url = 'amqp://${services.b.host}'
                |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: it is made of the service's own `.host`, `.port`, `.ports.NAME` or `.addresses`
            envs/rates/env.toml:8:7: `services.b.url` does not begin with a scheme
              8 | url = '${services.b.host}:1'
                |       ^^^^^^^^^^^^^^^^^^^^^^
              hint: write `amqp://${services.b.host}:${services.b.port}`
            envs/rates/env.toml:12:7: `services.c.url` names no address of the service
              12 | url = 'nats://c:1'
                 |       ^^^^^^^^^^^^
              hint: write `amqp://${services.c.host}:${services.c.ports.one}`
            envs/rates/env.toml:16:7: `${services.d.url}` cannot stand in the URL of `d`
              16 | url = 'x://${services.d.url}'
                 |       ^^^^^^^^^^^^^^^^^^^^^^^
              hint: it is made of the service's own `.host`, `.port`, `.ports.NAME` or `.addresses`
            envs/rates/env.toml:20:12: there is no port `services.e.ports.two`
              20 | url = 'x://${services.e.ports.two}'
                 |            ^^^^^^^^^^^^^^^^^^^^^^^
              hint: known: `one`"#]],
    );
}
