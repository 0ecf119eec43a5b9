//! How a command on the host failed.

/// How many of the last lines of a failed program are kept.
const OUTPUT_LINES_MAX: usize = 40;

/// Why a command did not do its work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct Failure {
    pub reason: String,
    /// The last lines that it printed.
    pub output: Vec<String>,
}

impl Failure {
    pub(in crate::engine) fn because(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            output: Vec::new(),
        }
    }
}

/// Keeps the last lines of an output.
#[derive(Debug, Default)]
pub(in crate::engine) struct LastLines(std::collections::VecDeque<String>);

impl LastLines {
    pub(in crate::engine) fn push(&mut self, line: String) {
        if self.0.len() == OUTPUT_LINES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    pub(in crate::engine) fn into_vec(self) -> Vec<String> {
        self.0.into()
    }
}
