use expect_test::{Expect, expect};

use super::super::outputs::testing::kept;
use super::*;
use crate::tell::CheckVerdict;
use crate::tell::{LogLook, Severity, Unit};

fn check(verbosity: Verbosity, events: Vec<(u64, Event)>, expected: &Expect) {
    let (mut outputs, out, err) = kept();
    let mut plain = Plain::new(verbosity, Terminal::pipe());
    let mut second = 0;
    let now = |second: u64| Now {
        elapsed: Duration::from_secs(second),
        clock_s: 12 * 3600 + 3 * 60 + second,
    };
    for (at, event) in events {
        while second < at {
            second += 1;
            plain.tick(now(second), &mut outputs);
        }
        plain.event(event, now(at), &mut outputs);
    }
    plain.clear(now(second), &mut outputs);
    expected.assert_eq(&format!("{}{}", err.text(), out.text()));
}

fn run() -> Vec<(u64, Event)> {
    let (one, two, three) = (StepId(1), StepId(2), StepId(3));
    let text = |text: &str| text.to_owned();
    let progress = |done| Event::StepProgress {
        step: one,
        progress: Progress {
            done,
            total: Some(47_290_000),
            unit: Unit::Bytes,
            doing: Some("layer 3f4a".to_owned()),
        },
    };
    let finished = |step, title: &str, outcome, seconds| Event::StepFinished {
        step,
        title: title.to_owned(),
        outcome,
        elapsed: Duration::from_millis(seconds),
    };
    let started = |step, title: &str| Event::StepStarted {
        step,
        title: title.to_owned(),
    };
    let waiting = |reason: &str| Event::StepMessage {
        step: two,
        text: format!("waiting for db: {reason}"),
    };
    let started_run = Event::RunStarted {
        command: text("up"),
        environment: text("rates"),
        instance: text("default"),
        steps: 3,
    };
    let mut events = vec![(0, started_run), (0, started(one, "image postgres"))];
    events.extend((0..8).map(|second| (second, progress(second * 5_000_000))));
    let line = text("Step 1/5 : FROM debian\r\n");
    events.push((8, Event::StepOutput { step: one, line }));
    let detail = Some(text("pulled postgres:13.5"));
    events.push((
        8,
        finished(one, "image postgres", Outcome::Done { detail }, 8100),
    ));
    events.push((8, started(two, "start db")));
    events.extend((8..26).map(|second| (second, waiting("connection refused"))));
    events.extend((26..28).map(|second| (second, waiting("the server is starting up"))));
    let level = Level::Warning;
    let notice = text("the seeds are stale");
    events.push((
        28,
        Event::Notice {
            level,
            text: notice,
        },
    ));
    let reason = text("exited with code 1");
    events.push((
        40,
        finished(two, "start db", Outcome::Failed { reason }, 32_000),
    ));
    let because = text("start db failed");
    events.push((
        40,
        finished(three, "seed dump", Outcome::Skipped { because }, 0),
    ));
    events
}

#[test]
fn a_long_step_says_something_each_five_seconds_and_only_when_it_is_new() {
    check(
        Verbosity::Normal,
        run(),
        &expect![[r"
        12:03:00 up rates (instance default): 3 steps
        12:03:00 [1/3] image postgres: started
        12:03:05 [1/3] image postgres: 19.0/45.0 MiB, layer 3f4a
        12:03:08 [1/3] image postgres: done, pulled postgres:13.5 (8.1 s)
        12:03:08 [2/3] start db: started
        12:03:13 [2/3] start db: waiting for db: connection refused
        12:03:27 [2/3] start db: waiting for db: the server is starting up
        12:03:28 warning: the seeds are stale
        12:03:40 [2/3] start db: failed, exited with code 1 (32.0 s)
        12:03:40 [3/3] seed dump: skipped, start db failed
    "]],
    );
}

#[test]
fn verbose_shows_what_programs_print_and_quiet_only_warnings() {
    check(
        Verbosity::Verbose,
        run(),
        &expect![[r"
        12:03:00 up rates (instance default): 3 steps
        12:03:00 [1/3] image postgres: started
        12:03:05 [1/3] image postgres: 19.0/45.0 MiB, layer 3f4a
        12:03:08 [1/3] image postgres: | Step 1/5 : FROM debian
        12:03:08 [1/3] image postgres: done, pulled postgres:13.5 (8.1 s)
        12:03:08 [2/3] start db: started
        12:03:13 [2/3] start db: waiting for db: connection refused
        12:03:27 [2/3] start db: waiting for db: the server is starting up
        12:03:28 warning: the seeds are stale
        12:03:40 [2/3] start db: failed, exited with code 1 (32.0 s)
        12:03:40 [3/3] seed dump: skipped, start db failed
    "]],
    );
    check(
        Verbosity::Quiet,
        run(),
        &expect![[r"
        12:03:28 warning: the seeds are stale
    "]],
    );
}

#[test]
fn checks_and_logs_have_their_lines() {
    let check_event = |check: &str, verdict| Event::CheckFinished {
        check: check.to_owned(),
        verdict,
        flaky: verdict == CheckVerdict::Passed,
        attempts: 2,
        elapsed: Duration::from_millis(12),
        failures: vec!["status".to_owned()],
    };
    let log = Event::LogLine {
        service: "db".to_owned(),
        stderr: true,
        time: None,
        line: "ready".to_owned(),
        look: LogLook::default(),
    };
    let task = Event::TaskLine {
        task: "import".to_owned(),
        stderr: false,
        line: "180 ports".to_owned(),
    };
    check(
        Verbosity::Normal,
        vec![
            (0, check_event("a", CheckVerdict::Passed)),
            (1, check_event("b", CheckVerdict::Failed)),
            (1, log),
            (1, task),
        ],
        &expect![[r"
            db | ready
            180 ports
        "]],
    );
}

#[test]
fn verbose_has_a_line_for_every_check() {
    let check_event = |check: &str, verdict, flaky| Event::CheckFinished {
        check: check.to_owned(),
        verdict,
        flaky,
        attempts: 2,
        elapsed: Duration::from_millis(12),
        failures: Vec::new(),
    };
    let annotation = Event::Annotation {
        severity: Severity::Warning,
        file: None,
        line: Some(3),
        title: "a".to_owned(),
        message: "flaky: passed after 2 attempts".to_owned(),
    };
    check(
        Verbosity::Verbose,
        vec![
            (0, check_event("a", CheckVerdict::Passed, true)),
            (1, check_event("b", CheckVerdict::Failed, false)),
            (2, check_event("c", CheckVerdict::Skipped, false)),
            (2, annotation),
        ],
        &expect![[r"
            12:03:00 check a: passed (12 ms), flaky
            12:03:01 check b: failed (12 ms)
            12:03:02 check c: skipped (12 ms)
            ::warning line=3,title=a::flaky: passed after 2 attempts
        "]],
    );
}

#[test]
fn hundreds_of_steps_are_summed_up_but_not_those_that_fail() {
    let title = |step: usize| format!("ready s{step:03}");
    let started_run = Event::RunStarted {
        command: "up".to_owned(),
        environment: "many".to_owned(),
        instance: "default".to_owned(),
        steps: 300,
    };
    let start = |step| Event::StepStarted {
        step: StepId(step),
        title: title(step),
    };
    let finish = |step, outcome| Event::StepFinished {
        step: StepId(step),
        title: title(step),
        outcome,
        elapsed: Duration::from_secs(1),
    };
    let mut events = vec![(0, started_run)];
    events.extend((0..100).map(|step| (0, start(step))));
    let done = || Outcome::Done { detail: None };
    events.extend((1..100).map(|step| (8, finish(step, done()))));
    let reason = "exit code 1".to_owned();
    events.push((12, finish(0, Outcome::Failed { reason })));
    events.extend((100..300).map(|step| {
        let because = "`ready s000` failed".to_owned();
        (12, finish(step, Outcome::Skipped { because }))
    }));
    check(
        Verbosity::Normal,
        events,
        &expect![[r"
        12:03:00 up many (instance default): 300 steps
        12:03:05 [0/300] running: ready s000 (5.0 s), ready s001 (5.0 s), ready s002 (5.0 s) and 97 more
        12:03:10 [99/300] running: ready s000 (10.0 s)
        12:03:12 ready s000: failed, exit code 1 (1.0 s)
        12:03:12 200 steps skipped, `ready s000` failed
    "]],
    );
}
