//! Foreign text that only says something: what would move a cursor, set a title or reach a
//! clipboard is spelled out instead of obeyed.

use std::borrow::Cow;

const RESET: &str = "\x1b[0m";

/// Returns a text in which every control character but the line's end and the tab is spelled out
/// (`\x1b`, `\u009b`), as are those that turn the direction of writing. Colours are left out.
///
/// What is beyond ASCII is spelled as JSON and TOML spell it: a document of either, which holds no
/// other control character, stays the same value.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_harmful) {
        Cow::Owned(spelled(text, false))
    } else {
        Cow::Borrowed(text)
    }
}

/// Does the same, and keeps colours; each line leaves none behind.
pub fn visible_in_color(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_harmful) {
        Cow::Owned(spelled(text, true))
    } else {
        Cow::Borrowed(text)
    }
}

fn spelled(text: &str, keep_colors: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut colored = false;
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        if let Some(length) = color(rest) {
            if keep_colors {
                out.push_str(&rest[..length]);
                colored = true;
            }
            rest = &rest[length..];
            continue;
        }
        let after = &rest[char.len_utf8()..];
        if char == '\n' && colored {
            out.push_str(RESET);
            colored = false;
        }
        if !is_harmful(char) {
            out.push(char);
        } else if char == '\r' && (after.is_empty() || after.starts_with('\n')) {
            // A line's end as other systems write it.
        } else {
            out.push_str(&spelling(char));
        }
        rest = after;
    }
    if colored {
        out.push_str(RESET);
    }
    out
}

/// Returns the length of the sequence for a colour or a style that a text starts with: it changes
/// how the letters after it look, and nothing else.
fn color(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?;
    let end = parameters.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'))?;
    parameters[end..]
        .starts_with('m')
        .then_some("\x1b[".len() + end + 1)
}

fn spelling(char: char) -> String {
    match char {
        '\r' => r"\r".to_owned(),
        '\0'..='\x1f' => format!("\\x{:02x}", u32::from(char)),
        _ => format!("\\u{:04x}", u32::from(char)),
    }
}

fn is_harmful(char: char) -> bool {
    match char {
        '\n' | '\t' => false,
        // Overrides and isolates of the direction of writing show a text in another order than it
        // has; the marks, which ordinary texts need, do not.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        _ => char.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTACKS: [(&str, &str); 10] = [
        ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
        ("\x1b]0;title\x1b\\", r"\x1b]0;title\x1b\"),
        ("a\x1b[2J\x1b[H", r"a\x1b[2J\x1b[H"),
        ("\x1b[?1049h\x1bc", r"\x1b[?1049h\x1bc"),
        ("failed\rpassed", r"failed\rpassed"),
        ("failed\x08\x08\x7f", r"failed\x08\x08\u007f"),
        ("\u{9b}2J\u{9d}52;c;x\u{9c}", r"\u009b2J\u009d52;c;x\u009c"),
        ("a\u{202e}b\u{2066}c", r"a\u202eb\u2066c"),
        ("\x1b[31", r"\x1b[31"),
        ("\x1b[>4;2m\x1b[31;x", r"\x1b[>4;2m\x1b[31;x"),
    ];

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        for (attack, harmless) in ATTACKS {
            assert_eq!(visible(attack), harmless);
            assert_eq!(spelled(attack, true), harmless);
            assert!(matches!(visible(harmless), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn ordinary_text_stays() {
        let text = "Tórshavn\t深圳 ✓ \u{200f}שלום\nend";
        assert!(matches!(visible(text), Cow::Borrowed(_)));
        assert_eq!(visible("one\r\ntwo\r"), "one\ntwo");
    }

    #[test]
    fn colours_end_with_their_line() {
        let line = "\x1b[1;38:5:9mred\nplain\x1b[m";
        assert_eq!(visible(line), "red\nplain");
        assert_eq!(
            spelled(line, true),
            "\x1b[1;38:5:9mred\x1b[0m\nplain\x1b[m\x1b[0m"
        );
    }

    #[test]
    fn a_document_stays_the_same_value() {
        let value = serde_json::json!({ "a": "\x1b[31m\u{9b}\u{7f}\u{202e}\r\n" });
        let text = value.to_string();
        let shown = visible(&text);
        assert!(!shown.chars().any(is_harmful), "{shown}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap(),
            value
        );
    }
}
