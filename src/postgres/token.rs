//! Reads the first tokens of a statement, to know what it is about.

use std::ops::Range;

/// A token; texts and comments are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A keyword or an unquoted name, in lower case.
    Word(String),
    /// A quoted name, as it is meant.
    Name(String),
    /// A plain literal, as it is meant (escapes are left as they stand).
    Text(String),
    Symbol(char),
}

impl Token {
    /// Returns whether it is this keyword.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word == keyword)
    }

    /// Returns the identifier that it stands for.
    pub(crate) fn identifier(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Name(name) => Some(name),
            Self::Text(_) | Self::Symbol(_) => None,
        }
    }
}

/// A token with the bytes of the statement that it was read from.
pub(crate) type Placed = (Token, Range<usize>);

/// Returns at most `limit` tokens from the beginning of a statement.
pub(crate) fn tokens(sql: &str, limit: usize) -> Vec<Token> {
    let placed = placed_tokens(sql, limit).into_iter();
    placed.map(|(token, _)| token).collect()
}

/// Returns at most `limit` tokens from the beginning of a statement, with their places.
pub(crate) fn placed_tokens(sql: &str, limit: usize) -> Vec<Placed> {
    let mut found = Vec::new();
    let mut rest = sql;
    while found.len() < limit {
        rest = skip_blanks(rest);
        let Some(first) = rest.chars().next() else {
            break;
        };
        let (token, length) = match first {
            '"' => {
                let (name, length) = quoted(rest, '"');
                (Token::Name(name), length)
            }
            '\'' => {
                let (text, length) = quoted(rest, '\'');
                (Token::Text(text), length)
            }
            first if is_word(first) => {
                let length = rest
                    .find(|character| !is_word(character) && character != '$')
                    .unwrap_or(rest.len());
                (Token::Word(rest[..length].to_lowercase()), length)
            }
            first => (Token::Symbol(first), first.len_utf8()),
        };
        let start = sql.len() - rest.len();
        found.push((token, start..start + length));
        rest = &rest[length..];
    }
    found
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn skip_blanks(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        if text.starts_with("--") {
            text = text.find('\n').map_or("", |end| &text[end..]);
        } else if text.starts_with("/*") {
            text = &text[comment_length(text)..];
        } else {
            return text;
        }
    }
}

fn comment_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut index) = (0, 0);
    while index < bytes.len() {
        match bytes.get(index..index + 2) {
            Some(b"/*") => {
                depth += 1;
                index += 2;
            }
            Some(b"*/") => {
                depth -= 1;
                index += 2;
                if depth == 0 {
                    return index;
                }
            }
            _ => index += 1,
        }
    }
    bytes.len()
}

fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut meant = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        if character != quote {
            meant.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            meant.push(quote);
        } else {
            return (meant, index + 1);
        }
    }
    (meant, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_names_and_skips_comments() {
        let found = tokens(
            "ALTER /* x /* y */ */ Table -- z\n \"a\"\"B\".c 'it''s';",
            9,
        );
        assert_eq!(
            found,
            [
                Token::Word("alter".into()),
                Token::Word("table".into()),
                Token::Name("a\"B".into()),
                Token::Symbol('.'),
                Token::Word("c".into()),
                Token::Text("it's".into()),
                Token::Symbol(';'),
            ]
        );
        assert_eq!(tokens("a b c", 2).len(), 2);
        let places: Vec<_> = placed_tokens("a /* */ \"b\" ;", 9)
            .into_iter()
            .map(|it| it.1)
            .collect();
        assert_eq!(places, [0..1, 8..11, 12..13]);
    }
}
