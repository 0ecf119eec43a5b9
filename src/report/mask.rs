//! Known secrets become `***` before anything is laid out, cut or written.

use std::borrow::Cow;

use super::texts::Texts;

/// The secrets that must not be seen, longest first.
#[derive(Clone, Default)]
pub(super) struct Mask {
    secrets: Vec<String>,
}

impl Mask {
    /// The shortest line of a secret of several lines that is a secret by itself; a shorter one
    /// (`}`) would blot out text that is none.
    const SHORTEST_LINE: usize = 8;

    pub(super) fn new(secrets: Vec<String>) -> Self {
        let mut mask = Self::default();
        mask.add(secrets);
        mask
    }

    /// Takes in more secrets. Each counts as it is, as it stands in a URL, and, since output comes
    /// in lines, line by line.
    pub(super) fn add(&mut self, secrets: Vec<String>) {
        for secret in secrets {
            let secret = secret.trim();
            let lines = secret.lines().map(str::trim);
            self.secrets.extend(
                lines
                    .filter(|line| line.len() >= Self::SHORTEST_LINE)
                    .map(str::to_owned),
            );
            self.secrets.push(percent_encoded(secret));
            self.secrets.push(secret.to_owned());
        }
        self.secrets
            .retain(|secret| !secret.chars().all(|c| c == '*'));
        self.secrets
            .sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.secrets.dedup();
    }

    /// Returns the value with every text masked, itself where there is nothing to hide.
    pub(super) fn applied<'a, T: Texts + Clone>(&self, value: &'a T) -> Cow<'a, T> {
        let mut value = Cow::Borrowed(value);
        if !self.secrets.is_empty() {
            self.apply(value.to_mut());
        }
        value
    }

    /// Masks every text of the value.
    pub(super) fn apply(&self, value: &mut dyn Texts) {
        if self.secrets.is_empty() {
            return;
        }
        value.texts(&mut |text| {
            for secret in &self.secrets {
                if text.contains(secret) {
                    *text = text.replace(secret, "***");
                }
            }
        });
    }
}

fn percent_encoded(secret: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(secret.len());
    for byte in secret.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Diagnostic, Event, Failed, Place, TableAnswer};
    use super::*;

    fn check(secrets: &[&str], text: &str, masked: &str) {
        let mask = Mask::new(secrets.iter().map(|s| (*s).to_owned()).collect());
        let mut value = text.to_owned();
        mask.apply(&mut value);
        assert_eq!(value, masked);
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        check(&["s3cret"], "a s3cret and s3crets", "a *** and ***s");
        check(&["", " ", "*"], "a * b", "a * b");
        check(&["abc", "abcdef"], "abcdef abc", "*** ***");
        check(
            &["p@ss/w"],
            "postgres://u:p%40ss%2Fw@db",
            "postgres://u:***@db",
        );
        check(&["s3cret\n"], "is s3cret.", "is ***.");
        check(
            &["-----BEGIN KEY-----\nMIIEpAIBAAKC\n}\n"],
            "key: MIIEpAIBAAKC }",
            "key: *** }",
        );
    }

    #[test]
    fn a_value_is_copied_only_where_there_is_something_to_hide() {
        let value = "a s3cret".to_owned();
        assert!(matches!(Mask::default().applied(&value), Cow::Borrowed(_)));
        let mask = Mask::new(vec!["s3cret".to_owned()]);
        assert_eq!(mask.applied(&value).as_str(), "a ***");
    }

    #[test]
    fn every_part_of_a_failure_is_masked() {
        let s = || "s3cret".to_owned();
        let mut failed = Failed {
            diagnostics: vec![Diagnostic {
                title: s(),
                causes: vec![s()],
                place: Some(Place {
                    file: s().into(),
                    line: 1,
                    column: 1,
                    text: s(),
                    width: 1,
                }),
                facts: vec![(s(), s())],
                ..Diagnostic::default()
            }],
            answer: Some(Answer::Table(TableAnswer {
                columns: vec![s()],
                rows: vec![vec![Some(s()), None]],
            })),
            exit_code: 1,
        };
        Mask::new(vec![s()]).apply(&mut failed);
        let text = format!("{failed:?}");
        assert!(!text.contains("s3cret"), "{text}");
        assert_eq!(text.matches("***").count(), 8);
    }

    #[test]
    fn secrets_that_come_later_count_from_then_on() {
        let mut mask = Mask::default();
        mask.add(vec!["s3cret".to_owned()]);
        let mut event = Event::StepOutput {
            step: super::super::StepId(1),
            line: "key s3cret".to_owned(),
        };
        mask.apply(&mut event);
        assert!(matches!(event, Event::StepOutput { line, .. } if line == "key ***"));
    }
}
