//! `supervise`: watches over one service of the process engine, started by envctl itself.

use super::failure::Failure;
use super::session::Session;
use crate::cli::SuperviseArgs;
use crate::engine::process;
use crate::tell::Answer;

pub(super) async fn run(session: &Session, args: &SuperviseArgs) -> Result<Answer, Failure> {
    let supervised = process::supervise(&args.folder, &session.request.variables);
    supervised.await.map_err(|error| Failure::of_io(&error))?;
    Ok(Answer::Silent)
}
