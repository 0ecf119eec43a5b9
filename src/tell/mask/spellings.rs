//! The spellings that programs give a text: in URLs, in quotes of many languages, in markup, in
//! base64 and in hex.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

use super::escapes::{self, Beyond, Style};
use crate::model::percent_encoded;

/// The shortest spelling that is searched for.
const SHORTEST: usize = 4;

/// Where `base64` and PEM break their lines.
const LINE_WIDTHS: [usize; 2] = [64, 76];

/// One spelling of a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spelling {
    pub(super) text: String,
    /// In base64, the letter before and the one behind may hold bits of the secret, too.
    before: bool,
    behind: bool,
}

impl Spelling {
    fn whole(text: String) -> Self {
        Self {
            text,
            before: false,
            behind: false,
        }
    }

    /// Returns where a text is hidden in which this was found.
    pub(super) fn with_edges(&self, text: &str, start: usize, end: usize) -> Range<usize> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
        let bytes = text.as_bytes();
        let mut place = start..end;
        if self.before && start > 0 && is_letter(bytes[start - 1]) {
            place.start -= 1;
        }
        if self.behind {
            place.end += usize::from(bytes.get(end).is_some_and(|byte| is_letter(*byte)));
            let padding = bytes[place.end..].iter().take(2);
            place.end += padding.take_while(|byte| **byte == b'=').count();
        }
        place
    }
}

/// Returns every spelling of a text.
pub(super) fn spellings(text: &str) -> BTreeSet<Spelling> {
    let mut texts: BTreeSet<String> = [text.to_owned()].into();
    texts.extend(in_urls(text));
    texts.extend(in_json_twice(text));
    texts.extend(in_code(text));
    texts.extend(in_shells_and_tables(text));
    texts.extend(in_markup(text));
    texts.extend(in_hex(text));
    let mut all: BTreeSet<Spelling> = texts.into_iter().map(Spelling::whole).collect();
    all.extend(in_base64(text.as_bytes()));
    all.retain(|spelling| spelling.text.len() >= SHORTEST);
    all
}

/// What the usual writers of URLs leave as it is besides letters and digits: RFC 3986, forms,
/// Python, JavaScript's two, the paths, queries and passwords of browsers, and those of Go.
const UNTOUCHED: [&str; 14] = [
    "-._~",
    "*-._",
    "-._~/",
    "-_.!~*'()",
    ";,/?:@&=+$-_.!~*'()#",
    "!$%&'()*+,-./:;=@[\\]^_|~",
    "!$%&'()*+,-./:;=@[]_|~",
    "!$&'()*+,-.:;=@[]^_|~",
    "!$&'()*+,-.:;=@[]_|~",
    "!$%&()*+,-./:;=?@[\\]^_`{|}~",
    "!$%&'()*+,-._~",
    "-_.~$&+=:@",
    "-_.~$&+=:@/",
    "-_.~$&+,;=",
];

fn in_urls(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for untouched in UNTOUCHED {
        let upper = percent_encoded(text, untouched);
        for encoded in [in_lower_hex(&upper), upper] {
            for encoded in [encoded.replace("%20", "+"), encoded] {
                // A URL inside a URL.
                let inside = encoded.replace('%', "%25");
                all.extend([inside.replace('+', "%2B"), inside, encoded]);
            }
        }
    }
    all
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

/// Returns what may stand between the quotes where a text stands in JSON, and where that JSON is a
/// text of JSON itself.
fn in_json_twice(text: &str) -> BTreeSet<String> {
    let once = in_json(text);
    let twice = once.iter().flat_map(|json| in_json(json));
    twice.chain(once.iter().cloned()).collect()
}

fn in_json(text: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for beyond in [Beyond::Kept, Beyond::Utf16, Beyond::Utf16Upper] {
        for units in ["", "<>&", "<>&'"] {
            let style = Style {
                units,
                beyond,
                ..Style::JSON
            };
            let json = escapes::escaped(text, &style);
            // Some escape the slash as well.
            all.insert(json.replace('/', r"\/"));
            all.insert(json);
        }
    }
    all
}

/// Returns a text as it stands in quotes of programming languages.
fn in_code(text: &str) -> Vec<String> {
    let styles = [
        (Style::GO, [Beyond::Kept, Beyond::Go]),
        (Style::PYTHON, [Beyond::Kept, Beyond::Python]),
        (Style::PYTHON_UNQUOTED, [Beyond::Kept, Beyond::Python]),
        (Style::RUST, [Beyond::Kept, Beyond::Rust]),
        (Style::BYTES, [Beyond::Bytes, Beyond::Bytes]),
        (Style::PYTHON, [Beyond::Bytes, Beyond::Bytes]),
        (Style::PYTHON_UNQUOTED, [Beyond::Bytes, Beyond::Bytes]),
    ];
    let each = styles.into_iter().flat_map(|(style, beyond)| {
        beyond.map(|beyond| escapes::escaped(text, &Style { beyond, ..style }))
    });
    each.collect()
}

/// Returns a text as it stands in the quotes of shells, of SQL and of CSV.
fn in_shells_and_tables(text: &str) -> Vec<String> {
    let with_backslash = |special: fn(char) -> bool| -> String {
        let escape = |char| [Some('\\').filter(|_| special(char)), Some(char)];
        text.chars().flat_map(escape).flatten().collect()
    };
    vec![
        text.replace('\'', r"'\''"),
        text.replace('\'', r#"'"'"'"#),
        with_backslash(|char| "\"\\$`".contains(char)),
        with_backslash(|char| "\"\\$`!".contains(char)),
        with_backslash(|char| char.is_ascii() && !is_plain_in_shells(char)),
        text.replace('\'', "''"),
        text.replace('"', "\"\""),
    ]
}

fn is_plain_in_shells(char: char) -> bool {
    char.is_ascii_alphanumeric() || "_@%+=:,./-".contains(char)
}

/// What a writer of markup spells besides.
type More = &'static [(char, &'static str)];

/// How writers of markup spell `"`, `'`, and what else some of them spell.
const MARKUP: [(&str, &str, More); 8] = [
    ("\"", "'", &[]),
    ("&quot;", "'", &[]),
    ("&quot;", "&#39;", &[]),
    ("&quot;", "&#x27;", &[]),
    ("&quot;", "&#039;", &[]),
    ("&quot;", "&apos;", &[]),
    ("&#34;", "&#39;", &[]),
    ("&quot;", "&#x27;", &[('`', "&#x60;"), ('=', "&#x3D;")]),
];

fn in_markup(text: &str) -> Vec<String> {
    let each = MARKUP.into_iter().flat_map(|(double, single, more)| {
        let spelled = |char: char| match char {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => double.to_owned(),
            '\'' => single.to_owned(),
            other => more
                .iter()
                .find(|(known, _)| *known == other)
                .map_or_else(|| other.to_string(), |(_, spelling)| (*spelling).to_owned()),
        };
        let spelled: String = text.chars().map(spelled).collect();
        // Some escape these as well: Go's templates, and those who fear for their attributes.
        [
            spelled.replace('+', "&#43;"),
            spelled.replace('/', "&#x2F;"),
            spelled,
        ]
    });
    each.collect()
}

fn in_hex(text: &str) -> [String; 2] {
    let lower = text.bytes().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes everything");
        hex
    });
    [lower.to_uppercase(), lower]
}

/// Returns what is always the same where a text stands somewhere inside base64, for each of the
/// three ways in which its bytes can lie, and the lines of a long one that begins a text.
fn in_base64(bytes: &[u8]) -> Vec<Spelling> {
    let mut all = Vec::new();
    for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
        for shift in 0..3_usize {
            let shifted = [&[0; 2][..shift], bytes].concat();
            let encoded = engine.encode(&shifted);
            let (from, until) = ((shift * 8).div_ceil(6), shifted.len() * 8 / 6);
            all.extend(encoded.get(from..until).map(|text| Spelling {
                text: text.to_owned(),
                before: shift > 0,
                behind: shifted.len() * 8 % 6 > 0,
            }));
        }
        let encoded = engine.encode(bytes);
        for width in LINE_WIDTHS
            .into_iter()
            .filter(|width| encoded.len() > *width)
        {
            let lines = encoded.as_bytes().chunks(width);
            let lines = lines.filter(|line| line.len() >= super::SHORTEST_PIECE);
            all.extend(lines.map(|line| Spelling {
                behind: true,
                ..Spelling::whole(String::from_utf8_lossy(line).into_owned())
            }));
        }
    }
    all
}
