//! Versions of servers: `13.5`, `7.0.15`.

use std::fmt;

/// The numbers of a version; one without a minor number comes before all that have one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ProgramVersion(Vec<u32>);

impl ProgramVersion {
    /// Reads a version, or the line that `--version` prints: `postgres (PostgreSQL) 15.18 (…)`,
    /// `Redis server v=7.0.15 …`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let words = text.split_whitespace();
        let mut words = words.map(|word| word.strip_prefix("v=").unwrap_or(word));
        let word = words.find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
        // `18rc1` is a version of 18.
        let is_number = |at: char| at.is_ascii_digit() || at == '.';
        let end = word.find(|at| !is_number(at)).unwrap_or(word.len());
        let numbers = word[..end].split('.').filter(|number| !number.is_empty());
        let numbers: Result<Vec<u32>, _> = numbers.map(str::parse).collect();
        numbers.ok().map(Self)
    }

    /// Returns the number that decides whether data and dumps fit.
    pub(super) fn major(&self) -> u32 {
        self.0.first().copied().unwrap_or_default()
    }

    /// Returns whether all that `declared` says is true of this one.
    pub(super) fn is(&self, declared: &Self) -> bool {
        self.0.starts_with(&declared.0)
    }
}

impl fmt::Display for ProgramVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u32::to_string).collect();
        formatter.write_str(&numbers.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        for (text, expect) in [
            ("16", Some("16")),
            ("13.5", Some("13.5")),
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n",
                Some("15.18"),
            ),
            ("postgres (PostgreSQL) 18rc1", Some("18")),
            (
                "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1",
                Some("7.0.15"),
            ),
            ("Valkey server v=8.1.1 sha=0", Some("8.1.1")),
            ("no version", None),
            ("99999999999", None),
        ] {
            let read = ProgramVersion::read(text).map(|version| version.to_string());
            assert_eq!(read.as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn versions_compare_by_their_numbers() {
        let version = |text| ProgramVersion::read(text).unwrap();
        assert!(version("9.6") < version("10.1") && version("15.9") < version("15.18"));
        assert!(version("13.5").is(&version("13")) && !version("13.15").is(&version("13.1")));
    }
}
