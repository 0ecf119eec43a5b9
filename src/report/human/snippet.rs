//! A line of a file with a mark under what is meant.

use super::super::cut::width;
use super::Page;
use crate::model::Place;

/// Returns the place, its line, and a row of `^` below it; of a long line only what is around,
/// of an empty or unknown one nothing.
pub(super) fn snippet(place: &Place, page: Page) -> String {
    let number = place.line.to_string();
    let indent = " ".repeat(number.len());
    if place.text.trim().is_empty() {
        return format!("{indent}--> {}:{number}\n", place.file.display());
    }
    let room = page.width.saturating_sub(number.len() + 4).max(16);
    let (text, before, marks) = window(place, room);
    let bar = page.paint.dim("|");
    let marks = page.paint.red(&"^".repeat(marks));
    format!(
        "{indent}--> {}:{}:{}\n{indent} {bar}\n{}\n{indent} {bar} {}{marks}\n",
        place.file.display(),
        place.line,
        place.column,
        format!("{number} {bar} {text}").trim_end(),
        " ".repeat(before),
    )
}

/// Returns the part of the line that fits, the columns before what is meant, and its columns.
fn window(place: &Place, room: usize) -> (String, usize, usize) {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let line: Vec<char> = place.text.trim_end().chars().map(clean).collect();
    let start = place.column.saturating_sub(1).min(line.len());
    let end = (start + place.width.max(1)).min(line.len()).max(start);
    let text = |chars: &[char]| chars.iter().collect::<String>();
    let whole = text(&line);
    if width(&whole) <= room {
        let before = width(&text(&line[..start]));
        return (whole, before, width(&text(&line[start..end])).max(1));
    }
    let mut from = start;
    while from > 0 && width(&text(&line[from - 1..start])) < room / 2 {
        from -= 1;
    }
    let mut to = from;
    while to < line.len() && width(&text(&line[from..=to])) + 2 <= room {
        to += 1;
    }
    let (left, right) = (
        if from > 0 { "…" } else { "" },
        if to < line.len() { "…" } else { "" },
    );
    let shown = format!("{left}{}{right}", text(&line[from..to]));
    let before = width(left) + width(&text(&line[from..start]));
    let marks = width(&text(&line[start..end.min(to).max(start)])).max(1);
    (shown, before, marks)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, (column, marked): (usize, usize), columns: usize, expected: &Expect) {
        let place = Place {
            file: "envs/rates/env.toml".into(),
            line: 12,
            column,
            text: text.to_owned(),
            width: marked,
        };
        expected.assert_eq(&snippet(&place, Page::of_width("", columns)));
    }

    #[test]
    fn the_mark_stands_under_what_is_meant() {
        check(
            "imag = \"postgres\"",
            (1, 4),
            100,
            &expect![[r#"
              --> envs/rates/env.toml:12:1
               |
            12 | imag = "postgres"
               | ^^^^
        "#]],
        );
        check(
            "\tname = \"广州\" # 港",
            (10, 2),
            100,
            &expect![[r#"
              --> envs/rates/env.toml:12:10
               |
            12 |  name = "广州" # 港
               |          ^^^^
        "#]],
        );
        check(
            "short",
            (99, 5),
            100,
            &expect![[r"
              --> envs/rates/env.toml:12:99
               |
            12 | short
               |      ^
        "]],
        );
    }

    #[test]
    fn of_a_line_that_is_not_known_only_the_place_is_shown() {
        let place = Place {
            file: "dump.sql".into(),
            line: 40,
            column: 1,
            text: String::new(),
            width: 1,
        };
        let shown = snippet(&place, Page::of_width("", 80));
        assert_eq!(shown, "  --> dump.sql:40\n");
    }

    #[test]
    fn of_a_long_line_only_what_is_around_is_shown() {
        let line =
            "environment = { DATABASE_URL = \"${services.database.url}\", BIND = \"0.0.0.0\" }";
        check(
            line,
            (33, 25),
            40,
            &expect![[r#"
              --> envs/rates/env.toml:12:33
               |
            12 | …DATABASE_URL = "${services.datab…
               |                  ^^^^^^^^^^^^^^^^
        "#]],
        );
        check(
            line,
            (1, 11),
            40,
            &expect![[r#"
              --> envs/rates/env.toml:12:1
               |
            12 | environment = { DATABASE_URL = "…
               | ^^^^^^^^^^^
        "#]],
        );
        check(
            line,
            (65, 9),
            40,
            &expect![[r#"
              --> envs/rates/env.toml:12:65
               |
            12 | …ase.url}", BIND = "0.0.0.0" }
               |                  ^^^^^^^^^
        "#]],
        );
    }
}
