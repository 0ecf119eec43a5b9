//! Texts with a grammar of their own.

use std::sync::OnceLock;

use regex::Regex;

/// A text that a key wants.
#[derive(Debug)]
pub(crate) struct Grammar {
    /// What it looks like, for envctl and for editors: a regular expression of both Rust and
    /// ECMAScript.
    pub pattern: &'static str,
    /// What is said of another text, with `{value}` and `{path}`; where nothing is, its reader
    /// says it.
    pub wrong: Option<&'static str>,
    pub hint: Option<&'static str>,
    compiled: OnceLock<Regex>,
}

impl Grammar {
    const fn wrong(mut self, wrong: &'static str) -> Self {
        self.wrong = Some(wrong);
        self
    }

    const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Whether a text is one.
    pub(crate) fn has(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| {
            Regex::new(self.pattern).expect("a pattern of the schema is a regular expression")
        });
        compiled.is_match(text)
    }
}

const fn grammar(pattern: &'static str) -> Grammar {
    Grammar {
        pattern,
        wrong: None,
        hint: None,
        compiled: OnceLock::new(),
    }
}

/// As Compose writes it: `1m30s`, `500ms`.
pub(super) static DURATION: Grammar = grammar(r"^(0|([0-9]+(\.[0-9]*)?(us|ms|s|m|h))+)$")
    .wrong("`{value}` is no duration")
    .hint("write `500ms`, `10s`, `1m30s` or `2h`");

/// As Compose writes it, in units of 1024: `64m`, `1.5gb`.
pub(super) static SIZE: Grammar = grammar(r"^[0-9]+(\.[0-9]*)?([kKmMgG]?[bB]?)$")
    .wrong("`{path}` is no size")
    .hint("write `64m`, `512mb`, `1gb` or a number of bytes");

/// The version of a server: numbers with dots between them.
pub(super) static VERSION: Grammar = grammar(r"^[0-9]+(\.[0-9]+)*$");

/// An image with its registry, tag and digest.
pub(super) static IMAGE_REFERENCE: Grammar =
    grammar(r"^[A-Za-z0-9][A-Za-z0-9_./:@-]*$").wrong("`{path}` is no image reference");

/// A path in a container.
pub(super) static CONTAINER_PATH: Grammar =
    grammar("^/").wrong("`{value}` is no absolute path in the container");

/// A mount as Compose writes it.
pub(super) static VOLUME: Grammar = grammar("^[^:]+:/[^:]*(:(ro|rw))?$");

/// A path of a URL.
pub(super) static URL_PATH: Grammar =
    grammar("^/").wrong("the path `{value}` does not start with `/`");

/// A policy of restarting with a number of attempts.
pub(super) static ATTEMPTS: Grammar = grammar("^on-failure:[0-9]{1,9}$");

/// The name of a signal.
pub(super) static SIGNAL: Grammar = grammar("^SIG[A-Z0-9+-]+$")
    .wrong("`{value}` is no name of a signal")
    .hint("write `SIGTERM`, `SIGINT`, `SIGQUIT`");

/// An address of the host.
pub(super) static ADDRESS: Grammar = grammar("^([0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$");

/// A method of HTTP.
pub(super) static METHOD: Grammar = grammar("^[A-Za-z]+$").wrong("`{value}` is no HTTP method");

/// A SHA-256 digest.
pub(super) static SHA256: Grammar = grammar("^[0-9A-Fa-f]{64}$")
    .wrong("this is no SHA-256 digest")
    .hint("it has 64 hexadecimal digits: `sha256sum FILE` prints it");

/// A dump that can be loaded.
pub(super) static DUMP: Grammar = grammar(r"\.sql(\.gz)?$")
    .wrong("`{value}` is no dump that envctl can load")
    .hint("it loads `.sql` and `.sql.gz`");

/// Whether a text is a reference of an image.
pub(crate) fn is_image_reference(text: &str) -> bool {
    IMAGE_REFERENCE.has(text)
}

/// Whether a text is a version of a server.
pub(crate) fn is_version(text: &str) -> bool {
    VERSION.has(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::units;

    /// Editors read the pattern, and envctl the number.
    #[test]
    fn durations_and_sizes_look_like_what_is_read() {
        for text in [
            "0", "10s", "1m30s", "500ms", "1.5h0.s", "250us", "1s1s", "", "10", "1d",
        ] {
            let is_read = units::duration(text).is_some();
            assert_eq!(DURATION.has(text), is_read, "{text}");
        }
        for text in [
            "64", "64B", "1.5k", "512mb", "1GB", "1.g", "", "m", "1t", "1 m", "-1m",
        ] {
            let is_read = units::bytes(text).is_some();
            assert_eq!(SIZE.has(text), is_read, "{text}");
        }
    }
}
