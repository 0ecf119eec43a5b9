//! What was typed, as a plain value.

use std::path::PathBuf;

use envctl::cli::GlobalFlags;
use envctl::commands::Request;

/// Returns what the flags ask for, whatever the command is.
pub(crate) fn request(
    flags: GlobalFlags,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Request {
    Request {
        directory: flags.directory.unwrap_or_else(|| PathBuf::from(".")),
        instance: flags.instance,
        engine: flags.engine,
        profiles: flags.profiles,
        sets: flags.sets,
        timeout: flags.timeout,
        yes: flags.yes,
        variables: variables.into_iter().collect(),
        ..Request::default()
    }
}
