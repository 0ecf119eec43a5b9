//! The name of a type means one thing in all rooms, so that who looks it up finds it. Only a room
//! names its error as every room does.

use std::collections::BTreeMap;

use super::rust::{self, Token};
use super::{Source, Violation, is_of_src};

/// Where a type is made, and its name.
struct Type {
    name: String,
    path: String,
    line: usize,
}

/// Returns every type whose name another one has, too.
pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    let mut places: BTreeMap<String, Vec<Type>> = BTreeMap::new();
    for source in sources.iter().filter(|source| is_of_src(source)) {
        let code = rust::code(&source.text);
        for (name, line) in types(&rust::tokens(&code)) {
            if name == "Error" && source.path.ends_with("/error.rs") {
                continue;
            }
            places.entry(name.to_owned()).or_default().push(Type {
                name: name.to_owned(),
                path: source.path.clone(),
                line,
            });
        }
    }
    let twice = places.into_values().filter(|types| types.len() > 1);
    twice.flat_map(violations).collect()
}

fn violations(types: Vec<Type>) -> Vec<Violation> {
    let first = format!("{}:{}", types[0].path, types[0].line);
    let others = types.into_iter().skip(1);
    others
        .map(|other| Violation {
            message: format!("`{}` is the name of a type in {first}, too", other.name),
            path: other.path,
            line: other.line,
        })
        .collect()
}

/// Returns the types that stand in no block; what a block holds is known only there.
fn types<'a>(tokens: &[Token<'a>]) -> Vec<(&'a str, usize)> {
    let mut depth = 0_usize;
    let mut types = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "struct" | "enum" | "trait" | "type" | "union" if depth == 0 => {
                types.extend(tokens.get(at + 1).map(|name| (name.text, name.line)));
            }
            _ => {}
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::found;

    #[test]
    fn names_that_mean_one_thing_pass() {
        let files = [
            (
                "src/plan/step.rs",
                "pub enum Step { A(Scan) }\nstruct Scan;",
            ),
            (
                "src/engine/port.rs",
                "impl A for B { type Step = u8; }\nfn a() { struct Step; }\n\
                 #[cfg(test)]\nmod tests { struct Step; }",
            ),
            ("src/engine/error.rs", "pub enum Error {}"),
            ("src/plan/error.rs", "pub enum Error {}"),
            ("src/smoke/testing.rs", "struct Step;"),
        ];
        assert_eq!(found(check, &files), [""; 0]);
    }

    #[test]
    fn a_name_that_means_two_things_is_told() {
        let files = [
            ("src/plan/step.rs", "\npub enum Step {}"),
            ("src/postgres/scanner.rs", "pub(crate) struct Step;"),
            ("src/smoke/find.rs", "type Error = u8;\ntype Step = u8;"),
            ("src/smoke/error.rs", "pub enum Error {}"),
        ];
        assert_eq!(
            found(check, &files),
            [
                "src/postgres/scanner.rs:1: `Step` is the name of a type in src/plan/step.rs:2, too",
                "src/smoke/find.rs:2: `Step` is the name of a type in src/plan/step.rs:2, too",
            ]
        );
    }
}
