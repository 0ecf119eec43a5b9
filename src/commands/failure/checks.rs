//! The failures of `smoke-test`.

use std::collections::BTreeSet;
use std::path::Path;

use indexmap::IndexMap;

use super::{Failure, FailureKind};
use crate::model::Check;
use crate::smoke::Unselected;
use crate::smoke::reports::ReportError;
use crate::tell::{Answer, Diagnostic};

impl Failure {
    pub(in crate::commands) fn checks_failed(answer: Answer) -> Self {
        // The answer itself says which, and why.
        Self {
            kind: FailureKind::Check,
            diagnostics: Vec::new(),
            answer: Some(Box::new(answer)),
        }
    }

    pub(in crate::commands) fn unselected(
        why: &Unselected,
        checks: &IndexMap<String, Check>,
    ) -> Self {
        if checks.is_empty() {
            let diagnostic = Diagnostic::new("the environment declares no smoke check")
                .hint("a `[smoke.NAME]` table is one");
            return Self::new(FailureKind::Configuration, diagnostic);
        }
        let known: BTreeSet<&str> = match why {
            Unselected::Tag(_) => checks
                .values()
                .flat_map(|check| check.flow.tags.iter().map(String::as_str))
                .collect(),
            _ => checks
                .values()
                .filter(|check| !check.flow.is_step)
                .map(|check| check.declared.as_str())
                .collect(),
        };
        let known: Vec<&str> = known.into_iter().collect();
        let diagnostic = Diagnostic::new(why.to_string());
        let diagnostic = match known.as_slice() {
            [] => diagnostic,
            known => diagnostic.hint(format!("there are {}", known.join(", "))),
        };
        Self::new(FailureKind::Usage, diagnostic)
    }

    /// A file of the workspace is a link to somewhere else, and would be written.
    pub(in crate::commands) fn leaves_workspace(path: &str, leads_to: &Path) -> Self {
        let diagnostic = Diagnostic::new(format!(
            "`{path}` leads out of the workspace, to `{}`, and is not written",
            leads_to.display()
        ));
        Self::new(FailureKind::Other, diagnostic)
    }

    pub(in crate::commands) fn of_report(error: &ReportError) -> Self {
        let mut diagnostic = Diagnostic::new(error.to_string());
        let cause = std::error::Error::source(error).map(ToString::to_string);
        diagnostic.causes.extend(cause);
        Self::new(FailureKind::Other, diagnostic)
    }
}
