//! Adding to the end of a file's text.

/// Returns a text with a text behind it, an empty line between them, in the line ends of the first.
pub fn joined(before: &str, addition: &str) -> String {
    let end = if before.contains("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let mut text = before.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(end);
    }
    if !text.is_empty() {
        text.push_str(end);
    }
    text.push_str(&addition.replace('\n', end));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_line_stands_between_what_was_there_and_what_is_added() {
        assert_eq!(joined("", "b\n"), "b\n");
        assert_eq!(joined("a\n", "b\n"), "a\n\nb\n");
        assert_eq!(joined("a", "b\n"), "a\n\nb\n");
        assert_eq!(joined("a\r\n", "b\nc\n"), "a\r\n\r\nb\r\nc\r\n");
    }
}
