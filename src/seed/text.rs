//! A statement as its tokens, and the same statement with some of them replaced.

use std::ops::Range;

use crate::postgres::{Placed, Token, placed_tokens};

/// How many tokens are read; what is longer is not plain.
const MOST: usize = 2_000;

/// A statement that is looked at.
pub(super) struct Text<'a> {
    pub(super) sql: &'a str,
    tokens: Vec<Placed>,
}

impl<'a> Text<'a> {
    pub(super) fn read(sql: &'a str) -> Self {
        let tokens = placed_tokens(sql, MOST);
        Self { sql, tokens }
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Returns the unquoted word at a place.
    pub(super) fn word(&self, at: usize) -> Option<&str> {
        match self.token(at)? {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn is(&self, at: usize, word: &str) -> bool {
        self.word(at) == Some(word)
    }

    /// Returns the name at a place, quoted or not.
    pub(super) fn name(&self, at: usize) -> Option<&str> {
        self.token(at)?.identifier()
    }

    /// Returns the role at a place: some write it as a text.
    pub(super) fn role(&self, at: usize) -> Option<&str> {
        match self.token(at)? {
            Token::Word(name) | Token::Name(name) | Token::Text(name) => Some(name),
            Token::Symbol(_) => None,
        }
    }

    /// Returns the text at a place.
    pub(super) fn literal(&self, at: usize) -> Option<&str> {
        match self.token(at)? {
            Token::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_symbol(&self, at: usize, symbol: char) -> bool {
        self.token(at) == Some(&Token::Symbol(symbol))
    }

    pub(super) fn has_symbol(&self, symbol: char) -> bool {
        (0..self.len()).any(|at| self.is_symbol(at, symbol))
    }

    /// Returns whether these words follow each other somewhere; a sign is a word here.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.find(0, words).is_some()
    }

    pub(super) fn ends(&self, words: &[&str]) -> bool {
        let start = self.len().checked_sub(words.len());
        start.is_some_and(|start| self.stands_at(start, words))
    }

    /// Returns the place after these words.
    pub(super) fn after(&self, words: &[&str]) -> Option<usize> {
        Some(self.find(0, words)? + words.len())
    }

    /// Returns the place after the last time of these words.
    pub(super) fn after_last(&self, words: &[&str]) -> Option<usize> {
        let mut places = (0..self.len()).rev();
        let start = places.find(|start| self.stands_at(*start, words))?;
        Some(start + words.len())
    }

    /// Returns the places of a list's members, which begins at `first`.
    pub(super) fn list(&self, first: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut at = first;
        while self.role(at).is_some() {
            found.push(at);
            if !self.is_symbol(at + 1, ',') {
                break;
            }
            at += 2;
        }
        found
    }

    /// Returns the first place from `start` on where these words stand.
    pub(super) fn find(&self, start: usize, words: &[&str]) -> Option<usize> {
        (start..self.len()).find(|at| self.stands_at(*at, words))
    }

    /// Returns the bytes of the tokens from one place up to another one.
    pub(super) fn span(&self, places: Range<usize>) -> Option<Range<usize>> {
        let start = self.tokens.get(places.start)?.1.start;
        let end = self.tokens.get(places.end.checked_sub(1)?)?.1.end;
        (start < end).then_some(start..end)
    }

    /// Returns the statement with other words at some places, in their order.
    pub(super) fn replace(&self, words: &[(usize, String)]) -> String {
        let mut sql = String::with_capacity(self.sql.len() + 64);
        let mut done = 0;
        for (at, word) in words {
            let Some((_, place)) = self.tokens.get(*at) else {
                continue;
            };
            sql.push_str(&self.sql[done..place.start]);
            sql.push_str(word);
            done = place.end;
        }
        sql.push_str(&self.sql[done..]);
        sql
    }

    /// Returns whether the server reads it as it is read here, whatever its settings: as one
    /// statement whose texts end where they seem to.
    pub(super) fn is_plain(&self) -> bool {
        let odd = |token: &Placed| matches!(token.0, Token::Symbol(';' | '$'));
        self.len() < MOST && !self.sql.contains('\\') && !self.tokens.iter().any(odd)
    }

    fn stands_at(&self, start: usize, words: &[&str]) -> bool {
        let mut words = words.iter().enumerate();
        words.all(|(offset, word)| match self.token(start + offset) {
            Some(Token::Word(found)) => found == word,
            Some(Token::Symbol(symbol)) => word.chars().eq([*symbol]),
            _ => false,
        })
    }

    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at).map(|(token, _)| token)
    }
}
