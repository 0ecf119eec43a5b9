//! Variables in an instruction of a Dockerfile: `$NAME`, `${NAME}`, `${NAME:-default}`.

use std::iter::Peekable;
use std::str::Chars;

use super::dockerfile::Arguments;

/// Fills in the variables of a text, and drops its quotes; one that is not declared is empty.
/// `None` where a value cannot be known, or a form is not one that the builder has.
pub(super) fn expand(text: &str, known: &Arguments, escape: char) -> Option<String> {
    let mut expanded = String::new();
    let mut signs = text.chars().peekable();
    let mut verbatim = false;
    while let Some(sign) = signs.next() {
        match sign {
            '\'' => verbatim = !verbatim,
            _ if verbatim => expanded.push(sign),
            '"' => {}
            _ if sign == escape => expanded.extend(signs.next()),
            '$' => expanded.push_str(&variable(&mut signs, known, escape)?),
            _ => expanded.push(sign),
        }
    }
    Some(expanded)
}

/// Reads what stands behind a `$`.
fn variable(signs: &mut Peekable<Chars<'_>>, known: &Arguments, escape: char) -> Option<String> {
    let in_braces = signs.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(sign) = signs.next_if(|it| it.is_ascii_alphanumeric() || *it == '_') {
        name.push(sign);
    }
    let value = match known.get(&name) {
        Some(value) => Some(value.clone()?),
        None => None,
    };
    if !in_braces {
        return Some(match name.as_str() {
            "" => "$".to_owned(),
            _ => value.unwrap_or_default(),
        });
    }
    let counts_empty = signs.next_if_eq(&':').is_some();
    let value = value.filter(|value| !(counts_empty && value.is_empty()));
    match (signs.next()?, counts_empty) {
        ('}', false) => Some(value.unwrap_or_default()),
        ('-', _) => {
            let word = expand(&word(signs)?, known, escape)?;
            Some(value.unwrap_or(word))
        }
        ('+', _) => {
            let word = expand(&word(signs)?, known, escape)?;
            Some(value.map(|_| word).unwrap_or_default())
        }
        _ => None,
    }
}

/// Reads up to the brace that closes.
fn word(signs: &mut Peekable<Chars<'_>>) -> Option<String> {
    let (mut word, mut depth) = (String::new(), 0);
    loop {
        match signs.next()? {
            '}' if depth == 0 => return Some(word),
            sign => {
                match sign {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                word.push(sign);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_as_the_builder_does() {
        let known = Arguments::from([
            ("A".to_owned(), Some("a".to_owned())),
            ("E".to_owned(), Some(String::new())),
            ("U".to_owned(), None),
        ]);
        for (text, expect) in [
            ("x$A-${A}", Some("xa-a")),
            ("$AB$A.b", Some("a.b")),
            ("${E:-d}${E-d}${N:-n}${N-n}", Some("dnn")),
            ("${A:+s}${E:+s}${N+s}${E+t}", Some("st")),
            ("${N:-${A}x}", Some("ax")),
            ("'$A'\"$A\"\\$A$", Some("$Aa$A$")),
            ("x$U", None),
            ("${U:-d}", None),
            ("${A#x}", None),
            ("${A", None),
        ] {
            assert_eq!(expand(text, &known, '\\').as_deref(), expect, "{text}");
        }
    }
}
