//! Just enough of Rust's lexical structure: no comments, no strings, no tests; words and signs.

/// A word or a sign, with the line it is on.
#[derive(Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// Returns the text with comments, strings and `#[cfg(test)]` items blanked, line for line.
pub(super) fn code(text: &str) -> String {
    let mut code = blank_comments_and_strings(text);
    while let Some(start) = code.find("#[cfg(test)]") {
        let end = item_end(&code, start + "#[cfg(test)]".len());
        blank(&mut code, start, end);
    }
    code
}

/// Returns how many lines there are outside of `#[cfg(test)]` items.
pub(super) fn lines_without_tests(text: &str) -> usize {
    let masked = blank_comments_and_strings(text);
    let mut tests = 0;
    let mut from = 0;
    while let Some(start) = masked[from..].find("#[cfg(test)]").map(|at| at + from) {
        let end = item_end(&masked, start);
        tests += masked[start..end].lines().count();
        from = end;
    }
    text.lines().count().saturating_sub(tests)
}

/// Splits blanked code into words, `::` and single signs.
pub(super) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|character| !is_word(character))
                .unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        if first == '\n' {
            line += 1;
        }
        if !first.is_whitespace() {
            tokens.push(Token {
                text: &rest[..length],
                line,
            });
        }
        rest = &rest[length..];
    }
    tokens
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Returns where the item after an attribute ends: at its `;` or behind its block.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, sign) in code[start..].char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth <= 1 => return start + at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return start + at + 1,
            _ => {}
        }
    }
    code.len()
}

fn blank_comments_and_strings(text: &str) -> String {
    let mut masked = text.to_owned();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let in_word = text[..at].chars().next_back().is_some_and(is_word);
        let length = comment(rest)
            .or_else(|| string(rest, in_word))
            .or_else(|| character(rest));
        if let Some(length) = length {
            blank(&mut masked, at, at + length);
        }
        at += length.unwrap_or(first.len_utf8());
    }
    masked
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let step = match rest.as_bytes()[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    Some(at)
}

/// Returns the length of a string literal, raw ones with their hashes.
fn string(rest: &str, in_word: bool) -> Option<usize> {
    if rest.starts_with('"') {
        return Some(quoted(rest, '"'));
    }
    let prefix = ["r", "br", "cr"].into_iter().find(|prefix| {
        let raw = rest.strip_prefix(prefix);
        !in_word && raw.is_some_and(|raw| raw.trim_start_matches('#').starts_with('"'))
    })?;
    let hashes = rest[prefix.len()..]
        .bytes()
        .take_while(|byte| *byte == b'#')
        .count();
    let end = format!("\"{}", "#".repeat(hashes));
    let body = prefix.len() + hashes + 1;
    Some(
        rest[body..]
            .find(&end)
            .map_or(rest.len(), |at| body + at + end.len()),
    )
}

/// Returns the length of a character literal; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    if body.starts_with('\\') {
        return Some(quoted(rest, '\''));
    }
    let first = body.chars().next()?;
    body[first.len_utf8()..]
        .starts_with('\'')
        .then_some(first.len_utf8() + 2)
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, sign) in rest.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if sign == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Overwrites a part with spaces; its line breaks stay, so that line numbers do.
fn blank(text: &mut String, start: usize, end: usize) {
    let spaces: String = text[start..end]
        .bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect();
    text.replace_range(start..end, &spaces);
}

#[cfg(test)]
mod tests {
    use super::{code, lines_without_tests, tokens};

    fn words(text: &str) -> String {
        let code = code(text);
        tokens(&code)
            .iter()
            .map(|token| token.text)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn comments_and_strings_say_nothing() {
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(
            words(r##"a("b \" c", r#"d " e"#, b"f", 'g', '\'', '{') h"##),
            "a ( , , b , , , ) h"
        );
        assert_eq!(
            words("fn a<'b>(c: &'b str) {}"),
            "fn a < ' b > ( c : & ' b str ) { }"
        );
        assert_eq!(words("é::ü \"ö\" für"), "é :: ü für");
    }

    #[test]
    fn tests_say_nothing() {
        let text =
            "a\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nc\n#[cfg(test)]\nuse d::{e};\nf\n";
        assert_eq!(words(text), "a c ; f");
        assert_eq!(lines_without_tests(text), 3);
    }

    #[test]
    fn lines_are_counted() {
        let found = code("\"\n\"\na /*\n*/ b");
        let lines: Vec<usize> = tokens(&found).iter().map(|token| token.line).collect();
        assert_eq!(lines, [3, 4]);
    }
}
