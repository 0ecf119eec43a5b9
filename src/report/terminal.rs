//! What is known of the terminal, captured once. Knows nothing of what is printed.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr, stdin, stdout};

use console::Term;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    Never,
    /// On streams that are a terminal.
    #[default]
    Auto,
    Always,
}

/// Facts about the two output streams.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    pub stdout_is_tty: bool,
    pub stderr_is_tty: bool,
    /// Whether bars can be drawn: standard error is a terminal that can move its cursor, and a
    /// person sits before it.
    pub live: bool,
    pub width: u16,
    pub height: u16,
    pub color: Color,
    /// Whether GitHub Actions reads the streams, and takes some lines for commands.
    pub in_github_actions: bool,
}

impl Terminal {
    /// Looks at the two streams and at `NO_COLOR`, `CLICOLOR_FORCE`, `TERM`, `CI`, `COLUMNS` and
    /// `GITHUB_ACTIONS`.
    pub fn capture(variables: &BTreeMap<String, String>) -> Self {
        let size = Term::stderr()
            .size_checked()
            .or(Term::stdout().size_checked());
        let streams = (stdout().is_terminal(), stderr().is_terminal());
        Self::from_facts(streams, size, variables)
    }

    /// Returns the facts of streams that are no terminal, as in a pipe.
    pub fn pipe() -> Self {
        Self::from_facts((false, false), None, &BTreeMap::new())
    }

    fn from_facts(
        (stdout_is_tty, stderr_is_tty): (bool, bool),
        size: Option<(u16, u16)>,
        variables: &BTreeMap<String, String>,
    ) -> Self {
        let value = |name: &str| variables.get(name).map_or("", String::as_str);
        let set = |name: &str| !matches!(value(name), "" | "0" | "false");
        let dumb = value("TERM") == "dumb";
        let color = if !value("NO_COLOR").is_empty() {
            Color::Never
        } else if set("CLICOLOR_FORCE") {
            Color::Always
        } else if dumb {
            Color::Never
        } else {
            Color::Auto
        };
        let (height, width) = size.unwrap_or((24, 80));
        let columns = value("COLUMNS").parse().unwrap_or(width);
        Self {
            stdout_is_tty,
            stderr_is_tty,
            live: stderr_is_tty && !dumb && !set("CI"),
            width: if columns == 0 { 80 } else { columns },
            height: if height == 0 { 24 } else { height },
            color,
            in_github_actions: value("GITHUB_ACTIONS") == "true",
        }
    }

    /// Whether somebody can be asked: questions go to standard error, answers come from standard
    /// input.
    pub fn is_interactive(self) -> bool {
        self.stderr_is_tty && stdin().is_terminal()
    }

    /// Whether a program that is run can have it: standard input and output are one.
    pub fn can_be_lent(self) -> bool {
        self.stdout_is_tty && stdin().is_terminal()
    }

    /// Whether standard output is coloured.
    pub(super) fn colors_stdout(self) -> bool {
        self.colors(self.stdout_is_tty)
    }

    /// Whether standard error is coloured.
    pub(super) fn colors_stderr(self) -> bool {
        self.colors(self.stderr_is_tty)
    }

    /// Returns how wide an answer may be; what goes into a pipe has no width.
    pub(super) fn answer_width(self) -> usize {
        if self.stdout_is_tty {
            usize::from(self.width)
        } else {
            usize::MAX
        }
    }

    /// Returns in how many columns failures are broken into lines; in a pipe they are not.
    pub(super) fn failure_wrap(self) -> usize {
        if self.stderr_is_tty {
            usize::from(self.width)
        } else {
            usize::MAX
        }
    }

    fn colors(self, is_tty: bool) -> bool {
        match self.color {
            Color::Never => false,
            Color::Auto => is_tty,
            Color::Always => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(variables: &[(&str, &str)]) -> Terminal {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Terminal::from_facts((false, true), Some((50, 120)), &variables)
    }

    #[test]
    fn a_stream_that_is_a_terminal_is_coloured_and_live() {
        let terminal = captured(&[("TERM", "xterm")]);
        assert!(terminal.live && terminal.colors_stderr() && !terminal.colors_stdout());
        assert_eq!((terminal.width, terminal.height), (120, 50));
        assert_eq!(terminal.answer_width(), usize::MAX);
    }

    #[test]
    fn variables_turn_colour_and_bars_off() {
        assert!(!captured(&[("NO_COLOR", "1")]).colors_stderr());
        assert!(captured(&[("NO_COLOR", "1")]).live);
        assert!(captured(&[("NO_COLOR", "")]).colors_stderr());
        assert!(captured(&[("CLICOLOR_FORCE", "1")]).colors_stdout());
        assert!(!captured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).colors_stdout());
        assert!(!captured(&[("TERM", "dumb")]).colors_stderr());
        assert!(!captured(&[("TERM", "dumb")]).live);
        assert!(!captured(&[("CI", "true")]).live);
        assert!(captured(&[("CI", "false")]).live);
    }

    #[test]
    fn github_actions_is_known_by_its_variable() {
        assert!(captured(&[("GITHUB_ACTIONS", "true")]).in_github_actions);
        assert!(!captured(&[("GITHUB_ACTIONS", "false")]).in_github_actions);
        assert!(!captured(&[]).in_github_actions);
    }

    #[test]
    fn columns_win_over_the_size_and_nonsense_does_not() {
        assert_eq!(captured(&[("COLUMNS", "40")]).width, 40);
        assert_eq!(captured(&[("COLUMNS", "wide")]).width, 120);
        assert_eq!(captured(&[("COLUMNS", "0")]).width, 80);
        assert_eq!(Terminal::pipe().width, 80);
    }
}
