//! A command inside a running container, on this program's own standard streams.

use super::{Docker, exec};
use crate::engine::{Error, Exec};

/// Runs a command in the service's container and returns its exit code.
pub(super) async fn attach(
    docker: &Docker,
    service: &str,
    command: &Exec,
    _terminal: bool,
) -> Result<i64, Error> {
    Ok(exec::exec(docker, service, command).await?.exit_code)
}
