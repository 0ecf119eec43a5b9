//! Tables for the script reader: what goes in, what comes out.

use std::io::{self, Read};

use super::*;
use crate::postgres::Brake;

/// Gives a few bytes at a time, so that every boundary is met.
struct Drip {
    bytes: Vec<u8>,
    at: usize,
    size: usize,
}

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.bytes.len().min(self.at + self.size.min(buffer.len()));
        let piece = &self.bytes[self.at..end];
        buffer[..piece.len()].copy_from_slice(piece);
        self.at = end;
        Ok(piece.len())
    }
}

/// Reads a script as the loader does and writes down what it sees.
fn read(bytes: &[u8], size: usize) -> Result<Vec<String>, Error> {
    let drip = Drip {
        bytes: bytes.to_vec(),
        at: 0,
        size,
    };
    let mut script = Script::new(Input::read(Path::new("x.sql"), drip)?);
    let mut seen = Vec::new();
    while let Some(item) = script.next()? {
        match item {
            Item::Meta { text, line } => seen.push(format!("{line}: \\{text}")),
            Item::Statement(statement) => {
                seen.push(format!("{}: {}", statement.line, statement.sql));
                if statement.sql.starts_with("COPY") {
                    assert_eq!(script.rest_of_line()?, "");
                    let mut data = Vec::new();
                    let first = script.copy_data(statement.line, |piece, _| {
                        data.extend_from_slice(piece);
                        Ok(())
                    })?;
                    seen.push(format!("{first}= {}", String::from_utf8_lossy(&data)));
                }
            }
        }
    }
    Ok(seen)
}

#[track_caller]
fn check(text: impl AsRef<[u8]>, expected: &[&str]) {
    for size in [1, 2, 3, 5, 7, 1 << 20] {
        match read(text.as_ref(), size) {
            Ok(seen) => assert_eq!(seen, expected, "{size} bytes at a time"),
            Err(error) => panic!("{error}, {size} bytes at a time"),
        }
    }
}

#[track_caller]
fn check_error(text: impl AsRef<[u8]>, expected: &str) {
    for size in [1, 4, 1 << 20] {
        let error = read(text.as_ref(), size).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn statements_know_their_lines() {
    check(
        "--\n-- about\n--\n\nSELECT 1;\n\nSELECT\n 2 ; SELECT 3",
        &["5: SELECT 1", "7: SELECT\n 2 ", "8: SELECT 3"],
    );
    check("", &[]);
    check("\n;;\n", &[]);
    check("\u{feff}SELECT 1;", &["1: SELECT 1"]);
    check(
        "SELECT 1;\r\nSELECT 'a\r\nb';\r\n",
        &["1: SELECT 1", "2: SELECT 'a\r\nb'"],
    );
}

#[test]
fn copy_data_ends_at_its_marker_only() {
    check(
        "COPY t (a) FROM stdin;\n1\n\\\\.\n\\.x\n\\N\n\\.\nSELECT 1;\n",
        &[
            "1: COPY t (a) FROM stdin",
            "2= 1\n\\\\.\n\\.x\n\\N\n",
            "7: SELECT 1",
        ],
    );
    check(
        "COPY t FROM stdin;\n\\.\n\n",
        &["1: COPY t FROM stdin", "2= "],
    );
    check(
        "COPY t FROM stdin;\n1\n\\.",
        &["1: COPY t FROM stdin", "2= 1\n"],
    );
    check(
        "COPY t FROM stdin;\r\n1;'\r\n\\.\r\n\r\nSELECT 1;\r\n",
        &["1: COPY t FROM stdin", "2= 1;'\r\n", "5: SELECT 1"],
    );
    check(
        "COPY t FROM stdin;\na\\.\n\\.\n",
        &["1: COPY t FROM stdin", "2= a\\.\n"],
    );
}

#[test]
fn meta_commands_are_lines() {
    check(
        "\\restrict abc\nSELECT 1;\n  \\connect rates\r\n\\unrestrict abc",
        &[
            "1: \\restrict abc",
            "2: SELECT 1",
            "3: \\connect rates",
            "4: \\unrestrict abc",
        ],
    );
    check_error(
        "SELECT 1\n \\g /tmp/x\n",
        "x.sql:2: a command of psql stands inside a statement",
    );
}

#[test]
fn what_was_cut_off_is_named_by_where_it_began() {
    let cut = |line, reason| format!("x.sql:{line}: the dump was cut off: {reason}");
    check_error(
        "SELECT 1;\nSELECT 'a\n\n",
        &cut(
            2,
            "a text that begins in this statement has no closing quote",
        ),
    );
    check_error(
        "COPY t FROM stdin;\n1\n2",
        &cut(1, "the data of the COPY here has no end"),
    );
    let header = "--\n-- PostgreSQL database dump\n--\n\nSELECT 1;\n";
    check_error(header, &cut(2, "pg_dump's header here has no trailer"));
    check_error(
        format!("{header}{header}-- PostgreSQL database dump complete\n"),
        &cut(7, "another dump begins before its end"),
    );
    let whole = format!("{header}\n--\n-- PostgreSQL database dump complete\n--\n");
    check(format!("{whole}{whole}"), &["5: SELECT 1", "14: SELECT 1"]);
    check(whole.trim_end().trim_end_matches("\n--"), &["5: SELECT 1"]);
    check(whole.replace('\n', "\r\n"), &["5: SELECT 1"]);
}

#[test]
fn files_are_known_by_their_first_bytes() {
    check_error(
        b"PGDMP\x01\x0e",
        "x.sql is in pg_dump's custom format; a dump is plain SQL, or that in gzip",
    );
    check_error(
        b"\x28\xb5\x2f\xfd1234",
        "x.sql is compressed with zstd; a dump is plain SQL, or that in gzip",
    );
    check_error(
        b"SELECT 1;\nSELECT '\xe4';",
        "x.sql:2: the statement is not UTF-8",
    );
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::read::GzEncoder::new(text.as_bytes(), flate2::Compression::default());
    let mut packed = Vec::new();
    encoder.read_to_end(&mut packed).unwrap();
    packed
}

#[test]
fn gzip_is_unpacked_and_must_be_whole() {
    let packed = gzip("SELECT 1;\nSELECT 2;\n");
    check(&packed, &["1: SELECT 1", "2: SELECT 2"]);
    let twice = [packed.clone(), gzip("SELECT 3;\n")].concat();
    check(&twice, &["1: SELECT 1", "2: SELECT 2", "3: SELECT 3"]);
    let error = read(&packed[..packed.len() - 4], 1 << 20).unwrap_err();
    assert_eq!(
        error.to_string(),
        "x.sql:3: the dump was cut off: its compressed data ends here"
    );
}

#[test]
fn lines_longer_than_a_chunk_pass() {
    let long = "x".repeat(700_000);
    let text = format!("COPY t FROM stdin;\n{long}\n\\.\nSELECT '{long}';");
    let seen = read(text.as_bytes(), 1 << 20).unwrap();
    assert_eq!(seen[1].len(), long.len() + 4);
    assert_eq!(seen[2], format!("4: SELECT '{long}'"));
}

/// All of a statement is held in memory, and nothing else of a dump.
#[test]
fn a_statement_has_a_bound_and_says_what_has_none() {
    let check = |sql: String| {
        let input = Input::read(Path::new("x.sql"), io::Cursor::new(sql)).unwrap();
        let mut script = Script::new(input);
        script.longest = 1000;
        loop {
            match script.next() {
                Ok(Some(_)) => {}
                Ok(None) => return String::new(),
                Err(error) => return error.to_string(),
            }
        }
    };
    let rows = "INSERT INTO a VALUES (1);\n".repeat(100_000);
    assert_eq!(check(rows), "");
    let one = format!("\n\nINSERT INTO a VALUES ('{}');", "x".repeat(1_000_000));
    let expect = "x.sql:3: a statement is longer than 256 MiB; data of any size comes as COPY, \
                  which `pg_dump` writes without `--inserts`";
    assert_eq!(check(one), expect);
}

/// What a small file becomes may have no end, and what has no end can be stopped.
#[test]
fn reading_ends_when_nobody_wants_it_any_more() {
    use tokio_util::sync::CancellationToken;

    let cancel = CancellationToken::new();
    let brake = Brake::new(cancel.clone());
    let spaces = Input::read(Path::new("x.sql"), io::repeat(b' ')).unwrap();
    let mut script = Script::new(spaces.until(&brake));
    cancel.cancel();
    assert!(script.next().unwrap_err().is_cancelled());
}
