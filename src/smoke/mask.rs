//! Hides the texts of secrets in what is shown.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::config::model::Secret;

/// The shortest piece of a secret, a line or a value in it, that is hidden by itself; a shorter
/// one (`}`) would blot out text that is none.
pub(super) const SHORTEST_PIECE: usize = 8;

/// The shortest start of a secret that is hidden where a text was cut off.
const SHORTEST_START: usize = 3;

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

    /// Returns a text that was cut off before it came here: what may be the start of a secret at
    /// its end is hidden, too.
    pub(super) fn apply_to_start(&self, text: &str) -> String {
        let mut masked = self.apply(text);
        let begun = |secret: &String| {
            let starts = (SHORTEST_START..secret.len()).rev();
            let mut starts = starts.filter_map(|end| secret.get(..end));
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

/// Returns a text as it is, escaped as bytes are, inside JSON of any writer, inside JSON that is a
/// text of JSON itself, and percent-encoded in the manners of the usual writers of URLs.
fn spellings(text: &str) -> Vec<String> {
    let mut url = url::Url::parse("http://localhost").expect("a constant that is a URL");
    url.query_pairs_mut().append_key_only(text);
    let form = url.query().unwrap_or_default().to_owned();
    url.set_query(Some(text));
    let query = url.query().unwrap_or_default().to_owned();
    url.set_path(text);
    let path = url.path().trim_start_matches('/').to_owned();
    let percent = form.replace('+', "%20");
    let bytes = text.as_bytes().escape_ascii().to_string();
    let mut spellings = vec![text.to_owned(), bytes, query, path];
    for encoded in [form, percent.clone(), percent.replace("%2F", "/")] {
        spellings.extend([in_lower_hex(&encoded), encoded]);
    }
    let inner = in_json(text);
    spellings.extend(inner.iter().flat_map(|json| in_json(json)));
    spellings.extend(inner);
    spellings.retain(|spelling| !spelling.is_empty());
    spellings
}

/// Returns a percent-encoded text with small letters in its escapes.
fn in_lower_hex(encoded: &str) -> String {
    let mut pieces = encoded.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |all, piece| {
        let (hex, rest) = piece.split_at_checked(2).unwrap_or((piece, ""));
        all + "%" + &hex.to_lowercase() + rest
    })
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
    fn a_secret_is_hidden_in_every_url() {
        let mask = mask(&["ab/cd+ef=="]);
        for text in [
            "ab%2Fcd%2Bef%3D%3D",
            "ab%2fcd%2bef%3d%3d",
            "ab/cd%2Bef%3D%3D",
            "ab/cd%2bef%3d%3d",
            "ab/cd+ef==",
        ] {
            assert_eq!(mask.apply(&format!("<{text}>")), "<***>", "{text}");
        }
    }

    #[test]
    fn the_start_of_a_secret_is_hidden_where_a_text_was_cut_off() {
        let mask = mask(&["s3cret-token", "pä\"ss\\word"]);
        for (text, expect) in [
            ("a s3cret-token b", "a *** b"),
            ("unknown s3cret-tok", "unknown ***"),
            ("unknown s3c", "unknown ***"),
            ("unknown s3", "unknown s3"),
            (r#"begins p\xc3\xa4\"ss\\wo"#, "begins ***"),
        ] {
            assert_eq!(mask.apply_to_start(text), expect, "{text}");
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
