//! A text that must not be printed.

use std::fmt;
use std::io::{self, Read as _};

use serde::{Serialize, Serializer};

use super::Digest;

/// What is shown of a secret whose command was not run.
const UNREAD: &str = "<secret: command, not run>";

/// A text whose `Display`, `Debug` and JSON are `***`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret {
    text: String,
    unread: bool,
}

impl Secret {
    /// The fewest characters of a secret that is hidden wherever it stands in what is printed; a
    /// shorter one stands in many ordinary words.
    pub const SHORTEST: usize = 4;

    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            unread: false,
        }
    }

    /// Returns what stands for the text that a command would print, which was not run.
    pub fn unread() -> Self {
        Self {
            text: UNREAD.to_owned(),
            unread: true,
        }
    }

    /// Whether the text is not known: it is made of what a command prints that was not run. What
    /// depends on it cannot be known either, so nothing is compared with it or sent.
    pub fn is_unread(&self) -> bool {
        self.unread
    }

    /// Returns a text that is made of this one and others, and is known only as this one is.
    #[must_use]
    pub fn within(&self, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            unread: self.unread,
        }
    }

    /// Whether it is too short to be hidden in what is printed.
    pub fn is_short(&self) -> bool {
        self.text.chars().count() < Self::SHORTEST
    }

    /// Where random texts come from.
    pub const SOURCE: &str = "/dev/urandom";

    /// Returns a text that nobody can guess: 48 letters and digits.
    pub fn random() -> io::Result<Self> {
        let mut bytes = [0; 24];
        fs_err::File::open(Self::SOURCE)?.read_exact(&mut bytes)?;
        let hex = bytes.iter().map(|byte| format!("{byte:02x}"));
        Ok(Self::new(hex.collect::<String>()))
    }

    /// Returns the text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    fn shown(&self) -> &'static str {
        if self.unread { UNREAD } else { "***" }
    }

    /// Returns the SHA-256 of the text in hex, so that a hash can depend on it.
    pub fn digest(&self) -> String {
        Digest::of(&self.text)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.shown())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}
