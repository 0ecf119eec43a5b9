//! Rows of a query in psql's form: a heading, a rule, the rows, their count.

use super::super::cut::{pad, pad_left, width};
use super::super::plural::plural;
use crate::tell::TableAnswer;

pub(super) fn rows(answer: &TableAnswer) -> String {
    let columns: Vec<ColumnLayout> = (0..answer.columns.len())
        .map(|index| ColumnLayout::of(answer, index))
        .collect();
    let count = format!("({})\n", plural(answer.rows.len(), "row"));
    if columns.is_empty() {
        return count;
    }
    let heading = answer.columns.iter().map(|name| Some(name.clone()));
    let mut text = row(&heading.collect::<Vec<_>>(), &columns);
    let rules: Vec<String> = columns.iter().map(|c| "-".repeat(c.width + 2)).collect();
    text.push_str(&rules.join("+"));
    text.push('\n');
    for cells in &answer.rows {
        text.push_str(&row(cells, &columns));
    }
    text.push_str(&count);
    text
}

/// A column's width, and whether it holds numbers, which stand to the right.
struct ColumnLayout {
    width: usize,
    numeric: bool,
}

impl ColumnLayout {
    fn of(answer: &TableAnswer, index: usize) -> Self {
        let cells = || {
            answer
                .rows
                .iter()
                .filter_map(|row| row.get(index)?.as_deref())
        };
        let lines = cells().chain([answer.columns[index].as_str()]);
        Self {
            width: lines.flat_map(str::lines).map(width).max().unwrap_or(0),
            numeric: cells().next().is_some() && cells().all(is_number),
        }
    }
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && text.parse::<f64>().is_ok()
}

/// Returns a row; one whose cells have several lines takes several, which end with `+` as in psql.
fn row(cells: &[Option<String>], columns: &[ColumnLayout]) -> String {
    let cells: Vec<Vec<&str>> = (0..columns.len())
        .map(|index| match cells.get(index) {
            Some(Some(text)) => text.lines().collect(),
            _ => Vec::new(),
        })
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let mut text = String::new();
    for number in 0..height {
        let parts = cells.iter().zip(columns).map(|(lines, column)| {
            let line = lines.get(number).copied().unwrap_or_default();
            let end = if number + 1 < lines.len() { '+' } else { ' ' };
            let padded = if column.numeric {
                pad_left(line, column.width)
            } else {
                pad(line, column.width)
            };
            format!(" {padded}{end}")
        });
        let line = parts.collect::<Vec<_>>().join("|");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(columns: &[&str], cells: &[&[Option<&str>]], expected: &Expect) {
        let answer = TableAnswer {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows: cells
                .iter()
                .map(|row| row.iter().map(|cell| cell.map(str::to_owned)).collect())
                .collect(),
        };
        expected.assert_eq(&rows(&answer));
    }

    #[test]
    fn one_row() {
        check(
            &["?column?"],
            &[&[Some("alive")]],
            &expect![[r"
             ?column?
            ----------
             alive
            (1 row)
        "]],
        );
    }

    #[test]
    fn numbers_stand_to_the_right_and_null_is_empty() {
        check(
            &["port", "name", "mean"],
            &[
                &[Some("CNGGZ"), Some("广州"), Some("1154.333")],
                &[Some("EETLL"), None, Some("-7")],
                &[Some("FOTHO"), Some("Tórshavn"), None],
            ],
            &expect![[r"
                 port  | name     |     mean
                -------+----------+----------
                 CNGGZ | 广州     | 1154.333
                 EETLL |          |       -7
                 FOTHO | Tórshavn |
                (3 rows)
            "]],
        );
    }

    #[test]
    fn lines_in_a_cell_go_on_below() {
        check(
            &["a", "b"],
            &[&[Some("one\ntwo"), Some("x")], &[Some(""), Some("NaN")]],
            &expect![[r"
                 a   | b
                -----+-----
                 one+| x
                 two |
                     | NaN
                (2 rows)
            "]],
        );
    }

    #[test]
    fn no_rows_and_no_columns() {
        check(
            &["a"],
            &[],
            &expect![[r"
             a
            ---
            (0 rows)
        "]],
        );
        check(
            &[],
            &[&[]],
            &expect![[r"
            (1 row)
        "]],
        );
    }
}
