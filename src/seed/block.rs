//! What a `DO` block says about roles. The role that loads may make none, so these statements are
//! taken out and run by themselves; where a role is there already, the block's own guard skips
//! them as well.

use std::collections::HashSet;
use std::ops::Range;

use super::roles::mentions;
use super::text::Text;

/// A block that makes roles.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) about_roles: Vec<String>,
    /// The block without them, on the same lines.
    pub(super) rest: String,
}

/// Words after which a statement of PL/pgSQL begins.
const BEFORE: [&str; 5] = ["begin", "then", "else", "loop", "declare"];

impl Block {
    /// Reads a statement; `None` unless it is a block that makes roles in the open. `known` are the
    /// server's roles.
    pub(super) fn read(sql: &str, known: &HashSet<String>) -> Option<Self> {
        let text = Text::read(sql);
        // A backslash may end a text elsewhere than it seems.
        if !text.is(0, "do") || sql.contains('\\') {
            return None;
        }
        let mut block = Self {
            about_roles: Vec::new(),
            rest: String::new(),
        };
        let mut new: HashSet<String> = HashSet::new();
        let (mut at, mut done) = (1, 0);
        while at < text.len() {
            let found = begins_statement(&text, at).then(|| statement(&text, at));
            if let Some((span, found, next)) = found.flatten()
                && is_ours(&found, &mut new, known)
            {
                block.rest.push_str(&sql[done..span.start]);
                block.rest.push_str("NULL");
                let lines = sql[span.clone()].matches('\n');
                lines.for_each(|line| block.rest.push_str(line));
                done = span.end;
                block.about_roles.push(found);
                at = next;
            } else {
                at += 1;
            }
        }
        block.rest.push_str(&sql[done..]);
        (!block.about_roles.is_empty()).then_some(block)
    }
}

fn begins_statement(text: &Text<'_>, at: usize) -> bool {
    let before = at - 1;
    // The tag of a dollar quote may stand right before the word.
    let word = text.word(before).and_then(|word| word.rsplit('$').next());
    word.is_some_and(|word| BEFORE.contains(&word))
        || text.is_symbol(before, ';')
        || text.is_symbol(before, '$')
}

/// Returns the bytes of the statement that begins at a place, what it runs, and the place after it.
fn statement(text: &Text<'_>, at: usize) -> Option<(Range<usize>, String, usize)> {
    let end = text.find(at, &[";"])?;
    let span = text.span(at..end)?;
    let ran = match text.word(at)? {
        "execute" if end == at + 2 => text.literal(at + 1)?.to_owned(),
        "create" | "alter" | "grant" => text.sql[span.clone()].to_owned(),
        _ => return None,
    };
    Some((span, ran, end))
}

/// Whether a statement makes a role, or is about one that the block makes.
fn is_ours(sql: &str, new: &mut HashSet<String>, known: &HashSet<String>) -> bool {
    let text = Text::read(sql);
    if !text.is_plain() {
        return false;
    }
    let mentioned = mentions(sql);
    if let Some(role) = mentioned.creates {
        if !known.contains(&role) {
            new.insert(role);
        }
        return true;
    }
    if let Some(role) = mentioned.alters {
        return new.contains(&role);
    }
    let grants = text.is(0, "grant") && !text.has(&["on"]);
    let mut named = mentioned.needs.iter();
    grants
        && mentioned.needs.iter().any(|role| new.contains(role))
        && named.all(|role| new.contains(role) || known.contains(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, known: &[&str], about: &[&str], rest: &str) {
        let known = known.iter().map(|name| (*name).to_owned()).collect();
        let block = Block::read(sql, &known).unwrap();
        assert_eq!(block.about_roles, about);
        assert_eq!(block.rest, rest);
    }

    #[test]
    fn roles_are_taken_out_of_a_block() {
        check(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'a') THEN\n\
             CREATE ROLE a\n LOGIN; ALTER ROLE a CREATEDB; GRANT b TO a; END IF; END $$",
            &["b"],
            &[
                "CREATE ROLE a\n LOGIN",
                "ALTER ROLE a CREATEDB",
                "GRANT b TO a",
            ],
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'a') THEN\n\
             NULL\n; NULL; NULL; END IF; END $$",
        );
        check(
            "DO $x$BEGIN EXECUTE 'CREATE USER u PASSWORD ''p'''; EXCEPTION WHEN duplicate_object \
             THEN RAISE NOTICE 'x'; END$x$",
            &[],
            &["CREATE USER u PASSWORD 'p'"],
            "DO $x$BEGIN NULL; EXCEPTION WHEN duplicate_object THEN RAISE NOTICE 'x'; END$x$",
        );
    }

    #[test]
    fn what_is_about_other_roles_stays() {
        let none = |sql: &str, known: &[&str]| {
            let known = known.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(Block::read(sql, &known), None, "{sql}");
        };
        none("DO $$ BEGIN ALTER ROLE a SUPERUSER; END $$", &["a"]);
        none("DO $$ BEGIN GRANT b TO a; END $$", &["a", "b"]);
        none("DO $$ BEGIN GRANT SELECT ON t TO a; END $$", &["a"]);
        none("DO $$ BEGIN EXECUTE 'CREATE ROLE ' || x; END $$", &[]);
        none("SELECT 1", &[]);
    }
}
