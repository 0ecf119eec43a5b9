//! How a text is written between the quotes of JSON and of programming languages.

use std::fmt::Write as _;

/// What a language escapes, and how.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// The printable characters that get a backslash.
    pub(super) escaped: &'static str,
    /// The control characters that have a letter.
    pub(super) named: &'static [(char, char)],
    pub(super) control: Control,
    /// The printable characters that are spelled as `\u003c`.
    pub(super) units: &'static str,
    pub(super) beyond: Beyond,
}

/// How control characters without a letter are written.
#[derive(Clone, Copy)]
pub(super) enum Control {
    /// `\x1b`
    Byte,
    /// `\u001b`
    Unit,
    /// `\u{1b}`
    Braces,
}

/// How what is beyond ASCII is written.
#[derive(Clone, Copy)]
pub(super) enum Beyond {
    Kept,
    /// `\u00e4\ud83d\ude00`
    Utf16,
    /// `\u00E4\uD83D\uDE00`
    Utf16Upper,
    /// `\u00e4\U0001f600`
    Go,
    /// `\xe4\U0001f600`
    Python,
    /// `\u{e4}\u{1f600}`
    Rust,
    /// `\xc3\xa4\xf0\x9f\x98\x80`
    Bytes,
}

const NAMED: &[(char, char)] = &[('\n', 'n'), ('\r', 'r'), ('\t', 't')];

impl Style {
    pub(super) const JSON: Self = Self {
        escaped: "\"\\",
        named: &[
            ('\u{8}', 'b'),
            ('\u{c}', 'f'),
            ('\n', 'n'),
            ('\r', 'r'),
            ('\t', 't'),
        ],
        control: Control::Unit,
        units: "",
        beyond: Beyond::Kept,
    };

    pub(super) const GO: Self = Self {
        named: &[
            ('\u{7}', 'a'),
            ('\u{8}', 'b'),
            ('\u{c}', 'f'),
            ('\n', 'n'),
            ('\r', 'r'),
            ('\t', 't'),
            ('\u{b}', 'v'),
        ],
        control: Control::Byte,
        ..Self::JSON
    };

    pub(super) const PYTHON: Self = Self {
        escaped: "'\\",
        named: NAMED,
        control: Control::Byte,
        ..Self::JSON
    };

    /// Where the text chose the other quotes.
    pub(super) const PYTHON_UNQUOTED: Self = Self {
        escaped: "\\",
        ..Self::PYTHON
    };

    pub(super) const RUST: Self = Self {
        named: &[('\0', '0'), ('\n', 'n'), ('\r', 'r'), ('\t', 't')],
        control: Control::Braces,
        ..Self::JSON
    };

    pub(super) const BYTES: Self = Self {
        escaped: "\"'\\",
        ..Self::PYTHON
    };
}

/// Returns a text as it stands between quotes.
pub(super) fn escaped(text: &str, style: &Style) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        let code = u32::from(char);
        let name = style.named.iter().find(|(named, _)| *named == char);
        if let Some((_, letter)) = name {
            out.extend(['\\', *letter]);
        } else if char.is_ascii_control() {
            match style.control {
                // JSON leaves this one as it is.
                Control::Unit if char == '\u{7f}' => out.push(char),
                Control::Unit => put(&mut out, format_args!("\\u{code:04x}")),
                Control::Byte => put(&mut out, format_args!("\\x{code:02x}")),
                Control::Braces => put(&mut out, format_args!("\\u{{{code:x}}}")),
            }
        } else if style.escaped.contains(char) {
            out.extend(['\\', char]);
        } else if style.units.contains(char) {
            out.push_str(&unit(code, style.beyond));
        } else if char.is_ascii() {
            out.push(char);
        } else {
            beyond(char, style.beyond, &mut out);
        }
    }
    out
}

fn put(out: &mut String, spelling: std::fmt::Arguments<'_>) {
    out.write_fmt(spelling).expect("a String takes everything");
}

fn unit(code: u32, beyond: Beyond) -> String {
    match beyond {
        Beyond::Utf16Upper => format!("\\u{code:04X}"),
        _ => format!("\\u{code:04x}"),
    }
}

fn beyond(char: char, how: Beyond, out: &mut String) {
    let code = u32::from(char);
    match how {
        Beyond::Kept => out.push(char),
        Beyond::Utf16 | Beyond::Utf16Upper => {
            let units = char.encode_utf16(&mut [0; 2]).to_vec();
            for code in units {
                out.push_str(&unit(u32::from(code), how));
            }
        }
        Beyond::Python if code <= 0xff => put(out, format_args!("\\x{code:02x}")),
        Beyond::Go | Beyond::Python if code <= 0xffff => put(out, format_args!("\\u{code:04x}")),
        Beyond::Go | Beyond::Python => put(out, format_args!("\\U{code:08x}")),
        Beyond::Rust => put(out, format_args!("\\u{{{code:x}}}")),
        Beyond::Bytes => {
            for byte in char.encode_utf8(&mut [0; 4]).bytes() {
                put(out, format_args!("\\x{byte:02x}"));
            }
        }
    }
}
