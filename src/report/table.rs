//! Columns of text for a person: aligned where they fit, else a block of lines for each row, so
//! that nothing is cut off.

use super::cut::{pad, width};
use super::paint::Paint;

/// A table with a heading for each column. Columns without content are left out.
pub(super) struct TextTable {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl TextTable {
    pub(super) fn new(headings: &[&'static str]) -> Self {
        Self {
            headings: headings.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, with a cell for each heading.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.headings.len());
        self.rows.push(cells);
    }

    /// Returns the table in at most so many columns, or in blocks.
    pub(super) fn draw(&self, columns: usize, paint: Paint) -> String {
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|column| self.column_width(column))
            .collect();
        let shown = widths.iter().filter(|width| **width > 0);
        let whole = shown.map(|width| width + 2).sum::<usize>();
        if self.rows.is_empty() {
            String::new()
        } else if whole > columns.saturating_add(2) {
            self.blocks(paint)
        } else {
            self.aligned(&widths, paint)
        }
    }

    /// Returns 0 for a column that is empty in every row.
    fn column_width(&self, column: usize) -> usize {
        let widest = self.rows.iter().map(|row| width(&row[column])).max();
        match widest.unwrap_or(0) {
            0 => 0,
            widest => widest.max(width(self.headings[column])),
        }
    }

    fn aligned(&self, widths: &[usize], paint: Paint) -> String {
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let cells = cells.zip(widths).filter(|(_, width)| **width > 0);
            let padded: Vec<String> = cells.map(|(cell, width)| pad(cell, *width)).collect();
            padded.join("  ").trim_end().to_owned()
        };
        let heading = line(&mut self.headings.iter().copied());
        let mut text = format!("{}\n", paint.bold(&heading));
        for row in &self.rows {
            text.push_str(&line(&mut row.iter().map(String::as_str)));
            text.push('\n');
        }
        text
    }

    fn blocks(&self, paint: Paint) -> String {
        let mut text = String::new();
        let headings = self.headings.iter().map(|heading| width(heading));
        let column = headings.skip(1).max().unwrap_or(0);
        for row in &self.rows {
            text.push_str(&paint.bold(&row[0]));
            text.push('\n');
            for (heading, cell) in self.headings.iter().zip(row).skip(1) {
                if !cell.is_empty() {
                    let heading = pad(&heading.to_lowercase(), column);
                    text.push_str(&format_line(&heading, cell));
                }
            }
        }
        text
    }
}

fn format_line(heading: &str, cell: &str) -> String {
    format!("  {heading}  {cell}\n")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn table() -> TextTable {
        let mut table = TextTable::new(&["SERVICE", "STATE", "NOTES", "IMAGE"]);
        let text = str::to_owned;
        table.row(vec![
            text("db"),
            text("running"),
            text(""),
            text("envctl/postgres:1a2b"),
        ]);
        table.row(vec![text("港口"), text("exited (1)"), text(""), text("")]);
        table
    }

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        expect![[r"
            SERVICE  STATE       IMAGE
            db       running     envctl/postgres:1a2b
            港口     exited (1)
        "]]
        .assert_eq(&table().draw(100, Paint::new(false)));
    }

    #[test]
    fn what_does_not_fit_becomes_blocks() {
        expect![[r"
            db
              state  running
              image  envctl/postgres:1a2b
            港口
              state  exited (1)
        "]]
        .assert_eq(&table().draw(30, Paint::new(false)));
    }

    #[test]
    fn a_table_without_rows_is_nothing() {
        assert_eq!(TextTable::new(&["SERVICE"]).draw(80, Paint::new(false)), "");
    }
}
