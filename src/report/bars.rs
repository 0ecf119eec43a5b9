//! A run on a terminal: indicatif keeps the rows of the board at the bottom, and what stays
//! scrolls by above them.

use std::io::Write as _;
use std::mem::take;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::board::Board;
use super::cut::width;
use super::line_ends::LineEnds;
use super::log_lines::LogLines;
use super::outputs::Outputs;
use super::paint::Paint;
use super::view::{Now, View};
use super::workflow;
use super::{Terminal, Verbosity};
use crate::tell::Event;

/// Draws a board.
pub(super) struct Bars {
    terminal: Terminal,
    screen: Term,
    board: Board,
    logs: LogLines,
    /// Lines for standard error that are not written yet.
    above: String,
    /// The rows, as one bar of several lines, so that a redraw is one write.
    bar: Option<ProgressBar>,
    /// How wide each row is that is drawn.
    drawn: Vec<usize>,
}

impl Bars {
    /// How often the rows may be drawn in a second.
    const REDRAWS: u8 = 15;

    pub(super) fn new(verbosity: Verbosity, terminal: Terminal) -> Self {
        Self {
            terminal,
            screen: Term::stderr(),
            board: Board::new(verbosity, Paint::new(terminal.colors_stderr())),
            logs: LogLines::new(Paint::new(terminal.colors_stdout())),
            above: String::new(),
            bar: None,
            drawn: Vec::new(),
        }
    }

    /// Returns columns and lines: those that were captured, or fewer where the window shrank. One
    /// of each stays free, so that no terminal wraps or scrolls.
    fn size(&self) -> (usize, usize) {
        let captured = (self.terminal.height, self.terminal.width);
        let (lines, columns) = self.screen.size_checked().unwrap_or(captured);
        let columns = columns.min(self.terminal.width);
        (
            usize::from(columns).saturating_sub(1),
            usize::from(lines).saturating_sub(1),
        )
    }

    /// Takes away what a narrower window made of the rows: the terminal broke each that is too long
    /// now into several, of which the bar knows nothing.
    fn heed_narrower(&mut self, columns: usize) {
        let Some(erase) = erasure(&self.drawn, columns + 1).filter(|_| self.bar.is_some()) else {
            return;
        };
        let _ = self.screen.write_all(erase.as_bytes());
        let _ = self.screen.flush();
        self.drawn.clear();
    }

    /// Writes with the rows out of the way.
    fn write(&mut self, write: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn write_above(&mut self, outputs: &mut Outputs) {
        let above = take(&mut self.above);
        if !above.is_empty() {
            self.write(|| outputs.err(&above));
        }
    }
}

impl View for Bars {
    fn event(&mut self, event: Event, now: Now, outputs: &mut Outputs) {
        if let Some(line) = self.logs.event(&event) {
            self.write(|| outputs.out(&line));
            return;
        }
        if let Event::TaskLine { stderr, line, .. } = &event {
            self.write(|| outputs.line(*stderr, line));
            return;
        }
        if let Some(line) = workflow::command(&event) {
            self.write(|| outputs.command(&line));
            return;
        }
        let (columns, _) = self.size();
        if let Some(line) = self.board.event(event, now.elapsed, columns) {
            self.above.push_str(&line);
            self.above.push('\n');
        }
    }

    fn tick(&mut self, now: Now, outputs: &mut Outputs) -> bool {
        let (columns, lines) = self.size();
        self.heed_narrower(columns);
        let rows = self.board.rows(now.elapsed, columns, lines);
        if rows.is_empty() {
            self.clear(now, outputs);
            return self.board.is_live();
        }
        let bar = self.bar.get_or_insert_with(|| {
            let screen = Box::new(LineEnds::new(self.screen.clone()));
            let target = ProgressDrawTarget::term_like_with_hz(screen, Self::REDRAWS);
            let style = ProgressStyle::with_template("{msg}").expect("the template is valid");
            ProgressBar::with_draw_target(None, target).with_style(style)
        });
        // The rows come first: writing above them draws them again, as they then are.
        bar.set_message(rows.join("\n"));
        self.drawn = rows.iter().map(|row| width(row)).collect();
        self.write_above(outputs);
        true
    }

    fn clear(&mut self, _now: Now, outputs: &mut Outputs) {
        self.write_above(outputs);
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            self.drawn.clear();
        }
    }
}

/// Returns what erases rows that were broken into more lines than they are, and leaves the cursor
/// where it would be had they not; nothing where all still fit.
fn erasure(drawn: &[usize], columns: usize) -> Option<String> {
    let lines = |width: &usize| width.div_ceil(columns.max(1)).max(1);
    let broken: usize = drawn.iter().map(lines).sum();
    if broken <= drawn.len() {
        return None;
    }
    let (up, down) = (broken - 1, "\n".repeat(drawn.len() - 1));
    Some(format!("\r\x1b[{up}A\x1b[J{down}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_a_narrower_window_broke_are_erased_whole() {
        assert_eq!(erasure(&[40, 20], 40), None);
        assert_eq!(erasure(&[], 10), None);
        // Two lines of the first row and one of the second.
        assert_eq!(erasure(&[40, 20], 39).as_deref(), Some("\r\x1b[2A\x1b[J\n"));
        assert_eq!(erasure(&[79], 20).as_deref(), Some("\r\x1b[3A\x1b[J"));
    }
}
