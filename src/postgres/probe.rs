//! Readiness that cannot lie: a query as the user, on the database, over TCP.

use std::time::Duration;

use ::postgres::{NoTls, SimpleQueryMessage};
use tokio::task::spawn_blocking;

use super::session::{config, within};
use super::{Error, Target};

/// How long one attempt may take.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(5);

/// The version of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// `13.5 (Debian 13.5-0+deb11u1)`.
    pub text: String,
    /// `130005`.
    pub number: u32,
}

/// Looks once whether the database answers a query; [`Error::is_transient`] says whether looking
/// again can help.
pub async fn probe(target: &Target) -> Result<Version, Error> {
    let target = target.clone();
    match spawn_blocking(move || look(&target)).await {
        Ok(result) => result,
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}

fn look(target: &Target) -> Result<Version, Error> {
    const QUERY: &str = "SELECT 1, current_setting('server_version'), \
                         current_setting('server_version_num')";
    let config = config(target);
    let messages = within(ATTEMPT_WITHIN, target, move || {
        let mut client = config.connect(NoTls).map_err(|error| (error, ""))?;
        client.simple_query(QUERY).map_err(|error| (error, QUERY))
    })?
    .map_err(|(error, sql)| Error::sort(error, target, sql))?;
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let text = |index| row.and_then(|row| row.get(index)).unwrap_or_default();
    Ok(Version {
        text: text(1).to_owned(),
        number: text(2).parse().unwrap_or_default(),
    })
}
