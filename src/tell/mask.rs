//! Hides the texts of secrets: the one mask of everything that is printed or written.

mod escapes;
mod spellings;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::model::Secret;
use spellings::{Spelling, spellings};

/// The shortest piece of a secret, a line or a value in it, that is hidden by itself; a shorter
/// one (`}`) would blot out text that is none.
const SHORTEST_PIECE: usize = 8;

/// The shortest start of a secret that is hidden where a text was cut off.
const SHORTEST_START: usize = 3;

/// The texts to hide, in every spelling that a program may give them.
#[derive(Clone, Default)]
pub struct Mask {
    hidden: BTreeSet<Spelling>,
    /// Finds them. It is made when something is shown first.
    search: OnceLock<Search>,
}

#[derive(Clone)]
struct Search {
    automaton: AhoCorasick,
    /// The spellings by the numbers of the automaton's patterns.
    spellings: Vec<Spelling>,
}

impl Mask {
    /// The shortest piece of a secret, a line or a value in it, that is hidden by itself.
    pub const SHORTEST_PIECE: usize = SHORTEST_PIECE;

    /// Returns a mask for every secret that is long enough.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut mask = Self::default();
        mask.add(secrets);
        mask
    }

    /// Hides more secrets from now on.
    pub fn add<'a>(&mut self, secrets: impl IntoIterator<Item = &'a str>) {
        let before = self.hidden.len();
        let pieces = secrets.into_iter().flat_map(pieces).filter(|text| {
            text.chars().count() >= Secret::SHORTEST && !text.chars().all(|c| c == '*')
        });
        self.hidden.extend(pieces.flat_map(spellings));
        if self.hidden.len() != before {
            self.search = OnceLock::new();
        }
    }

    /// Returns the text with `***` for every secret.
    pub fn apply(&self, text: &str) -> String {
        self.start(text, usize::MAX).0
    }

    /// Hides the secrets in a text, which is copied only where one is in it.
    pub fn hide_in(&self, text: &mut String) {
        if !self.hidden.is_empty() && self.search().automaton.is_match(text.as_str()) {
            *text = self.apply(text);
        }
    }

    /// Returns the start of the text, masked before it is cut so that no half of a secret is
    /// left at the end.
    pub fn excerpt(&self, text: &str, limit_bytes: usize) -> String {
        let (mut start, whole) = self.start(text, limit_bytes);
        if !whole {
            start.push_str("… (");
            start.push_str(&text.len().to_string());
            start.push_str(" bytes in all)");
        }
        start
    }

    /// Returns a text that was cut off before it came here: what may be the start of a secret at
    /// its end is hidden, too.
    pub fn apply_to_start(&self, text: &str) -> String {
        let mut masked = self.apply(text);
        let begun = |secret: &Spelling| {
            let starts = (SHORTEST_START..secret.text.len()).rev();
            let mut starts = starts.filter_map(|end| secret.text.get(..end));
            starts.find(|start| masked.ends_with(start)).map(str::len)
        };
        if let Some(length) = self.hidden.iter().filter_map(begun).max() {
            masked.truncate(masked.len() - length);
            masked.push_str("***");
        }
        masked
    }

    fn start(&self, text: &str, limit_bytes: usize) -> (String, bool) {
        let mut masked = String::with_capacity(text.len().min(limit_bytes));
        let mut shown = 0;
        if !self.hidden.is_empty() {
            let search = self.search();
            for found in search.automaton.find_iter(text) {
                let spelling = &search.spellings[found.pattern().as_usize()];
                let place = spelling.with_edges(text, found.start(), found.end());
                if place.end <= shown {
                    continue;
                }
                let before = &text[shown..place.start.max(shown)];
                if !fill(&mut masked, before, limit_bytes) || masked.len() >= limit_bytes {
                    return (masked, false);
                }
                masked.push_str("***");
                shown = place.end;
            }
        }
        let whole = fill(&mut masked, &text[shown..], limit_bytes);
        (masked, whole)
    }

    fn search(&self) -> &Search {
        self.search.get_or_init(|| {
            let spellings: Vec<Spelling> = self.hidden.iter().cloned().collect();
            // A secret inside another one leaves nothing of the longer.
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(spellings.iter().map(|spelling| &spelling.text))
                .expect("the secrets are far fewer than a search can hold");
            Search {
                automaton,
                spellings,
            }
        })
    }
}

/// Returns a secret, the same without space around it, and the lines of one that has several,
/// since output comes in lines.
fn pieces(secret: &str) -> impl Iterator<Item = &str> {
    let lines = secret.lines().map(str::trim);
    let lines = lines.filter(move |line| line.len() >= SHORTEST_PIECE && *line != secret);
    [secret, secret.trim()].into_iter().chain(lines)
}

/// Adds a text until the limit is reached; returns whether all of it was added.
fn fill(masked: &mut String, text: &str, limit_bytes: usize) -> bool {
    let room = limit_bytes.saturating_sub(masked.len());
    let end = text.len().min(room);
    let end = (end..=text.len())
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(text.len());
    masked.push_str(&text[..end]);
    end == text.len()
}

#[cfg(test)]
mod tests;
