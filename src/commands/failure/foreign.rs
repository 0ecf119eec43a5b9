//! A workspace that belongs to somebody else.

use std::path::Path;

use super::{Failure, FailureKind};
use crate::tell::Diagnostic;

impl Failure {
    /// The files of a workspace belong to another user, who would decide what is run.
    pub(in crate::commands) fn foreign_workspace(
        workspace: &Path,
        (path, owner): (&Path, u32),
        variable: &str,
    ) -> Self {
        let (shown, path) = (workspace.display(), path.display());
        let title = format!("the workspace `{shown}` belongs to another user");
        let mut diagnostic = Diagnostic::new(title);
        let user = rustix::process::geteuid().as_raw();
        let whose = format!("`{path}` is of the user {owner}, and this is {user}");
        diagnostic.facts.push(("owner".to_owned(), whose));
        let hint = format!(
            "nothing that its files name is run; where you trust them: `export {variable}={shown}`"
        );
        Self::new(FailureKind::Configuration, diagnostic.hint(hint))
    }
}
