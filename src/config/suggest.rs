//! The nearest known name, and lists of names, for hints.

/// Returns `did you mean …?` for a near name, else the list of known ones.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if known.is_empty() => None,
        None => Some(format!("known: {}", list(&known))),
    }
}

/// Returns the known name that is closest, when it is close enough to be meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_lowercase());
    let length = name.chars().count();
    // A name of one letter is near to nothing.
    let limit = (length / 3).clamp(usize::from(length > 1), 3);
    known
        .into_iter()
        .map(|known| (distance(known), known))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Writes `a`, `b`, `c` for as many names as fit on a line.
pub(crate) fn list<T: AsRef<str>>(names: &[T]) -> String {
    const MOST: usize = 30;
    let quoted = |name: &T| format!("`{}`", name.as_ref());
    let mut text: Vec<_> = names.iter().take(MOST).map(quoted).collect();
    if names.len() > MOST {
        text.push(format!("{} more", names.len() - MOST));
    }
    text.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_meant_and_far_ones_are_listed() {
        let known = ["image", "ports", "command"];
        let hint = |name| did_you_mean(name, known).unwrap_or_default();
        assert_eq!(hint("prots"), "did you mean `ports`?");
        assert_eq!(hint("Image"), "did you mean `image`?");
        assert_eq!(hint("zebra"), "known: `image`, `ports`, `command`");
        assert_eq!(did_you_mean("x", []), None);
    }
}
