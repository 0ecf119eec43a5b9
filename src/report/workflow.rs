//! GitHub's workflow commands: lines that its runner takes for orders. An annotation becomes one;
//! nothing else that is printed may be one, whoever wrote it.

use crate::tell::{Event, Severity};

/// Returns the line of an annotation.
pub(super) fn command(event: &Event) -> Option<String> {
    let Event::Annotation {
        severity,
        file,
        line,
        title,
        message,
    } = event
    else {
        return None;
    };
    let name = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let file = file.as_ref().map(|file| ("file", file.clone()));
    let line = line.map(|line| ("line", line.to_string()));
    let properties: Vec<String> = file
        .into_iter()
        .chain(line)
        .chain([("title", title.clone())])
        .map(|(name, value)| format!("{name}={}", property(&value)))
        .collect();
    Some(format!(
        "::{name} {}::{}",
        properties.join(","),
        data(message)
    ))
}

/// Escapes the text behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns a text in which no line is a command: a space goes into `::` at the start of a line, and
/// into `##[` anywhere, the two forms that the runner knows.
pub(super) fn neutral(text: &str) -> String {
    broken(text, " ")
}

/// The same for JSON, which stays the same value. `##[` can only stand inside a text of it, and no
/// line of it starts with `::`.
pub(super) fn neutral_json(text: &str) -> String {
    broken(text, "\\u005b")
}

/// Writes `bracket` for what must not follow `##`: a space before the bracket, or another spelling.
fn broken(text: &str, bracket: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // The visible characters of the line so far, as much of them as counts.
    let mut seen = Compared::default();
    for char in text.chars() {
        match char {
            '\n' | '\r' => seen = Compared::default(),
            ':' if seen.visible == 1 && seen.last == Some(':') => out.push(' '),
            '[' if seen.hashes >= 2 => {
                out.push_str(bracket);
                if bracket != " " {
                    seen.add(char);
                    continue;
                }
            }
            _ => {}
        }
        seen.add(char);
        out.push(char);
    }
    out
}

#[derive(Default)]
struct Compared {
    /// How many characters, but for space before the first one.
    visible: usize,
    last: Option<char>,
    /// How many `#` stand last.
    hashes: usize,
}

impl Compared {
    fn add(&mut self, char: char) {
        // The runner compares texts in a manner that passes over what takes no room.
        if takes_no_room(char) || (self.visible == 0 && char.is_whitespace()) {
            return;
        }
        self.visible += 1;
        self.last = Some(char);
        self.hashes = if char == '#' { self.hashes + 1 } else { 0 };
    }
}

fn takes_no_room(char: char) -> bool {
    (char.is_control() && char != '\t')
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_annotation_is_one_line_whatever_it_says() {
        let annotation = Event::Annotation {
            severity: Severity::Error,
            file: Some("envs/a,b:c/env.toml".to_owned()),
            line: Some(52),
            title: "100% of: a,b".to_owned(),
            message: "status: expected 200, got 503\r\n100 %\n::stop-commands::x".to_owned(),
        };
        let nowhere = Event::Annotation {
            severity: Severity::Warning,
            file: None,
            line: None,
            title: "alive".to_owned(),
            message: String::new(),
        };
        let lines: Vec<String> = [annotation, nowhere].iter().filter_map(command).collect();
        expect![[r"
            ::error file=envs/a%2Cb%3Ac/env.toml,line=52,title=100%25 of%3A a%2Cb::status: expected 200, got 503%0D%0A100 %25%0A::stop-commands::x
            ::warning title=alive::"]]
        .assert_eq(&lines.join("\n"));
        let line = "x".to_owned();
        let step = crate::tell::StepId(1);
        assert_eq!(command(&Event::StepOutput { step, line }), None);
    }

    #[test]
    fn no_line_of_a_foreign_text_is_a_command() {
        for (text, harmless) in [
            ("::error::x", ": :error::x"),
            ("a\n  \t::add-mask::x\n", "a\n  \t: :add-mask::x\n"),
            ("a\r::debug::x", "a\r: :debug::x"),
            ("\u{200b}:\u{feff}:debug::x", "\u{200b}:\u{feff} :debug::x"),
            ("\x1b\u{a0}::debug::x", "\x1b\u{a0}: :debug::x"),
            ("db | ##[error]x", "db | ## [error]x"),
            ("###\u{200d}[group]x", "###\u{200d} [group]x"),
            (
                "a :: b::c\n: :\n#[x] [::1]:80\n",
                "a :: b::c\n: :\n#[x] [::1]:80\n",
            ),
            ("", ""),
        ] {
            assert_eq!(neutral(text), harmless);
            assert_eq!(neutral(harmless), harmless);
        }
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "line": "##[error]::x", "##": ["[", "##[##["] });
        let text = neutral_json(&value.to_string());
        assert!(!text.contains("##["), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
