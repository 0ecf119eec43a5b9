//! Which roles a statement of a dump needs. Roles belong to the whole server, so a dump of one
//! database names them and does not bring them.

use crate::postgres::{Token, tokens};

use super::text::Text;

/// The roles of one statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mentions {
    /// Roles that must exist for it to run.
    pub(super) needs: Vec<String>,
    /// The role that it creates.
    pub(super) creates: Option<String>,
    /// The role that it changes.
    pub(super) alters: Option<String>,
    /// The roles that it drops.
    pub(super) drops: Vec<String>,
}

/// Returns the roles that a statement names.
pub(super) fn mentions(sql: &str) -> Mentions {
    const MOST: usize = 2_000;
    let first = tokens(sql, 1);
    let Some(Token::Word(first)) = first.first() else {
        return Mentions::default();
    };
    let needs = match first.as_str() {
        "alter" => {
            let tokens = tokens(sql, MOST);
            if names_a_role(&tokens) {
                return Mentions {
                    alters: third(&tokens),
                    ..Mentions::default()
                };
            }
            if tokens.get(1).is_some_and(|token| token.is("default")) {
                [
                    after(&tokens, &["for", "role"]),
                    after(&tokens, &["for", "user"]),
                    grantees(&tokens),
                ]
                .concat()
            } else {
                after(&tokens, &["owner", "to"])
            }
        }
        "grant" | "revoke" => {
            let tokens = tokens(sql, MOST);
            let mut needs = grantees(&tokens);
            // Without ON, what is granted are roles themselves.
            if !tokens.iter().any(|token| token.is("on")) {
                needs.extend(names(&tokens[1..]));
            }
            needs
        }
        "create" => return create(&tokens(sql, MOST)),
        "drop" => {
            let tokens = tokens(sql, MOST);
            if !names_a_role(&tokens) {
                return Mentions::default();
            }
            let skipped = if tokens.get(2).is_some_and(|token| token.is("if")) {
                4
            } else {
                2
            };
            return Mentions {
                drops: names(tokens.get(skipped..).unwrap_or_default()),
                ..Mentions::default()
            };
        }
        "reassign" => [
            after(&tokens(sql, MOST), &["by"]),
            after(&tokens(sql, MOST), &["to"]),
        ]
        .concat(),
        "set" => {
            let tokens = tokens(sql, 6);
            [
                after(&tokens, &["authorization"]),
                after(&tokens, &["role"]),
            ]
            .concat()
        }
        _ => Vec::new(),
    };
    Mentions {
        needs: meant(needs),
        ..Mentions::default()
    }
}

/// Returns a statement about a role without the attributes that make it a superuser, or let it make
/// one or read the whole server; and these.
pub(super) fn without_powers(sql: &str) -> (String, Vec<String>) {
    const POWERS: [&str; 3] = ["superuser", "createrole", "replication"];
    let text = Text::read(sql);
    // What is set for a role is a name of its own.
    let end = text.find(3, &["set"]).unwrap_or(text.len());
    let is_power = |at: &usize| text.word(*at).is_some_and(|word| POWERS.contains(&word));
    let places: Vec<usize> = (3..end).filter(is_power).collect();
    let powers = places.iter().filter_map(|at| text.word(*at));
    let powers = powers.map(str::to_uppercase).collect();
    let nothing: Vec<_> = places.iter().map(|at| (*at, String::new())).collect();
    (text.replace(&nothing), powers)
}

/// Returns whether a CREATE or ALTER is about a role.
fn names_a_role(tokens: &[Token]) -> bool {
    let is = |index: usize, word: &str| tokens.get(index).is_some_and(|token| token.is(word));
    is(1, "role") || is(1, "group") || (is(1, "user") && !is(2, "mapping"))
}

fn third(tokens: &[Token]) -> Option<String> {
    tokens.get(2).and_then(Token::identifier).map(str::to_owned)
}

fn create(tokens: &[Token]) -> Mentions {
    let is = |index: usize, word: &str| tokens.get(index).is_some_and(|token| token.is(word));
    let mut mentions = Mentions::default();
    if names_a_role(tokens) {
        mentions.creates = third(tokens);
    } else if is(1, "schema") {
        mentions.needs = meant(after(tokens, &["authorization"]));
    } else if is(1, "user") {
        mentions.needs = meant(after(tokens, &["mapping", "for"]));
    } else if is(1, "policy") {
        // `TO` may only stand between the table and USING.
        let end = tokens
            .iter()
            .position(|token| token.is("using") || token.is("with"));
        mentions.needs = meant(after(&tokens[..end.unwrap_or(tokens.len())], &["to"]));
    }
    mentions
}

/// Returns the names after the last `TO` or `FROM`.
fn grantees(tokens: &[Token]) -> Vec<String> {
    let place = tokens
        .iter()
        .rposition(|token| token.is("to") || token.is("from"));
    place.map_or_else(Vec::new, |place| names(&tokens[place + 1..]))
}

/// Returns the list of names that follows these keywords.
fn after(tokens: &[Token], keywords: &[&str]) -> Vec<String> {
    tokens
        .windows(keywords.len())
        .position(|window| {
            window
                .iter()
                .zip(keywords)
                .all(|(token, word)| token.is(word))
        })
        .map_or_else(Vec::new, |place| names(&tokens[place + keywords.len()..]))
}

/// Returns the names of a list, until something else follows.
fn names(tokens: &[Token]) -> Vec<String> {
    let mut found = Vec::new();
    let mut tokens = tokens.iter().peekable();
    tokens.next_if(|token| token.is("group") || **token == Token::Symbol('='));
    while let Some(name) = tokens.next() {
        match name {
            Token::Word(word) if is_stand_in(word) => {}
            Token::Word(name) | Token::Name(name) | Token::Text(name) => found.push(name.clone()),
            Token::Symbol(_) => break,
        }
        if tokens
            .next_if(|token| **token == Token::Symbol(','))
            .is_none()
        {
            break;
        }
    }
    found
}

/// Returns whether an unquoted word stands for roles that are always there.
fn is_stand_in(word: &str) -> bool {
    matches!(
        word,
        "public" | "current_user" | "session_user" | "current_role" | "user" | "default" | "none"
    )
}

/// Drops names that the server keeps for itself, and repetitions.
fn meant(mut names: Vec<String>) -> Vec<String> {
    names.retain(|name| !name.starts_with("pg_") && !name.is_empty());
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needed_roles_are_found() {
        let check = |sql: &str, expected: &[&str]| {
            assert_eq!(mentions(sql).needs, expected, "{sql}");
        };
        check("ALTER TABLE public.t OWNER TO app", &["app"]);
        check("ALTER TABLE t OWNER TO \"My App\"", &["My App"]);
        check("ALTER TABLE t OWNER TO CURRENT_USER", &[]);
        check("GRANT ALL ON SCHEMA public TO PUBLIC", &[]);
        check(
            "GRANT SELECT(a,b),INSERT ON TABLE t TO a, \"B\" WITH GRANT OPTION",
            &["B", "a"],
        );
        check(
            "REVOKE ALL ON FUNCTION f(a int) FROM GROUP readers CASCADE",
            &["readers"],
        );
        check("GRANT a, b TO c", &["a", "b", "c"]);
        check("GRANT pg_monitor TO c", &["c"]);
        check("SET SESSION AUTHORIZATION 'app'", &["app"]);
        check("SET SESSION AUTHORIZATION DEFAULT", &[]);
        check("SET ROLE app", &["app"]);
        check("RESET ROLE", &[]);
        check("SET search_path = role", &[]);
        check("CREATE SCHEMA s AUTHORIZATION app", &["app"]);
        check(
            "CREATE POLICY p ON t FOR SELECT TO app USING (a = 'x' AND b)",
            &["app"],
        );
        check("CREATE POLICY p ON t USING (f(a))", &[]);
        check(
            "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES TO b",
            &["a", "b"],
        );
        check("CREATE TABLE t (role text)", &[]);
        check("REASSIGN OWNED BY a, b TO c", &["a", "b", "c"]);
    }

    #[test]
    fn powers_are_taken_away() {
        let check = |sql: &str, expected: &str, powers: &[&str]| {
            assert_eq!(without_powers(sql).0, expected);
            assert_eq!(without_powers(sql).1, powers);
        };
        check(
            "ALTER ROLE a WITH SUPERUSER LOGIN REPLICATION PASSWORD 'superuser'",
            "ALTER ROLE a WITH  LOGIN  PASSWORD 'superuser'",
            &["SUPERUSER", "REPLICATION"],
        );
        check(
            "CREATE ROLE a NOSUPERUSER",
            "CREATE ROLE a NOSUPERUSER",
            &[],
        );
        check(
            "ALTER ROLE a SET superuser = on",
            "ALTER ROLE a SET superuser = on",
            &[],
        );
    }

    #[test]
    fn changed_roles_are_found() {
        let check = |sql: &str, expected: Option<&str>| {
            assert_eq!(mentions(sql).alters.as_deref(), expected, "{sql}");
        };
        check("ALTER ROLE app WITH SUPERUSER", Some("app"));
        check("alter user \"App\" PASSWORD 'x'", Some("App"));
        check("ALTER USER MAPPING FOR app SERVER s", None);
        check("ALTER TABLE t OWNER TO app", None);
    }

    #[test]
    fn dropped_roles_are_found() {
        let check = |sql: &str, expected: &[&str]| {
            assert_eq!(mentions(sql).drops, expected, "{sql}");
        };
        check("DROP ROLE IF EXISTS a, \"B\"", &["a", "B"]);
        check("drop user a", &["a"]);
        check("DROP USER MAPPING FOR a SERVER s", &[]);
        check("DROP TABLE a", &[]);
    }

    #[test]
    fn created_roles_are_found() {
        let check = |sql: &str, expected: Option<&str>| {
            assert_eq!(mentions(sql).creates.as_deref(), expected, "{sql}");
        };
        check("CREATE ROLE app WITH LOGIN", Some("app"));
        check("create user \"App\"", Some("App"));
        check("CREATE USER MAPPING FOR app SERVER s", None);
    }
}
