//! What becomes of each statement and meta-command of a dump: run, skipped or refused. A dump
//! may fill its database, and nothing else.

use crate::postgres::{Token, is_copy_from_stdin, tokens};

/// What the loader does with a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    Run,
    /// It is an INSERT, whose rows count.
    Insert,
    /// It begins or ends a transaction.
    Transaction {
        begins: bool,
    },
    /// Data follows; the table as it is written.
    CopyIn {
        table: String,
    },
    /// It sets `standard_conforming_strings`.
    StandardStrings(bool),
    Skip,
    Refuse(String),
}

/// What the loader does with a meta-command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MetaVerdict {
    Skip,
    /// The session begins anew.
    Reconnect,
    Refuse(String),
}

const DATABASE_REASON: &str = "a dump fills the database that env.toml names, and makes, changes \
                               or drops none; write it without --create and --clean";

/// Judges a statement by its first words.
pub(super) fn judge(sql: &str) -> Ruling {
    let first = tokens(sql, 1);
    let Some(Token::Word(first)) = first.first() else {
        return Ruling::Run;
    };
    match first.as_str() {
        "insert" => Ruling::Insert,
        "copy" => judge_copy(sql),
        "create" | "alter" | "drop" => judge_object(&tokens(sql, 2)),
        "set" => judge_set(&tokens(sql, 6)),
        "prepare" if tokens(sql, 2).iter().any(|token| token.is("transaction")) => {
            let reason = "a transaction that is prepared would hold the database for ever";
            Ruling::Refuse(reason.to_owned())
        }
        "begin" | "start" => Ruling::Transaction { begins: true },
        "commit" | "end" | "abort" => Ruling::Transaction { begins: false },
        "rollback" if !tokens(sql, 3).iter().any(|token| token.is("to")) => {
            Ruling::Transaction { begins: false }
        }
        _ => Ruling::Run,
    }
}

fn judge_object(tokens: &[Token]) -> Ruling {
    let Some(Token::Word(kind)) = tokens.get(1) else {
        return Ruling::Run;
    };
    match kind.as_str() {
        "database" => Ruling::Refuse(DATABASE_REASON.to_owned()),
        "tablespace" | "system" => {
            Ruling::Refuse("a dump changes nothing outside its database".to_owned())
        }
        _ => Ruling::Run,
    }
}

fn judge_copy(sql: &str) -> Ruling {
    let tokens = tokens(sql, 5_000);
    if !is_copy_from_stdin(&tokens) {
        let reason = "a dump copies from its own lines only (COPY … FROM stdin): no file, no \
                      program";
        return Ruling::Refuse(reason.to_owned());
    }
    let mut table = String::new();
    for token in &tokens[1..] {
        match token {
            Token::Symbol('.') => table.push('.'),
            Token::Word(name) | Token::Name(name) if table.is_empty() || table.ends_with('.') => {
                table.push_str(name);
            }
            _ => break,
        }
    }
    Ruling::CopyIn { table }
}

fn judge_set(tokens: &[Token]) -> Ruling {
    let scope = ["session", "local"];
    let skip = usize::from(
        tokens
            .get(1)
            .is_some_and(|one| scope.iter().any(|word| one.is(word))),
    );
    let Some(name) = tokens.get(1 + skip).and_then(Token::identifier) else {
        return Ruling::Run;
    };
    let value = match tokens.get(3 + skip) {
        Some(Token::Word(text) | Token::Name(text) | Token::Text(text)) => text.to_lowercase(),
        _ => return Ruling::Run,
    };
    match name {
        "standard_conforming_strings" => {
            Ruling::StandardStrings(matches!(value.as_str(), "on" | "true" | "yes"))
        }
        // The connection speaks UTF-8 all the time; this is the place to transcode.
        "client_encoding" => judge_encoding(&value),
        _ => Ruling::Run,
    }
}

fn judge_encoding(name: &str) -> Ruling {
    match name.replace(['-', '_'], "").as_str() {
        "utf8" | "unicode" | "sqlascii" | "default" => Ruling::Skip,
        _ => Ruling::Refuse(format!(
            "the text is in {}; a dump is read as UTF-8 (write it with --encoding=UTF8)",
            name.to_uppercase()
        )),
    }
}

/// Judges a meta-command; `database` is the one that the dump is for.
pub(super) fn judge_meta(text: &str, database: &str) -> MetaVerdict {
    let (command, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match command {
        "restrict" | "unrestrict" | "echo" | "qecho" | "timing" => MetaVerdict::Skip,
        "set" if rest.starts_with("ON_ERROR_STOP") => MetaVerdict::Skip,
        "encoding" => match judge_encoding(&rest.trim_matches('\'').to_lowercase()) {
            Ruling::Refuse(reason) => MetaVerdict::Refuse(reason),
            _ => MetaVerdict::Skip,
        },
        "c" | "connect" => match connects_to(rest).as_deref() {
            Some(name) if name == database => MetaVerdict::Reconnect,
            _ => MetaVerdict::Refuse(format!("a dump stays in its database, `{database}`")),
        },
        _ => MetaVerdict::Refuse(format!("psql's \\{command} is never run")),
    }
}

/// Returns the database of a `\connect`, when it names nothing else.
fn connects_to(arguments: &str) -> Option<String> {
    let rest = arguments
        .strip_prefix("-reuse-previous=on")
        .map_or(arguments, str::trim_start);
    let words = tokens(rest, 2);
    let [Token::Word(_) | Token::Name(_)] = words.as_slice() else {
        return None;
    };
    // A quoted argument can be a whole connection string: "dbname='rates'".
    let text = rest.trim_matches('"');
    match text.strip_prefix("dbname=") {
        Some(name) => Some(name.trim_matches('\'').to_owned()),
        None => Some(text.replace("\"\"", "\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_judged_by_their_first_words() {
        let check = |sql, expected| assert_eq!(judge(sql), expected, "{sql}");
        check("SELECT 1", Ruling::Run);
        check("insert into t values ('copy t from stdin')", Ruling::Insert);
        let table = |table: &str| Ruling::CopyIn {
            table: table.to_owned(),
        };
        check(
            "COPY public.prices (a, b) FROM stdin",
            table("public.prices"),
        );
        check("COPY t (\"from\") FROM stdin", table("t"));
        check(
            "copy \"My\".\"T\" from STDIN with (format csv)",
            table("My.T"),
        );
        check("CREATE TABLE database (a int)", Ruling::Run);
        check(
            "SET standard_conforming_strings = off",
            Ruling::StandardStrings(false),
        );
        check(
            "SET SESSION standard_conforming_strings TO 'on'",
            Ruling::StandardStrings(true),
        );
        check("SET client_encoding = 'UTF8'", Ruling::Skip);
        check("SET client_encoding TO sql_ascii", Ruling::Skip);
        check("SET search_path = a, b", Ruling::Run);
        check("START TRANSACTION", Ruling::Transaction { begins: true });
        check("ROLLBACK", Ruling::Transaction { begins: false });
        check("ROLLBACK TO SAVEPOINT a", Ruling::Run);
    }

    #[test]
    fn a_dump_stays_in_its_database() {
        for sql in [
            "CREATE DATABASE x",
            "drop database if exists x",
            "ALTER DATABASE x OWNER TO y",
            "ALTER SYSTEM SET fsync = off",
            "PREPARE TRANSACTION 'x'",
            "COPY t FROM PROGRAM 'ls'",
            "COPY t FROM '/etc/passwd'",
            "COPY (SELECT 1) TO stdout",
            "COPY (SELECT 1 FROM stdin) TO PROGRAM 'ls'",
            "COPY t FROM PROGRAM 'ls' WHERE (SELECT true FROM stdin)",
            "SET client_encoding = 'LATIN1'",
        ] {
            assert!(matches!(judge(sql), Ruling::Refuse(_)), "{sql}");
        }
    }

    #[test]
    fn meta_commands_never_run_anything() {
        let skip = [
            "restrict a1",
            "unrestrict a1",
            "set ON_ERROR_STOP on",
            "encoding 'utf-8'",
        ];
        for text in skip {
            assert_eq!(judge_meta(text, "rates"), MetaVerdict::Skip, "{text}");
        }
        for text in [
            "connect rates",
            "c \"rates\"",
            "connect -reuse-previous=on \"dbname='rates'\"",
        ] {
            assert_eq!(judge_meta(text, "rates"), MetaVerdict::Reconnect, "{text}");
        }
        for text in [
            "! ls",
            "i other.sql",
            "copy t from program 'ls'",
            "o |cat",
            "g",
            "connect other",
            "connect rates someone",
            "setenv A b",
            "set x `ls`",
            "encoding LATIN1",
        ] {
            assert!(
                matches!(judge_meta(text, "rates"), MetaVerdict::Refuse(_)),
                "{text}"
            );
        }
    }
}
