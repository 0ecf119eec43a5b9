use expect_test::{Expect, expect};

use super::super::super::paint::Paint;
use super::*;
use crate::tell::FailedExpectation;

fn text(text: &str) -> String {
    text.to_owned()
}

fn passed(check: &str, elapsed_s: f64) -> CheckAnswer {
    CheckAnswer {
        check: text(check),
        attempts: 1,
        runs: 1,
        elapsed_s,
        ..CheckAnswer::default()
    }
}

fn expected(what: &str, expected: &str, actual: &str) -> FailedExpectation {
    FailedExpectation {
        what: text(what),
        expected: text(expected),
        actual: text(actual),
        difference: None,
    }
}

fn regions() -> CheckAnswer {
    CheckAnswer {
        verdict: CheckVerdict::Failed,
        attempts: 3,
        failed_runs: 1,
        failures: vec![
            expected("status", "200", "503 Service Unavailable"),
            FailedExpectation {
                difference: Some(text(
                    "  {\n-   \"alive\": true,\n+   \"error\": \"no database\"\n  }",
                )),
                ..expected("body", "the snapshot", "other text\nof two lines")
            },
        ],
        reproduce: Some(text(
            "curl -sS -i -X POST -H 'content-type: application/json' --data-raw '{\n  \"a\": 1\n}' \
             'http://127.0.0.1:3000/regions?with=everything'",
        )),
        place: Some(text("envs/rates/env.toml:52")),
        service: Some(text("api")),
        log: vec![
            text("\x1b[31mERROR\x1b[0m connection refused"),
            text("::error::x\r"),
        ],
        ..passed("regions", 0.3)
    }
}

fn answer(checks: Vec<CheckAnswer>) -> SmokeAnswer {
    SmokeAnswer {
        environment: text("rates"),
        instance: text("default"),
        checks,
        elapsed_s: 1.31,
    }
}

fn every_kind() -> SmokeAnswer {
    answer(vec![
        passed("average-rates", 0.012),
        CheckAnswer {
            flaky: true,
            attempts: 2,
            ..passed("alive", 0.25)
        },
        regions(),
        CheckAnswer {
            flaky: true,
            runs: 50,
            failed_runs: 2,
            verdict: CheckVerdict::Failed,
            failures: vec![expected("answer", "one within 10s", "connection refused")],
            ..passed("lookup[EETLL]", 1.25)
        },
        CheckAnswer {
            runs: 50,
            ..passed("rows", 0.001)
        },
        CheckAnswer {
            verdict: CheckVerdict::Skipped,
            because: Some(text("`regions`, which comes before it, did not pass")),
            attempts: 0,
            runs: 0,
            ..passed("delete", 0.0)
        },
    ])
}

fn check(answer: &SmokeAnswer, columns: usize, expected: &Expect) {
    expected.assert_eq(&smoke(answer, Page::of_width("smoke-test", columns)));
}

#[test]
fn every_check_has_its_line_and_a_failure_all_that_is_known() {
    check(
        &every_kind(),
        100,
        &expect![[r#"
        ok       average-rates   12 ms
        ok       alive          250 ms  flaky, 2 attempts
        failed   regions        300 ms  3 attempts
            status: expected 200, got 503 Service Unavailable
            body: expected the snapshot, got other text
              of two lines
                {
              -   "alive": true,
              +   "error": "no database"
                }
            again: curl -sS -i -X POST -H 'content-type: application/json' --data-raw '{
          "a": 1
        }' 'http://127.0.0.1:3000/regions?with=everything'
            at envs/rates/env.toml:52
            log of api:
              ERROR connection refused
              ::error::x
        failed   lookup[EETLL]   1.3 s  flaky, failed 2 of 50 runs
            answer: expected one within 10s, got connection refused
        ok       rows             1 ms  50 runs
        skipped  delete                 `regions`, which comes before it, did not pass

        slowest:
           1.3 s  lookup[EETLL]
          300 ms  regions
          250 ms  alive
           12 ms  average-rates
            1 ms  rows

        3 passed, 2 failed, 1 skipped, 2 flaky in 1.3 s
    "#]],
    );
}

#[test]
fn a_narrow_terminal_moves_the_notes_and_cuts_nothing() {
    let mut answer = every_kind();
    answer
        .checks
        .push(passed("a-check-with-a-name-longer-than-all", 0.002));
    check(
        &answer,
        40,
        &expect![[r#"
        ok       average-rates   12 ms
        ok       alive          250 ms
            flaky, 2 attempts
        failed   regions        300 ms
            3 attempts
            status: expected 200, got 503 Service Unavailable
            body: expected the snapshot, got other text
              of two lines
                {
              -   "alive": true,
              +   "error": "no database"
                }
            again: curl -sS -i -X POST -H 'content-type: application/json' --data-raw '{
          "a": 1
        }' 'http://127.0.0.1:3000/regions?with=everything'
            at envs/rates/env.toml:52
            log of api:
              ERROR connection refused
              ::error::x
        failed   lookup[EETLL]   1.3 s
            flaky, failed 2 of 50 runs
            answer: expected one within 10s, got connection refused
        ok       rows             1 ms  50 runs
        skipped  delete
            `regions`, which comes before it, did not pass
        ok       a-check-with-a-name-longer-than-all    2 ms

        slowest:
           1.3 s  lookup[EETLL]
          300 ms  regions
          250 ms  alive
           12 ms  average-rates
            2 ms  a-check-with-a-name-longer-than-all

        4 passed, 2 failed, 1 skipped, 2 flaky in 1.3 s
    "#]],
    );
}

#[test]
fn colours_repeat_what_the_words_say() {
    let page = Page {
        paint: Paint::new(true),
        ..Page::of_width("smoke-test", 100)
    };
    let text = smoke(&every_kind(), page).replace('\x1b', "^");
    expect![[r#"
        ^[32mok     ^[0m  average-rates   12 ms
        ^[32mok     ^[0m  alive          250 ms  ^[33mflaky, 2 attempts^[0m
        ^[31mfailed ^[0m  regions        300 ms  ^[2m3 attempts^[0m
            status: expected 200, got 503 Service Unavailable
            body: expected the snapshot, got other text
              of two lines
                {
              ^[31m-   "alive": true,^[0m
              ^[32m+   "error": "no database"^[0m
                }
            again: curl -sS -i -X POST -H 'content-type: application/json' --data-raw '{
          "a": 1
        }' 'http://127.0.0.1:3000/regions?with=everything'
            at envs/rates/env.toml:52
            ^[2mlog of api:^[0m
              ^[2mERROR connection refused^[0m
              ^[2m::error::x^[0m
        ^[31mfailed ^[0m  lookup[EETLL]   1.3 s  ^[33mflaky, failed 2 of 50 runs^[0m
            answer: expected one within 10s, got connection refused
        ^[32mok     ^[0m  rows             1 ms  ^[2m50 runs^[0m
        ^[2mskipped^[0m  delete                 ^[2m`regions`, which comes before it, did not pass^[0m

        slowest:
           1.3 s  lookup[EETLL]
          300 ms  regions
          250 ms  alive
           12 ms  average-rates
            1 ms  rows

        3 passed, ^[31m2 failed^[0m, 1 skipped, ^[33m2 flaky^[0m in 1.3 s
    "#]].assert_eq(&text);
}

#[test]
fn a_foreign_text_cannot_move_the_cursor() {
    let mut nasty = regions();
    nasty.failures[0].actual = text("\x1b[2J\x07gone\x1b]0;title\x07");
    nasty.failures[1].difference = Some(text("- \x1b[1A\n+ \u{9b}2J"));
    nasty.reproduce = Some(text("curl \x1b[2J"));
    nasty.log = vec![text("\x1b[2J"), text("10 %\r20 %")];
    let text = smoke(&answer(vec![nasty]), Page::of_width("smoke-test", 100));
    assert!(
        text.chars().all(|char| char == '\n' || !char.is_control()),
        "{text:?}"
    );
}

#[test]
fn many_checks_end_with_the_slowest_and_the_failed() {
    let mut checks: Vec<CheckAnswer> = (0..30)
        .map(|number| passed(&format!("check-{number}"), f64::from(number) / 1000.0))
        .collect();
    for check in &mut checks[3..15] {
        check.verdict = CheckVerdict::Failed;
        check.failures = vec![expected("status", "200", "404 Not Found")];
    }
    let text = smoke(&answer(checks), Page::of_width("smoke-test", 100));
    let end = text.split_once("\n\n").expect("the lines end").1;
    expect![[r"
        slowest:
          29 ms  check-29
          28 ms  check-28
          27 ms  check-27
          26 ms  check-26
          25 ms  check-25

        failed:
          check-3
          check-4
          check-5
          check-6
          check-7
          check-8
          check-9
          check-10
          check-11
          check-12
          … and 2 more

        18 passed, 12 failed in 1.3 s
    "]]
    .assert_eq(end);
}

#[test]
fn ten_fast_checks_have_no_slowest() {
    let checks: Vec<CheckAnswer> = (0..10).map(|_| passed("fast", 0.9)).collect();
    let text = smoke(&answer(checks), Page::of_width("smoke-test", 100));
    assert!(!text.contains("slowest"), "{text}");
    let text = smoke(
        &answer(vec![passed("only", 9.0)]),
        Page::of_width("smoke-test", 100),
    );
    assert!(!text.contains("slowest"), "{text}");
}

#[test]
fn the_summary_counts() {
    let page = Page::of_width("smoke-test", 100);
    let all = summary(&every_kind(), page);
    let one = summary(&answer(vec![passed("alive", 0.1)]), page);
    let none = summary(&answer(Vec::new()), page);
    expect![[r"
        3 passed, 2 failed, 1 skipped, 2 flaky in 1.3 s
        1 passed in 1.3 s
        no check ran
    "]]
    .assert_eq(&format!("{all}{one}{none}"));
}
