//! How a command on the host failed, or why it cannot even be tried.

/// How many of the last lines of a failed program are kept.
const OUTPUT_LINES_MAX: usize = 40;

/// Why something cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    pub reason: String,
    /// The command that mends it.
    pub hint: Option<String>,
}

/// Why a command did not do its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommandFailure {
    pub reason: String,
    /// The last lines that it printed.
    pub output: Vec<String>,
}

impl CommandFailure {
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            output: Vec::new(),
        }
    }
}

/// Keeps the last lines of an output.
#[derive(Debug, Default)]
pub(crate) struct LastLines(std::collections::VecDeque<String>);

impl LastLines {
    pub(crate) fn push(&mut self, line: String) {
        if self.0.len() == OUTPUT_LINES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0.into()
    }
}
