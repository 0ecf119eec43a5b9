//! Checks against servers that behave as a script says.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

use crate::smoke::testing::{Act, Ran, Server, checks, in_folder, run_all, run_toml};
use crate::smoke::{CheckResult, Selection, SmokeOptions, Verdict};
use crate::tell::Event;

const GET: &str = "service = 'api'\nget = '/'\n";
const OK: &str = "service = 'api'\nget = '/'\njson = { '$.ok' = true }\n";

async fn one(script: Vec<Act>, toml: &str) -> (CheckResult, Server) {
    let server = Server::of(script).await;
    let mut ran = run_toml(server.address, &format!("[smoke.one]\n{toml}")).await;
    (ran.results.remove(0), server)
}

async fn with(script: Vec<Act>, toml: &str, selection: Selection, options: SmokeOptions) -> Ran {
    let server = Server::of(script).await;
    let how = (&selection, options);
    run_all(
        server.address,
        &checks(toml),
        how,
        &CancellationToken::new(),
    )
    .await
}

fn failures(result: &CheckResult) -> Vec<String> {
    result.failures.iter().map(ToString::to_string).collect()
}

fn seen(result: &CheckResult) -> Vec<&str> {
    let kept = result.attempts.kept().iter();
    kept.map(|seen| seen.text.as_str()).collect()
}

#[tokio::test]
async fn an_unavailable_service_is_asked_again_and_the_check_is_flaky() {
    let script = vec![
        Act::Answer(503, "starting"),
        Act::Close,
        Act::Answer(200, r#"{"ok": true}"#),
    ];
    let (result, _) = one(script, OK).await;
    assert_eq!(result.verdict, Verdict::Passed, "{result:?}");
    assert!(result.flaky);
    assert_eq!(
        seen(&result),
        [
            "status: expected 2xx, got 503 Service Unavailable: starting",
            "connection closed before an answer",
            "200 OK"
        ]
    );
}

#[tokio::test]
async fn a_503_that_is_expected_passes_at_once() {
    let (result, server) = one(vec![Act::Answer(503, "")], &format!("{GET}status = 503")).await;
    assert_eq!((result.verdict, result.flaky), (Verdict::Passed, false));
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_wrong_answer_is_final() {
    let script = vec![
        Act::Answer(200, r#"{"ok": false}"#),
        Act::Answer(200, r#"{"ok": true}"#),
    ];
    let (result, server) = one(script, OK).await;
    assert!(result.failed());
    assert_eq!(failures(&result), ["$.ok: expected true, got false"]);
    assert_eq!(server.count(), 1);
    let reply = result.reply.unwrap();
    assert_eq!(
        (reply.status.as_str(), reply.excerpt.as_str()),
        ("200 OK", r#"{"ok": false}"#)
    );
    let by_hand = format!("curl -sS -i http://{}/", server.address);
    assert_eq!(result.reproduce, Some(by_hand));
}

#[tokio::test]
async fn eventually_waits_for_the_right_answer() {
    let wrong = Act::Answer(200, r#"{"ok": false}"#);
    let right = Act::Answer(200, r#"{"ok": true}"#);
    let eventually = format!("{OK}eventually = true\n");
    let (result, _) = one(vec![wrong.clone(), wrong.clone(), right], &eventually).await;
    assert_eq!(result.verdict, Verdict::Passed);
    assert_eq!((result.attempts.total(), result.flaky), (3, false));

    let (result, _) = one(vec![wrong], &format!("{eventually}timeout = '200ms'")).await;
    assert!(result.failed() && result.attempts.total() > 1);
    assert_eq!(failures(&result), ["$.ok: expected true, got false"]);
}

#[tokio::test]
async fn nobody_there_ends_at_the_timeout() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let toml = format!("[smoke.one]\n{GET}timeout = '200ms'");
    let ran = run_toml(socket.local_addr().unwrap(), &toml).await;
    let result = &ran.results[0];
    assert_eq!(
        failures(result),
        ["answer: expected one within 200ms, got connection refused"]
    );
    assert!(result.attempts.total() > 1);
    assert_eq!(result.reply, None);
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_no_answer() {
    for act in [Act::Stall, Act::Hang] {
        let (result, _) = one(vec![act], &format!("{GET}timeout = '80ms'")).await;
        assert!(result.failed());
        assert_eq!(result.attempts.total(), 1);
        let failures = failures(&result);
        assert_eq!(failures.len(), 1, "{failures:?}");
        let expect = "answer: expected one within 80ms";
        assert!(failures[0].starts_with(expect), "{failures:?}");
    }
}

#[tokio::test]
async fn what_came_to_a_port_is_shown_where_the_rest_does_not_come() {
    let toml = "service = 'api'\ntcp = 'http'\nsend = 'EHLO'\ntimeout = '200ms'\n\
        text = { contains = 'SIZE' }\n";
    let (result, _) = one(vec![Act::Stall], toml).await;
    assert_eq!(
        failures(&result),
        [
            r#"text: expected something that contains "SIZE", got "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{""#
        ]
    );
}

#[tokio::test]
async fn what_is_printed_without_an_end_fails() {
    let toml = "timeout = '60s'\ntext = { contains = '0' }\n\
        command = ['sh', '-c', 'head -c 20000000 /dev/zero | tr \"\\\\0\" 0; echo 1']\n";
    let folder = tempfile::tempdir().unwrap();
    let checks = in_folder(folder.path(), &format!("[smoke.one]\n{toml}"));
    let server = Server::of(vec![Act::Close]).await;
    let how = (&Selection::default(), SmokeOptions::default());
    let ran = run_all(server.address, &checks, how, &CancellationToken::new()).await;
    assert_eq!(
        failures(&ran.results[0]),
        ["standard output: expected less than 16 MiB, got more"]
    );
}

#[tokio::test]
async fn a_folder_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "[smoke.one]\ncommand = ['true']\nworking_dir = 'none'\n";
    let checks = in_folder(folder.path(), toml);
    let server = Server::of(vec![Act::Close]).await;
    let how = (&Selection::default(), SmokeOptions::default());
    let ran = run_all(server.address, &checks, how, &CancellationToken::new()).await;
    let told = ran.told().remove(0);
    assert!(told.contains("got there is no folder `"), "{told}");
}

#[tokio::test]
async fn checks_run_side_by_side_and_keep_their_order() {
    let jobs = SmokeOptions::default().jobs;
    let barrier = Arc::new(Barrier::new(jobs));
    let server = Server::of(vec![Act::Meet(barrier)]).await;
    let names: Vec<String> = (0..2 * jobs).map(|number| format!("c{number}")).collect();
    let tables: Vec<String> = names
        .iter()
        .map(|name| format!("[smoke.{name}]\n{GET}timeout = '20s'\n"))
        .collect();
    let toml = tables.concat();
    let ran = run_toml(server.address, &toml).await;
    assert!(
        ran.results
            .iter()
            .all(|result| result.verdict == Verdict::Passed)
    );
    let order: Vec<&str> = ran.results.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(order, names);
    assert_eq!(ran.events.try_iter().count(), names.len());
}

#[tokio::test]
async fn a_chain_goes_in_order_with_what_was_kept_and_its_cookies() {
    let server = Server::of(vec![
        Act::Headed(
            200,
            "set-cookie: sid=7; Path=/\r\nlocation: /users/42\r\n",
            r#"{"n": 3}"#,
        ),
        Act::Echo,
    ])
    .await;
    let toml = "\
        [smoke.me]\nservice = 'api'\npost = '/u/${capture.user}'\ndepends_on = ['login']\n\
        json_body = { n = '${capture.n}', text = 'n=${capture.n}' }\n\
        text = { matches = '(?s)^POST /u/42 .*cookie: sid=7.*\"n\":3,\"text\":\"n=3\"' }\n\
        [smoke.login]\nservice = 'api'\nget = '/'\n\
        capture = { n = '$.n', user = { header = 'Location', matches = '/users/(\\d+)' } }\n";
    let ran = run_toml(server.address, toml).await;
    assert_eq!(ran.told(), ["me Passed", "login Passed"]);
}

#[tokio::test]
async fn a_failed_check_is_repeated_by_hand_with_the_cookies_that_it_had() {
    let server = Server::of(vec![
        Act::Headed(200, "set-cookie: sid=7; Path=/\r\n", "{}"),
        Act::Headed(403, "set-cookie: sid=gone; Path=/\r\n", "{}"),
    ])
    .await;
    let toml = "[smoke.login]\nservice = 'api'\nget = '/'\n\
        [smoke.me]\nservice = 'api'\nget = '/me'\nstatus = 200\ndepends_on = ['login']\n";
    let ran = run_toml(server.address, toml).await;
    assert!(ran.told()[1].starts_with("me Failed"), "{:?}", ran.told());
    let by_hand = format!("curl -sS -i -b 'sid=7' http://{}/me", server.address);
    let line = ran.results[1].reproduce.as_ref().unwrap();
    assert_eq!(line.replace('\'', ""), by_hand.replace('\'', ""));
}

#[tokio::test]
async fn what_follows_a_failure_is_skipped() {
    let toml = format!(
        "[smoke.a]\n{OK}[smoke.b]\n{GET}depends_on = ['a']\n[smoke.c]\n{GET}depends_on = ['b']\n\
         [smoke.d]\n{GET}"
    );
    let ran = with(
        vec![Act::Answer(200, "{}")],
        &toml,
        Selection::default(),
        SmokeOptions::default(),
    )
    .await;
    assert_eq!(
        ran.told(),
        [
            "a Failed $.ok: expected true, got nothing (the path selects nothing)",
            "b Skipped(\"`a`, which comes before it, did not pass\")",
            "c Skipped(\"`b`, which comes before it, did not pass\")",
            "d Passed",
        ]
    );
}

#[tokio::test]
async fn parts_are_made_around_a_check_however_it_ends() {
    let toml = "[smoke.a]\nservice = 'api'\nget = '/x/${capture.id}'\njson = { '$.ok' = true }\n\
         setup = ['make']\nteardown = ['drop']\n\
         [smoke.make]\nservice = 'api'\npost = '/x'\ncapture = { id = '$.id' }\n\
         [smoke.drop]\nservice = 'api'\ndelete = '/x/${capture.id}'\n\
         text = { contains = 'DELETE /x/9 ' }\n";
    let made = Act::Answer(201, r#"{"id": 9}"#);
    let script = vec![
        made.clone(),
        Act::Answer(200, r#"{"ok": false}"#),
        Act::Echo,
    ];
    let ran = with(script, toml, Selection::default(), SmokeOptions::default()).await;
    assert_eq!(ran.told(), ["a Failed $.ok: expected true, got false"]);

    let script = vec![
        made,
        Act::Answer(200, r#"{"ok": true}"#),
        Act::Answer(500, "no"),
    ];
    let ran = with(script, toml, Selection::default(), SmokeOptions::default()).await;
    let expect = "a Failed teardown drop: status: expected 2xx, got 500 Internal Server Error: no";
    assert_eq!(ran.told(), [expect]);

    let script = vec![Act::Answer(409, "there"), Act::Echo];
    let ran = with(script, toml, Selection::default(), SmokeOptions::default()).await;
    let expect = "a Failed setup make: status: expected 2xx, got 409 Conflict: there; \
                  teardown drop: check: expected a request that can be sent, \
                  got no check before it has kept `id`";
    assert_eq!(ran.told(), [expect]);
}

#[tokio::test]
async fn the_first_failure_can_end_a_run() {
    let toml = format!("[smoke.a]\n{OK}[smoke.b]\n{GET}[smoke.c]\n{GET}");
    let options = SmokeOptions {
        jobs: 1,
        fail_fast: true,
        ..SmokeOptions::default()
    };
    let script = vec![Act::Answer(200, "{}")];
    let ran = with(script, &toml, Selection::default(), options).await;
    let skipped = "Skipped(\"another check failed (--fail-fast)\")";
    assert_eq!(
        ran.told()[1..],
        [format!("b {skipped}"), format!("c {skipped}")]
    );
}

#[tokio::test]
async fn a_failure_ends_a_run_while_its_log_is_still_read() {
    let barrier = Arc::new(Barrier::new(2));
    let script = vec![
        Act::Answer(200, "{}"),
        Act::Meet(Arc::clone(&barrier)),
        Act::Answer(200, "{}"),
    ];
    let server = Server::of(script).await;
    let checks = checks(&format!("[smoke.a]\n{OK}[smoke.b]\n{GET}[smoke.c]\n{GET}"));
    let options = SmokeOptions {
        jobs: 2,
        fail_fast: true,
        ..SmokeOptions::default()
    };
    let (selection, cancel) = (Selection::default(), CancellationToken::new());
    let run = run_all(server.address, &checks, (&selection, options), &cancel);
    // The second check ends after the first one has failed, and before its log was read.
    let end_second = async {
        while server.count() < 2 {
            tokio::task::yield_now().await;
        }
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        barrier.wait().await;
    };
    let (ran, ()) = tokio::join!(run, end_second);
    assert_eq!(
        ran.told(),
        [
            "a Failed $.ok: expected true, got nothing (the path selects nothing)",
            "b Passed",
            "c Skipped(\"another check failed (--fail-fast)\")",
        ]
    );
}

#[tokio::test]
async fn a_check_that_fails_now_and_then_is_found() {
    let right = Act::Answer(200, r#"{"ok": true}"#);
    let script = vec![
        right.clone(),
        Act::Answer(200, r#"{"ok": 1}"#),
        right.clone(),
        Act::Answer(200, r#"{"ok": 2}"#),
        right,
    ];
    let options = SmokeOptions {
        repeat: 5,
        ..SmokeOptions::default()
    };
    let toml = format!("[smoke.a]\n{OK}");
    let ran = with(script, &toml, Selection::default(), options).await;
    let result = &ran.results[0];
    assert_eq!(
        (result.runs, result.failed_runs, result.flaky),
        (5, 2, true)
    );
    assert_eq!(ran.told(), ["a Failed $.ok: expected true, got 1"]);
}

#[tokio::test]
async fn secrets_are_masked_everywhere() {
    let answer = r#"{"you sent": "hunter2 and s3cret", "token": "t0ken-9"}"#;
    let toml = "\
        [smoke.one]\nservice = 'api'\nget = '/'\nquery = { key = '${secret:word}' }\n\
        capture = { token = { json = '$.token', secret = true } }\n\
        [smoke.two]\nservice = 'api'\nget = '/${capture.token}'\ndepends_on = ['one']\n\
        text = { equal = 'hunter2' }\n";
    let server = Server::of(vec![Act::Answer(200, answer)]).await;
    let ran = run_toml(server.address, toml).await;
    let events: Vec<Event> = ran.events.try_iter().collect();
    let shown = format!("{:?} {events:?}", ran.results);
    for secret in ["hunter2", "s3cret", "t0ken"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains(r#"you sent\": \"*** and ***"#), "{shown}");
    let by_hand = format!("curl -sS -i 'http://{}/***'", server.address);
    assert_eq!(ran.results[1].reproduce, Some(by_hand));
}

#[tokio::test]
async fn what_is_kept_as_a_secret_is_masked_in_a_wrong_answer() {
    let answer = r#"{"token": "t0ken-9", "role": "user"}"#;
    for expected in ["status = 201", "json = { '$.role' = 'admin' }"] {
        let toml = format!(
            "{GET}capture = {{ token = {{ json = '$.token', secret = true }} }}\n{expected}"
        );
        let (result, _) = one(vec![Act::Answer(200, answer)], &toml).await;
        assert!(result.failed());
        let shown = format!("{result:?}");
        assert!(shown.contains("***") && !shown.contains("t0ken"), "{shown}");
    }
}

#[tokio::test]
async fn what_stands_in_place_of_a_secret_hides_nothing_else() {
    for answer in [
        r#"{"token": null}"#,
        r#"{"token": 401}"#,
        r#"{"token": "none"}"#,
    ] {
        let toml = format!("{GET}capture = {{ token = {{ json = '$.token', secret = true }} }}");
        let (result, _) = one(vec![Act::Answer(401, answer)], &toml).await;
        assert!(!format!("{result:?}").contains("***"), "{result:?}");
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let cut = Act::Headed(200, "content-length: 9\r\n", "{}");
    for act in [Act::Close, cut] {
        let (result, server) = one(vec![act], "service = 'api'\npost = '/'\n").await;
        assert!(result.failed(), "{result:?}");
        assert_eq!(server.count(), 1, "{result:?}");
    }
}

#[tokio::test]
async fn a_password_is_masked_inside_a_header() {
    let toml = "[smoke.one]\nservice = 'api'\npost = '/'\nstatus = 404\n\
        basic_auth = { user = 'ada', password = '${secret:word}' }\n";
    let server = Server::of(vec![Act::Echo]).await;
    let result = run_toml(server.address, toml).await.results.remove(0);
    let shown = format!("{result:?}");
    assert!(!shown.contains("YWRhOnMzY3JldA"), "{shown}");
    // The user is no secret.
    assert!(shown.contains("authorization: Basic YWRhO***"), "{shown}");
    let by_hand = format!(
        "curl -sS -i -X POST -u 'ada:***' http://{}/",
        server.address
    );
    assert_eq!(result.reproduce, Some(by_hand));
}

#[tokio::test]
async fn what_lies_inside_a_secret_value_is_masked_by_itself() {
    let answer = r#"{"session": {"id": "inner-secret", "for": ["ada"]}}"#;
    let toml = "[smoke.one]\nservice = 'api'\nget = '/'\n\
        capture = { session = { json = '$.session', secret = true } }\n\
        [smoke.two]\nservice = 'api'\nget = '/'\ndepends_on = ['one']\ntext = 'x'\n";
    let server = Server::of(vec![
        Act::Answer(200, answer),
        Act::Answer(200, "inner-secret of ada"),
    ]);
    let ran = run_toml(server.await.address, toml).await;
    let shown = ran.told().join("\n");
    assert!(shown.contains("got \"*** of ada\""), "{shown}");
}

#[tokio::test]
async fn an_interruption_ends_every_check_but_takes_away_what_was_made() {
    let server = Server::of(vec![Act::Answer(200, "{}"), Act::Hang, Act::Echo]).await;
    let toml = format!(
        "[smoke.a]\n{GET}timeout = '60s'\nsetup = ['make']\nteardown = ['drop']\n\
         [smoke.make]\nservice = 'api'\npost = '/'\n[smoke.drop]\nservice = 'api'\ndelete = '/'\n"
    );
    let cancel = CancellationToken::new();
    let stop = async {
        let asked = tokio::time::timeout(Duration::from_secs(20), async {
            while server.count() < 2 {
                tokio::task::yield_now().await;
            }
        });
        asked.await.unwrap();
        cancel.cancel();
    };
    let checks = checks(&toml);
    let selection = Selection::default();
    let how = (&selection, SmokeOptions::default());
    let (ran, ()) = tokio::join!(run_all(server.address, &checks, how, &cancel), stop);
    assert_eq!(
        ran.told(),
        ["a Failed check: expected a final answer, got an interruption"]
    );
    assert_eq!(ran.events.try_iter().count(), 0);
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn what_was_not_begun_before_an_interruption_is_not_taken_away() {
    let server = Server::of(vec![Act::Echo]).await;
    let toml = format!(
        "[smoke.a]\n{GET}setup = ['make']\nteardown = ['drop']\n\
         [smoke.make]\nservice = 'api'\npost = '/'\n[smoke.drop]\nservice = 'api'\ndelete = '/'\n"
    );
    let cancel = CancellationToken::new();
    cancel.cancel();
    let how = (&Selection::default(), SmokeOptions::default());
    let ran = run_all(server.address, &checks(&toml), how, &cancel).await;
    assert_eq!(ran.told(), ["a Skipped(\"the run was interrupted\")"]);
    assert_eq!(server.count(), 0);
}
