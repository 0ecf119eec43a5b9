//! A line of a source as it may be shown: what it gives as a password is `***`. Works on the
//! text, so that it holds for a line whose syntax is broken, too.

use std::ops::Range;

const MASK: &str = "***";

/// A line without its passwords.
pub(crate) struct Concealed<'a> {
    line: &'a str,
    /// What is hidden, in order.
    hidden: Vec<Range<usize>>,
}

impl<'a> Concealed<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        // Lower case of ASCII keeps every byte at its place.
        let lower = line.to_ascii_lowercase();
        let keys = lower.match_indices("password");
        let hidden = keys.filter_map(|(at, key)| value(line, at + key.len()));
        Self {
            line,
            hidden: hidden.collect(),
        }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let mut from = 0;
        for hidden in &self.hidden {
            text.push_str(&self.line[from..hidden.start]);
            text.push_str(MASK);
            from = hidden.end;
        }
        text + &self.line[from..]
    }

    /// Returns how many characters of the text stand before a byte of the line.
    pub(crate) fn characters_before(&self, byte: usize) -> usize {
        let count = |range: Range<usize>| {
            let piece = self.line.get(range);
            piece.map_or(0, |piece| piece.chars().count())
        };
        let (mut before, mut from) = (0, 0);
        for hidden in self.hidden.iter().filter(|hidden| hidden.start < byte) {
            before += count(from..hidden.start);
            if byte < hidden.end {
                return before;
            }
            before += MASK.len();
            from = hidden.end;
        }
        before + count(from..byte)
    }
}

/// Returns where the value of the key that ends at `end` stands, without its quotes; none for
/// what is no key, and for a reference, which gives nothing away.
fn value(line: &str, end: usize) -> Option<Range<usize>> {
    let rest = line[end..].trim_start_matches(['"', '\'', ' ', '\t']);
    let rest = rest.strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (inner, length) = match quote {
        Some(quote) => {
            let inner = rest.trim_start_matches(quote);
            (inner, inner.find(quote).unwrap_or(inner.len()))
        }
        None => (rest, rest.find([',', '}', ' ', '#']).unwrap_or(rest.len())),
    };
    let start = line.len() - inner.len();
    let is_open = length > 0 && !inner[..length].contains("${");
    is_open.then_some(start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_and_references_are_not() {
        let check = |line, expected| assert_eq!(Concealed::new(line).text(), expected);
        check("password = 'x y' # z", "password = '***' # z");
        check(
            "db = { password = \"x\", user = 1 }",
            "db = { password = \"***\", user = 1 }",
        );
        check("a.\"password\" = 12345", "a.\"password\" = ***");
        check("PGPASSWORD = 'x", "PGPASSWORD = '***");
        check("password = '${secret:key}'", "password = '${secret:key}'");
        check("password = ''", "password = ''");
        check("password", "password");
    }

    #[test]
    fn places_are_those_of_the_text() {
        let line = "password = 'äöüäöü', imag = 1";
        let concealed = Concealed::new(line);
        let at = line.find("imag").unwrap_or_default();
        assert_eq!(
            concealed.text().find("imag"),
            Some(concealed.characters_before(at))
        );
        assert_eq!(concealed.characters_before(14), 12);
    }
}
