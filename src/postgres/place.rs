//! From the server's character positions to the lines of a file.

use std::path::Path;

use crate::model::Place;

/// Returns line and column, both from 1, of the `position`th character (from 1) of a text.
pub(crate) fn line_and_column(text: &str, position: u32) -> (usize, usize) {
    let before = usize::try_from(position.saturating_sub(1)).unwrap_or(usize::MAX);
    let (mut line, mut column) = (1, 1);
    for character in text.chars().take(before) {
        if character == '\n' {
            line += 1;
            column = 1;
        } else {
            column += 1;
        }
    }
    (line, column)
}

/// Returns the first line of a statement, cut where it is too long to read.
pub(crate) fn first_line(sql: &str) -> String {
    const LONGEST: usize = 160;
    let line = sql
        .trim_start()
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end();
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}

/// Returns the place of a line and column (from 1) of a file with that text.
pub(crate) fn place_in(file: &Path, text: &str, (line, column): (usize, usize)) -> Place {
    Place {
        file: file.to_owned(),
        line,
        column,
        text: text
            .lines()
            .nth(line.saturating_sub(1))
            .map(|line| line.trim_end().to_owned())
            .unwrap_or_default(),
        width: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let check = |text: &str, position, expected| {
            assert_eq!(
                line_and_column(text, position),
                expected,
                "{text:?} {position}"
            );
        };
        check("SELEC 1", 1, (1, 1));
        check("SELECT 1,\n  oops", 13, (2, 3));
        check("-- Käse\r\noops", 10, (2, 1));
        check("a\nb", 99, (2, 2));
        check("", 1, (1, 1));
    }

    #[test]
    fn first_lines_are_short() {
        assert_eq!(first_line("\n  SELECT 1\r\nFROM x"), "SELECT 1");
        assert_eq!(first_line(&"ä".repeat(500)).chars().count(), 161);
    }
}
