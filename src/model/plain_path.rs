//! Plain paths, which have only names and indexes, as nearly all JSON paths do: they are read and
//! followed without the machinery that the whole of RFC 9535 needs, which takes longer than all
//! else about a check.

use serde_json::Value;

/// `$.rates[0].day`, cut at its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainPath<'a>(Vec<PathStep<'a>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum PathStep<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> PlainPath<'a> {
    /// Reads a path; `None` is one that is not plain, which may be right all the same.
    pub fn parse(path: &'a str) -> Option<Self> {
        let mut rest = path.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = if let Some(text) = rest.strip_prefix('.') {
                name(text)?
            } else {
                index(rest.strip_prefix('[')?)?
            };
            steps.push(step);
            rest = after;
        }
        Some(Self(steps))
    }

    /// Returns the value that the path names.
    pub fn value<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(document, |value, step| match step {
            PathStep::Name(name) => value.as_object()?.get(*name),
            PathStep::Index(index) => value.as_array()?.get(*index),
        })
    }
}

fn name(text: &str) -> Option<(PathStep<'_>, &str)> {
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !named(c)).unwrap_or(text.len());
    let first = text[..end].chars().next()?;
    (!first.is_ascii_digit()).then(|| (PathStep::Name(&text[..end]), &text[end..]))
}

fn index(text: &str) -> Option<(PathStep<'_>, &str)> {
    let (index, after) = text.split_once(']')?;
    let digits = index.bytes().all(|byte| byte.is_ascii_digit());
    // RFC 9535 knows no zeros in front, and no index that JavaScript could not hold.
    let whole = index == "0" || (1..=15).contains(&index.len()) && !index.starts_with('0');
    let index = (digits && whole).then(|| index.parse().ok())??;
    Some((PathStep::Index(index), after))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json_path::JsonPath;

    use super::*;

    #[test]
    fn what_is_plain_is_the_same_to_the_whole_standard() {
        let document = json!({
            "id": 1, "_a1": {"B": 2}, "rates": [{"day": 3}], "0": [4], "null": null,
        });
        for path in [
            "$",
            "$.id",
            "$._a1.B",
            "$[0]",
            "$.rates[0].day",
            "$.rates[1].day",
            "$.rates.day",
            "$[10][2].x",
            "$.null",
            "$[999999999999999]",
        ] {
            let plain = PlainPath::parse(path).expect(path);
            let whole = JsonPath::parse(path).expect(path);
            let whole = whole.query(&document).all();
            assert_eq!(plain.value(&document), whole.first().copied(), "{path}");
        }
    }

    #[test]
    fn everything_else_is_left_to_the_standard() {
        for path in [
            "",
            "id",
            "$.",
            "$id",
            "$.1a",
            "$[]",
            "$[01]",
            "$[-1]",
            "$[9999999999999999]",
            "$.a-b",
            "$.ä",
            "$['a']",
            "$.a.",
            "$[0",
            "$..a",
            "$.*",
            "$ .a",
            "$.a ",
        ] {
            assert_eq!(PlainPath::parse(path), None, "{path}");
        }
    }
}
