//! `list`: the environments of the workspace.

use super::failure::Failure;
use super::session::Session;
use crate::cli::ListArgs;
use crate::config::{Mistakes, environments, workspace};
use crate::tell::{Answer, EnvironmentAnswer, EnvironmentsAnswer};

pub(super) fn run(session: &Session, _args: &ListArgs) -> Result<Answer, Failure> {
    let workspace = workspace(&session.request.directory).map_err(Mistakes::from)?;
    let found = environments(&workspace).into_iter();
    let environments = found.map(|entry| EnvironmentAnswer {
        name: entry.name,
        description: entry.description,
    });
    Ok(Answer::Environments(EnvironmentsAnswer {
        environments: environments.collect(),
    }))
}
