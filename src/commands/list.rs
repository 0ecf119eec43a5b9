//! `list`: the environments of the workspace.

use super::failure::Failure;
use super::session::Session;
use crate::cli::ListArgs;
use crate::config::{Mistakes, environments, workspace};
use crate::report::{Answer, TableAnswer};

pub(super) fn run(session: &Session, _args: &ListArgs) -> Result<Answer, Failure> {
    let workspace = workspace(&session.request.directory).map_err(Mistakes::from)?;
    let found = environments(&workspace);
    Ok(Answer::Table(TableAnswer {
        columns: vec!["environment".to_owned(), "description".to_owned()],
        rows: found
            .into_iter()
            .map(|entry| vec![Some(entry.name), entry.description])
            .collect(),
    }))
}
