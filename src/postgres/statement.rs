//! Splits a whole text into its statements, for files that fit into memory.

use super::scanner::{Open, ScanStep, Scanner};

/// One statement of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    /// Without the comments before it, and without its `;`.
    pub(crate) sql: &'a str,
    /// The line of its first token, from 1.
    pub(crate) line: usize,
    /// The column of its first token in characters, from 1.
    pub(crate) column: usize,
}

/// Why a text cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsplittable {
    /// The statement that begins on this line never ends.
    Open { what: Open, line: usize },
    /// There is a meta-command of psql on this line.
    Backslash { line: usize },
}

impl Unsplittable {
    pub(crate) fn line(self) -> usize {
        match self {
            Self::Open { line, .. } | Self::Backslash { line } => line,
        }
    }

    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Open { what, .. } => what.unfinished(),
            Self::Backslash { .. } => "psql's backslash commands are not SQL",
        }
    }
}

impl Open {
    /// Returns what is wrong with a text that ends here.
    pub(crate) fn unfinished(self) -> &'static str {
        match self {
            Self::Text => "a text that begins in this statement has no closing quote",
            Self::Name => "a quoted name that begins in this statement has no closing quote",
            Self::DollarQuote => "a dollar quote that begins in this statement is never closed",
            Self::Comment => "a comment that begins here is never closed",
            Self::Bracket => "a bracket that opens in this statement is never closed",
            Self::Body => "a BEGIN in this statement has no END",
        }
    }
}

/// Splits a text at the semicolons that end statements.
pub(crate) fn split(text: &str) -> Result<Vec<Statement<'_>>, Unsplittable> {
    let mut scanner = Scanner::new();
    let mut found = Vec::new();
    let mut start = 0;
    let mut place = Cursor::default();
    for (index, byte) in text.bytes().enumerate() {
        match scanner.push(byte) {
            ScanStep::Keep => {}
            ScanStep::Clear => start = index + 1,
            ScanStep::Backslash => {
                let (line, _) = place.at(text, index);
                return Err(Unsplittable::Backslash { line });
            }
            ScanStep::End => {
                add(&mut found, text, start..index, &mut place);
                start = index + 1;
                scanner.reset();
            }
        }
    }
    if let Some(what) = scanner.open() {
        let (line, _) = place.at(text, start);
        return Err(Unsplittable::Open { what, line });
    }
    if scanner.has_begun() {
        add(&mut found, text, start..text.len(), &mut place);
    }
    Ok(found)
}

fn add<'a>(
    found: &mut Vec<Statement<'a>>,
    text: &'a str,
    range: std::ops::Range<usize>,
    place: &mut Cursor,
) {
    let (line, column) = place.at(text, range.start);
    let sql = text[range].trim_end();
    if !sql.is_empty() {
        found.push(Statement { sql, line, column });
    }
}

/// Counts lines forward only, so that a whole file costs one pass.
#[derive(Debug)]
struct Cursor {
    offset: usize,
    line: usize,
    column: usize,
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            offset: 0,
            line: 1,
            column: 1,
        }
    }
}

impl Cursor {
    fn at(&mut self, text: &str, offset: usize) -> (usize, usize) {
        for character in text[self.offset..offset].chars() {
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.offset = offset;
        (self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found = split(text).map(|found| found.iter().map(|one| one.sql).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), Ok(expected), "{text:?}");
    }

    #[test]
    fn semicolons_in_quotes_end_nothing() {
        check("SELECT 1; SELECT 2", &["SELECT 1", "SELECT 2"]);
        check(
            "SELECT ';'; SELECT 'it''s;'",
            &["SELECT ';'", "SELECT 'it''s;'"],
        );
        check(r"SELECT E'\';'; SELECT 1", &[r"SELECT E'\';'", "SELECT 1"]);
        check(
            r"SELECT e'a''b\';'; SELECT 1",
            &[r"SELECT e'a''b\';'", "SELECT 1"],
        );
        check(
            "SELECT E'a'\n'\\';b'; SELECT 1",
            &["SELECT E'a'\n'\\';b'", "SELECT 1"],
        );
        check(r"SELECT '\'; SELECT 1", &[r"SELECT '\'", "SELECT 1"]);
        check(
            r"SELECT U&'\0061;'; SELECT 1",
            &[r"SELECT U&'\0061;'", "SELECT 1"],
        );
        check(
            r#"SELECT ";" FROM "a"";b"; X"#,
            &[r#"SELECT ";" FROM "a"";b""#, "X"],
        );
        check("SELECT type'a;'; X", &["SELECT type'a;'", "X"]);
    }

    #[test]
    fn dollar_quotes_nest_by_tag() {
        check("DO $$ a; b; $$; X", &["DO $$ a; b; $$", "X"]);
        check("DO $a$ $$; $b$; $a$; X", &["DO $a$ $$; $b$; $a$", "X"]);
        check("SELECT $1; X", &["SELECT $1", "X"]);
        check("SELECT a$b$; SELECT c$b$", &["SELECT a$b$", "SELECT c$b$"]);
        check("DO $ä$;$ä$; X", &["DO $ä$;$ä$", "X"]);
        check("DO $a$ $a$a$; X", &["DO $a$ $a$a$", "X"]);
        check("DO $a$ ;$a $a$; X", &["DO $a$ ;$a $a$", "X"]);
        check("DO $a$ ;$$a$; X", &["DO $a$ ;$$a$", "X"]);
    }

    #[test]
    fn comments_before_a_statement_are_dropped() {
        check(
            "-- a;\n\n/* b; /* c */ ; */ SELECT 1 -- d;\n;",
            &["SELECT 1 -- d;"],
        );
        check("SELECT 1 /* ' */; X", &["SELECT 1 /* ' */", "X"]);
        check("-- only", &[]);
        check(";;\n;", &[]);
        check(
            "SELECT 1 - -1; SELECT 4/2",
            &["SELECT 1 - -1", "SELECT 4/2"],
        );
        check("/***/SELECT 1", &["SELECT 1"]);
    }

    #[test]
    fn bodies_and_brackets_hold_semicolons() {
        let function = "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN \
                        true THEN 1 END; SELECT 2; END";
        check(&format!("{function}; X"), &[function, "X"]);
        check("BEGIN; COMMIT", &["BEGIN", "COMMIT"]);
        let rule = "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)";
        check(&format!("{rule}; X"), &[rule, "X"]);
    }

    #[test]
    fn lines_and_columns_are_of_the_first_token() {
        let found = split("-- ä\nSELECT 1;\n  /* b\n */ SELECT 'ä', 2; SELECT 3").unwrap();
        let places: Vec<_> = found.iter().map(|one| (one.line, one.column)).collect();
        assert_eq!(places, [(2, 1), (4, 5), (4, 20)]);
    }

    #[test]
    fn what_never_ends_is_named_by_its_first_line() {
        let check = |text, what, line| {
            assert_eq!(
                split(text),
                Err(Unsplittable::Open { what, line }),
                "{text:?}"
            );
        };
        check("SELECT 1;\nSELECT 'a\n\n", Open::Text, 2);
        check("SELECT 1;\nSELECT \"a", Open::Name, 2);
        check("\nDO $$ ;", Open::DollarQuote, 2);
        check("\n\n/* a", Open::Comment, 3);
        check("SELECT (1;", Open::Bracket, 1);
        assert_eq!(
            split("SELECT 1;\n\\! ls"),
            Err(Unsplittable::Backslash { line: 2 })
        );
    }
}
