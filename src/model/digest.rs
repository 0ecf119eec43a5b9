//! The one hash of the project: SHA-256, written in hex.

use std::fmt::Write as _;

use sha2::Digest as _;

/// Adds up content to a SHA-256.
#[derive(Clone, Default)]
pub struct Digest(sha2::Sha256);

impl Digest {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds raw bytes, for content that comes in pieces.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds a value with its name and length, so that two fields never run into each other.
    pub fn field(&mut self, name: &str, value: impl AsRef<[u8]>) -> &mut Self {
        let value = value.as_ref();
        self.0.update(name.as_bytes());
        self.0.update(b"\0");
        self.0
            .update(u64::try_from(value.len()).unwrap_or(u64::MAX).to_le_bytes());
        self.0.update(value);
        self
    }

    /// Returns 64 hex digits.
    pub fn finish(self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0.finalize() {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Returns the 64 hex digits of some bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> String {
        let mut digest = Self::new();
        digest.update(bytes.as_ref());
        digest.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sha_256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(""), empty);
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let (mut one, mut other) = (Digest::new(), Digest::new());
        one.field("a", "bc").field("d", "");
        other.field("a", "b").field("cd", "");
        assert_ne!(one.finish(), other.finish());
    }
}
