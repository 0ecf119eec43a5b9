//! References of images: ours, and other people's.

/// How many hex digits of a hash an image's tag has.
const TAG_DIGITS: usize = 12;

/// The registry of references that name none.
const DEFAULT_REGISTRY: &str = "docker.io";

/// Returns the repository and the tag of an image that envctl built or loaded.
pub(super) fn ours(name: &str, hash: &str) -> (String, String) {
    let valid = |letter: char| match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9') => letter,
        _ => '-',
    };
    let name: String = name.chars().map(valid).collect();
    let name = name.trim_matches('-');
    (format!("envctl/{name}"), hash[..TAG_DIGITS].to_owned())
}

/// Returns whether a reference is one that [`ours`] makes.
pub(in crate::engine::docker) fn is_ours(reference: &str) -> bool {
    let (repository, tag) = split(reference);
    let digit = |letter: char| matches!(letter, '0'..='9' | 'a'..='f');
    repository.starts_with("envctl/") && tag.len() == TAG_DIGITS && tag.chars().all(digit)
}

/// Returns the host of the registry that a reference is pulled from.
pub(super) fn registry(reference: &str) -> &str {
    match reference.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => DEFAULT_REGISTRY,
    }
}

/// Returns the reference without its tag or digest, and that tag or digest (`latest` if none).
pub(super) fn split(reference: &str) -> (&str, &str) {
    if let Some((repository, digest)) = reference.split_once('@') {
        return (repository, digest);
    }
    match reference.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (reference, "latest"),
    }
}

/// Returns whether a text can be a reference at all; others would end up in a URL.
pub(super) fn is_reference(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-/:@".contains(letter);
    !text.is_empty() && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_names_are_valid() {
        let hash = "0123456789abcdef";
        let expect = ("envctl/rates-api".to_owned(), "0123456789ab".to_owned());
        assert_eq!(ours("rates-api", hash), expect);
        assert_eq!(ours("Rates_API", hash), expect);
    }

    #[test]
    fn ours_are_known_again() {
        assert!(is_ours("envctl/rates-api:0123456789ab"));
        assert!(!is_ours("envctl/rates-api:latest"));
        assert!(!is_ours("other/envctl/api:0123456789ab"));
        assert!(!is_ours("envctl/api"));
    }

    #[test]
    fn registries() {
        assert_eq!(registry("postgres:13.5"), "docker.io");
        assert_eq!(registry("library/postgres"), "docker.io");
        assert_eq!(registry("ghcr.io/a/b:1"), "ghcr.io");
        assert_eq!(registry("localhost:5000/a"), "localhost:5000");
    }

    #[test]
    fn references() {
        assert_eq!(split("postgres:13.5"), ("postgres", "13.5"));
        assert_eq!(split("localhost:5000/a"), ("localhost:5000/a", "latest"));
        assert_eq!(split("a@sha256:00"), ("a", "sha256:00"));
        assert!(is_reference("localhost:5000/a-b_c/d@sha256:00"));
        assert!(!is_reference("a b"));
        assert!(!is_reference("a?b"));
        assert!(!is_reference(""));
    }
}
