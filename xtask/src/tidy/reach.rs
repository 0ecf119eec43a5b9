//! Nothing is `pub` that only its own room names: what others see of a room is what they use.
//! A name that several things have counts for all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::rust::{self, Token};
use super::{Source, Violation, is_of_src, is_rust, paths};

/// Something that is `pub`.
struct Public<'a> {
    name: &'a str,
    is_type: bool,
    line: usize,
    /// The words of its declaration, or of what its type is made of.
    declared_by: BTreeSet<&'a str>,
}

/// Returns every `pub` item whose name is in no other room, nor in what tests run from outside.
pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    let codes: Vec<(&Source, String)> = sources
        .iter()
        .filter(|source| is_rust(&source.path))
        .filter(|source| source.path.starts_with("src/") || source.path.starts_with("tests/"))
        .map(|source| (source, rust::code(&source.text)))
        .collect();
    let mut rooms: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut publics = Vec::new();
    for (source, code) in &codes {
        let tokens = rust::tokens(code);
        for token in &tokens {
            let named_in = rooms.entry(token.text).or_default();
            named_in.insert(room(&source.path));
        }
        if is_of_src(source) {
            let found = publics_of(&tokens).into_iter();
            publics.extend(found.map(|public| (*source, public)));
        }
    }
    let is_named = |source: &Source, public: &Public<'_>| {
        let own = room(&source.path);
        rooms[public.name].iter().any(|room| *room != own)
    };
    // A type goes out with what is made of it.
    let goes_out = |public: &Public<'_>| {
        public.is_type
            && publics.iter().any(|(_, other)| {
                other.name != public.name && other.declared_by.contains(public.name)
            })
    };
    publics
        .iter()
        .filter(|(source, public)| !is_named(source, public) && !goes_out(public))
        .map(|(source, public)| Violation {
            path: source.path.clone(),
            line: public.line,
            message: format!("`{}` is pub, and no other room names it", public.name),
        })
        .collect()
}

/// Returns the room of a file; all tests from outside are one, and so is what has no folder.
fn room(path: &str) -> String {
    if path.starts_with("tests/") {
        return String::from("tests");
    }
    let module = paths::module(path);
    module.into_iter().next().unwrap_or_default()
}

fn publics_of<'a>(tokens: &[Token<'a>]) -> Vec<Public<'a>> {
    let mut publics = Vec::new();
    for at in 0..tokens.len() {
        if tokens[at].text != "pub" {
            continue;
        }
        let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
        let mut kind = at + 1;
        while ["async", "unsafe"].contains(&text(kind))
            || text(kind) == "const" && text(kind + 1) == "fn"
        {
            kind += 1;
        }
        let is_type = ["struct", "enum", "trait", "type", "union"].contains(&text(kind));
        if is_type || ["fn", "const", "static"].contains(&text(kind)) {
            publics.push(Public {
                name: text(kind + 1),
                is_type,
                line: tokens[at].line,
                declared_by: declaration(&tokens[kind + 2..], text(kind)),
            });
        }
    }
    publics
}

/// Reads on to the end of a signature, or of the whole body of a type.
fn declaration<'a>(tokens: &[Token<'a>], kind: &str) -> BTreeSet<&'a str> {
    let has_body = ["struct", "enum", "trait", "union"].contains(&kind);
    let mut depth = 0_usize;
    let mut words = BTreeSet::new();
    for token in tokens {
        match token.text {
            "{" if depth == 0 && !has_body => break,
            ";" if depth == 0 => break,
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token.text == "}" {
                    break;
                }
            }
            word => {
                words.insert(word);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::found;

    #[test]
    fn what_another_room_or_a_test_names_passes() {
        let files = [
            (
                "src/engine/model.rs",
                "pub struct Spec { pub port: Port }\npub struct Port;\n\
                 impl Spec { pub const fn is_open(&self) -> Why { todo!() } }\n\
                 pub enum Why { No(Reason) }\npub struct Reason;\nstruct Own;",
            ),
            ("src/plan/diff.rs", "use crate::engine::Spec;"),
            (
                "tests/engine/main.rs",
                "fn a(spec: &Spec) { spec.is_open() }",
            ),
        ];
        assert_eq!(found(check, &files), [""; 0]);
    }

    #[test]
    fn what_only_its_room_names_is_told() {
        let files = [
            (
                "src/engine/model.rs",
                "pub struct Spec;\nimpl Spec {\n    pub fn is_open(&self) {}\n}\n\
                 pub(crate) fn inside() {}\n#[cfg(test)]\nmod tests { pub fn a() {} }",
            ),
            ("src/engine/run.rs", "fn a(spec: &Spec) { spec.is_open() }"),
            ("src/plan/diff.rs", "use crate::engine::Spec; // is_open"),
            ("src/plan/step.rs", "pub const fn lone() {}"),
        ];
        assert_eq!(
            found(check, &files),
            [
                "src/engine/model.rs:3: `is_open` is pub, and no other room names it",
                "src/plan/step.rs:1: `lone` is pub, and no other room names it",
            ]
        );
    }
}
