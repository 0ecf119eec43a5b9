//! Hides the texts of secrets in what is shown.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::config::model::Secret;

/// The shortest piece of a secret, a line or a value in it, that is hidden by itself; a shorter
/// one (`}`) would blot out text that is none.
pub(super) const SHORTEST_PIECE: usize = 8;

/// The texts to hide, in every spelling that a request or an answer may give them.
#[derive(Clone, Default)]
pub struct Mask {
    hidden: Vec<String>,
    /// Finds them. It is made when something is shown first: what holds shows nothing.
    search: OnceLock<AhoCorasick>,
}

impl Mask {
    /// Returns a mask for every secret that is not empty.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let hidden = secrets
            .into_iter()
            .map(Secret::expose)
            .filter(|text| !text.is_empty())
            .flat_map(with_lines)
            .flat_map(spellings)
            .collect();
        Self::of(hidden)
    }

    /// Returns a mask that hides more secrets.
    pub(super) fn with(&self, secrets: &[Secret]) -> Self {
        let mut hidden = Self::new(secrets).hidden;
        hidden.extend(self.hidden.iter().cloned());
        Self::of(hidden)
    }

    fn of(mut hidden: Vec<String>) -> Self {
        hidden.sort();
        hidden.dedup();
        Self {
            hidden,
            search: OnceLock::new(),
        }
    }

    /// Returns the text with `***` for every secret.
    pub fn apply(&self, text: &str) -> String {
        self.start(text, usize::MAX).0
    }

    /// Returns the start of the text, masked before it is cut so that no half of a secret is
    /// left at the end.
    pub(super) fn excerpt(&self, text: &str, limit_bytes: usize) -> String {
        let (mut start, whole) = self.start(text, limit_bytes);
        if !whole {
            start.push_str("… (");
            start.push_str(&text.len().to_string());
            start.push_str(" bytes in all)");
        }
        start
    }

    fn start(&self, text: &str, limit_bytes: usize) -> (String, bool) {
        let mut masked = String::with_capacity(text.len().min(limit_bytes));
        let mut shown = 0;
        if !self.hidden.is_empty() {
            for found in self.search().find_iter(text) {
                if !fill(&mut masked, &text[shown..found.start()], limit_bytes)
                    || masked.len() >= limit_bytes
                {
                    return (masked, false);
                }
                masked.push_str("***");
                shown = found.end();
            }
        }
        let whole = fill(&mut masked, &text[shown..], limit_bytes);
        (masked, whole)
    }

    fn search(&self) -> &AhoCorasick {
        self.search.get_or_init(|| {
            // A secret inside another one leaves nothing of the longer.
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .build(&self.hidden)
                .expect("the secrets are far fewer than a search can hold")
        })
    }
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

/// Returns a text, and the lines of one that has several, since logs come in lines.
fn with_lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(move |line| line.len() >= SHORTEST_PIECE && *line != text);
    std::iter::once(text).chain(lines)
}

/// Returns a text as it is, inside JSON of any writer, inside JSON that is a text of JSON itself,
/// and percent-encoded in a query in both manners.
fn spellings(text: &str) -> Vec<String> {
    let mut url = url::Url::parse("http://localhost").expect("a constant that is a URL");
    url.query_pairs_mut().append_key_only(text);
    let form = url.query().unwrap_or_default().to_owned();
    url.set_query(Some(text));
    let query = url.query().unwrap_or_default().to_owned();
    url.set_path(text);
    let path = url.path().trim_start_matches('/').to_owned();
    let percent = form.replace('+', "%20");
    let mut spellings = vec![text.to_owned(), form, percent, query, path];
    let inner = in_json(text);
    spellings.extend(inner.iter().flat_map(|json| in_json(json)));
    spellings.extend(inner);
    spellings.retain(|spelling| !spelling.is_empty());
    spellings
}

/// Returns what may stand between the quotes where a text stands in JSON, each only once.
fn in_json(text: &str) -> BTreeSet<String> {
    let quoted = serde_json::Value::from(text).to_string();
    // Some escape the slash as well.
    in_ascii_or_not(&quoted[1..quoted.len() - 1])
        .into_iter()
        .flat_map(|json| [json.replace('/', r"\/"), json])
        .collect()
}

/// Returns a text of JSON as it is, and with `\u00e4` for what is not ASCII in both cases.
fn in_ascii_or_not(json: &str) -> [String; 3] {
    let escape = |spell: &dyn Fn(u16) -> String| -> String {
        let mut escaped = String::with_capacity(json.len());
        for char in json.chars() {
            if char.is_ascii() {
                escaped.push(char);
            } else {
                let units = char.encode_utf16(&mut [0; 2]).to_vec();
                escaped.extend(units.into_iter().map(spell));
            }
        }
        escaped
    };
    [
        json.to_owned(),
        escape(&|unit| format!("\\u{unit:04x}")),
        escape(&|unit| format!("\\u{unit:04X}")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(secrets: &[&str]) -> Mask {
        let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(*text)).collect();
        Mask::new(&secrets)
    }

    #[test]
    fn every_spelling_of_a_secret_is_hidden() {
        let mask = mask(&["a \"b/c"]);
        for text in [
            "a \"b/c",
            r#"a \"b/c"#,
            r#"a \\\"b/c"#,
            "a+%22b%2Fc",
            "a%20%22b%2Fc",
            "a%20%22b/c",
        ] {
            assert_eq!(mask.apply(&format!("<{text}>")), "<***>", "{text}");
        }
    }

    #[test]
    fn a_secret_is_hidden_in_every_json() {
        let mask = mask(&["pä/\u{1f600}"]);
        for text in [
            "pä/\u{1f600}",
            r"pä\/😀",
            r"p\u00e4/\ud83d\ude00",
            r"p\u00E4\/\uD83D\uDE00",
            r"p\\u00e4/\\ud83d\\ude00",
        ] {
            assert_eq!(mask.apply(&format!("<{text}>")), "<***>", "{text}");
        }
    }

    #[test]
    fn empty_secrets_hide_nothing_and_longer_ones_go_first() {
        assert_eq!(mask(&[""]).apply("abc"), "abc");
        assert_eq!(
            mask(&["key", "key-of-mine"]).apply("key-of-mine, key"),
            "***, ***"
        );
        assert_eq!(mask(&["*"]).apply("a*b"), "a***b");
        assert_eq!(mask(&["aba"]).apply("ababa"), "***ba");
    }

    #[test]
    fn one_secret_more_is_hidden_beside_the_others() {
        let first = mask(&["first"]);
        assert_eq!(first.apply("first, second"), "***, second");
        let both = first.with(&[Secret::new("second")]);
        assert_eq!(both.apply("first, second"), "***, ***");
        assert_eq!(both.with(&[Secret::new("")]).apply("first, x"), "***, x");
    }

    #[test]
    fn a_secret_of_several_lines_is_hidden_line_by_line() {
        let mask = mask(&["-----BEGIN KEY-----\nMIIEpAIBAAKC\n}\n"]);
        assert_eq!(mask.apply("key: MIIEpAIBAAKC }"), "key: *** }");
    }

    #[test]
    fn a_cut_leaves_no_half_of_a_secret() {
        let mask = mask(&["0123456789"]);
        assert_eq!(
            mask.excerpt("ab0123456789cd", 4),
            "ab***… (14 bytes in all)"
        );
        assert_eq!(mask.excerpt("ab0123456789", 5), "ab***");
        assert_eq!(mask.excerpt("äöü", 4), "äö… (6 bytes in all)");
        assert_eq!(mask.excerpt("äöü", 3), "äö… (6 bytes in all)");
        assert_eq!(mask.excerpt("abcd0123456789", 4), "abcd… (14 bytes in all)");
        assert_eq!(mask.excerpt("", 0), "");
    }
}
