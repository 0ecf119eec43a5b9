//! Long texts in as many columns as there are: broken between words, never inside one, and so never
//! inside a path, a URL or a command in backticks that fits.

use super::cut::width;

/// Returns a text whose lines take at most so many columns where its words allow that. Its first
/// line begins `used` columns to the right; the others begin with the indent, as do the text's own.
pub(super) fn wrapped(text: &str, columns: usize, used: usize, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (number, line) in text.trim_end().lines().enumerate() {
        let used = if number == 0 { used } else { width(indent) };
        wrap_line(line, columns, (used, width(indent)), &mut lines);
    }
    lines.join(&format!("\n{indent}"))
}

fn wrap_line(line: &str, columns: usize, (used, indent): (usize, usize), lines: &mut Vec<String>) {
    let mut current = String::new();
    let mut taken = used;
    for word in words(line, columns.saturating_sub(indent)) {
        let long = width(word);
        // What begins a line has its own space before it.
        if !current.trim().is_empty() && taken + width(word.trim_end()) > columns {
            lines.push(current.trim_end().to_owned());
            word.trim_start().clone_into(&mut current);
            taken = indent + width(&current);
        } else {
            current.push_str(word);
            taken += long;
        }
    }
    lines.push(current.trim_end().to_owned());
}

/// Returns the words of a line, each with the space before it. A piece in backticks is one, unless
/// no line is long enough for it.
fn words(line: &str, room: usize) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut from, mut quoted) = (0, None);
    for (at, char) in line.char_indices() {
        if char == '`' {
            quoted = match quoted {
                None => line[at + 1..].find('`').map(|end| at + 1 + end),
                Some(_) => None,
            };
            let fits = |end: &usize| width(&line[at..=*end]) <= room;
            quoted = quoted.filter(fits);
        }
        let starts = char == ' ' && !line[from..at].trim().is_empty();
        if starts && quoted.is_none_or(|end| end <= at) {
            words.push(&line[from..at]);
            from = at;
        }
    }
    words.push(&line[from..]);
    words
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "the cases below read better")]
    fn check(text: &str, columns: usize, expected: Expect) {
        let shown = wrapped(text, columns, "warning: ".len(), "  ");
        expected.assert_eq(&format!("warning: {shown}\n"));
    }

    const WARNING: &str = "the port 5432 of `db` is taken: see \
        https://example.org/a/very/long/path?with=a-query and /var/lib/envctl/instances/rates, or \
        run `envctl down rates`";

    #[test]
    fn words_paths_and_commands_stay_whole() {
        check(
            WARNING,
            40,
            expect![[r"
                warning: the port 5432 of `db` is taken:
                  see
                  https://example.org/a/very/long/path?with=a-query
                  and /var/lib/envctl/instances/rates,
                  or run `envctl down rates`
            "]],
        );
        check(
            WARNING,
            80,
            expect![[r"
                warning: the port 5432 of `db` is taken: see
                  https://example.org/a/very/long/path?with=a-query and
                  /var/lib/envctl/instances/rates, or run `envctl down rates`
            "]],
        );
        check(
            WARNING,
            200,
            expect![[r"
                warning: the port 5432 of `db` is taken: see https://example.org/a/very/long/path?with=a-query and /var/lib/envctl/instances/rates, or run `envctl down rates`
            "]],
        );
    }

    #[test]
    fn lines_of_its_own_stay() {
        check(
            "one\n    indented `a b",
            40,
            expect![[r"
                warning: one
                      indented `a b
            "]],
        );
        check(
            "深圳 港口 深圳",
            14,
            expect![[r"
            warning: 深圳
              港口 深圳
        "]],
        );
    }
}
