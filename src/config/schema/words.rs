//! Keys that hold one of a few words.

use super::text::Grammar;
use crate::config::suggest;

/// The words of which a key holds one.
#[derive(Debug)]
pub(crate) struct Words {
    pub all: &'static [&'static str],
    /// What else it may be.
    pub more: Option<&'static Grammar>,
    /// What is said of another one, with `{value}` for it.
    pub wrong: &'static str,
    pub hint: Hint,
    /// Words of Compose, each with what to write instead.
    pub foreign: &'static [(&'static str, &'static str)],
}

/// What is said beside it.
#[derive(Debug)]
pub(crate) enum Hint {
    Fixed(&'static str),
    /// The word that is near, else these words before the list of all, and the last separator.
    Near(&'static str, &'static str),
    /// The list of all, with these words before it and this last separator.
    All(&'static str, &'static str),
}

impl Words {
    pub(crate) fn has(&self, word: &str) -> bool {
        self.all.contains(&word) || self.more.is_some_and(|more| more.has(word))
    }

    /// Returns the word that is meant by one that is none of them.
    pub(crate) fn nearest(&self, word: &str) -> Option<&'static str> {
        suggest::nearest(word, self.all.iter().copied())
    }

    /// Says what to write instead of a word that is none of them.
    pub(crate) fn instead_of(&self, word: &str) -> String {
        if let Some((_, hint)) = self.foreign.iter().find(|(foreign, _)| *foreign == word) {
            return (*hint).to_owned();
        }
        match (&self.hint, self.nearest(word)) {
            (Hint::Fixed(hint), _) => (*hint).to_owned(),
            (Hint::Near(..), Some(near)) => format!("did you mean `{near}`?"),
            (Hint::Near(before, last) | Hint::All(before, last), _) => {
                let (end, others) = self.all.split_last().unwrap_or((&"", &[]));
                format!("{before} {}{last}`{end}`", suggest::list(others))
            }
        }
    }
}
