//! How a text is written in a URL.

use std::fmt::Write as _;

/// What every part of a URL may hold as it is, besides letters and digits: RFC 3986, section 2.3.
pub const UNRESERVED: &str = "-._~";

/// Percent-encodes all of a text but letters, digits and what is `untouched`.
pub fn percent_encoded(text: &str, untouched: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || untouched.as_bytes().contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_with_reserved_characters_is_encoded() {
        let encoded = percent_encoded("p@ss:w/ö~", UNRESERVED);
        assert_eq!(encoded, "p%40ss%3Aw%2F%C3%B6~");
    }
}
