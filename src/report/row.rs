//! One running step as one line: its title, how far it is, and what it does, in as many columns
//! as there are.

use std::time::Duration;

use super::cut::{cut, pad, plain_line, width};
use super::duration::{duration, rough};
use super::paint::Paint;
use super::plural::plural;
use super::rate::Rate;
use crate::tell::{Progress, Unit};
use crate::tell::{bytes, bytes_of};

/// A step that runs.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) title: String,
    pub(super) started: Duration,
    progress: Option<Progress>,
    rate: Rate,
    /// What it said last that it does.
    text: Option<String>,
}

/// How a row is drawn.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// The columns of a whole line.
    pub(super) width: usize,
    /// The columns that titles take.
    pub(super) title_width: usize,
    pub(super) paint: Paint,
}

/// A part of a row, and when it gives way to the others: the greatest goes first.
struct RowPart {
    text: String,
    goes: u8,
}

impl Row {
    pub(super) fn new(title: &str, started: Duration) -> Self {
        Self {
            title: plain_line(title),
            started,
            progress: None,
            rate: Rate::default(),
            text: None,
        }
    }

    /// Takes in how far the step is.
    pub(super) fn progress(&mut self, progress: Progress, at: Duration) {
        self.rate.sample(at, progress.done);
        if let Some(doing) = &progress.doing {
            self.text = Some(plain_line(doing));
        }
        self.progress = Some(progress);
    }

    /// Takes in what the step does.
    pub(super) fn text(&mut self, text: &str) {
        let text = plain_line(text);
        if !text.is_empty() {
            self.text = Some(text);
        }
    }

    /// Draws the step as it is at a moment.
    pub(super) fn draw(&self, at: Duration, layout: Layout) -> String {
        const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
        let elapsed = at.saturating_sub(self.started);
        let frame = usize::try_from(elapsed.as_millis() / 100).unwrap_or_default() % FRAMES.len();
        let room = layout.width.saturating_sub(2);
        let mut parts = self.parts(elapsed);
        let taken = |parts: &[RowPart]| {
            parts
                .iter()
                .map(|part| width(&part.text) + 2)
                .sum::<usize>()
        };
        let title_width = layout.title_width.max(width(&self.title).min(room / 2));
        while let Some(last) = parts.iter().map(|part| part.goes).max()
            && title_width + taken(&parts) > room
        {
            parts.retain(|part| part.goes != last);
        }
        let rest = room.saturating_sub(taken(&parts));
        let title = pad(&cut(&self.title, rest), layout.title_width.min(rest));
        let mut rest = rest.saturating_sub(width(&title));
        let mut line = format!("{} {title}", layout.paint.cyan(FRAMES[frame]));
        if let Some(gauge) = self.gauge().filter(|gauge| rest >= width(gauge) + 10) {
            rest -= width(&gauge) + 2;
            line = format!("{line}  {gauge}");
        }
        for part in parts {
            line = format!("{line}  {}", part.text);
        }
        match &self.text {
            Some(text) if rest >= 8 => {
                let text = layout.paint.dim(&cut(text, rest - 2));
                format!("{line}  {text}")
            }
            _ => line,
        }
    }

    fn parts(&self, elapsed: Duration) -> Vec<RowPart> {
        let part = |text, goes| RowPart { text, goes };
        let mut parts = Vec::new();
        let Some(progress) = &self.progress else {
            return vec![part(duration(elapsed), 1)];
        };
        parts.push(part(amount(progress), 0));
        if progress.unit == Unit::Bytes
            && let Some(rate) = self.rate.per_second()
        {
            parts.push(part(format!("{}/s", bytes(rate)), 2));
        }
        let left = progress
            .total
            .and_then(|total| self.rate.left(progress.done, total))
            .filter(|_| progress.unit == Unit::Bytes);
        parts.push(match left {
            Some(left) => part(format!("ETA {}", rough(left)), 1),
            None => part(duration(elapsed), 1),
        });
        parts
    }

    fn gauge(&self) -> Option<String> {
        const CELLS: u64 = 20;
        let progress = self.progress.as_ref()?;
        let total = progress.total.filter(|total| *total > 0)?;
        let done = u128::from(progress.done.min(total)) * u128::from(CELLS) / u128::from(total);
        let done = usize::try_from(done).ok()?;
        Some("█".repeat(done) + &"░".repeat(20 - done))
    }
}

/// Returns how far a progress is: `12.0/45.1 MiB`, `3/9 layers`.
pub(super) fn amount(progress: &Progress) -> String {
    let noun = match progress.unit {
        Unit::Bytes => {
            return match progress.total {
                Some(total) => bytes_of(progress.done, total),
                None => bytes(progress.done),
            };
        }
        Unit::Layers => "layer",
        Unit::Steps => "step",
    };
    let counted = |count: u64| plural(usize::try_from(count).unwrap_or(usize::MAX), noun);
    match progress.total {
        Some(total) => format!("{}/{}", progress.done, counted(total)),
        None => counted(progress.done),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(row: &Row, at_s: u64, expected: &Expect) {
        let mut text = String::new();
        for columns in [20, 40, 60, 100, 130] {
            let layout = Layout {
                width: columns,
                title_width: 0,
                paint: Paint::new(false),
            };
            let line = row.draw(Duration::from_secs(at_s), layout);
            assert!(width(&line) <= columns, "{line}");
            text = format!("{text}{line}\n");
        }
        expected.assert_eq(&text);
    }

    fn loading(total: Option<u64>) -> Row {
        let mut row = Row::new("seed rates.sql.gz into rates", Duration::ZERO);
        for second in 0..5 {
            row.progress(
                Progress {
                    done: second * 3_400_000,
                    total,
                    unit: Unit::Bytes,
                    doing: Some("COPY public.prices".to_owned()),
                },
                Duration::from_secs(second),
            );
        }
        row
    }

    #[test]
    fn bytes_have_a_gauge_a_rate_and_the_time_left() {
        check(
            &loading(Some(47_300_000)),
            4,
            &expect![[r"
                ⠋ seed rates.sql.gz…
                ⠋ seed rates.sql.gz into…  12.9/45.1 MiB
                ⠋ seed rates.sql.gz into rates  12.9/45.1 MiB  ETA 10 s
                ⠋ seed rates.sql.gz into rates  █████░░░░░░░░░░░░░░░  12.9/45.1 MiB  3.2 MiB/s  ETA 10 s  COPY publ…
                ⠋ seed rates.sql.gz into rates  █████░░░░░░░░░░░░░░░  12.9/45.1 MiB  3.2 MiB/s  ETA 10 s  COPY public.prices
            "]],
        );
    }

    #[test]
    fn bytes_of_an_unknown_whole_have_a_rate() {
        check(
            &loading(None),
            4,
            &expect![[r"
            ⠋ seed rates.sql.gz…
            ⠋ seed rates.sql.gz in…  12.9 MiB  4.0 s
            ⠋ seed rates.sql.gz into rates  12.9 MiB  3.2 MiB/s  4.0 s
            ⠋ seed rates.sql.gz into rates  12.9 MiB  3.2 MiB/s  4.0 s  COPY public.prices
            ⠋ seed rates.sql.gz into rates  12.9 MiB  3.2 MiB/s  4.0 s  COPY public.prices
        "]],
        );
    }

    #[test]
    fn steps_are_counted() {
        let mut row = Row::new("build postgres", Duration::ZERO);
        row.progress(
            Progress {
                done: 3,
                total: Some(9),
                unit: Unit::Steps,
                doing: Some("RUN apt-get install -y postgresql-13".to_owned()),
            },
            Duration::from_secs(1),
        );
        check(
            &row,
            75,
            &expect![[r"
            ⠋ build postgres
            ⠋ build postgres  3/9 steps  1m 15s
            ⠋ build postgres  3/9 steps  1m 15s  RUN apt-get install -y…
            ⠋ build postgres  ██████░░░░░░░░░░░░░░  3/9 steps  1m 15s  RUN apt-get install -y postgresql-13
            ⠋ build postgres  ██████░░░░░░░░░░░░░░  3/9 steps  1m 15s  RUN apt-get install -y postgresql-13
        "]],
        );
    }

    #[test]
    fn a_wait_says_what_for() {
        let mut row = Row::new("wait for db", Duration::ZERO);
        row.text("connection refused (127.0.0.1:40001),\x1b[31m asking again every 250 ms");
        check(
            &row,
            2,
            &expect![[r"
            ⠋ wait for db  2.0 s
            ⠋ wait for db  2.0 s  connection refuse…
            ⠋ wait for db  2.0 s  connection refused (127.0.0.1:40001),…
            ⠋ wait for db  2.0 s  connection refused (127.0.0.1:40001), asking again every 250 ms
            ⠋ wait for db  2.0 s  connection refused (127.0.0.1:40001), asking again every 250 ms
        "]],
        );
    }
}
