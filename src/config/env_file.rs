//! The grammar of env files: `KEY=value` lines, comments, quotes. Nothing in them is expanded.

/// Reads every pair in order; a mistake comes with its line.
pub(crate) fn read(text: &str) -> Result<Vec<(String, String)>, (usize, String)> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut pairs = Vec::new();
    let mut line = 1;
    while !rest.is_empty() {
        let trimmed = rest.trim_start_matches([' ', '\t']);
        let length = if trimmed.starts_with(['#', '\n', '\r']) {
            end_of_line(trimmed)
        } else if trimmed.is_empty() {
            0
        } else {
            let (pair, length) = pair(trimmed).map_err(|why| (line, why))?;
            pairs.push(pair);
            length
        };
        let end = rest.len() - trimmed.len() + length;
        let next = end + rest[end..].find('\n').map_or(rest.len() - end, |at| at + 1);
        line += rest[..next].matches('\n').count();
        rest = &rest[next..];
    }
    Ok(pairs)
}

fn end_of_line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// Reads a pair, and how long it is: a value in quotes may have several lines.
fn pair(text: &str) -> Result<((String, String), usize), String> {
    let first = &text[..end_of_line(text)];
    let start = first.strip_prefix("export ").unwrap_or(first);
    let (name, value) = start
        .split_once('=')
        .ok_or_else(|| "it has no `=`".to_owned())?;
    let name = name.trim();
    if name.is_empty() || name.contains([' ', '\t', '"', '\'']) {
        return Err(format!("`{name}` is no name of a variable"));
    }
    let plain = value.trim_start();
    let Some(quote @ ('"' | '\'')) = plain.chars().next() else {
        // A comment starts behind a space, so that a `#` in a value stays.
        let comment = plain.find(" #").or_else(|| plain.find("\t#"));
        let value = comment.map_or(plain, |start| &plain[..start]);
        let value = if value.starts_with('#') { "" } else { value };
        let pair = (name.to_owned(), value.trim_end().to_owned());
        return Ok((pair, first.len()));
    };
    let begin = first.len() - plain.len() + 1;
    let (value, length) = quoted(&text[begin..], quote)?;
    let end = begin + length;
    let behind = &text[end..];
    let behind = behind[..end_of_line(behind)].trim();
    if behind.is_empty() || behind.starts_with('#') {
        Ok(((name.to_owned(), value), end))
    } else {
        Err(format!("`{behind}` stands behind the closing quote"))
    }
}

/// Reads up to the closing quote, and how long that is.
fn quoted(text: &str, quote: char) -> Result<(String, usize), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next() {
            None => return Err("the quote is not closed".to_owned()),
            Some((at, c)) if c == quote => return Ok((value, at + 1)),
            Some((_, '\\')) if quote == '"' => match chars.next().map(|(_, c)| c) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(c @ ('"' | '\\' | '$')) => value.push(c),
                Some(c) => value.extend(['\\', c]),
                None => value.push('\\'),
            },
            Some((_, c)) => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: &Expect) {
        let shown = match read(text) {
            Ok(pairs) => pairs
                .iter()
                .map(|(name, value)| format!("{name}={value:?}"))
                .collect::<Vec<_>>()
                .join("\n"),
            Err((line, why)) => format!("line {line}: {why}"),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn lines_are_pairs_and_comments() {
        check(
            "\u{feff}# a comment\n\nA=1\r\nexport B = two words # not this\nC=a#b\nD=\nE=${X}\nF=# no",
            &expect![[r#"
                A="1"
                B="two words"
                C="a#b"
                D=""
                E="${X}"
                F="""#]],
        );
    }

    #[test]
    fn quotes_keep_what_they_hold() {
        check(
            r#"A="x # y\n\"z\" \d" # c
B='a\n "b"'
C="=""#,
            &expect![[r#"
                A="x # y\n\"z\" \\d"
                B="a\\n \"b\""
                C="=""#]],
        );
    }

    #[test]
    fn a_value_in_quotes_may_have_several_lines() {
        check(
            "KEY=\"-----BEGIN\n# no comment\nA=b\n-----END\" # one\n  X='a\n\nb'\nY=1",
            &expect![[r#"
                KEY="-----BEGIN\n# no comment\nA=b\n-----END"
                X="a\n\nb"
                Y="1""#]],
        );
        check(
            "A=\"x\ny\"\nB='\n\nC=1",
            &expect!["line 3: the quote is not closed"],
        );
        check(
            "A=\"x\ny\" z\nB",
            &expect!["line 1: `z` stands behind the closing quote"],
        );
        check("A='x\n'\nB", &expect!["line 3: it has no `=`"]);
    }

    #[test]
    fn mistakes_name_their_line() {
        check("A=1\nB", &expect!["line 2: it has no `=`"]);
        check("A=\"x", &expect!["line 1: the quote is not closed"]);
        check(
            "A='x'y",
            &expect!["line 1: `y` stands behind the closing quote"],
        );
        check("A B=1", &expect!["line 1: `A B` is no name of a variable"]);
    }
}
