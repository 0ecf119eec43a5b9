//! `${…}`: what it becomes, where it may stand, and secrets.

use expect_test::{Expect, expect};

use super::{API, Given, given};
use crate::model::{Kind, Secret};

fn show(given: &Given, expected: &Expect) {
    let all = given.show();
    let lines = all.lines().filter(|line| !line.ends_with("# default"));
    expected.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

fn wrong(given: &Given, expected: &Expect) {
    expected.assert_eq(&given.mistakes());
}

#[test]
fn a_reference_alone_keeps_its_type() {
    let base = given(
        "[vars]\nport = 3000\nratio = 1.5\non = true\nname = 'x'\nboth = '${vars.name}-${vars.port}'\n\
         [services.api]\nimage = 'api:${vars.both}'\nports = { http = '${vars.port}' }\n\
         cpus = '${vars.ratio}'\n\
         environment = { A = '${vars.ratio}', B = '${vars.on}${vars.port}', C = '${env:N}', \
         D = '${env:E:-d}', E = '${env:M:-}', F = '${instance}@${workspace}' }\n\
         [smoke.a]\nservice = 'api'\nget = '/'\neventually = '${vars.on}'\nstatus = '${env:N}'\n\
         json = { '$.a' = '${vars.port}', '$.b' = { '<' = '${env:N}' } }",
    );
    show(
        &base.variable("N", "200").variable("E", ""),
        &expect![[r#"
        [vars]
        port = 3000  # envs/rates/env.toml:2
        ratio = 1.5  # envs/rates/env.toml:3
        on = true  # envs/rates/env.toml:4
        name = "x"  # envs/rates/env.toml:5
        both = "x-3000"  # envs/rates/env.toml:6

        [services.api]
        image = "api:x-3000"  # envs/rates/env.toml:8
        cpus = 1.5  # envs/rates/env.toml:10

        [services.api.ports.http]
        container = 3000  # envs/rates/env.toml:9

        [services.api.environment]
        A = 1.5  # envs/rates/env.toml:11
        B = "true3000"  # envs/rates/env.toml:11
        C = "200"  # envs/rates/env.toml:11
        D = "d"  # envs/rates/env.toml:11
        E = ""  # envs/rates/env.toml:11
        F = "default@/w"  # envs/rates/env.toml:11

        [smoke.a]
        service = "api"  # envs/rates/env.toml:13
        get = "/"  # envs/rates/env.toml:14
        eventually = true  # envs/rates/env.toml:15
        status = 200  # envs/rates/env.toml:16

        [smoke.a.json]
        "$.a" = 3000  # envs/rates/env.toml:17
        "$.b" = { "<" = 200 }  # envs/rates/env.toml:17"#]],
    );
}

#[test]
fn addresses_and_images_stay_references() {
    let base = given(
        "[images.base]\npull = 'x:1'\n[images.api]\nbuild = { context = '.', args = { B = '${images.base}' } }\n\
         [services.db]\nkind = 'postgres'\n[services.api]\nimage = '${images.api}'\nports = { http = 1, x = 2 }\n\
         environment = { A = '${services.db.url}', B = '${services.api.ports.x}', C = '${services.api.host}:${services.api.port}' }\n\
         command = 'serve --url ${services.db.url} \"a b\"'",
    );
    show(
        &base,
        &expect![[r#"
        [images.base]
        pull = "x:1"  # envs/rates/env.toml:2

        [images.api.build]
        context = "."  # envs/rates/env.toml:4

        [images.api.build.args]
        B = "${images.base}"  # envs/rates/env.toml:4

        [services.db]
        kind = "postgres"  # envs/rates/env.toml:6

        [services.db.ports.postgres]

        [services.api]
        image = "${images.api}"  # envs/rates/env.toml:8
        command = "serve --url ${services.db.url} \"a b\""  # envs/rates/env.toml:11

        [services.api.ports.http]
        container = 1  # envs/rates/env.toml:9

        [services.api.ports.x]
        container = 2  # envs/rates/env.toml:9

        [services.api.environment]
        A = "${services.db.url}"  # envs/rates/env.toml:10
        B = "${services.api.ports.x}"  # envs/rates/env.toml:10
        C = "${services.api.host}:${services.api.port}"  # envs/rates/env.toml:10"#]],
    );
    let api = &base.environment().services["api"];
    let command = api.command.as_ref().expect("it was set");
    let words: Vec<_> = command.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["serve", "--url", "${services.db.url}", "a b"]);
    expect![[r#"Some(Named("api"))"#]].assert_eq(&format!("{:?}", api.image));
}

#[test]
fn a_script_on_the_host_gets_vars_only_and_an_argument_everything() {
    let base = given(
        "[vars]\nsuite = 'bullseye'\n[images.a]\nload = ['sh', '-c', 'echo ${HOME} ${vars.suite} $${vars.suite} ${instance} ${', '${env:X}', '${instance}']\n\
         [services.a]\nimage = 'a'\nprocess = { command = ['${vars.suite}', '--port=${services.b.port}', '${'], environment = { A = '${env:X}' } }\n\
         [services.b]\nimage = 'a'\nports = { http = 80 }\nprocess = 'b --at ${services.b.host}:${services.b.port} ${vars.suite}'",
    );
    show(
        &base.variable("X", "x"),
        &expect![[r#"
            [vars]
            suite = "bullseye"  # envs/rates/env.toml:2

            [images.a.load]
            command = ["sh", "-c", "echo $${HOME} bullseye $${vars.suite} $${instance} $${", "x", "default"]  # envs/rates/env.toml:4

            [services.a]
            image = "a"  # envs/rates/env.toml:6

            [services.a.process]
            command = ["bullseye", "--port=${services.b.port}", "$${"]  # envs/rates/env.toml:7

            [services.a.process.environment]
            A = "x"  # envs/rates/env.toml:7

            [services.b]
            image = "a"  # envs/rates/env.toml:9

            [services.b.ports.http]
            container = 80  # envs/rates/env.toml:10

            [services.b.process]
            command = "b --at ${services.b.host}:${services.b.port} bullseye"  # envs/rates/env.toml:11"#]],
    );
}

#[test]
fn wrong_references_are_shown_where_they_stand() {
    wrong(
        &given(
            "[vars]\na = '${vars.b}'\nb = '${vars.c}'\nc = 'x${vars.a}'\nd = '${vars.d}'\n\
             [services.api]\nimage = 'api:1'\n[services.two]\nimage = 'x:1'\nports = { a = 1, b = 2 }\n\
             [services.db]\nkind = 'postgres'\n\
             environment.A = 'a ${vars.zebra} ${HOME}'\nenvironment.B = '${env:NOPE}'\n\
             environment.C = '${open'\nenvironment.D = '${services.dp.url}'\n\
             environment.E = '${services.api.url}'\nenvironment.F = '${services.two.port}'\n\
             environment.G = '${services.db.ports.http}'\nenvironment.H = '${images.x}'\n\
             environment.I = '${services.db}'\nenvironment.J = '${secret:x}'",
        ),
        &expect![[r#"
            envs/rates/env.toml:4:7: a cycle in `[vars]`: a -> b -> c -> a
              4 | c = 'x${vars.a}'
                |       ^^^^^^^^^
            envs/rates/env.toml:5:6: a cycle in `[vars]`: d -> d
              5 | d = '${vars.d}'
                |      ^^^^^^^^^
            envs/rates/env.toml:13:20: there is no `vars.zebra`
              13 | environment.A = 'a ${vars.zebra} ${HOME}'
                 |                    ^^^^^^^^^^^^^
              hint: known: `a`, `b`, `c`, `d`
            envs/rates/env.toml:13:34: `${HOME}` names nothing that envctl knows
              13 | environment.A = 'a ${vars.zebra} ${HOME}'
                 |                                  ^^^^^^^
              hint: `${env:HOME}` reads a variable, `$${HOME}` writes `${HOME}`
            envs/rates/env.toml:14:18: the variable `NOPE` is not set
              14 | environment.B = '${env:NOPE}'
                 |                  ^^^^^^^^^^^
              hint: set it, or give a default: `${env:NOPE:-default}`
            envs/rates/env.toml:15:18: `${` without its `}`
              15 | environment.C = '${open'
                 |                  ^^^^^^
              hint: `$${` writes `${`
            envs/rates/env.toml:16:18: there is no service `dp`
              16 | environment.D = '${services.dp.url}'
                 |                  ^^^^^^^^^^^^^^^^^^
              hint: did you mean `db`?
            envs/rates/env.toml:17:18: `api` has no port, so it has no address
              17 | environment.E = '${services.api.url}'
                 |                  ^^^^^^^^^^^^^^^^^^^
              hint: declare one: `ports = { http = 3000 }` in `[services.api]`
            envs/rates/env.toml:18:18: `two` has several ports, and none is named `http`
              18 | environment.F = '${services.two.port}'
                 |                  ^^^^^^^^^^^^^^^^^^^^
              hint: name one: `${services.two.ports.a}`
            envs/rates/env.toml:19:18: there is no port `services.db.ports.http`
              19 | environment.G = '${services.db.ports.http}'
                 |                  ^^^^^^^^^^^^^^^^^^^^^^^^^
              hint: known: `postgres`
            envs/rates/env.toml:20:18: there is no image `x`
              20 | environment.H = '${images.x}'
                 |                  ^^^^^^^^^^^
            envs/rates/env.toml:21:18: `${services.db}` names nothing that envctl knows
              21 | environment.I = '${services.db}'
                 |                  ^^^^^^^^^^^^^^
              hint: there are `vars.NAME`, `env:NAME`, `env:NAME:-default`, `instance`, `workspace`, `secret:NAME`, `images.NAME`, and `services.NAME` with `.url`, `.host`, `.port`, `.ports.NAME`, `.addresses` or `.files.NAME`
            envs/rates/env.toml:22:18: there is no secret `x`
              22 | environment.J = '${secret:x}'
                 |                  ^^^^^^^^^^^
              hint: declare it: `[secrets.x]` with `env`, `file` or `command`"#]],
    );
}

#[test]
fn references_and_secrets_have_their_places() {
    let base = given(
        "[secrets]\nkey.env = 'KEY'\n[images.a]\npull = 'x:${secret:key}'\n\
         load = { command = ['a'], environment = { A = '${secret:key}' } }\n\
         [services.api]\nimage = 'a'\nports = { http = 1 }\nuser = '${services.api.port}'\n\
         healthcheck = { command = ['${secret:key}'] }\n\
         [services.db]\nkind = 'postgres'\npassword = '${services.api.host}'\ndatabase = '${secret:key}'\n\
         [smoke.a]\nservice = 'api'\npost = '/'\njson_body = { a = '${secret:key}' }",
    );
    wrong(
        &base.variable("KEY", "hunter2"),
        &expect![[r#"
            envs/rates/env.toml:4:8: a secret cannot stand in `images.a.pull`
              4 | pull = 'x:${secret:key}'
                |        ^^^^^^^^^^^^^^^^^
            envs/rates/env.toml:5:47: a secret cannot stand in `images.a.load.environment.A`
              5 | load = { command = ['a'], environment = { A = '${secret:key}' } }
                |                                               ^^^^^^^^^^^^^^^
            envs/rates/env.toml:9:8: `${services.api.port}`, which is known only while the environment runs, cannot stand in `services.api.user`
              9 | user = '${services.api.port}'
                |        ^^^^^^^^^^^^^^^^^^^^^^
            envs/rates/env.toml:10:27: a secret cannot stand in `services.api.healthcheck.command`
              10 | healthcheck = { command = ['${secret:key}'] }
                 |                           ^^^^^^^^^^^^^^^^^
            envs/rates/env.toml:13:12: `${services.api.host}` cannot stand in a password
              13 | password = '${services.api.host}'
                 |            ^^^^^^^^^^^^^^^^^^^^^^
            envs/rates/env.toml:14:12: a secret cannot stand in `services.db.database`
              14 | database = '${secret:key}'
                 |            ^^^^^^^^^^^^^^^"#]],
    );
}

#[test]
fn secrets_are_read_when_they_are_used_and_never_shown() {
    let base = given(
        "[secrets]\na.env = 'A'\nb.file = 'b.txt'\nc.command = 'pass show ${vars.x}'\nunused.env = 'NOPE'\n\
         [vars]\nx = 'db'\n[services.db]\nkind = 'postgres'\npassword = '${secret:a}'\n\
         environment = { B = 'x${secret:b}', C = '${secret:c}' }",
    )
    .file("envs/rates/b.txt", "bbb\r\n")
    .variable("A", "aaa");
    show(
        &base,
        &expect![[r#"
        [secrets.a]
        env = "A"  # envs/rates/env.toml:2

        [secrets.b]
        file = "b.txt"  # envs/rates/env.toml:3

        [secrets.c]
        command = "pass show db"  # envs/rates/env.toml:4

        [secrets.unused]
        env = "NOPE"  # envs/rates/env.toml:5

        [vars]
        x = "db"  # envs/rates/env.toml:7

        [services.db]
        kind = "postgres"  # envs/rates/env.toml:9
        password = "***"  # envs/rates/env.toml:10

        [services.db.environment]
        B = "x***"  # envs/rates/env.toml:11
        C = "***"  # envs/rates/env.toml:11

        [services.db.ports.postgres]"#]],
    );
    let environment = base.environment();
    let secrets: Vec<_> = environment.secrets.iter().map(Secret::expose).collect();
    assert_eq!(secrets, ["aaa", "bbb", "<pass show db>"]);
    expect![[r#"{"B": Template { parts: [Text("x"), Secret(***)] }, "C": Template { parts: [Secret(***)] }}"#]].assert_eq(&format!("{:?}", environment.services["db"].environment));
    expect![[r#"
        services.db.environment.B = "x***"
          from envs/rates/env.toml:11, written as "x${secret:b}""#]]
    .assert_eq(&base.explain("services.db.environment.B"));
    expect![[r#"
        services.db.password = "***"
          from envs/rates/env.toml:10, written as "${secret:a}""#]]
    .assert_eq(&base.explain("services.db.password"));
}

#[test]
fn missing_secrets_name_themselves() {
    let base = given(&format!(
        "{API}environment = {{ A = '${{secret:a}}', B = '${{secret:b}}${{secret:a}}', C = '${{secret:c}}', \
         D = '${{secret:d}}', E = '${{secret:e}}', F = '${{secret:f}}', G = '${{secret:g}}' }}\n\
         [secrets]\na.env = 'A'\nb.file = 'b.txt'\nc.command = []\nd = {{}}\ne = {{ env = 'A', file = 'x' }}\n\
         f.file = '${{secret:a}}'\n"
    ));
    wrong(
        &base,
        &expect![[r#"
            envs/rates/env.toml:4:147: there is no secret `g`
              4 | environment = { A = '${secret:a}', B = '${secret:b}${secret:a}', C = '${secret:c}', D = '${secret:d}', E = '${secret:e}', F = '${secret:f}', G = '${secret:g}' }
                |                                                                                                                                                   ^^^^^^^^^^^
              hint: known: `a`, `b`, `c`, `d`, `e`, `f`
            envs/rates/env.toml:6:9: the secret `a` is missing: the variable `A` is not set
              6 | a.env = 'A'
                |         ^^^
            envs/rates/env.toml:7:10: the secret `b` is missing: `envs/rates/b.txt`: there is no such file
              7 | b.file = 'b.txt'
                |          ^^^^^^^
            envs/rates/env.toml:8:13: `secrets.c.command` is empty
              8 | c.command = []
                |             ^^
            envs/rates/env.toml:9:1: `secrets.d` needs one of `env`, `file` and `command`
              9 | d = {}
                | ^
            envs/rates/env.toml:10:1: `secrets.e` needs one of `env`, `file` and `command`
              10 | e = { env = 'A', file = 'x' }
                 | ^
            envs/rates/env.toml:11:11: a secret cannot be made of another one
              11 | f.file = '${secret:a}'
                 |           ^^^^^^^^^^^"#]],
    );
}

#[test]
fn an_override_of_a_password_is_masked_everywhere() {
    let base = given("[services.db]\nkind = 'postgres'\npassword = 'first'")
        .file("envs/rates/local.toml", "services.db.password = '${env:P}'")
        .variable("P", "second")
        .set("services.db.password=third");
    expect![[r#"
        services.db.password = "***"
          from --set
          overrides "${env:P}" from envs/rates/local.toml:1
          overrides "***" from envs/rates/env.toml:3"#]]
    .assert_eq(&base.explain("services.db.password"));
    assert!(!base.explain("services.db").contains("third"));
    assert!(!base.show().contains("third"));
    let json = serde_json::to_string(&base.right().merged).expect("it is plain data");
    assert!(!json.contains("third"));
    let password = match &base.environment().services["db"].kind {
        Kind::Postgres(postgres) => postgres.password.clone(),
        Kind::Container | Kind::Redis(_) => panic!("it is a database"),
    };
    assert_eq!(password.expose(), "third");
}

#[test]
fn a_secret_whose_command_is_not_run_is_shown_as_such() {
    let mut given = given(
        "[secrets.a]\ncommand = 'pass a'\n[secrets.b]\nenv = 'B'\n\
         [services.db]\nkind = 'postgres'\nimage = 'postgres:13.5'\npassword = '${secret:a}'\n\
         environment = { A = 'x-${secret:a}', B = '${secret:b}' }\n",
    );
    given.variables.insert("B".to_owned(), "b".to_owned());
    given.looks = true;
    let resolved = given.right();
    assert_eq!(resolved.unread, ["a"]);
    let secrets = resolved.environment.secrets.iter().map(Secret::expose);
    let secrets: Vec<&str> = secrets.collect();
    assert_eq!(secrets, ["b"], "what is not known is not masked");
    let show = given.show();
    let lines = show
        .lines()
        .filter(|line| line.starts_with(['A', 'B', 'p']));
    expect![[r#"
        password = "<secret: command, not run>"  # envs/rates/env.toml:8
        A = "x-<secret: command, not run>"  # envs/rates/env.toml:9
        B = "***"  # envs/rates/env.toml:9"#]]
    .assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_runs_on_this_machine_is_listed() {
    let given = given(
        "[secrets.a]\ncommand = ['pass', 'show', 'a b']\n\
         [images.api]\nbuild = { context = '.', prepare = ['make', 'api'] }\nload = './load'\n\
         [services.api]\nimage = 'api'\nhealthcheck = { command = 'curl -f localhost' }\n\
         process = { command = ['./api', '$PORT'], build = 'make api' }\n\
         [services.db]\nkind = 'postgres'\nimage = 'postgres:13.5'\nprocess = { bin_dir = 'bin' }\n\
         [tasks.t]\nservice = 'api'\nprocess = { command = 'seed' }\n\
         [smoke.c]\ncommand = ['ls', '-l']\n[smoke.h]\nhurl = 'h.hurl'\n",
    );
    let runs = crate::config::runs::runs(&given.resolve().0.expect("a tree").merged.root);
    let lines = runs.iter().map(|run| format!("{}: {}", run.key, run.words));
    expect![[r#"
        secrets.a.command: pass show 'a b'
        images.api.build.prepare.command: make api
        images.api.load.command: ./load
        services.api.healthcheck.command: curl -f localhost
        services.api.process.command: ./api '$PORT'
        services.api.process.build.command: make api
        services.db.process.bin_dir: bin
        tasks.t.process.command: seed
        smoke.c.command: ls -l
        smoke.h.hurl: h.hurl"#]]
    .assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}
