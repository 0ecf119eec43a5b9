//! Text in columns of a terminal: measuring, cutting, and making a foreign line harmless.

use console::{measure_text_width, strip_ansi_codes, truncate_str};

/// Returns how many columns the text takes.
pub(super) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// Returns the text in at most so many columns, with `…` where something is missing.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if columns == 0 {
        return String::new();
    }
    truncate_str(text, columns, "…").into_owned()
}

/// Returns the text with spaces behind it, up to so many columns.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Returns the text with spaces before it, up to so many columns.
pub(super) fn pad_left(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{}{text}", " ".repeat(missing))
}

/// Returns a foreign line as plain text on one line: without escape sequences and control
/// characters, and only what a carriage return left visible.
pub(super) fn plain_line(line: &str) -> String {
    let plain = strip_ansi_codes(line.trim_end());
    let visible = plain.rsplit('\r').next().unwrap_or_default();
    visible
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_twice_and_are_never_halved() {
        assert_eq!(width("深圳"), 4);
        assert_eq!(cut("深圳港口", 6), "深圳…");
        assert_eq!(cut("深圳港口", 8), "深圳港口");
        assert_eq!(cut("Tórshavn", 8), "Tórshavn");
        assert_eq!(cut("Tórshavn", 5), "Tórs…");
        assert_eq!(pad("深", 4), "深  ");
        assert_eq!(pad_left("12", 4), "  12");
    }

    #[test]
    fn a_foreign_line_cannot_move_the_cursor() {
        assert_eq!(plain_line("\x1b[31mred\x1b[0m\tend\r\n"), "red end");
        assert_eq!(plain_line("10 %\r20 %\r30 %"), "30 %");
        assert_eq!(plain_line("\x1b[2Jgone\x07"), "gone ");
    }
}
