//! Where the daemon listens, found as the docker program finds it: `DOCKER_HOST`, then the context
//! of `DOCKER_CONTEXT` or of Docker's configuration file, then the usual socket.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::client::ENGINE;
use crate::engine::Error;
use crate::model::{Digest, Variables};

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// Where a daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A unix socket of this machine.
    Unix(PathBuf),
}

impl Endpoint {
    /// Whether there is a socket at all; one that is there may still not answer.
    pub fn exists(&self) -> bool {
        match self {
            Self::Unix(path) => path.exists(),
        }
    }

    /// Finds the endpoint that the variables and Docker's own files name.
    pub fn find(variables: &Variables) -> Result<Self, Error> {
        let value = |name: &str| variables.get(name).map_or("", |value| value.trim());
        let host = value("DOCKER_HOST");
        if !host.is_empty() {
            return parse(host, "`DOCKER_HOST`");
        }
        let folder = match (value("DOCKER_CONFIG"), value("HOME")) {
            ("", "") => None,
            ("", home) => Some(Path::new(home).join(".docker")),
            (folder, _) => Some(PathBuf::from(folder)),
        };
        let context = match value("DOCKER_CONTEXT") {
            "" => folder.as_deref().and_then(current_context),
            name => Some(name.to_owned()),
        };
        match (context.as_deref(), folder) {
            (None | Some("" | "default"), _) | (_, None) => {
                Ok(Self::Unix(PathBuf::from(DEFAULT_SOCKET)))
            }
            (Some(context), Some(folder)) => of_context(context, &folder),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
        }
    }
}

/// Reads an address as in `DOCKER_HOST`; `from` says where it was written.
fn parse(host: &str, from: &str) -> Result<Endpoint, Error> {
    // `tcp`, `ssh` and `npipe` get their arms here.
    match host.split_once("://") {
        Some(("unix", path)) if !path.is_empty() => Ok(Endpoint::Unix(PathBuf::from(path))),
        Some((scheme @ ("tcp" | "http" | "https" | "ssh" | "npipe" | "fd"), _)) => Err(unusable(
            host,
            format!("`{scheme}://` is not supported yet, only `unix://` is"),
        )),
        _ => Err(unusable(
            host,
            format!("{from} must look like `unix:///var/run/docker.sock`"),
        )),
    }
}

fn unusable(endpoint: &str, reason: String) -> Error {
    Error::Unusable {
        engine: ENGINE,
        endpoint: endpoint.to_owned(),
        reason,
    }
}

/// Returns the context that `docker context use` chose.
fn current_context(folder: &Path) -> Option<String> {
    let text = fs_err::read_to_string(folder.join("config.json")).ok()?;
    let config: Value = serde_json::from_str(&text).ok()?;
    config["currentContext"].as_str().map(ToOwned::to_owned)
}

/// Reads the address of a context; its folder is named by the SHA-256 of its name.
fn of_context(name: &str, folder: &Path) -> Result<Endpoint, Error> {
    let file = folder
        .join("contexts/meta")
        .join(Digest::of(name))
        .join("meta.json");
    let context = format!("context {name}");
    let text = fs_err::read_to_string(&file)
        .map_err(|error| unusable(&context, format!("its file cannot be read: {error}")))?;
    let meta: Value = serde_json::from_str(&text)
        .map_err(|error| unusable(&context, format!("{} is no JSON: {error}", file.display())))?;
    match meta["Endpoints"]["docker"]["Host"].as_str() {
        Some(host) => parse(host, &context),
        None => Err(unusable(
            &context,
            format!("{} names no Docker host", file.display()),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expect: &str) {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let found = match Endpoint::find(&variables) {
            Ok(endpoint) => endpoint.to_string(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expect);
    }

    #[test]
    fn hosts() {
        check(&[], "unix:///var/run/docker.sock");
        check(
            &[("DOCKER_HOST", "unix:///run/d.sock")],
            "unix:///run/d.sock",
        );
        check(
            &[("DOCKER_HOST", "tcp://10.0.0.1:2375")],
            "the docker engine at tcp://10.0.0.1:2375 cannot be used: \
             `tcp://` is not supported yet, only `unix://` is",
        );
        check(
            &[("DOCKER_HOST", "/run/d.sock")],
            "the docker engine at /run/d.sock cannot be used: \
             `DOCKER_HOST` must look like `unix:///var/run/docker.sock`",
        );
    }

    #[test]
    fn contexts() {
        let home = tempfile::tempdir().unwrap();
        let docker = home.path().join(".docker");
        let lab = docker.join("contexts/meta").join(Digest::of("lab"));
        fs_err::create_dir_all(&lab).unwrap();
        let meta = r#"{"Name":"lab","Endpoints":{"docker":{"Host":"unix:///run/lab.sock"}}}"#;
        fs_err::write(lab.join("meta.json"), meta).unwrap();
        let home = ("HOME", home.path().to_str().unwrap());
        check(&[home], "unix:///var/run/docker.sock");
        check(&[home, ("DOCKER_CONTEXT", "lab")], "unix:///run/lab.sock");
        check(
            &[home, ("DOCKER_CONTEXT", "default")],
            "unix:///var/run/docker.sock",
        );
        let host = ("DOCKER_HOST", "unix:///run/d.sock");
        check(
            &[home, ("DOCKER_CONTEXT", "lab"), host],
            "unix:///run/d.sock",
        );
        fs_err::write(docker.join("config.json"), r#"{"currentContext":"lab"}"#).unwrap();
        check(&[home], "unix:///run/lab.sock");
    }
}
