//! Proposed checks: as the text that belongs into a file, or what was added to one.

use super::super::plural::{list, plural};
use crate::tell::ProposalAnswer;

pub(super) fn proposal(answer: &ProposalAnswer) -> String {
    let Some(file) = &answer.file else {
        let tables = answer.checks.iter().map(|check| check.toml.as_str());
        return tables.collect::<Vec<_>>().join("\n");
    };
    if answer.checks.is_empty() {
        return format!("nothing to add to {file}\n");
    }
    let names = answer.checks.iter().map(|check| check.check.clone());
    let names = list(&names.collect::<Vec<_>>());
    let count = plural(answer.checks.len(), "check");
    format!("added {count} to {file}: {names}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tell::ProposedCheck;

    #[test]
    fn a_proposal_is_a_text_for_a_file_until_it_is_in_one() {
        let check = |name: &str| ProposedCheck {
            check: name.to_owned(),
            toml: format!("[smoke.{name}]\n"),
            ..ProposedCheck::default()
        };
        let mut answer = ProposalAnswer {
            checks: vec![check("a"), check("b")],
            ..ProposalAnswer::default()
        };
        assert_eq!(proposal(&answer), "[smoke.a]\n\n[smoke.b]\n");
        answer.file = Some("env.toml".to_owned());
        assert_eq!(proposal(&answer), "added 2 checks to env.toml: a and b\n");
        answer.checks.clear();
        assert_eq!(proposal(&answer), "nothing to add to env.toml\n");
        answer.file = None;
        assert_eq!(proposal(&answer), "");
    }
}
