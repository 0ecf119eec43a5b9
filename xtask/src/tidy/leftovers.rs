//! Notes to oneself that were never acted on; one that names its issue may stay.

use super::{Source, Violation};

/// Spelt in two halves, so that this file passes its own rule.
const MARKS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Returns every mark that names no issue, in any text of the project.
pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    sources.iter().flat_map(check_file).collect()
}

fn check_file(source: &Source) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        if let Some(mark) = MARKS.into_iter().find(|mark| is_left(line, mark)) {
            let message = format!("{mark} names no issue; write {mark}(#7), or do it");
            violations.push(Violation {
                path: source.path.clone(),
                line: index + 1,
                message,
            });
        }
    }
    violations
}

fn is_left(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + mark.len()..]);
        let is_word = |sign: char| sign.is_alphanumeric() || sign == '_';
        !before.ends_with(is_word) && !after.starts_with(is_word) && !after.starts_with("(#")
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::found;

    #[test]
    fn notes_need_an_issue() {
        let note = concat!("a\n// TO", "DO later\n");
        let with_issue = concat!("// TO", "DO(#7): later\nlet TO", "DOS = 1;");
        assert_eq!(found(check, &[("src/a.rs", with_issue)]), [""; 0]);
        let expect = concat!(
            "docs/a.md:2: TO",
            "DO names no issue; write TO",
            "DO(#7), or do it"
        );
        assert_eq!(found(check, &[("docs/a.md", note)]), [expect]);
    }
}
