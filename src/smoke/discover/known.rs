//! Which operations a declared check makes already.

use indexmap::IndexMap;
use regex::Regex;

use super::document::Operation;
use crate::model::{Action, Check, Part, Template};

/// Stands for what a check's path holds only while it is made.
const HOLE: &str = "\u{1}";

/// A path of a document, to be compared with those of checks.
pub(super) struct PathPattern {
    pattern: Option<Regex>,
    /// How many characters of it are fixed.
    fixed: usize,
}

impl PathPattern {
    pub(super) fn of(path: &str) -> Self {
        let mut pattern = String::from("^");
        let mut fixed = 0;
        let mut rest = path;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((_, behind)) = after.split_once('}') else {
                break;
            };
            pattern.push_str(&regex::escape(before));
            pattern.push_str("[^/]+");
            fixed += before.len();
            rest = behind;
        }
        pattern.push_str(&regex::escape(rest));
        pattern.push('$');
        Self {
            pattern: Regex::new(&pattern).ok(),
            fixed: fixed + rest.len(),
        }
    }

    fn is_match(&self, path: &str) -> bool {
        self.pattern.as_ref().is_some_and(|it| it.is_match(path))
    }
}

/// Returns the name of a check that makes the same request but for its values. A check's path
/// belongs to the operation that says most of it: `/ports/nearest` not to `/ports/{code}` where
/// both are there.
pub(super) fn check_of<'a>(
    service: &str,
    operation: &Operation,
    all: &[PathPattern],
    checks: &'a IndexMap<String, Check>,
) -> Option<&'a str> {
    let own = PathPattern::of(&operation.path);
    let is_same = |check: &&Check| {
        let Action::Http(action) = &check.action else {
            return false;
        };
        let text = text(&action.call.path);
        let path = text.split('?').next().unwrap_or_default();
        let mut nearer = all.iter().filter(|other| other.fixed > own.fixed);
        action.call.port.service == service
            && action.method == operation.method
            && own.is_match(path)
            && !nearer.any(|other| other.is_match(path))
    };
    let found = checks.values().find(is_same)?;
    Some(&found.declared)
}

fn text(template: &Template) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Secret(_) | Part::Reference(_) => HOLE.to_owned(),
    };
    template.parts.iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_the_pattern_that_says_most_of_it() {
        let fits = |pattern: &str, path: &str| PathPattern::of(pattern).is_match(path);
        assert!(fits("/ports/{code}", "/ports/EETLL"));
        assert!(fits("/ports/{code}", "/ports/\u{1}"));
        assert!(fits("/a.b/{x}.{y}", "/a.b/file.json"));
        assert!(!fits("/a.b", "/aXb"));
        assert!(!fits("/ports/{code}", "/ports/EETLL/prices"));
        assert!(!fits("/ports/{code}", "/ports/"));
        assert!(PathPattern::of("/ports/nearest").fixed > PathPattern::of("/ports/{code}").fixed);
    }
}
