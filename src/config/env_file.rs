//! The grammar of env files: `KEY=value` lines, comments, quotes. Nothing in them is expanded.

/// Reads every pair in order; a mistake comes with its line.
pub(crate) fn read(text: &str) -> Result<Vec<(String, String)>, (usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut pairs = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = pair(line.strip_prefix("export ").unwrap_or(line));
        pairs.push(pair.map_err(|why| (index + 1, why))?);
    }
    Ok(pairs)
}

fn pair(line: &str) -> Result<(String, String), String> {
    let (name, rest) = line
        .split_once('=')
        .ok_or_else(|| "it has no `=`".to_owned())?;
    let name = name.trim();
    if name.is_empty() || name.contains([' ', '\t', '"', '\'']) {
        return Err(format!("`{name}` is no name of a variable"));
    }
    let rest = rest.trim_start();
    let value = if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
        quoted(&rest[1..], quote)?
    } else {
        // A comment starts behind a space, so that a `#` in a value stays.
        let comment = rest.find(" #").or_else(|| rest.find("\t#"));
        let value = comment.map_or(rest, |start| &rest[..start]);
        let value = if value.starts_with('#') { "" } else { value };
        value.trim_end().to_owned()
    };
    Ok((name.to_owned(), value))
}

fn quoted(text: &str, quote: char) -> Result<String, String> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next() {
            None => return Err("the quote is not closed".to_owned()),
            Some(c) if c == quote => break,
            Some('\\') if quote == '"' => match chars.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(c @ ('"' | '\\' | '$')) => value.push(c),
                Some(c) => value.extend(['\\', c]),
                None => value.push('\\'),
            },
            Some(c) => value.push(c),
        }
    }
    let rest = chars.as_str().trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(value)
    } else {
        Err(format!("`{rest}` stands behind the closing quote"))
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
