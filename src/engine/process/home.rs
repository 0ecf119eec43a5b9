//! Where instances and downloaded servers are kept: a place that a server's own user can reach
//! too, since the home of root is closed to it.

use std::path::PathBuf;

use crate::config::model::{InstanceId, Variables};

/// The two folders of envctl on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// What instances are made of: `/var/lib/envctl`, or below the user's state folder.
    pub state: PathBuf,
    /// What can be fetched or built again: `/var/cache/envctl`, or below the user's cache folder.
    pub cache: PathBuf,
}

impl Home {
    /// Returns the folders of the user that runs this, after the XDG Base Directory Specification
    /// (<https://specifications.freedesktop.org/basedir-spec/latest/>).
    pub fn of(variables: &Variables) -> Self {
        if rustix::process::geteuid().is_root() {
            return Self {
                state: PathBuf::from("/var/lib/envctl"),
                cache: PathBuf::from("/var/cache/envctl"),
            };
        }
        let folder = |variable: &str, below: &str| {
            let named = variables.get(variable).map(PathBuf::from);
            let home = variables
                .get("HOME")
                .map(|home| PathBuf::from(home).join(below));
            // A relative path in one of these variables is to be ignored.
            let base = named.filter(|path| path.is_absolute()).or(home);
            base.unwrap_or_else(std::env::temp_dir).join("envctl")
        };
        Self {
            state: folder("XDG_STATE_HOME", ".local/state"),
            cache: folder("XDG_CACHE_HOME", ".cache"),
        }
    }

    /// Returns the folder of an instance.
    pub fn instance(&self, id: &InstanceId) -> PathBuf {
        self.state.join("instances").join(id.to_string())
    }

    /// Returns the folder of a volume of an instance.
    pub fn volume(&self, id: &InstanceId, name: &str) -> PathBuf {
        self.instance(id).join("volumes").join(name)
    }

    /// Returns the folder of a service of an instance: its record, its state and its log.
    pub fn service(&self, id: &InstanceId, name: &str) -> PathBuf {
        self.instance(id).join("services").join(name)
    }
}
