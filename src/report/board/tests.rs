use expect_test::expect;

use super::*;
use crate::tell::{Progress, Unit};

/// A run that is told to a board, and what stays of it.
struct Told {
    board: Board,
    columns: usize,
    above: String,
}

impl Told {
    fn new(columns: usize, verbosity: Verbosity) -> Self {
        Self {
            board: Board::new(verbosity, Paint::new(false)),
            columns,
            above: String::new(),
        }
    }

    fn event(&mut self, at_ms: u64, event: Event) {
        let at = Duration::from_millis(at_ms);
        if let Some(line) = self.board.event(event, at, self.columns) {
            self.above = format!("{}{line}\n", self.above);
        }
    }

    fn started(&mut self, at_ms: u64, step: usize, title: &str) {
        let (step, title) = (StepId(step), title.to_owned());
        self.event(at_ms, Event::StepStarted { step, title });
    }

    fn finished(&mut self, at_ms: u64, step: usize, title: &str, outcome: Outcome) {
        self.event(
            at_ms,
            Event::StepFinished {
                step: StepId(step),
                title: title.to_owned(),
                outcome,
                elapsed: Duration::from_millis(at_ms),
            },
        );
    }

    fn screen(&self, at_ms: u64, lines: usize) -> String {
        let rows = self
            .board
            .rows(Duration::from_millis(at_ms), self.columns, lines);
        for row in rows.iter().map(String::as_str).chain(self.above.lines()) {
            assert!(
                row.starts_with("warning") || width(row) <= self.columns,
                "{row}"
            );
        }
        assert!(rows.len() <= lines);
        let mut rows = rows.join("\n");
        if !rows.is_empty() {
            rows.push('\n');
        }
        format!("{}--\n{rows}", self.above)
    }
}

fn run(columns: usize, verbosity: Verbosity) -> Told {
    let mut told = Told::new(columns, verbosity);
    told.event(
        0,
        Event::RunStarted {
            command: "up".to_owned(),
            environment: "rates".to_owned(),
            instance: "default".to_owned(),
            steps: 9,
        },
    );
    told.started(0, 1, "image postgres");
    told.started(0, 2, "network");
    let detail = None;
    told.finished(100, 2, "network", Outcome::Unchanged { detail });
    let detail = Some("built envctl/postgres:1a2b3c4d5e6f".to_owned());
    told.finished(12_300, 1, "image postgres", Outcome::Done { detail });
    told.started(12_300, 3, "start db");
    told.started(12_300, 4, "image rates-api");
    let step = StepId(4);
    told.event(
        12_400,
        Event::StepProgress {
            step,
            progress: Progress {
                done: 2,
                total: Some(6),
                unit: Unit::Steps,
                doing: Some("COPY rates-api /".to_owned()),
            },
        },
    );
    let line = "\x1b[1mSending\x1b[0m the build context\r".to_owned();
    told.event(12_400, Event::StepOutput { step, line });
    let text = "the port 3000 of `api` is published beyond this machine".to_owned();
    let level = Level::Warning;
    told.event(12_500, Event::Notice { level, text });
    told
}

#[test]
fn a_run_on_a_wide_terminal() {
    let told = run(100, Verbosity::Normal);
    expect![[r"
        up rates (instance default): 9 steps
        = network  unchanged  100 ms
        ✓ image postgres  built envctl/postgres:1a2b3c4d5e6f  12.3 s
        warning: the port 3000 of `api` is published beyond this machine
        --
        ⠧ start db         700 ms
        ⠧ image rates-api  ██████░░░░░░░░░░░░░░  2/6 steps  700 ms  Sending the build context
        [2/9] 2 running  13.0 s
    "]]
    .assert_eq(&told.screen(13_000, 20));
}

#[test]
fn a_run_on_a_narrow_terminal() {
    let told = run(40, Verbosity::Normal);
    expect![[r"
        up rates (instance default): 9 steps
        = network  unchanged  100 ms
        ✓ image postgres  built envctl/…  12.3 s
        warning: the port 3000 of `api` is
          published beyond this machine
        --
        ⠧ start db         700 ms
        ⠧ image rates-api  2/6 steps  700 ms
        [2/9] 2 running  13.0 s
    "]]
    .assert_eq(&told.screen(13_000, 20));
}

#[test]
fn verbose_shows_what_programs_print_and_quiet_only_warnings() {
    let verbose = run(100, Verbosity::Verbose);
    expect![[r"
        up rates (instance default): 9 steps
        = network  unchanged  100 ms
        ✓ image postgres  built envctl/postgres:1a2b3c4d5e6f  12.3 s
          image rates-api | Sending the build context
        warning: the port 3000 of `api` is published beyond this machine
        --
        ⠧ start db         700 ms
        ⠧ image rates-api  ██████░░░░░░░░░░░░░░  2/6 steps  700 ms  Sending the build context
        [2/9] 2 running  13.0 s
    "]]
    .assert_eq(&verbose.screen(13_000, 20));
    let quiet = run(100, Verbosity::Quiet);
    expect![[r"
        warning: the port 3000 of `api` is published beyond this machine
        --
    "]]
    .assert_eq(&quiet.screen(13_000, 20));
}

#[test]
fn every_end_of_a_step_has_its_words() {
    let mut told = Told::new(100, Verbosity::Normal);
    let text = |text: &str| text.to_owned();
    told.finished(12, 1, "a", Outcome::Done { detail: None });
    let detail = Some(text("fingerprint 1a2b"));
    told.finished(1200, 2, "seed dump", Outcome::Unchanged { detail });
    let reason = text("exited with code 1\nwith a second line");
    told.finished(123_000, 3, "start api", Outcome::Failed { reason });
    let because = text("start api failed");
    told.finished(123_000, 4, "wait for api", Outcome::Skipped { because });
    told.finished(123_000, 5, "migrate rates", Outcome::Interrupted);
    expect![[r"
        ✓ a  done  12 ms
        = seed dump  unchanged: fingerprint 1a2b  1.2 s
        ✗ start api  failed: exited with code 1 with a second line  2m 03s
        − wait for api  skipped: start api failed
        ! migrate rates  interrupted  2m 03s
        --
    "]]
    .assert_eq(&told.screen(200_000, 20));
}

#[test]
fn no_width_is_too_small() {
    for columns in 0..60 {
        let told = run(columns, Verbosity::Normal);
        for line in told.board.rows(Duration::from_secs(13), columns, 9) {
            assert!(width(&line) <= columns.max(2), "{columns}: {line}");
        }
    }
}

#[test]
fn nothing_is_drawn_in_the_first_quarter_of_a_second() {
    let mut told = Told::new(100, Verbosity::Normal);
    told.started(1000, 1, "network");
    assert_eq!(told.screen(1249, 20), "--\n");
    assert_ne!(told.screen(1250, 20), "--\n");
}

#[test]
fn more_steps_than_lines_are_counted() {
    let mut told = Told::new(40, Verbosity::Normal);
    for step in 1..=30 {
        told.started(0, step, &format!("start worker-{step}"));
    }
    expect![[r"
        --
        ⠋ start worker-1   1.0 s
        ⠋ start worker-2   1.0 s
        ⠋ start worker-3   1.0 s
          … and 27 more
        30 running  1.0 s
    "]]
    .assert_eq(&told.screen(1000, 5));
    expect![[r"
        --
          … and 30 more
        30 running  1.0 s
    "]]
    .assert_eq(&told.screen(1000, 2));
    expect![[r"
        --
        30 running  1.0 s
    "]]
    .assert_eq(&told.screen(1000, 1));
    assert_eq!(told.screen(1000, 0), "--\n");
}

#[test]
fn checks_are_counted() {
    let mut told = Told::new(100, Verbosity::Normal);
    for (check, verdict) in [
        ("a", CheckVerdict::Passed),
        ("b", CheckVerdict::Failed),
        ("c", CheckVerdict::Skipped),
    ] {
        told.event(
            0,
            Event::CheckFinished {
                check: check.to_owned(),
                verdict,
                flaky: false,
                attempts: 1,
                elapsed: Duration::ZERO,
                failures: Vec::new(),
            },
        );
    }
    expect![[r"
        --
        3 checks ended, 1 failed, 1 skipped  1.0 s
    "]]
    .assert_eq(&told.screen(1000, 5));
}
