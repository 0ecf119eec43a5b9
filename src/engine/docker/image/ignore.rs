//! `.dockerignore`, as Docker reads it: patterns from the context's root, `**` for any depth,
//! `!` to take back, the last match wins, and a match on a folder covers what is in it.

use std::borrow::Cow;
use std::path::Path;

use globset::{GlobBuilder, GlobMatcher};

/// What is not sent to the builder.
#[derive(Debug, Default)]
pub(super) struct Ignore {
    patterns: Vec<IgnorePattern>,
}

#[derive(Debug)]
struct IgnorePattern {
    takes_back: bool,
    matcher: GlobMatcher,
}

impl Ignore {
    /// Reads the file's text; the error names the first line that is not a pattern.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().enumerate();
        let mut patterns = Vec::new();
        for (index, line) in lines {
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            let (takes_back, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            let pattern = clean(pattern);
            if pattern.is_empty() {
                continue;
            }
            let matcher = GlobBuilder::new(&pattern)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|error| format!("line {}: {}", index + 1, error.kind()))?
                .compile_matcher();
            patterns.push(IgnorePattern {
                takes_back,
                matcher,
            });
        }
        Ok(Self { patterns })
    }

    /// Returns whether a path (relative to the context) is left out.
    pub(super) fn excludes(&self, path: &Path) -> bool {
        let covers = |pattern: &IgnorePattern| {
            path.ancestors()
                .filter(|part| !part.as_os_str().is_empty())
                .any(|part| pattern.matcher.is_match(part))
        };
        let last = self.patterns.iter().rev().find(|pattern| covers(pattern));
        last.is_some_and(|pattern| !pattern.takes_back)
    }

    /// Returns whether something below a folder that is left out may be taken back.
    pub(super) fn takes_back(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.takes_back)
    }
}

/// Drops `.` and empty parts, resolves `..`, and makes literal what Docker takes literally.
fn clean(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let parts: Vec<Cow<'_, str>> = parts.into_iter().map(spell_out).collect();
    parts.join("/").replace('{', "[{]").replace('}', "[}]")
}

/// Docker's `**` may stand beside other characters, and is any depth there as well.
fn spell_out(part: &str) -> Cow<'_, str> {
    let rest = part.trim_start_matches('*');
    if part == "**" || !part.contains("**") {
        part.into()
    } else if part.starts_with("**") && !rest.is_empty() {
        format!("**/*{rest}").into()
    } else {
        // What a match on a folder covers is below it anyway.
        part.replace("**", "*").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(patterns: &str, excluded: &[&str], sent: &[&str]) {
        let ignore = Ignore::parse(patterns).unwrap();
        for path in excluded {
            assert!(
                ignore.excludes(Path::new(path)),
                "{patterns:?} sends {path}"
            );
        }
        for path in sent {
            assert!(
                !ignore.excludes(Path::new(path)),
                "{patterns:?} drops {path}"
            );
        }
    }

    #[test]
    fn patterns_start_at_the_root() {
        check(
            "target",
            &["target", "target/a/b"],
            &["a/target", "targets"],
        );
        check("/target/", &["target/a"], &["a/target"]);
        check("./a/../b", &["b"], &["a"]);
        check("*.md", &["README.md"], &["docs/README.md"]);
        check(
            "*/temp*",
            &["a/temp", "a/temporary/b"],
            &["temp", "a/b/temp"],
        );
        check("temp?", &["tempa"], &["temp", "tempab"]);
    }

    #[test]
    fn two_stars_are_any_depth() {
        check("**/*.o", &["a.o", "x/a.o", "x/y/a.o"], &["a.oo"]);
        check("a/**", &["a/b", "a/b/c"], &["b", "a"]);
        check("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["a/b"]);
        check("**", &["a", "a/b"], &[]);
        // As a part of a name too.
        check("**.log", &["a.log", "x/y/a.log"], &["a.logs"]);
        check("a/**.log", &["a/b.log", "a/b/c.log"], &["b.log"]);
        check("tmp**", &["tmp", "tmpx/y"], &["x/tmp"]);
    }

    #[test]
    fn the_last_match_wins() {
        check("*.md\n!README.md", &["NOTES.md"], &["README.md"]);
        check("!README.md\n*.md", &["README.md"], &[]);
        check("*\n!src\nsrc/*.bak", &["x", "src/a.bak"], &["src", "src/a"]);
    }

    #[test]
    fn comments_and_literals() {
        check("# a comment\n\n  b  ", &["b"], &["# a comment", "a"]);
        check("{a,b}", &["{a,b}"], &["a", "b"]);
        check("[a-c]x", &["bx"], &["dx"]);
        check("[^a]x", &["bx"], &["ax"]);
    }

    #[test]
    fn a_broken_pattern_is_named() {
        let error = Ignore::parse("a\n[").unwrap_err();
        assert!(error.starts_with("line 2: "), "{error}");
    }
}
