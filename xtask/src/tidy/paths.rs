//! The modules of our own that a file names, wherever it names them.

use super::rust::{self, Token};

/// A path from the crate's root, without `crate`, and the line it is on.
#[derive(Debug, PartialEq)]
pub(super) struct NamedPath {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
}

/// Returns the module that a file under src/ is, from the crate's root.
pub(super) fn module(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    let inner = inner.strip_suffix("/mod").unwrap_or(inner);
    if inner == "lib" {
        return Vec::new();
    }
    inner.split('/').map(Into::into).collect()
}

/// Returns every path that leads into our own crate, in `use` or in the midst of code.
pub(super) fn named(path: &str, text: &str) -> Vec<NamedPath> {
    let code = rust::code(text);
    let tokens = rust::tokens(&code);
    let module = module(path);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        if at > 0 && tokens[at - 1].text == "::" {
            continue;
        }
        let Some((base, next)) = root(&tokens, at, &module) else {
            continue;
        };
        tree(&tokens, next, base, &mut found);
    }
    found
}

/// Reads `crate`, `envctl` or a chain of `super`; returns where it leads and what comes next.
fn root(tokens: &[Token<'_>], at: usize, module: &[String]) -> Option<(Vec<String>, usize)> {
    let leads_on = |at: usize| tokens.get(at + 1).is_some_and(|token| token.text == "::");
    match tokens[at].text {
        "crate" | "envctl" if leads_on(at) => Some((Vec::new(), at + 2)),
        "super" if leads_on(at) => {
            let mut base = module.to_vec();
            let mut next = at;
            while tokens.get(next).is_some_and(|token| token.text == "super") && leads_on(next) {
                base.pop();
                next += 2;
            }
            Some((base, next))
        }
        _ => None,
    }
}

/// Reads what follows a `::`, a group in braces included; returns what comes next.
fn tree(
    tokens: &[Token<'_>],
    mut at: usize,
    mut path: Vec<String>,
    found: &mut Vec<NamedPath>,
) -> usize {
    let line = tokens.get(at).map_or(0, |token| token.line);
    while let Some(token) = tokens.get(at) {
        match token.text {
            "{" => return group(tokens, at + 1, &path, found),
            // A group may name its own base, and a turbofish ends a path.
            "self" | "<" => {}
            segment => path.push(segment.to_owned()),
        }
        at += 1;
        if tokens.get(at).is_none_or(|token| token.text != "::") {
            break;
        }
        at += 1;
    }
    found.push(NamedPath {
        segments: path,
        line,
    });
    at
}

fn group(
    tokens: &[Token<'_>],
    mut at: usize,
    base: &[String],
    found: &mut Vec<NamedPath>,
) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.text {
            "}" => return at + 1,
            "," => at += 1,
            // `as` and the new name.
            "as" => at += 2,
            _ => at = tree(tokens, at, base.to_vec(), found),
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::named;

    fn check(path: &str, text: &str, expect: &[&str]) {
        let found: Vec<String> = named(path, text)
            .iter()
            .map(|path| path.segments.join("::"))
            .collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn paths_are_found_in_use_and_in_code() {
        check(
            "src/plan/step.rs",
            "use crate::{model::{self, Port as P}, report::event::*};\n\
             use std::fmt;\n\
             fn a() -> crate::seed::Script { crate::engine::b::<u8>() }",
            &[
                "model",
                "model::Port",
                "report::event::*",
                "seed::Script",
                "engine::b",
            ],
        );
    }

    #[test]
    fn relative_paths_are_followed() {
        check(
            "src/engine/docker/build.rs",
            "use super::super::super::plan::X;",
            &["plan::X"],
        );
        check(
            "src/engine/docker/mod.rs",
            "use super::Engine;",
            &["engine::Engine"],
        );
        check(
            "src/engine.rs",
            "use super::{probe::tcp, config};",
            &["probe::tcp", "config"],
        );
    }

    #[test]
    fn the_program_names_its_library() {
        check(
            "src/bin/envctl/main.rs",
            "use envctl::cli::Arguments;",
            &["cli::Arguments"],
        );
        check("src/bin/envctl/main.rs", "let a = b::envctl::c;", &[]);
    }

    #[test]
    fn tests_may_name_anything() {
        check(
            "src/probe/http.rs",
            "#[cfg(test)]\nmod tests { use crate::plan::X; }",
            &[],
        );
    }
}
