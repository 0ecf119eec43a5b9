//! Checks of every kind, their cases, and how they stand to each other.

use expect_test::{Expect, expect};

use super::{API, given};
use crate::model::{Action, Check};

/// An environment with a service of every kind.
const ALL: &str = "[services.db]\nkind = 'postgres'\n[services.cache]\nkind = 'redis'\n";

fn environment(checks: &str) -> String {
    format!("{API}{ALL}{checks}")
}

fn wrong(checks: &str, expected: &Expect) {
    expected.assert_eq(&given(&environment(checks)).mistakes());
}

/// Every check in a line: its name and what is picked of it.
fn read(checks: &str, pick: impl Fn(&Check) -> String, expected: &Expect) {
    let environment = given(&environment(checks)).environment();
    let lines: Vec<String> = environment
        .checks
        .iter()
        .map(|(name, check)| format!("{name}: {}", pick(check)))
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn every_kind_is_read() {
    let checks = "[smoke.a]\nservice = 'api'\nget = '/x'\nredirects = 3\ntls = {}\nbearer = 't'\n\
        [smoke.b]\nservice = 'api'\nwebsocket = '/w'\nsend = ['hi', { a = 1 }]\n\
        messages = ['one', { text = { contains = 'x' } }, { json = { '$.a' = 1 } }]\n\
        [smoke.c]\nservice = 'cache'\nredis = 'GET \"a b\"'\nvalue = 1\n\
        [smoke.d]\nservice = 'db'\ntcp = 'postgres'\nsend = 'x'\n\
        [smoke.e]\nservice = 'api'\nexec = ['ls', '${services.api.port}']\nexit_code = [0, 2]\n\
        [smoke.f]\ncommand = ['ls', '$${HOME}', '${services.api.port}']\nstdin = 'x'\n\
        [smoke.g]\nservice = 'api'\nmethod = 'purge'\npath = '/'\n\
        [smoke.h]\nservice = 'api'\npost = '/'\nform = { a = 1, b = 'x' }\n\
        [smoke.i]\nservice = 'api'\npost = '/'\nmultipart = { a = 'x', b = { text = 'y', file_name = 'z' } }\n";
    let pick = |check: &Check| match &check.action {
        Action::Http(action) => format!("{} {:?}", action.method, action.body.is_some()),
        Action::WebSocket(action) => {
            let send: Vec<_> = action
                .send
                .iter()
                .map(|json| json.value.to_string())
                .collect();
            format!(
                "{} {} messages",
                send.join(" "),
                check.expect.messages.len()
            )
        }
        Action::Redis(action) => format!("{} words", action.words.len()),
        Action::Tcp(action) => action.port.port.clone(),
        Action::Exec(action) => format!("{} {:?}", action.words[1], check.expect.exit_code),
        Action::Command(action) => {
            let words = action.words.iter().map(ToString::to_string);
            let words: Vec<String> = words.collect();
            format!("{words:?} in {}", action.working_dir.display())
        }
        Action::Sql(_) | Action::Hurl(_) => String::new(),
    };
    read(
        checks,
        pick,
        &expect![[r#"
            a: GET false
            b: "hi" {"a":1} 3 messages
            c: 2 words
            d: postgres
            e: ${services.api.port} [0, 2]
            f: ["ls", "${HOME}", "${services.api.port}"] in /w
            g: PURGE false
            h: POST true
            i: POST true"#]],
    );
}

#[test]
fn a_case_fills_its_values() {
    let checks = "[smoke.a]\nservice = 'api'\nget = '/p/${each.code}?x=${each.n}'\nstatus = '${each.status}'\n\
        json = { '$.n' = '${each.n}', '$.l' = { contains = '${each.code}' } }\ntimeout = '${each.wait}'\n\
        each = [{ code = 'x', n = 1, status = [200, 404], wait = '1s' }, \
        { name = 'second', code = 'y', n = 2.5, status = '2xx', wait = '2s' }]\n\
        [smoke.b]\nservice = 'api'\nget = '${each.value}'\neach = ['/', '/b', '/']\n";
    let pick = |check: &Check| {
        let Action::Http(action) = &check.action else {
            return String::new();
        };
        format!(
            "{} {:?} {:?} {:?}",
            action.call.path, check.expect.status, check.expect.json, check.timeout
        )
    };
    read(
        checks,
        pick,
        &expect![[r#"
        a[1]: /p/x?x=1 [Code(200), Code(404)] {"$.n": [Equal(Json { value: Number(1), holes: [] })], "$.l": [Contains(Json { value: String("x"), holes: [] })]} 1s
        a[second]: /p/y?x=2.5 [Class(2)] {"$.n": [Equal(Json { value: Number(2.5), holes: [] })], "$.l": [Contains(Json { value: String("y"), holes: [] })]} 2s
        b[/]: / [] {} 10s
        b[/b]: /b [] {} 10s
        b[3]: / [] {} 10s"#]],
    );
}

#[test]
fn no_two_cases_are_called_the_same() {
    let checks = "[smoke.a]\nservice = 'api'\nget = '/${each.value}'\n\
        each = ['2', 2, '#2', { value = 4 }, 'x', 'x', '4']\n";
    read(
        checks,
        |_| String::new(),
        &expect![[r#"
            a[2]: 
            a[##2]: 
            a[#2]: 
            a[#4]: 
            a[x]: 
            a[6]: 
            a[4]: "#]],
    );
}

#[test]
fn parts_of_other_checks_are_known() {
    let checks = "[smoke.a]\nservice = 'api'\nget = '/'\nsetup = ['make']\nteardown = ['drop']\ndepends_on = ['c']\n\
        [smoke.make]\nservice = 'api'\npost = '/'\ncapture = { id = '$.id', at = { header = 'Location', matches = '/(.*)' } }\n\
        [smoke.drop]\nservice = 'api'\ndelete = '/${capture.id}'\n\
        [smoke.c]\nservice = 'api'\nget = '/'\ntags = ['slow']\ncapture = { all = { text = true, secret = true } }\n\
        [smoke.d]\nservice = 'api'\nget = '/${capture.all}'\ndepends_on = ['a']\n\
        json = { '$.id' = '${capture.all}' }\n";
    let pick = |check: &Check| format!("{:?} {:?}", check.flow, check.captures);
    read(
        checks,
        pick,
        &expect![[r#"
            a: Flow { depends_on: ["c"], setup: ["make"], teardown: ["drop"], tags: [], is_step: false } {}
            make: Flow { depends_on: [], setup: [], teardown: [], tags: [], is_step: true } {"id": Capture { from: Json("$.id"), pattern: None, secret: false }, "at": Capture { from: Header("location"), pattern: Some(//(.*)/), secret: false }}
            drop: Flow { depends_on: [], setup: [], teardown: [], tags: [], is_step: true } {}
            c: Flow { depends_on: [], setup: [], teardown: [], tags: ["slow"], is_step: false } {"all": Capture { from: Text, pattern: None, secret: true }}
            d: Flow { depends_on: ["a"], setup: [], teardown: [], tags: [], is_step: false } {}"#]],
    );
}

#[test]
fn mistakes_of_kinds() {
    wrong(
        "[smoke.a]\nservice = 'db'\nredis = 'PING'\n\
         [smoke.b]\nservice = 'api'\ntcp = 'htp'\n\
         [smoke.c]\nservice = 'api'\ncommand = 'ls'\n\
         [smoke.d]\nservice = 'api'\nget = '/'\nvalue = 1\nbasic_auth = { user = 'a' }\nbearer = 'x'\nredirects = 1000\n\
         [smoke.e]\nservice = 'api'\nget = '/'\nsha256 = 'xyz'\nmasks = ['$.a']\ntls = { client_cert = 'c.pem' }\n\
         [smoke.f]\nservice = 'api'\nexec = 'ls'\nexit_code = 300\nstatus = 200\n\
         [smoke.g]\nservice = 'api'\nwebsocket = '/'\nmessages = 'x'\ntext = 'x'\n\
         [smoke.h]\nservice = 'api'\nget = '/'\ntext = { matches = '(' }\ncapture = { x = {}, y = 'y' }\n\
         [smoke.i]\nservice = 'api'\nwebsocket = '/'\nmessages = [{ jsn = 1 }, {}]\n\
         [smoke.j]\nservice = 'api'\npost = '/'\nmultipart = { a = {} }\nbody = 'x'\n\
         [smoke.k]\nservice = 'db'\nsql = ' '\n\
         [smoke.l]\nservice = 'api'\ntcp = 'http'\nsend = ['x']\n\
         [smoke.m]\nservice = 'api'\nget = '/'\nstatus = []\ncapture = { x = 5 }\n",
        &expect![[r#"
            envs/rates/env.toml:9:11: the service `db` is no Redis server
              9 | service = 'db'
                |           ^^^^
              hint: known: `cache`
            envs/rates/env.toml:13:7: the service `api` has no port `htp`
              13 | tcp = 'htp'
                 |       ^^^^^
              hint: did you mean `http`?
            envs/rates/env.toml:15:1: `command` runs on this machine, so it has no `service`
              15 | service = 'api'
                 | ^^^^^^^
              hint: `exec` runs beside a service
            envs/rates/env.toml:20:1: `value` does not go with a request
              20 | value = 1
                 | ^^^^^
            envs/rates/env.toml:21:1: `smoke.d.basic_auth` is missing `password`
              21 | basic_auth = { user = 'a' }
                 | ^^^^^^^^^^
            envs/rates/env.toml:22:10: `basic_auth` and `bearer` exclude each other
              22 | bearer = 'x'
                 |          ^^^
            envs/rates/env.toml:23:13: `redirects` is a number from 0 to 100
              23 | redirects = 1000
                 |             ^^^^
            envs/rates/env.toml:27:10: this is no SHA-256 digest
              27 | sha256 = 'xyz'
                 |          ^^^^^
              hint: it has 64 hexadecimal digits: `sha256sum FILE` prints it
            envs/rates/env.toml:28:1: `masks` belongs to `snapshot`
              28 | masks = ['$.a']
                 | ^^^^^
            envs/rates/env.toml:29:1: `smoke.e.tls` is missing `client_key`
              29 | tls = { client_cert = 'c.pem' }
                 | ^^^
              hint: a certificate and its key go together
            envs/rates/env.toml:33:13: 300 is no exit code
              33 | exit_code = 300
                 |             ^^^
              hint: write `0` or `[0, 1]`
            envs/rates/env.toml:34:1: `status` does not go with `exec`
              34 | status = 200
                 | ^^^^^^
            envs/rates/env.toml:38:12: `messages` wants a list of expectations, one for each message
              38 | messages = 'x'
                 |            ^^^
              hint: for example `messages = ["hello", { json = { "$.id" = 1 } }]`
            envs/rates/env.toml:39:1: `text` does not go with `websocket`
              39 | text = 'x'
                 | ^^^^
            envs/rates/env.toml:43:20: `(` is no regular expression: unclosed group
              43 | text = { matches = '(' }
                 |                    ^^^
            envs/rates/env.toml:44:13: `smoke.h.capture.x` does not say what to keep
              44 | capture = { x = {}, y = 'y' }
                 |             ^
              hint: write a JSONPath, `{ header = "location" }` or `{ text = true }`
            envs/rates/env.toml:44:25: `y` is no JSONPath (character 1)
              44 | capture = { x = {}, y = 'y' }
                 |                         ^^^
              hint: for example `"$.rates[0].price"`
            envs/rates/env.toml:48:15: `jsn` is nothing that a message is held against
              48 | messages = [{ jsn = 1 }, {}]
                 |               ^^^
              hint: there are `text`, and `json` with JSONPaths
            envs/rates/env.toml:48:26: the message has no expectation
              48 | messages = [{ jsn = 1 }, {}]
                 |                          ^^
              hint: `{ text = … }` or `{ json = { "$.id" = … } }`
            envs/rates/env.toml:52:13: `body`, `multipart` exclude each other
              52 | multipart = { a = {} }
                 |             ^^^^^^^^^^
            envs/rates/env.toml:56:7: `smoke.k.sql` is empty
              56 | sql = ' '
                 |       ^^^
            envs/rates/env.toml:60:8: `send` of `tcp` is a text
              60 | send = ['x']
                 |        ^^^^^
            envs/rates/env.toml:64:10: `smoke.m.status` is empty
              64 | status = []
                 |          ^^
              hint: write `200`, `"2xx"` or `[200, 404]`
            envs/rates/env.toml:65:17: `smoke.m.capture.x.json` must be a text, not an integer
              65 | capture = { x = 5 }
                 |                 ^
              hint: write `"5"`"#]],
    );
}

#[test]
fn mistakes_of_cases() {
    wrong(
        "[smoke.a]\nservice = 'api'\nget = '/${each.cod}'\neach = [{ code = 1 }, { code = 2 }]\n\
         [smoke.b]\nservice = 'api'\nget = '/${each.x}'\n\
         [smoke.c]\nservice = 'api'\nget = '/'\neach = []\n\
         [smoke.d]\nservice = 'api'\nget = '/a${each.x}'\neach = [{ x = [1] }]\n\
         [vars]\ny = '${each.x}'\n",
        &expect![[r#"
            envs/rates/env.toml:10:7: a case has no `cod`
              10 | get = '/${each.cod}'
                 |       ^^^^^^^^^^^^^^
              hint: did you mean `code`?
            envs/rates/env.toml:14:7: `${each.x}` stands in a check without `each`
              14 | get = '/${each.x}'
                 |       ^^^^^^^^^^^^
            envs/rates/env.toml:18:8: `each` wants a list of cases
              18 | each = []
                 |        ^^
              hint: for example `each = [{ code = "EETLL", count = 3 }]`
            envs/rates/env.toml:22:15: `x` of a case is a list
              22 | each = [{ x = [1] }]
                 |               ^^^
              hint: it can only stand alone: `"${each.NAME}"`
            envs/rates/env.toml:24:6: `${each.x}` can only stand in a smoke check
              24 | y = '${each.x}'
                 |      ^^^^^^^^^"#]],
    );
}

#[test]
fn mistakes_of_flow() {
    wrong(
        "[smoke.a]\nservice = 'api'\nget = '/${capture.id}'\ndepends_on = ['bb']\n\
         [smoke.b]\nservice = 'api'\nget = '/'\ndepends_on = ['c', 'step']\ncapture = { id = '$.id' }\n\
         [smoke.c]\nservice = 'api'\nget = '/'\ndepends_on = ['b']\nsetup = ['step']\n\
         [smoke.step]\nservice = 'api'\nget = '/${capture.none}'\ndepends_on = ['a']\ntags = ['x']\n\
         [smoke.d]\nservice = 'api'\nget = '/${capture.n}'\ndepends_on = ['e']\n\
         [smoke.e]\nservice = 'api'\nget = '/${each.value}'\neach = ['a']\ncapture = { n = '$' }\n",
        &expect![[r#"
            envs/rates/env.toml:10:7: nothing that comes before keeps `id`
              10 | get = '/${capture.id}'
                 |       ^^^^^^^^^^^^^^^^
              hint: `b` keeps it: `depends_on = ["b"]`
            envs/rates/env.toml:11:15: there is no check `bb`
              11 | depends_on = ['bb']
                 |               ^^^^
              hint: did you mean `b`?
            envs/rates/env.toml:12:8: a circle in `depends_on`: b -> c -> b
              12 | [smoke.b]
                 |        ^
            envs/rates/env.toml:15:20: `step` is a part of another check, which is made only there
              15 | depends_on = ['c', 'step']
                 |                    ^^^^^^
              hint: name it as `setup`, or the check that has `step` as its part
            envs/rates/env.toml:24:7: nothing that comes before keeps `none`
              24 | get = '/${capture.none}'
                 |       ^^^^^^^^^^^^^^^^^^
              hint: a check keeps it with `capture = { none = "$.…" }`
            envs/rates/env.toml:25:1: `step` is a part of another check, so it has no `depends_on`
              25 | depends_on = ['a']
                 | ^^^^^^^^^^
            envs/rates/env.toml:26:1: `step` is a part of another check, so it has no `tags`
              26 | tags = ['x']
                 | ^^^^
            envs/rates/env.toml:29:7: nothing that comes before keeps `n`
              29 | get = '/${capture.n}'
                 |       ^^^^^^^^^^^^^^^
              hint: a check keeps it with `capture = { n = "$.…" }`"#]],
    );
}
