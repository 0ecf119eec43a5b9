//! Writing Markdown: foreign text as code, and a page that stays below a length. Knows no checks.

use std::fmt::Write as _;

/// What is kept free for the note on what was left out of a section, and for its headline.
const NOTE_BYTES: usize = 128;

/// A page that takes what fits.
pub(super) struct BoundedPage {
    text: String,
    limit_bytes: usize,
}

impl BoundedPage {
    pub(super) fn new(limit_bytes: usize) -> Self {
        let text = String::new();
        Self { text, limit_bytes }
    }

    /// Adds what must be there.
    pub(super) fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a section of blocks, as many as fit, and says how many did not; nothing where there is
    /// no block.
    pub(super) fn section(
        &mut self,
        title: &str,
        head: &str,
        blocks: impl Iterator<Item = String>,
    ) {
        let mut blocks = blocks.peekable();
        let start = format!("\n### {title}\n\n{head}");
        if blocks.peek().is_none() || !self.fits(start.len()) {
            return;
        }
        self.text.push_str(&start);
        let mut left_out: usize = 0;
        for block in blocks {
            if self.fits(block.len()) {
                self.text.push_str(&block);
            } else {
                left_out += 1;
            }
        }
        if left_out > 0 {
            // Writing to a String cannot fail.
            let _ = writeln!(self.text, "\n{left_out} more left out: the page is full.");
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn fits(&self, bytes: usize) -> bool {
        self.text.len() + bytes + NOTE_BYTES <= self.limit_bytes
    }
}

/// Returns a row of a table; the cells are Markdown.
pub(super) fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Returns a text as code inside a line.
pub(super) fn code(text: &str) -> String {
    let text = visible(text).replace('\n', " ");
    if text.trim().is_empty() {
        return "nothing".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // One space on each side is taken away again.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Returns lines as a block of code.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!(
        "{fence}{language}\n{}\n{fence}",
        text.trim_end_matches('\n')
    )
}

/// Returns a text inside HTML, on one line.
pub(super) fn escaped(text: &str) -> String {
    let text = visible(text).replace('\n', " ");
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Returns the text with U+FFFD for control characters that no page shows.
fn visible(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.replace(
        |char: char| char.is_control() && char != '\n' && char != '\t',
        "\u{fffd}",
    )
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|char| char != '`');
    runs.map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_code() {
        for (text, markdown) in [
            ("a", "`a`"),
            ("a `b` ``c``", "``` a `b` ``c`` ```"),
            ("`", "`` ` ``"),
            ("", "nothing"),
            (" ", "nothing"),
            (" x", "`  x `"),
            ("a\n\n<b>\x1b[0m", "`a  <b>\u{fffd}[0m`"),
        ] {
            assert_eq!(code(text), markdown);
        }
        assert_eq!(fenced("diff", "a\n```\nb\n"), "````diff\na\n```\nb\n````");
        assert_eq!(fenced("text", "a"), "```text\na\n```");
        assert_eq!(row(&[code("a|b"), "c".to_owned()]), "| `a\\|b` | c |\n");
        assert_eq!(escaped("<b>\n&"), "&lt;b&gt; &amp;");
    }
}
