//! Texts with a grammar of their own: durations, sizes, commands, names.

use std::time::Duration;

use crate::config::shell::HOLE;
use crate::model::{Part, Template};

/// Reads a duration as Compose writes it: `1m30s`, `500ms`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = number(rest)?;
        let unit_end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        seconds += number
            * match unit {
                "us" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = after;
    }
    let duration = (!text.is_empty()).then(|| Duration::try_from_secs_f64(seconds).ok())?;
    // Sums of fractions such as 0.1 leave dust behind.
    duration.map(|duration| Duration::from_micros(micros(duration)))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from((duration.as_nanos() + 500) / 1000).unwrap_or(u64::MAX)
}

/// Reads a size as Compose writes it; units count in 1024.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the range is checked before"
)]
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = number(text)?;
    let unit: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1 << 10,
        "m" | "mb" => 1 << 20,
        "g" | "gb" => 1 << 30,
        _ => return None,
    };
    let bytes = number * unit as f64;
    (bytes < (1_u64 << 60) as f64).then_some(bytes as u64)
}

fn number(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some((number.parse().ok()?, rest))
}

/// Splits a command as a shell does; what fills a hole is never split.
pub(crate) fn shell_words(template: &Template) -> Result<Vec<Template>, &'static str> {
    let holes = template.parts.iter();
    let holes = holes.filter(|part| !matches!(part, Part::Text(_)));
    let mut holes = holes.cloned();
    let words =
        shell_words::split(&with_holes(template)).map_err(|_| "has a quote that is not closed")?;
    let fill = |word: String| {
        let mut parts = Vec::new();
        for (index, piece) in word.split(HOLE).enumerate() {
            if index > 0 {
                parts.extend(holes.next());
            }
            if !piece.is_empty() || word.is_empty() {
                parts.push(Part::Text(piece.to_owned()));
            }
        }
        Template { parts }
    };
    Ok(words.into_iter().map(fill).collect())
}

/// Returns a text with one character for each of its holes.
pub(crate) fn with_holes(template: &Template) -> String {
    let mut line = String::new();
    for part in &template.parts {
        match part {
            Part::Text(text) => line.extend(text.chars().filter(|c| *c != HOLE)),
            Part::Secret(_) | Part::Reference(_) => line.push(HOLE),
        }
    }
    line
}

/// The longest name of an environment, an instance, or of something in an environment.
pub(crate) const NAME_MAX: usize = 40;

/// What is wrong with a name that becomes part of other names (a container's, a host's).
pub(crate) fn name_mistake(name: &str) -> Option<String> {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !starts || !name.chars().all(inside) {
        let rule = "lower-case letters, digits, `-` and `_`, starting with a letter or digit";
        return Some(format!("`{name}` is no name: {rule}"));
    }
    let length = name.len();
    (length > NAME_MAX)
        .then(|| format!("`{name}` is too long a name: {length} characters of at most {NAME_MAX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_compose() {
        let check = |text, expected| assert_eq!(duration(text), expected, "{text}");
        check("500ms", Some(Duration::from_millis(500)));
        check("1m30s", Some(Duration::from_secs(90)));
        check("1h0.5s", Some(Duration::from_millis(3_600_500)));
        check("0.1s", Some(Duration::from_millis(100)));
        check("250us", Some(Duration::from_micros(250)));
        check("0", Some(Duration::ZERO));
        for wrong in [
            "",
            "10",
            "s",
            "1x",
            "-1s",
            "1 s",
            "1m30",
            "99999999999999999999h",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn sizes_count_in_1024() {
        let check = |text, expected| assert_eq!(bytes(text), expected, "{text}");
        check("512m", Some(512 << 20));
        check("1gb", Some(1 << 30));
        check("1.5k", Some(1536));
        check("64", Some(64));
        check("64B", Some(64));
        for wrong in ["", "m", "5t", "-1m", "1 m", "9999999999g"] {
            check(wrong, None);
        }
    }

    #[test]
    fn commands_are_split_around_holes() {
        use crate::model::Secret;
        let template = Template {
            parts: vec![
                Part::Text("run --key=".to_owned()),
                Part::Secret(Secret::new("a b")),
                Part::Text(" 'two words' ''".to_owned()),
            ],
        };
        let words = shell_words(&template).expect("the quotes are closed");
        let shown: Vec<_> = words.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["run", "--key=***", "two words", ""]);
        assert!(shell_words(&Template::text("it's")).is_err());
    }

    #[test]
    fn names_fit_into_other_names() {
        for right in ["a", "db-1", "0_x"] {
            assert_eq!(name_mistake(right), None);
        }
        for wrong in ["", "A", "-a", "a.b", "ä", "a/b"] {
            assert!(name_mistake(wrong).is_some(), "{wrong}");
        }
        assert!(name_mistake(&"a".repeat(41)).is_some());
    }
}
