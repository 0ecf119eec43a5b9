//! Dotted keys as TOML writes them, typed on a command line: `smoke.alive.json."$.a.b"`.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Splits a dotted key into its names, each with its span; `None` is no key.
pub(crate) fn split(key: &str) -> Option<Vec<(String, Range<usize>)>> {
    if key.contains('\n') {
        return None;
    }
    let text = format!("{key} = 0");
    let table = DeTable::parse(&text).ok()?;
    let mut names = Vec::new();
    let mut table = table.get_ref();
    loop {
        let mut entries = table.iter();
        let (Some((name, value)), None) = (entries.next(), entries.next()) else {
            return None;
        };
        names.push((name.get_ref().to_string(), name.span()));
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            // Anywhere else, the value is part of what was typed.
            _ => return (value.span().start == key.len() + " = ".len()).then_some(names),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, expected: Option<&[&str]>) {
        let names = split(key);
        let names = names.map(|names| names.into_iter().map(|(name, _)| name).collect::<Vec<_>>());
        let expected = expected.map(|names| names.iter().map(ToString::to_string).collect());
        assert_eq!(names, expected, "{key}");
    }

    #[test]
    fn keys_are_dotted_and_quoted() {
        check("a.b-c", Some(&["a", "b-c"]));
        check("a.\"$.x['y=z'] # \".c", Some(&["a", "$.x['y=z'] # ", "c"]));
        for wrong in [
            "",
            "a.",
            ".a",
            "a b",
            "a=1",
            "a=1 #",
            "a=1\nb",
            "a={b=1} #",
            "#",
        ] {
            check(wrong, None);
        }
    }
}
