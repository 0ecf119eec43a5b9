//! A regular expression, compiled once when the configuration is read.

use std::fmt;

use regex::Regex;

/// A regular expression that is known to be one.
#[derive(Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Reads a regular expression; the error says in a line what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        Regex::new(text).map(Self).map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default();
            why.strip_prefix("error: ").unwrap_or(why).to_owned()
        })
    }

    /// Returns it as it was written.
    pub fn text(&self) -> &str {
        self.0.as_str()
    }

    /// Returns it compiled.
    pub fn regex(&self) -> &Regex {
        &self.0
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "/{}/", self.text())
    }
}
