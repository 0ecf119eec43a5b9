//! A failure as a person should read it. `commands/failure.rs` makes these; renderers draw them.

use serde::Serialize;

use super::Answer;
use crate::model::Place;

/// A small dossier on one failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// What failed: a fragment in lower case, without a period.
    pub title: String,
    /// What caused it, outermost first.
    pub causes: Vec<String>,
    /// Where in a file it is, with that line.
    pub place: Option<Place>,
    /// What was seen last: (`last observation`, `connection refused`).
    pub facts: Vec<(String, String)>,
    /// The last lines of the log that tells more.
    pub tail: Option<Tail>,
    /// The steps that were not started because of it.
    pub blocked: Vec<String>,
    /// What to do next; a command stands in backticks.
    pub hints: Vec<String>,
}

/// The end of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tail {
    /// Whose log: `db`.
    pub of: String,
    pub lines: Vec<String>,
}

/// How a command failed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failed {
    /// The failures, the one that counts first.
    pub diagnostics: Vec<Diagnostic>,
    /// What can be answered in spite of it: the results of the smoke checks.
    pub answer: Option<Answer>,
    pub exit_code: u8,
}

impl Diagnostic {
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
