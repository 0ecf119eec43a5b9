//! Finding the daemon and agreeing on a version of its API.

use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, ClientVersion};

use super::client::{Client, ENGINE, Fault};
use super::{Docker, Endpoint, transport};
use crate::engine::{Error, Identity};

/// How long the daemon may take to say its version.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What the client itself waits for an answer, beyond what its callers do.
const CLIENT_TIMEOUT: Duration = Duration::from_mins(2);

/// The oldest API that has all that envctl needs: Engine 20.10.
const OLDEST_API: ClientVersion = ClientVersion {
    major_version: 1,
    minor_version: 41,
};

/// A daemon that answered.
#[derive(Clone, Debug)]
pub struct Daemon(Client);

impl Daemon {
    /// Connects to it.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, Error> {
        let version = version(endpoint).await?;
        Ok(Self(Client::new(endpoint.clone(), version)))
    }

    pub(super) fn client(&self) -> &Client {
        &self.0
    }

    /// Returns the engine of one instance.
    pub fn engine(&self, identity: Identity) -> Docker {
        Docker::new(self.0.clone(), identity)
    }
}

/// Returns the version of its API that is spoken with a daemon.
async fn version(endpoint: &Endpoint) -> Result<ClientVersion, Error> {
    let versions = match tokio::time::timeout(CONNECT_TIMEOUT, ask(endpoint)).await {
        Ok(answer) => answer,
        Err(_) => Err(Fault::Late(CONNECT_TIMEOUT)),
    };
    let unreachable = |fault| match fault {
        Fault::Denied => Error::Denied {
            engine: ENGINE,
            endpoint: endpoint.to_string(),
        },
        fault => Error::Unreachable {
            engine: ENGINE,
            endpoint: endpoint.to_string(),
            source: Some(Box::new(fault)),
        },
    };
    let versions = versions.map_err(unreachable)?;
    agree(&versions.0, versions.1.as_deref()).map_err(|reason| Error::Unusable {
        engine: ENGINE,
        endpoint: endpoint.to_string(),
        reason,
    })
}

/// Returns the newest and the oldest API version that the daemon speaks. The oldest matters where
/// the newest is newer than ours.
async fn ask(endpoint: &Endpoint) -> Result<(String, Option<String>), Fault> {
    let Endpoint::Unix(path) = endpoint;
    if path.try_exists().is_ok_and(|exists| !exists) {
        let path = path.display();
        return Err(Fault::Gone(format!("there is no socket {path}")));
    }
    if let Some(newest) = ping(endpoint).await
        && parse(&newest).is_some_and(|newest| newest <= *API_DEFAULT_VERSION)
    {
        return Ok((newest, None));
    }
    let client = transport::open(endpoint, API_DEFAULT_VERSION, None);
    // Longer than any deadline of ours, so that the error names the right one.
    let answer = client.with_timeout(CLIENT_TIMEOUT).version().await?;
    Ok((
        answer.api_version.unwrap_or_default(),
        answer.min_api_version,
    ))
}

/// Returns the newest API version that a daemon names in its answer to a ping, for which it starts
/// no process, as it does to say all its versions; `None` where it names none, or does not answer.
async fn ping(endpoint: &Endpoint) -> Option<String> {
    let head = transport::head(endpoint, "/_ping").await.ok()?;
    let newest = head.get("api-version")?.to_str().ok()?;
    Some(newest.to_owned())
}

/// Returns the newest version that both sides speak, or why there is none.
fn agree(newest: &str, oldest: Option<&str>) -> Result<ClientVersion, String> {
    let Some(theirs) = parse(newest) else {
        return Err(format!("it gives `{newest}` as its API version"));
    };
    if theirs < OLDEST_API {
        return Err(format!(
            "its API is {newest}, and {OLDEST_API} (Engine 20.10) is the oldest that works"
        ));
    }
    if let Some(oldest) = oldest.and_then(parse)
        && *API_DEFAULT_VERSION < oldest
    {
        return Err(format!(
            "it speaks API {oldest} and newer, and envctl up to {API_DEFAULT_VERSION}"
        ));
    }
    Ok(if theirs < *API_DEFAULT_VERSION {
        theirs
    } else {
        *API_DEFAULT_VERSION
    })
}

fn parse(version: &str) -> Option<ClientVersion> {
    let (major, minor) = version.split_once('.')?;
    Some(ClientVersion {
        major_version: major.parse().ok()?,
        minor_version: minor.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_versions(newest: &str, oldest: Option<&str>, expect: &str) {
        let found =
            agree(newest, oldest).map_or_else(|reason| reason, |version| version.to_string());
        assert_eq!(found, expect);
    }

    #[test]
    fn versions() {
        let ours = API_DEFAULT_VERSION.to_string();
        check_versions("1.41", Some("1.12"), "1.41");
        check_versions("1.47", Some("1.24"), "1.47");
        check_versions("1.99", Some("1.44"), &ours);
        check_versions(
            "1.40",
            None,
            "its API is 1.40, and 1.41 (Engine 20.10) is the oldest that works",
        );
        check_versions(
            "2.3",
            Some("2.0"),
            &format!("it speaks API 2.0 and newer, and envctl up to {ours}"),
        );
        check_versions("", None, "it gives `` as its API version");
    }
}
