//! Secrets never show: not in answers, not in mistakes, not in JSON.

use expect_test::expect;

use crate::harness::Workspace;

const SECRET: &str = "hunter2-and-more";

fn workspace() -> Workspace {
    let env = "[secrets.key]
env = 'RATES_KEY'

[secrets.file]
file = 'key.txt'

[services.db]
kind = 'postgres'
image = 'postgres:13.5'
password = '${secret:key}'

[services.api]
image = 'api:1'
ports = { http = 3000 }
environment = { KEY = '${secret:key}', LINE = 'key=${secret:file}' }

[smoke.alive]
service = 'api'
get = '/'
headers = { Authorization = 'Bearer ${secret:key}' }
";
    Workspace::rates(env)
        .file("envs/rates/key.txt", format!("{SECRET}-2\n"))
        .variable("RATES_KEY", SECRET)
}

#[test]
fn in_what_is_shown() {
    let workspace = workspace();
    workspace.check(
        "envctl config show",
        &expect![[r#"
            --- stdout
            [secrets.key]
            env = "RATES_KEY"  # envs/rates/env.toml:2

            [secrets.file]
            file = "key.txt"  # envs/rates/env.toml:5

            [services.db]
            kind = "postgres"  # envs/rates/env.toml:8
            image = "postgres:13.5"  # envs/rates/env.toml:9
            password = "***"  # envs/rates/env.toml:10
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
            image = "api:1"  # envs/rates/env.toml:13
            kind = "container"  # default
            replicas = 1  # default
            restart = "no"  # default
            stop_grace_period = "10s"  # default
            ready_timeout = "60s"  # default

            [services.api.ports.http]
            container = 3000  # envs/rates/env.toml:14
            host = "any"  # default
            bind = "127.0.0.1"  # default

            [services.api.environment]
            KEY = "***"  # envs/rates/env.toml:15
            LINE = "key=***"  # envs/rates/env.toml:15

            [smoke.alive]
            service = "api"  # envs/rates/env.toml:18
            get = "/"  # envs/rates/env.toml:19
            timeout = "10s"  # default
            eventually = false  # default

            [smoke.alive.headers]
            Authorization = "Bearer ***"  # envs/rates/env.toml:20
            --- exit 0
        "#]],
    );
    workspace.check(
        "envctl config explain services.api.environment.LINE",
        &expect![[r#"
            --- stdout
            services.api.environment.LINE = "key=***"
              from envs/rates/env.toml:15, written as "key=${secret:file}"
            --- exit 0
        "#]],
    );
}

#[test]
fn in_every_form_of_every_command() {
    let workspace = workspace()
        .variable("ENVCTL__SERVICES__DB__PASSWORD", SECRET)
        .file("envs/rates/local.toml", "[vars]\nlevel = 'info'\n");
    let set = format!("--set services.db.password={SECRET}");
    for line in [
        "envctl config show --output json",
        "envctl config explain services.db --output json",
        "envctl config explain services.db.password",
        "envctl config explain smoke.alive --output json",
        "envctl config validate -v",
        &format!("envctl config show {set}"),
        &format!("envctl config explain services.db.password {set}"),
        &format!("envctl config validate --set services.db.nope=1 {set}"),
        &format!("envctl config validate {set} --set vars.level={SECRET} --output json"),
        &format!("envctl up {set}"),
    ] {
        let (stdout, stderr, _) = workspace.run(line);
        assert!(!stdout.contains("hunter2"), "{line}\n{stdout}");
        assert!(!stderr.contains("hunter2"), "{line}\n{stderr}");
    }
}

#[test]
fn in_mistakes_beside_them() {
    let workspace = workspace().file(
        "envs/rates/local.toml",
        format!("services.db = {{ password = '{SECRET}', imag = 'x' }}\n"),
    );
    workspace.check(
        "envctl config validate",
        &expect![[r#"
            --- stderr
            error: unknown key `services.db.imag`
             --> envs/rates/local.toml:1:35
              |
            1 | services.db = { password = '***', imag = 'x' }
              |                                   ^^^^
            hint: did you mean `image`?
            --- exit 3
        "#]],
    );
}

#[test]
fn a_missing_secret_names_itself() {
    let workspace = Workspace::rates(
        "[secrets]
key = { env = 'RATES_KEY' }
file = { file = 'key.txt' }
pass = { command = ['false'] }
[services.api]
image = 'api:1'
environment = { A = '${secret:key}', B = '${secret:file}', C = '${secret:pass}', D = '${secret:ky}' }
",
    )
    .variable("PATH", "/usr/bin:/bin");
    workspace.check(
        "envctl config validate",
        &expect![[r#"
            --- stderr
            error: the secret `key` is missing: the variable `RATES_KEY` is not set
             --> envs/rates/env.toml:2:15
              |
            2 | key = { env = 'RATES_KEY' }
              |               ^^^^^^^^^^^

            error: the secret `file` is missing: `envs/rates/key.txt`: there is no such file
             --> envs/rates/env.toml:3:17
              |
            3 | file = { file = 'key.txt' }
              |                 ^^^^^^^^^

            error: there is no secret `ky`
             --> envs/rates/env.toml:7:87
              |
            7 | … '${secret:file}', C = '${secret:pass}', D = '${secret:ky}' }
              |                                                ^^^^^^^^^^^^
            hint: did you mean `key`?
            --- exit 3
        "#]],
    );
    let workspace = workspace.variable("RATES_KEY", "");
    let (_, stderr, code) = workspace.run("envctl config validate");
    assert!(
        stderr.contains("the secret `key` is missing: it is empty"),
        "{stderr}"
    );
    assert_eq!(code, 3);
}

#[test]
fn in_mistakes_about_them() {
    let workspace = workspace().file("envs/rates/local.toml", "services.db.password = 4711\n");
    workspace.check(
        "envctl config validate",
        &expect![[r#"
        --- stderr
        error: `services.db.password` must be a text, not an integer
         --> envs/rates/local.toml:1:24
          |
        1 | services.db.password = ***
          |                        ^^^
        hint: write it as a text: `"***"`
        --- exit 3
    "#]],
    );
    let workspace = workspace.file("envs/rates/local.toml", "services.db.password = 'a'b'\n");
    workspace.check(
        "envctl config validate",
        &expect![[r#"
        --- stderr
        error: unexpected key or value, expected newline, `#`
         --> envs/rates/local.toml:1:29
          |
        1 | services.db.password = '***'b'
          |                             ^
        --- exit 3
    "#]],
    );
}

#[test]
fn what_is_too_short_to_be_hidden_is_said() {
    let env = "[secrets.pin]
env = 'PIN'

[services.db]
kind = 'postgres'
image = 'postgres:13.5'
password = 'pw'

[services.api]
image = 'api:1'
ports = { http = 3000 }
environment = { PIN = '${secret:pin}' }
";
    let workspace = Workspace::rates(env).variable("PIN", "123");
    workspace.check("envctl config validate", &expect![[r#"
        --- stdout
        rates is valid
        --- stderr
        [time] warning: the secret `pin` is too short to be hidden in what is printed: it has fewer than 4 characters
        [time] warning: the password of `db` is too short to be hidden in what is printed: it has fewer than 4 characters
        --- exit 0
    "#]]);
    workspace.check(
        "envctl config explain services.api.environment.PIN",
        &expect![[r#"
            --- stdout
            services.api.environment.PIN = "***"
              from envs/rates/env.toml:12, written as "${secret:pin}"
            --- stderr
            [time] warning: the secret `pin` is too short to be hidden in what is printed: it has fewer than 4 characters
            [time] warning: the password of `db` is too short to be hidden in what is printed: it has fewer than 4 characters
            --- exit 0
        "#]],
    );
}

#[test]
fn what_is_too_common_to_be_hidden_is_said() {
    let env = "[secrets.word]
env = 'WORD'

[secrets.name]
env = 'NAME'

[services.db]
kind = 'postgres'
image = 'postgres:13.5'
password = 'page'

[services.other]
kind = 'postgres'
image = 'postgres:13.5'
database = 'shop'
password = 'shop'

[services.own]
kind = 'postgres'
image = 'postgres:13.5'

[services.page]
image = 'api:1'
ports = { http = 3000 }
environment = { WORD = '${secret:word}', NAME = '${secret:name}' }
";
    let workspace = Workspace::rates(env)
        .variable("WORD", "Admin")
        .variable("NAME", "rates");
    workspace.check("envctl config validate", &expect![[r#"
        --- stdout
        rates is valid
        --- stderr
        [time] warning: the secret `name` is not hidden in what is printed: it is a name in the environment itself or a word that everybody tries first, and would blot out ordinary text; take a text that stands nowhere else
        [time] warning: the secret `word` is not hidden in what is printed: it is a name in the environment itself or a word that everybody tries first, and would blot out ordinary text; take a text that stands nowhere else
        [time] warning: the password of `db` is not hidden in what is printed: it is a name in the environment itself or a word that everybody tries first, and would blot out ordinary text; take a text that stands nowhere else
        [time] shown in what is printed, since it is the name of its user or database, or `postgres`: the password of other
        --- exit 0
    "#]]);
    let (shown, ..) = workspace.run("envctl config show");
    assert!(
        shown.contains("rates") && shown.contains("[services.page]"),
        "{shown}"
    );
    // Where the value itself stands it is no ordinary text.
    assert!(!shown.contains("Admin"), "{shown}");
}

/// Prints a text as Python's own libraries spell it, a spelling a line.
const SPELLINGS: &str = r#"
import base64, html, json, pprint, shlex, sys, urllib.parse, csv, io
from xml.sax import saxutils
s = sys.argv[1]
b = s.encode()
row = io.StringIO()
csv.writer(row).writerow(["a", s, "b,"])
spellings = [
    s, repr(s), ascii(s), repr(b), json.dumps(s), json.dumps(json.dumps({"k": s})),
    json.dumps(s, ensure_ascii=False), html.escape(s), html.escape(s, quote=False),
    saxutils.escape(s), saxutils.quoteattr(s), shlex.quote(s), shlex.join(["curl", s]),
    urllib.parse.quote(s), urllib.parse.quote(s, safe=""), urllib.parse.quote_plus(s),
    urllib.parse.urlencode({"next": urllib.parse.quote(s, safe="")}),
    base64.b64encode(b).decode(), base64.b64encode(b"user:" + b).decode(),
    base64.b64encode(b"u:" + b + b"!").decode(), base64.urlsafe_b64encode(b"us:" + b).decode(),
    b.hex(), b.hex().upper(), "\\x" + (b"ab" + b + b"c").hex(), row.getvalue().strip(),
    pprint.pformat({"k": [s]}, width=1000),
]
for spelling in spellings:
    sys.stdout.buffer.write(spelling.encode() + b"\n")
"#;

#[test]
fn in_every_spelling_of_python() {
    for secret in [
        "hunter2-and-more",
        "p@ss w/rd+1=&<\"two\">'s",
        "ключ-от-дома-😀",
        "back\\slash\\\\and`tick$HOME!",
        "0123",
    ] {
        let output = std::process::Command::new("python3")
            .args(["-c", SPELLINGS, secret])
            .output()
            .expect("python3 runs");
        let text = String::from_utf8(output.stdout).expect("a text");
        let mask = envctl::tell::Mask::new([secret]);
        assert_eq!(text.lines().count(), 26, "{text}");
        for line in text.lines() {
            let masked = mask.apply(line);
            let left = line.len() - secret.len();
            assert!(masked.contains("***"), "{line} of {secret}");
            assert!(masked.len() <= left + "***".len(), "{masked} of {line}");
        }
    }
}
