//! How long a source file may be, and what it may not be called.

use super::{Source, Violation, is_rust, rust};

const MOST_LINES: usize = 400;
const MOST_LINES_OF_MAIN: usize = 60;

/// Files that may be longer, each with the reason.
const LONGER: [(&str, &str); 0] = [];

/// Names that say nothing about what is inside.
const DRAWERS: [&str; 6] = ["common", "helper", "helpers", "misc", "util", "utils"];

/// Returns the files that are too long or have a name that says nothing.
pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    let rust = || sources.iter().filter(|source| is_rust(&source.path));
    rust()
        .filter_map(name)
        .chain(rust().filter_map(length))
        .collect()
}

fn name(source: &Source) -> Option<Violation> {
    let stem = source.path.strip_suffix(".rs")?;
    let drawer = stem.split('/').find(|part| DRAWERS.contains(part))?;
    let message = format!("`{drawer}` does not say what is inside; name the concept");
    Some(Violation {
        path: source.path.clone(),
        line: 1,
        message,
    })
}

fn length(source: &Source) -> Option<Violation> {
    let is_test = source.path.starts_with("tests/")
        || source.path.contains("/tests/")
        || source.path.ends_with("/tests.rs");
    if is_test || LONGER.iter().any(|(path, _)| *path == source.path) {
        return None;
    }
    let limit = if source.path == "src/bin/envctl/main.rs" {
        MOST_LINES_OF_MAIN
    } else {
        MOST_LINES
    };
    let lines = rust::lines_without_tests(&source.text);
    let message = format!("{lines} lines without tests; at most {limit}");
    (lines > limit).then(|| Violation {
        path: source.path.clone(),
        line: limit + 1,
        message,
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::found;

    #[test]
    fn long_files_are_named() {
        let long = "//\n".repeat(401);
        let tested = format!(
            "{}#[cfg(test)]\nmod tests {{\n{long}}}\n",
            "//\n".repeat(400)
        );
        let files = [
            ("src/bin/envctl/main.rs", &*"//\n".repeat(61)),
            ("src/plan/diff.rs", &long),
            ("src/plan/step.rs", &tested),
            ("tests/cli/main.rs", &long),
            ("fixtures/rates/ports.csv", &long),
        ];
        assert_eq!(
            found(check, &files),
            [
                "src/bin/envctl/main.rs:61: 61 lines without tests; at most 60",
                "src/plan/diff.rs:401: 401 lines without tests; at most 400",
            ]
        );
    }

    #[test]
    fn drawers_are_named() {
        let files = [
            ("src/plan/utils.rs", ""),
            ("tests/common/mod.rs", ""),
            ("src/a/utility.rs", ""),
        ];
        assert_eq!(
            found(check, &files),
            [
                "src/plan/utils.rs:1: `utils` does not say what is inside; name the concept",
                "tests/common/mod.rs:1: `common` does not say what is inside; name the concept",
            ]
        );
    }
}
