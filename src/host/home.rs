//! Where instances and downloaded servers are kept: a place that a server's own user can reach
//! too, since the home of root is closed to it.

use std::path::PathBuf;

use crate::model::{InstanceId, Variables};

/// Why there is no place for what envctl keeps.
#[derive(Debug, thiserror::Error)]
#[error("set HOME or XDG_STATE_HOME to an absolute path")]
pub struct NoHome;

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
    pub fn of(variables: &Variables) -> Result<Self, NoHome> {
        if rustix::process::geteuid().is_root() {
            return Ok(Self {
                state: PathBuf::from("/var/lib/envctl"),
                cache: PathBuf::from("/var/cache/envctl"),
            });
        }
        // A folder that everybody writes to is no place for it.
        Self::of_user(variables).ok_or(NoHome)
    }

    fn of_user(variables: &Variables) -> Option<Self> {
        // A relative path in one of these variables is to be ignored.
        let named = |variable: &str| {
            let path = variables.get(variable).map(PathBuf::from);
            path.filter(|path| path.is_absolute())
        };
        let folder = |variable: &str, below: &str| {
            let base = named(variable).or_else(|| Some(named("HOME")?.join(below)));
            Some(base?.join("envctl"))
        };
        let state = folder("XDG_STATE_HOME", ".local/state")?;
        let cache = folder("XDG_CACHE_HOME", ".cache");
        Some(Self {
            cache: cache.unwrap_or_else(|| state.join("cache")),
            state,
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expect: Option<(&str, &str)>) {
        let variables = variables.iter();
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let home = Home::of_user(&variables.collect());
        let home = home.map(|home| (home.state, home.cache));
        assert_eq!(home, expect.map(|it| (it.0.into(), it.1.into())));
    }

    #[test]
    fn a_users_state_is_in_no_folder_of_everybody() {
        let state = "/home/a/.local/state/envctl";
        check(
            &[("HOME", "/home/a")],
            Some((state, "/home/a/.cache/envctl")),
        );
        let named = [
            ("XDG_STATE_HOME", "/s"),
            ("XDG_CACHE_HOME", "/c"),
            ("HOME", "/h"),
        ];
        check(&named, Some(("/s/envctl", "/c/envctl")));
        check(&named[..1], Some(("/s/envctl", "/s/envctl/cache")));
        check(&[("XDG_STATE_HOME", "s"), ("HOME", "")], None);
        check(&[], None);
    }
}
