//! What services, tasks and answers say is shown and not obeyed, and shows no secret, wherever it
//! comes out.

use crate::harness::{Engine, Outcome, Scenario, eventually};

const SECRET: &str = "hunter2 & \"more\"";

/// Says what no terminal may obey and nobody may see, in many spellings.
const SCRIPT: &str = r#"
printf '\033]52;c;aGFja2Vk\007title\033]0;hacked\007\033[2J\033[31mred\033[0m\n'
printf 'all failed\rall passed\n'
printf '\302\2332Jc1 \342\200\256bidi\n'
printf '::error::hacked\n##[error]hacked\n'
printf 'plain %s\n' "$KEY"
printf 'base64 %s\n' "$(printf 'user:%s' "$KEY" | base64 -w0)"
printf 'hex %s\n' "$(printf '%s' "$KEY" | od -An -tx1 -v | tr -d ' \n')"
printf 'json {"key":"%s"}\n' "$(printf '%s' "$KEY" | sed 's/"/\\"/g')"
printf 'html %s\n' "$(printf '%s' "$KEY" | sed 's/&/\&amp;/g; s/"/\&quot;/g')"
printf 'url hunter2%%20%%26%%20%%22more%%22\n'
"#;

const ENVIRONMENT: &str = r#"
[secrets.key]
env = "TELLING_KEY"

[services.odd]
process     = ["sh", "odd.sh"]
environment = { KEY = "${secret:key}" }

[tasks.tell]
process     = ["sh", "say.sh"]
environment = { KEY = "${secret:key}" }

[smoke.tells]
service = "odd"
exec    = ["sh", "say.sh"]
environment = { KEY = "${secret:key}" }
text    = "nothing of the kind"
"#;

fn scenario(instance: &'static str, after: &str) -> Option<Scenario> {
    let mut scenario = Scenario::new(Engine::Process, instance)?;
    scenario.set("TELLING_KEY", SECRET);
    scenario.write("say.sh", SCRIPT);
    scenario.write("odd.sh", format!("{SCRIPT}\n{after}\n"));
    scenario.declare(ENVIRONMENT);
    Some(scenario)
}

/// Fails where a text holds what a terminal obeys, or a secret.
#[track_caller]
fn harmless(what: &str, text: &str) {
    let obeyed = |char: char| {
        (char.is_control() && char != '\n' && char != '\t')
            || ('\u{202a}'..='\u{202e}').contains(&char)
    };
    assert!(!text.contains(obeyed), "{what}: {text:?}");
    for spelling in [
        "hunter2",
        "aHVudGVyMi",
        "h1bnRlcjI",
        "odW50ZXIy",
        "68756e74657232",
    ] {
        assert!(!text.contains(spelling), "{what}: {spelling} in {text}");
    }
}

#[track_caller]
fn all_harmless(what: &str, outcome: &Outcome) {
    harmless(what, &outcome.stdout);
    harmless(what, &outcome.stderr);
}

#[test]
fn nothing_that_others_say_is_obeyed_or_gives_a_secret_away() {
    let Some(scenario) = scenario("telling", "exec sleep 600") else {
        return;
    };
    all_harmless("up", &scenario.run(&["up", "rates"]).exits(0));
    eventually("the service has said everything", || {
        let logs = scenario.run(&["logs", "odd"]);
        let whole = logs.stdout.contains("url ***");
        whole.then_some(()).ok_or(logs.stdout)
    });
    let shown = scenario.run(&["logs", "odd"]).exits(0);
    all_harmless("logs", &shown);
    for line in [
        r"odd | \x1b]52;c;aGFja2Vk\x07title\x1b]0;hacked\x07\x1b[2Jred",
        r"odd | all failed\rall passed",
        r"odd | \u009b2Jc1 \u202ebidi",
        "odd | plain ***",
        "odd | hex ***",
        "odd | json {\"key\":\"***\"}",
        "odd | html ***",
    ] {
        assert!(
            shown.stdout.lines().any(|it| it == line),
            "{line} in {}",
            shown.stdout
        );
    }
    for form in ["plain", "json"] {
        let shown = scenario.run(&["logs", "odd", "--output", form]).exits(0);
        all_harmless(form, &shown);
        let told = scenario.run(&["run", "tell", "--output", form]).exits(0);
        all_harmless("run", &told);
        assert!(told.stdout.contains("plain ***"), "{}", told.stdout);
    }
    let checked = scenario
        .run(&["smoke-test", "rates", "--report-dir", "reports"])
        .exits(8);
    all_harmless("smoke-test", &checked);
    assert!(checked.stdout.contains("***"), "{}", checked.stdout);
    let mut files = vec![scenario.path("reports")];
    while let Some(place) = files.pop() {
        if place.is_dir() {
            let entries = fs_err::read_dir(&place).expect("a folder").flatten();
            files.extend(entries.map(|entry| entry.path()));
        } else {
            let text = fs_err::read_to_string(&place).expect("a text");
            let secrets_only: String = text.replace(|c: char| c.is_control(), " ");
            harmless(
                &place.display().to_string(),
                &secrets_only.replace('\u{202e}', ""),
            );
        }
    }
    scenario.take_away();
}

#[test]
fn the_last_words_of_one_that_fails_are_text_too() {
    let Some(scenario) = scenario("telling-fails", "exit 3") else {
        return;
    };
    for form in ["plain", "json"] {
        let failed = scenario.run(&["up", "rates", "--output", form]);
        assert_ne!(failed.code, 0);
        all_harmless(form, &failed);
        let said = format!("{}{}", failed.stdout, failed.stderr);
        assert!(said.contains("html ***"), "{said}");
    }
    scenario.take_away();
}

/// As many servers do: the answer goes out first, then they say why it was that one.
const ANSWERS_FIRST: &str = r#"
import http.server, os, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/" else 500)
        self.send_header("content-length", "0")
        self.end_headers()
        self.wfile.flush()
        if self.path != "/":
            time.sleep(0.12)
            print("Traceback (most recent call last):\nKeyError: 'rate'", flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"#;

#[test]
fn the_log_of_a_failed_check_goes_on_behind_its_answer() {
    let Some(scenario) = Scenario::new(Engine::Process, "traceback") else {
        return;
    };
    scenario.write("serve.py", ANSWERS_FIRST);
    scenario.declare(
        r#"
[services.api]
process     = ["python3", "serve.py"]
ports       = { http = 8000 }
environment = { PORT = "${services.api.ports.http}" }
healthcheck = { http = "/" }

[smoke.rate]
service = "api"
get     = "/rate"
status  = 200
"#,
    );
    scenario.run(&["up", "rates"]).exits(0);
    let checked = scenario.run(&["smoke-test", "rates"]).exits(8);
    assert!(
        checked.stdout.contains("KeyError: 'rate'"),
        "{}",
        checked.stdout
    );
    scenario.take_away();
}
