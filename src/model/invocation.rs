//! What a command line means, before any environment is read.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::Digest;

/// The variables of the process, captured once in `main`.
pub type Variables = BTreeMap<String, String>;

/// Where instances run, as asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineChoice {
    #[default]
    Auto,
    Docker,
    Process,
}

impl EngineChoice {
    /// What may be asked for.
    pub const NAMES: [&'static str; 3] = ["auto", "docker", "process"];

    /// Returns the choice of a name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "docker" => Some(Self::Docker),
            "process" => Some(Self::Process),
            _ => None,
        }
    }
}

/// What a command may do with what the files of a workspace declare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Look at it. Nothing that the files name is run: no command of a secret, no program in
    /// `bin_dir`, no health check that is a command.
    #[default]
    Look,
    /// Run it.
    Act,
}

/// The workspace, the instance and the flags of one command; it needs no env.toml.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The canonical path of the folder that holds `envs/`.
    pub workspace: PathBuf,
    pub id: InstanceId,
    pub reach: Reach,
    pub engine: EngineChoice,
    /// Profiles in the order given, from `--profile` or `ENVCTL_PROFILE`.
    pub profiles: Vec<String>,
    /// `--set` values as typed: `services.api.ports.http.host=3001`.
    pub sets: Vec<String>,
    /// The deadline of the whole command.
    pub timeout: Option<Duration>,
    /// Answers every question with yes.
    pub yes: bool,
    pub variables: Variables,
}

/// Names one running copy of an environment; two clones of a workspace never share one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct InstanceId {
    pub environment: String,
    pub instance: String,
    /// Eight hex digits of the workspace's canonical path and of the two names, which alone could
    /// read like those of another instance (`rates` `dev-x`, `rates-dev` `x`).
    digest: String,
}

impl InstanceId {
    /// The instance's name where none is given.
    pub const DEFAULT_INSTANCE: &str = "default";

    pub fn new(environment: &str, instance: &str, workspace: &Path) -> Self {
        let mut digest = Digest::new();
        digest
            .field("workspace", workspace.as_os_str().as_encoded_bytes())
            .field("environment", environment)
            .field("instance", instance);
        Self {
            environment: environment.to_owned(),
            instance: instance.to_owned(),
            digest: digest.finish()[..8].to_owned(),
        }
    }

    /// Returns the id of a text of which only that is known. Names may hold hyphens themselves, so
    /// where they part is a guess; the id as a whole is right.
    pub fn guess(text: &str) -> Option<Self> {
        let (names, digest) = text.rsplit_once('-')?;
        let (environment, instance) = names.split_once('-')?;
        Some(Self {
            environment: environment.to_owned(),
            instance: instance.to_owned(),
            digest: digest.to_owned(),
        })
    }

    /// Returns what a command line names it by: `rates`, `rates -i two`.
    pub fn arguments(&self) -> String {
        if self.is_default() {
            self.environment.clone()
        } else {
            format!("{} -i {}", self.environment, self.instance)
        }
    }

    /// Whether this is the instance that takes the host ports that the environment names.
    pub fn is_default(&self) -> bool {
        self.instance == Self::DEFAULT_INSTANCE
    }
}

impl fmt::Display for InstanceId {
    /// Writes `rates-default-1a2b3c4d`, which is unique on a machine and valid in Docker names.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}-{}-{}",
            self.environment, self.instance, self.digest
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_read_alike_are_told_apart() {
        let id = |environment, instance, workspace| {
            InstanceId::new(environment, instance, Path::new(workspace)).to_string()
        };
        assert_ne!(id("rates", "dev-x", "/w"), id("rates-dev", "x", "/w"));
        assert_ne!(id("rates", "x", "/w"), id("rates", "x", "/v"));
        assert_eq!(id("rates", "x", "/w"), id("rates", "x", "/w"));
        let text = id("rates", "dev-x", "/w");
        let guess = InstanceId::guess(&text).unwrap();
        assert_eq!((&*guess.instance, guess.to_string()), ("dev-x", text));
        assert!(InstanceId::guess("lost+found").is_none());
    }
}
