//! Migrations as they lie in a folder: `V<number>__<name>.sql`.

use std::path::{Path, PathBuf};

use crate::model::Digest;

use super::Error;
use super::place::place_in;
use super::statement::split;
use super::token::{Token, tokens};

/// One file of a migrations folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    pub version: u64,
    pub name: String,
    pub file: PathBuf,
    pub sql: String,
    /// The SHA-256 of the text with its line ends made `\n`.
    pub digest: String,
}

impl Migration {
    /// Returns whether its first comment lines say `-- envctl: no-transaction`.
    pub(crate) fn is_without_transaction(&self) -> bool {
        self.sql
            .lines()
            .map(str::trim)
            .take_while(|line| line.is_empty() || line.starts_with("--"))
            .any(|line| line.trim_start_matches('-').trim() == "envctl: no-transaction")
    }

    /// Checks what can be known before anything runs.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |line, column, reason| Error::MigrationText {
            place: Box::new(place_in(&self.file, &self.sql, (line, column))),
            reason,
        };
        let statements =
            split(&self.sql).map_err(|error| wrong(error.line(), 1, error.reason()))?;
        let own_transactions = self.is_without_transaction();
        for statement in statements {
            let tokens = tokens(statement.sql, 200);
            if !own_transactions && controls_transaction(&tokens) {
                return Err(wrong(
                    statement.line,
                    statement.column,
                    "each migration is one transaction; a file that has its own says \
                     `-- envctl: no-transaction` first",
                ));
            }
            if is_copy_from_stdin(&tokens) {
                return Err(wrong(
                    statement.line,
                    statement.column,
                    "data for COPY belongs into a seed",
                ));
            }
        }
        Ok(())
    }
}

fn controls_transaction(tokens: &[Token]) -> bool {
    let is = |index: usize, word| tokens.get(index).is_some_and(|token| token.is(word));
    match tokens.first() {
        Some(Token::Word(word)) => match word.as_str() {
            "begin" | "commit" | "end" | "abort" => true,
            "start" | "prepare" => is(1, "transaction"),
            // A rollback to a savepoint stays inside.
            "rollback" => !is(1, "to") && !is(2, "to"),
            _ => false,
        },
        _ => false,
    }
}

/// Returns whether a statement is followed by data.
pub(crate) fn is_copy_from_stdin(tokens: &[Token]) -> bool {
    let [copy, what, rest @ ..] = tokens else {
        return false;
    };
    // A query in brackets may read from a table `stdin`, and then write to a program.
    let is_table = copy.is("copy") && *what != Token::Symbol('(');
    let way = rest
        .iter()
        .position(|token| token.is("from") || token.is("to"));
    is_table
        && way.is_some_and(|way| {
            rest[way].is("from") && rest.get(way + 1).is_some_and(|token| token.is("stdin"))
        })
}

/// Reads the migrations of a folder, by number. Other files are left alone; a file that begins
/// with `V`, ends in `.sql` and has another name is a mistake.
pub fn read_migrations(folder: &Path) -> Result<Vec<Migration>, Error> {
    let read_error = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    };
    let mut found: Vec<Migration> = Vec::new();
    for entry in fs_err::read_dir(folder).map_err(read_error(folder))? {
        let file = entry.map_err(read_error(folder))?.path();
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let is_sql = file.extension().is_some_and(|extension| extension == "sql");
        if !name.starts_with('V') || !is_sql {
            continue;
        }
        let Some((version, name)) = parse_name(name) else {
            return Err(Error::MigrationName { file });
        };
        let name = name.to_owned();
        let bytes = fs_err::read(&file).map_err(read_error(&file))?;
        let sql = text(&file, bytes)?;
        found.push(Migration {
            digest: Digest::of(sql.replace("\r\n", "\n")),
            version,
            name,
            file,
            sql,
        });
    }
    found.sort_by(|one, other| (one.version, &one.file).cmp(&(other.version, &other.file)));
    for pair in found.windows(2) {
        if pair[0].version == pair[1].version {
            return Err(Error::SameVersion {
                one: pair[0].file.clone(),
                other: pair[1].file.clone(),
            });
        }
    }
    Ok(found)
}

fn text(file: &Path, bytes: Vec<u8>) -> Result<String, Error> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let breaks = error.as_bytes()[..good]
            .iter()
            .filter(|byte| **byte == b'\n');
        Error::NotUtf8 {
            file: file.to_owned(),
            line: breaks.count() + 1,
        }
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// Returns number and name of `V<number>__<name>.sql`.
fn parse_name(file_name: &str) -> Option<(u64, &str)> {
    let (number, name) = file_name
        .strip_prefix('V')?
        .strip_suffix(".sql")?
        .split_once("__")?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    // The record keeps it as a bigint.
    let version: i64 = digits.then(|| number.parse().ok()).flatten()?;
    (!name.is_empty()).then_some((version.unsigned_abs(), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let check = |name, expected| assert_eq!(parse_name(name), expected, "{name}");
        check("V1__init.sql", Some((1, "init")));
        check("V010__a__b.sql", Some((10, "a__b")));
        check("V1_init.sql", None);
        check("V1.5__x.sql", None);
        check("V+1__x.sql", None);
        check("V__x.sql", None);
        check("V1__.sql", None);
        check("V99999999999999999999__x.sql", None);
    }

    fn migration(sql: &str) -> Migration {
        Migration {
            version: 1,
            name: "x".to_owned(),
            file: "V1__x.sql".into(),
            sql: sql.to_owned(),
            digest: String::new(),
        }
    }

    #[test]
    fn the_first_comments_choose_the_transaction() {
        let check = |sql, expected| {
            assert_eq!(migration(sql).is_without_transaction(), expected, "{sql}");
        };
        check("-- about\n\n-- envctl: no-transaction\r\nVACUUM;", true);
        check(
            "VACUUM; -- envctl: no-transaction\n-- envctl: no-transaction",
            false,
        );
    }

    #[test]
    fn what_cannot_run_is_found_before() {
        let check = |sql, expected: Option<&str>| {
            let found = migration(sql).check().err().map(|error| error.to_string());
            assert_eq!(found.as_deref().map(|text| &text[..13]), expected, "{sql}");
        };
        check("SELECT 1;\nCOMMIT;", Some("V1__x.sql:2: "));
        check("SAVEPOINT a; ROLLBACK TO a; ROLLBACK WORK TO a", None);
        check("-- envctl: no-transaction\nBEGIN; COMMIT", None);
        check("COPY t (a) FROM stdin;\n", Some("V1__x.sql:1: "));
        check("\n\nSELECT 'a", Some("V1__x.sql:3: "));
        check("DO $$ BEGIN COMMIT; END $$", None);
    }
}
