//! What a JSONPath selects. A path that can name one place at most gives that place's value;
//! every other path gives an array of all that it selects.

use std::borrow::Cow;

use serde_json::Value;
use serde_json_path::{JsonPath, NormalizedPath};

use crate::model::PlainPath;

/// A JSONPath that was read.
#[derive(Clone, Debug)]
pub(super) enum Selector<'p> {
    /// Names and indexes alone.
    Plain(PlainPath<'p>),
    /// Anything else that names one place at most.
    Single(JsonPath),
    Many(JsonPath),
}

impl<'p> Selector<'p> {
    /// Reads a path; the error says what is wrong with it.
    pub(super) fn parse(text: &'p str) -> Result<Self, String> {
        if let Some(plain) = PlainPath::parse(text) {
            return Ok(Self::Plain(plain));
        }
        let path = JsonPath::parse(text).map_err(|error| error.to_string())?;
        Ok(if is_single(text) {
            Self::Single(path)
        } else {
            Self::Many(path)
        })
    }

    /// Returns whether the path selects anything at all.
    pub(super) fn selects(&self, document: &Value) -> bool {
        match self {
            Self::Plain(path) => path.value(document).is_some(),
            Self::Single(path) | Self::Many(path) => !path.query(document).is_empty(),
        }
    }

    /// Returns the selected value, or an array of all values for a path that may select many.
    pub(super) fn value<'a>(&self, document: &'a Value) -> Option<Cow<'a, Value>> {
        match self {
            Self::Plain(path) => path.value(document).map(Cow::Borrowed),
            Self::Single(path) => path.query(document).first().map(Cow::Borrowed),
            Self::Many(path) => {
                let all = path.query(document).all();
                Some(Cow::Owned(all.into_iter().cloned().collect()))
            }
        }
    }
}

/// Returns where the values that a path selects stand, as JSON Pointers (RFC 6901).
pub(super) fn pointers(path: &str, document: &Value) -> Result<Vec<String>, String> {
    let path = JsonPath::parse(path).map_err(|error| error.to_string())?;
    let places = path.query_located(document);
    let pointers = places.locations().map(NormalizedPath::to_json_pointer);
    Ok(pointers.collect())
}

/// Returns whether a valid path has only names and indexes (a "singular query" of RFC 9535).
fn is_single(path: &str) -> bool {
    let mut quote = None;
    let mut before = ' ';
    for char in path.chars() {
        match quote {
            // A backslash that is itself escaped does not escape the quote after it.
            Some(_) if before == '\\' => {
                before = ' ';
                continue;
            }
            Some(open) if char == open => quote = None,
            None if char == '\'' || char == '"' => quote = Some(char),
            None if matches!(char, '*' | '?' | ':' | ',') || (before, char) == ('.', '.') => {
                return false;
            }
            _ => {}
        }
        before = char;
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_that_names_one_place_gives_its_value() {
        let document = json!({"rates": [{"day": 1, "note": null}, {"day": 2}], "a,b": {"*": 7}});
        for (path, expect) in [
            ("$", Some(document.clone())),
            ("$.rates[0].day", Some(json!(1))),
            ("$.rates[-1].day", Some(json!(2))),
            ("$.rates[0].note", Some(json!(null))),
            ("$.rates[1].note", None),
            ("$['a,b']['*']", Some(json!(7))),
            (r#"$["a,b"]"#, Some(json!({"*": 7}))),
            ("$.rates[*].day", Some(json!([1, 2]))),
            ("$.rates[0,1].day", Some(json!([1, 2]))),
            ("$.rates[0:1].day", Some(json!([1]))),
            ("$.rates[?@.day > 1].day", Some(json!([2]))),
            ("$.rates[?@.day > 9].day", Some(json!([]))),
            ("$..day", Some(json!([1, 2]))),
            ("$.*.missing", Some(json!([]))),
            (r"$['it\'s, \\']", None),
        ] {
            let selector = Selector::parse(path).unwrap();
            assert_eq!(
                selector.value(&document).map(Cow::into_owned),
                expect,
                "{path}"
            );
        }
    }

    #[test]
    fn null_is_something() {
        let selector = Selector::parse("$.a").unwrap();
        assert!(selector.selects(&json!({"a": null})));
        assert!(!selector.selects(&json!({"b": 1})));
        assert!(!selector.selects(&json!("text")));
    }

    #[test]
    fn a_broken_path_says_so() {
        assert!(Selector::parse("rates[0]").is_err());
        assert!(Selector::parse("$.rates[").is_err());
    }
}
